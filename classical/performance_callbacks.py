"""The performance callbacks that a run's settings ask for, and what they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from .entropy_dropout import EntropyDropout
from .errors import ConfigurationError
from .head_sparsity import HeadSparsity
from .memory_budget import MemoryBudget
from .performance_callback import PerformanceCallback
from .progress_learning_rate import ProgressLearningRate
from .training_settings import TrainingSettings

__all__ = ["build_performance_callbacks", "performance_report", "release_callbacks", "settled_settings"]

_CLASSES: tuple[type[PerformanceCallback], ...] = (
    ProgressLearningRate,
    EntropyDropout,
    HeadSparsity,
    MemoryBudget,
)


def build_performance_callbacks(
    settings: TrainingSettings, given: Iterable[Any] = ()
) -> list[PerformanceCallback]:
    """The callbacks of the settings.

    Args:
        settings: the settings.
        given: callbacks that are handed to the Trainer besides.

    Returns:
        New callbacks.

    Raises:
        ConfigurationError: one of the kinds is there twice.

    Example:
        >>> settings = TrainingSettings(callbacks={"entropy_dropout": {"high": 0.8}})
        >>> [type(one).__name__ for one in build_performance_callbacks(settings)]
        ['EntropyDropout']
    """
    wanted = settings.callbacks
    built = [kind(**wanted[kind.rule_class.name]) for kind in _CLASSES if kind.rule_class.name in wanted]
    kinds = Counter(type(one) for one in [*built, *given] if isinstance(one, PerformanceCallback))
    for kind, count in kinds.items():
        if count > 1:
            raise ConfigurationError(
                f"{kind.__name__} is there {count} times; leave it either in the settings or among the "
                "callbacks"
            )
    return built


def settled_settings(
    callbacks: Iterable[Any],
    model: Any,
    data: Any,
    settings: TrainingSettings,
    *,
    total: int,
    state: Any = None,
) -> TrainingSettings:
    """The settings to train with: those given, unless a memory budget chooses among them.

    Args:
        callbacks: the callbacks of the run.
        model: the model.
        data: the data.
        settings: the settings as given.
        total: optimizer steps of the run with them; the choice does not change it.
        state: the Trainer's state of a checkpoint; a choice in it stands.

    Returns:
        The settings.

    Raises:
        MemoryBudgetError: nothing fits.
    """
    for callback in callbacks:
        if isinstance(callback, MemoryBudget):
            stored = {} if state is None else state.stateful_callbacks.get(type(callback).__name__, {})
            for name, value in stored.get("attributes", {}).items():
                setattr(callback, name, value)
            if callback.choice is None:
                callback.choose(model, data, settings)
            return callback.applied(settings).replaced(max_steps=total)
    return settings


def performance_report(callbacks: Iterable[Any], state: Any = None) -> dict[str, Any]:
    """What the callbacks did.

    Args:
        callbacks: the Trainer's callbacks after the run.
        state: where nothing was left to train, the Trainer's state of the last checkpoint.

    Returns:
        Name of the callback -> its ``to_dict``.

    Example:
        >>> list(performance_report([HeadSparsity()]))
        ['head_sparsity']
    """
    found = {}
    for callback in callbacks:
        if isinstance(callback, PerformanceCallback):
            stored = None if state is None else state.stateful_callbacks.get(type(callback).__name__)
            whole = callback if stored is None else type(callback).from_state(stored)
            found[callback.rule_class.name] = whole.to_dict()
    return found


def release_callbacks(callbacks: Iterable[Any]) -> None:
    """Take off what performance callbacks have put on a model, also after an error.

    Args:
        callbacks: the Trainer's callbacks.
    """
    for callback in callbacks:
        if isinstance(callback, PerformanceCallback):
            callback.release()
