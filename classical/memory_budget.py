"""Fit training into a memory budget: micro-batch, precision and checkpointing chosen by dry runs."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

import torch

from .errors import ConfigurationError
from .memory_rule import MemoryRule, MemoryTrial
from .memory_trials import memory_trials
from .performance_callback import PerformanceCallback
from .task_data import TaskData
from .training_settings import TrainingSettings

__all__ = ["MemoryBudget"]


class MemoryBudget(PerformanceCallback):
    """Chooses the fastest setting that fits into a budget, once, before training; the examples per step stay.

    ``train`` does it where ``callbacks`` names ``memory_budget``, and keeps the choice in the checkpoints, so
    that a resumed run does not choose anew. For another Trainer call :meth:`choose` first and hand
    :meth:`arguments` to its ``TrainingArguments``.

    Args:
        **settings: fields of ``MemoryRule``; ``mebibytes`` is required.

    Attributes:
        choice: the setting that was taken, with its measured bytes and seconds; None before.
        trials: all dry runs.
        history: the choice and its ``reason``, at step 0.

    Raises:
        ConfigurationError: a setting that is not legal; from training, a choice that was not made or not
            kept.

    Example:
        >>> from hybrid_opt.classical.data_registry import load_data
        >>> from hybrid_opt.classical.trained_folder import model_class
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
        >>> model = model_class(data.task).from_config(config)
        >>> budget = MemoryBudget(mebibytes=2**20, precisions=["float32"], checkpointing=False)
        >>> chosen = budget.choose(model, data, TrainingSettings(batch_size=4))
        >>> chosen.examples_per_step, chosen.precision
        (4, 'float32')
    """

    rule_class = MemoryRule
    kept = ("choice", "trials")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.choice: dict[str, Any] | None = None
        self.trials: list[dict[str, Any]] = []

    def choose(
        self,
        model: Any,
        data: TaskData,
        settings: TrainingSettings,
        *,
        device: torch.device | None = None,
    ) -> TrainingSettings:
        """Measure and choose.

        Args:
            model: a model of transformers; left as it is.
            data: the data.
            settings: the settings; their ``batch_size`` times ``gradient_accumulation`` stays.
            device: where training will run; a GPU where there is one.

        Returns:
            The settings to train with.

        Raises:
            MemoryBudgetError: nothing fits; the message says what the smallest setting takes.
            ConfigurationError: several processes, whose memory is not this one's.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise ConfigurationError(
                "memory_budget measures a single process, and several were started; choose batch_size, "
                "precision and gradient_checkpointing in the settings instead"
            )
        place = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
        trials = memory_trials(model, data, settings.examples_per_step, self.rule, place)
        choice = self.rule.choose(trials)
        self.trials = [_plain(trial) for trial in trials]
        self.choice = _plain(choice)
        self.history = [{"step": 0, **self.choice, "reason": self.rule.reason(choice, trials)}]
        return self.applied(settings)

    def applied(self, settings: TrainingSettings) -> TrainingSettings:
        """Settings with the choice in them.

        Args:
            settings: the settings.

        Returns:
            A copy.

        Raises:
            ConfigurationError: nothing has been chosen.
        """
        return settings.replaced(**self._chosen().changes())

    def arguments(self) -> dict[str, Any]:
        """The choice as arguments of ``transformers.TrainingArguments``.

        Returns:
            Names and values.

        Raises:
            ConfigurationError: nothing has been chosen.
        """
        chosen = self._chosen()
        return {
            "per_device_train_batch_size": chosen.micro_batch,
            "gradient_accumulation_steps": chosen.accumulation,
            "bf16": chosen.precision == "bfloat16",
            "gradient_checkpointing": chosen.checkpointing,
        }

    def to_dict(self) -> dict[str, Any]:
        """Settings, history, and all ``trials``."""
        return {**super().to_dict(), "trials": [dict(trial) for trial in self.trials]}

    def on_train_begin(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Refuse a run with other settings than those that were measured.

        Raises:
            ConfigurationError: nothing was chosen, or the Trainer has another micro-batch, accumulation or
                precision.
        """
        chosen = self._chosen()
        used = (args.per_device_train_batch_size, args.gradient_accumulation_steps, bool(args.bf16))
        wanted = (chosen.micro_batch, chosen.accumulation, chosen.precision == "bfloat16")
        if used != wanted:
            raise ConfigurationError(
                f"memory_budget chose {chosen.words()}, and the Trainer has micro-batch {used[0]} x "
                f"{used[1]}, bf16 {used[2]}; train with the settings that choose returned"
            )

    def _chosen(self) -> MemoryTrial:
        if self.choice is None:
            raise ConfigurationError(
                "memory_budget has chosen nothing yet; call choose(model, data, settings) before the "
                "Trainer is built, or name memory_budget in TrainingSettings.callbacks"
            )
        return MemoryTrial(**self.choice)


def _plain(trial: MemoryTrial) -> dict[str, Any]:
    """A trial as JSON values: where memory ran out, bytes and seconds are None."""
    return {name: None if value == float("inf") else value for name, value in asdict(trial).items()}
