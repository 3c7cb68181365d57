"""Level basic: performance callbacks of training, and memory.

Each rule and its source stands with its callback in ``hybrid_opt.classical``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..classical.errors import ConfigurationError
from ..errors import OptionError
from .recipe import Recipe
from .steps import Arm, Proposal, StepContext

__all__ = ["CallbackStep", "MemoryStep", "training_steps"]


@dataclass(frozen=True)
class CallbackStep:
    """Train with one more performance callback.

    Args:
        name: of the step.
        callback: name in ``TrainingSettings.callbacks``.
        settings: of the callback.
        level: of the step.

    Example:
        >>> CallbackStep("dropout", "entropy_dropout").judged_by
        'loss'
    """

    name: str
    callback: str
    settings: dict[str, Any] = field(default_factory=dict)
    level: str = "basic"
    judged_by: str = "loss"

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """The recipe with the callback.

        Args:
            recipe: the recipe so far.
            context: not used.

        Returns:
            One arm; none where the recipe has the callback already.

        Raises:
            OptionError: the settings do not fit the training.
        """
        if self.callback in recipe.training.callbacks:
            return Proposal((), notes=(f"the recipe has {self.callback} already",))
        try:
            return Proposal((Arm(self.callback, recipe.with_callback(self.callback, **self.settings)),))
        except ConfigurationError as error:
            raise OptionError(f"the step {self.name!r} does not fit the settings: {error}") from error


@dataclass(frozen=True)
class MemoryStep:
    """Recompute activations, or train in bfloat16: memory counts, as long as the loss stays.

    Example:
        >>> MemoryStep().judged_by
        'memory'
    """

    name: str = "memory"
    level: str = "basic"
    judged_by: str = "memory"

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """Ways to train with less memory.

        Args:
            recipe: the recipe so far.
            context: not used.

        Returns:
            An arm for each way that the recipe does not have.
        """
        ways: dict[str, dict[str, Any]] = {
            "recomputed activations": {"gradient_checkpointing": True},
            "bfloat16": {"precision": "bfloat16"},
        }
        arms = []
        known = {recipe.key}
        for name, settings in ways.items():
            other = recipe.with_training(**settings)
            if other.key not in known:
                known.add(other.key)
                arms.append(Arm(name, other))
        notes = () if arms else ("the recipe saves memory in these ways already",)
        return Proposal(arms, notes=notes)


def training_steps() -> list[Any]:
    """The steps of level basic in their order.

    Returns:
        Learning rate, dropout, sparsity, memory.

    Example:
        >>> [step.name for step in training_steps()]
        ['learning rate', 'dropout', 'head sparsity', 'memory']
    """
    return [
        CallbackStep("learning rate", "progress_learning_rate", {"increase": 1.2}),
        CallbackStep("dropout", "entropy_dropout"),
        CallbackStep("head sparsity", "head_sparsity", {"interval": 5}),
        MemoryStep(),
    ]
