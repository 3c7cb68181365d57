"""Level basic: performance callbacks of training, and memory.

Each rule and its source stands with its callback in ``hybrid_opt.classical``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..classical.distance_trainer import step_counts
from ..classical.errors import ConfigurationError
from ..classical.sparsity_rule import SparsityRule
from ..errors import OptionError
from .head_step import heads_by_layer
from .recipe import Recipe
from .steps import Arm, Proposal, StepContext

__all__ = ["CallbackStep", "MemoryStep", "SparsityStep", "training_steps"]

_TARGET = 0.25  # share of the heads that are closed


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
class SparsityStep:
    """Close a quarter of the heads while the model trains, at least one.

    Example:
        >>> SparsityStep().name
        'head sparsity'
    """

    name: str = "head sparsity"
    level: str = "basic"
    judged_by: str = "loss"

    def propose(self, recipe: Recipe, context: StepContext) -> Proposal:
        """The recipe with the callback, where the model and the length of the training allow it.

        Args:
            recipe: the recipe so far.
            context: the question.

        Returns:
            One arm; none where no layer can lose a head, or training is too short.

        Raises:
            OptionError: the settings do not fit the training.
        """
        heads = heads_by_layer(recipe, context.config.data)
        if sum(heads) == len(heads):
            return Proposal((), notes=("every layer has a single head, which stays",))
        total = step_counts(recipe.training, len(context.config.data.train))[1]
        target = max(_TARGET, 1 / sum(heads))
        rule = SparsityRule(target=target)
        try:
            rule.span(total)
        except ConfigurationError:
            words = f"a training of {total} steps is too short to close heads on the way"
            return Proposal((), notes=(words,))
        settings = {"target": target, "interval": max(1, min(rule.interval, total // 10))}
        return CallbackStep(self.name, rule.name, settings).propose(recipe, context)


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
        SparsityStep(),
        MemoryStep(),
    ]
