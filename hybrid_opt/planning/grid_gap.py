"""What the step size of a plan costs: the proven optimum on a finer grid."""

from __future__ import annotations

from .dynamic_program import operations
from .level_plan import GridGap
from .level_task import LevelTask
from .proven_answer import QUICK, ProvenAnswer, prove

__all__ = ["FINER", "finer_grid_gap"]

FINER = 4
"""How much finer the grid is on which the loss by the step size is measured."""


def finer_grid_gap(task: LevelTask, proven: ProvenAnswer) -> GridGap | None:
    """Solve the task with steps four times finer.

    Args:
        task: the task.
        proven: its proven answer.

    Returns:
        The optimum of the finer grid, or None where dynamic programming did not prove the plan or would take
        more than seconds there.
    """
    if proven.program is None:
        return None
    finer = task.finer(FINER).levels()
    if operations(finer) > QUICK:
        return None
    return GridGap(factor=FINER, value=max(prove(finer).value, proven.value))
