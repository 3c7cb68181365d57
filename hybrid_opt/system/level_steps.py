"""Which steps each level has, in their order."""

from __future__ import annotations

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
    """
    if not config.neural:
        return []
    steps: list[Step] = [
        *training_steps(),
        AttentionStep(),
        HeadStep(),
        ExpertStep(),
        AssignmentStep(),
        *layer_steps(),
    ]
    return [step for step in steps if step.level in config.levels()]
