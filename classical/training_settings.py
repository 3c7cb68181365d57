"""Settings of a training run: one frozen record, checked when it is made, read from and written to YAML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .errors import ConfigurationError
from .performance_settings import read_performance_settings
from .setting_names import check_names

__all__ = ["PRECISIONS", "SCHEDULES", "TrainingSettings", "check_names", "read_yaml"]

SCHEDULES = ("cosine", "one_cycle", "constant")
PRECISIONS = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class TrainingSettings:
    """How a model is trained; every field is checked on construction.

    Args:
        batch_size: examples of one forward pass, over all processes together. An optimizer step sees
            ``batch_size * gradient_accumulation`` examples, however many processes share them.
        learning_rate: the highest learning rate of the schedule.
        num_epochs: passes over the training set; not used where ``max_steps`` is given.
        max_steps: optimizer steps; None counts ``num_epochs``.
        schedule: ``"cosine"`` (linear warm-up, then half a cosine to 0), ``"one_cycle"`` (torch's
            ``OneCycleLR``, which moves Adam's first momentum against the learning rate) or ``"constant"``
            (after warm-up).
        warmup_ratio: share of the steps in which the learning rate grows, at least 0 and below 1.
        weight_decay: decoupled decay (AdamW) of matrices; norms, biases, attention scales and exponents have
            none.
        gradient_accumulation: batches whose gradients are summed before a step.
        max_grad_norm: gradients are scaled down to this norm; None does not clip.
        precision: ``"float32"``, ``"bfloat16"`` (autocast; weights stay in float32) or ``"float16"`` (GPU
            only).
        gradient_checkpointing: recompute activations in the backward pass: less memory, more time.
        early_stopping_patience: stop after this many validations without a lower loss, and keep the weights
            of the lowest; None trains to the end and keeps the last weights.
        eval_steps: steps between validations; None validates ten times in a run, and at least once an epoch.
        save_steps: steps between checkpoints; None saves ten times in a run, and at least once an epoch.
        logging_steps: steps over which a training loss in the history is averaged.
        keep_checkpoints: newest checkpoints that are kept (that of the lowest validation loss comes on top).
        seed: order of examples, dropout, masks.
        callbacks: performance callbacks by name, each with its settings ({} or None for the defaults):
            ``progress_learning_rate``, ``entropy_dropout``, ``head_sparsity``, ``memory_budget``.

    Raises:
        ConfigurationError: a value is not legal; the message names field, value and what is legal.

    Example:
        >>> TrainingSettings(batch_size=4, max_steps=10).examples_per_step
        4
        >>> TrainingSettings(batch_size=0)
        Traceback (most recent call last):
        ...
        hybrid_opt.classical.errors.ConfigurationError: batch_size is 0; it must be a whole number...
    """

    batch_size: int = 16
    learning_rate: float = 1e-3
    num_epochs: float = 1.0
    max_steps: int | None = None
    schedule: str = "cosine"
    warmup_ratio: float = 0.1
    weight_decay: float = 0.01
    gradient_accumulation: int = 1
    max_grad_norm: float | None = 1.0
    precision: str = "float32"
    gradient_checkpointing: bool = False
    early_stopping_patience: int | None = None
    eval_steps: int | None = None
    save_steps: int | None = None
    logging_steps: int = 10
    keep_checkpoints: int = 2
    seed: int = 0
    callbacks: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("batch_size", "gradient_accumulation", "logging_steps", "keep_checkpoints"):
            self._check_whole(name, at_least=1)
        for name in ("max_steps", "early_stopping_patience", "eval_steps", "save_steps"):
            if getattr(self, name) is not None:
                self._check_whole(name, at_least=1)
        self._check_whole("seed", at_least=0)
        if self.seed >= 2**32:
            raise ConfigurationError(f"seed is {self.seed}; it must be below 2**32")
        for name in ("learning_rate", "num_epochs"):
            self._check_number(name, above=0.0)
        if self.max_grad_norm is not None:
            self._check_number("max_grad_norm", above=0.0)
        self._check_number("weight_decay", at_least=0.0)
        self._check_number("warmup_ratio", at_least=0.0)
        if self.warmup_ratio >= 1:
            raise ConfigurationError(f"warmup_ratio is {self.warmup_ratio}; it is a share, 0 <= ratio < 1")
        if self.schedule == "one_cycle" and self.warmup_ratio == 0:
            raise ConfigurationError(
                "one_cycle needs a warm-up; give warmup_ratio above 0, or schedule cosine"
            )
        self._check_choice("schedule", SCHEDULES)
        self._check_choice("precision", PRECISIONS)
        if not isinstance(self.gradient_checkpointing, bool):
            raise ConfigurationError(
                f"gradient_checkpointing is {self.gradient_checkpointing!r}; it must be true or false"
            )
        object.__setattr__(self, "callbacks", read_performance_settings(self.callbacks))

    @property
    def examples_per_step(self) -> int:
        """Examples behind one optimizer step."""
        return self.batch_size * self.gradient_accumulation

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingSettings:
        """Settings from a mapping, as :meth:`to_dict` gives it.

        Args:
            values: field names and values; what is left out has its default.

        Returns:
            The settings.

        Raises:
            ConfigurationError: a name is unknown (the message names the nearest legal one), or a value not
                legal.

        Example:
            >>> TrainingSettings.from_dict({"learning_rate": "1e-3"}).learning_rate
            0.001
        """
        check_names(values, [field.name for field in fields(cls)], "training setting")
        return cls(**{name: _as_number(value) for name, value in values.items()})

    @classmethod
    def from_yaml(cls, path: str | Path) -> TrainingSettings:
        """Settings from a YAML file: its section ``training``, or where there is none, its top level.

        Args:
            path: the file.

        Returns:
            The settings.

        Raises:
            ConfigurationError: the file cannot be read, is no mapping, or holds a wrong name or value.
        """
        content = read_yaml(path)
        section = content.get("training", content)
        if not isinstance(section, Mapping):
            raise ConfigurationError(f"{path}: training is {section!r}; it must be a mapping of settings")
        try:
            return cls.from_dict(section)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Every field with its value; ``callbacks`` only where there are any."""
        values = asdict(self)
        if not values["callbacks"]:
            del values["callbacks"]
        return values

    def replaced(self, **changes: Any) -> TrainingSettings:
        """A copy with other values for some fields.

        Example:
            >>> TrainingSettings().replaced(seed=3).seed
            3
        """
        return replace(self, **changes)

    def _check_whole(self, name: str, *, at_least: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
            raise ConfigurationError(f"{name} is {value!r}; it must be a whole number of at least {at_least}")

    def _check_number(self, name: str, *, above: float | None = None, at_least: float | None = None) -> None:
        value = getattr(self, name)
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if above is not None and not (number and value > above):
            raise ConfigurationError(f"{name} is {value!r}; it must be a number above {above:g}")
        if at_least is not None and not (number and value >= at_least):
            raise ConfigurationError(f"{name} is {value!r}; it must be a number of at least {at_least:g}")

    def _check_choice(self, name: str, legal: tuple[str, ...]) -> None:
        value = getattr(self, name)
        if value not in legal:
            raise ConfigurationError(f"{name} is {value!r}; legal are {', '.join(legal)}")


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Args:
        path: the file.

    Returns:
        Its content; an empty file is an empty mapping.

    Raises:
        ConfigurationError: there is no such file, it is no YAML, or its top level is no mapping.
    """
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no text in UTF-8; save it as UTF-8") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{path} holds {type(content).__name__}; it must be a mapping, 'name: value' lines"
        )
    return content


def _as_number(value: Any) -> Any:
    # YAML 1.1 reads 1e-3 (without a point) as text.
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value
