"""Which steps each level has, in their order."""

from __future__ import annotations

from .._optional import require
from .attention_step import AttentionStep
from .configuration import HybridConfig
from .expert_steps import AssignmentStep, ExpertStep
from .head_step import HeadStep
from .layer_steps import layer_steps
from .steps import Step
from .training_steps import training_steps

__all__ = ["steps_of"]


def steps_of(config: HybridConfig) -> list[Step]:
    """The steps of a run.

    Args:
        config: level and switches.

    Returns:
        The steps of its level and of those below it; none where nothing is trained.

    Raises:
        MissingDependencyError: a library that a step needs is not installed; said now, not after an hour.
    """
    if not config.neural:
        return []
    if config.quantum and config.level != "basic":
        require("qiskit_aer", "aer")
    if config.level == "full":
        require("sklearn", "ml")  # clusters of tokens
    steps: list[Step] = [
        *training_steps(),
        AttentionStep(),
        HeadStep(),
        ExpertStep(),
        AssignmentStep(),
        *layer_steps(),
    ]
    return [step for step in steps if step.level in config.levels()]
