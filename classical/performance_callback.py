"""What the performance callbacks share: settings, a history, and a state that checkpoints keep.

transformers writes ``state()`` of every such callback into each checkpoint, and a resumed run builds it anew
from there: a new object takes the place of the one that was handed in. What a callback did is therefore asked
of the trainer's own callbacks after the run (``TrainingResult.callbacks`` has it).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

import torch
from torch import Tensor

from .errors import ConfigurationError
from .optional_libraries import load_library
from .performance_rules import PerformanceRule

__all__ = ["PerformanceCallback", "refuse_compiled", "summed_over_processes"]

_trainer_callback: Any = load_library("transformers.trainer_callback", "transformer")


class PerformanceCallback(_trainer_callback.TrainerCallback, _trainer_callback.ExportableState):  # type: ignore[misc]
    """Base of the callbacks that change how a model is trained while it is trained.

    Args:
        **settings: fields of the rule; what is left out has its default.

    Attributes:
        rule: the settings, checked.
        history: one entry for each change, with its ``step``; JSON values.

    Raises:
        ConfigurationError: an unknown setting or a value that is not legal.
    """

    rule_class: ClassVar[type[PerformanceRule]] = PerformanceRule
    kept: ClassVar[tuple[str, ...]] = ()  # attributes besides the history that a checkpoint keeps

    def __init__(self, **settings: Any) -> None:
        self.rule: Any = self.rule_class.from_settings(settings)
        self.history: list[dict[str, Any]] = []

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: settings, and what the callback remembers, as JSON values."""
        kept = {name: deepcopy(getattr(self, name)) for name in ("history", *self.kept)}
        return {"args": self.rule.to_dict(), "attributes": kept}

    def to_dict(self) -> dict[str, Any]:
        """What the callback did, for reports.

        Returns:
            ``settings`` and ``history``, as JSON values.
        """
        return {"settings": self.rule.to_dict(), "history": deepcopy(self.history)}

    def logged(self, logs: dict[str, Any]) -> None:
        """Correct a log entry before it is written, where the callback changes what it reports.

        Args:
            logs: the entry; changed in place.
        """

    def release(self) -> None:
        """Take off what the callback has put on the model: for a run that ended by an error."""

    def on_train_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Leave the model without hooks."""
        self.release()


def refuse_compiled(name: str, args: Any, model: Any) -> None:
    """Refuse compiled models: they ignore hooks that are set after compilation, without a word.

    Args:
        name: of the callback, for the message.
        args: the Trainer's arguments.
        model: the model.

    Raises:
        ConfigurationError: the model is compiled, or the Trainer is going to.

    Example:
        >>> refuse_compiled("entropy_dropout", None, torch.nn.Linear(1, 1))
    """
    compiled = getattr(args, "torch_compile", False) or any(
        getattr(part, "_compiled_call_impl", None) is not None or hasattr(part, "_orig_mod")
        for part in model.modules()
    )
    if compiled:
        raise ConfigurationError(
            f"{name} listens to the model by hooks, which compiled code does not see; train without "
            "torch.compile, or leave the callback out"
        )


def summed_over_processes(values: Tensor) -> Tensor:
    """The sum of a tensor over all processes, so that each of them decides the same.

    Args:
        values: any shape, the same in all processes.

    Returns:
        The sum; without other processes the tensor itself.

    Example:
        >>> summed_over_processes(torch.ones(2)).tolist()
        [1.0, 1.0]
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        values = values.clone()
        torch.distributed.all_reduce(values)
    return values
