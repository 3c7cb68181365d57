"""Judge the arms of a proposal: train them on the seeds of the recipe so far, keep the best one or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from .keep_rule import Decision, decide, decide_memory
from .recipe_training import TrainingRecord
from .step_results import mean_of

__all__ = ["judge"]


def judge(
    judged_by: str, before: Sequence[TrainingRecord], arms: Mapping[str, Sequence[TrainingRecord]]
) -> tuple[str, Decision]:
    """The best arm and whether it is kept.

    By loss, the best arm has the lowest mean validation loss. By memory, it is the smallest of those whose
    loss did not rise by more than the spread, or the smallest of all where each one did; one with a diverged
    training comes last, for nobody knows what it holds.

    Args:
        judged_by: "loss" or "memory".
        before: records of the recipe so far, one per seed.
        arms: name -> records on the same seeds; of equal ones the first counts.

    Returns:
        Name of the best arm, and the decision about it.

    Example:
        >>> old = [TrainingRecord(1.0, 1.0), TrainingRecord(1.1, 1.0)]
        >>> new = [TrainingRecord(0.5, 1.0), TrainingRecord(0.6, 1.0)]
        >>> name, decision = judge("loss", old, {"same": old, "better": new})
        >>> name, decision.kept
        ('better', True)
    """
    losses = [record.loss for record in before]
    decisions = {}
    for name, records in arms.items():
        own = [record.loss for record in records]
        if judged_by == "memory":
            held = [mean_of(one, "memory") for one in (before, records)]
            decisions[name] = decide_memory(losses, own, *held)
        else:
            decisions[name] = decide(losses, own)
    if judged_by == "memory":
        best = min(decisions, key=lambda name: _order(decisions[name]))
    else:
        best = min(arms, key=lambda name: fmean(record.loss for record in arms[name]))
    return best, decisions[best]


def _order(decision: Decision) -> tuple[bool, bool, float]:
    """Kept ones first, then those whose saving is known, then the larger saving."""
    return (not decision.kept, decision.memory is None, -(decision.memory or 0.0))
