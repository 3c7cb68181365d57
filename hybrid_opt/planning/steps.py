"""A question in its coarsest common step, and the check whether its budget can be met at all.

Every line is counted from its smallest spend, in the greatest common divisor of all differences. A grid of
400 + 100 k and another of 1,250 + 100 k then need one cell per 100, not one per 50. Nothing is rounded:
what does not divide can be reached by no plan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasiblePlanError
from .lines import LevelQuestion

__all__ = ["Steps", "check_reachable", "in_steps"]


@dataclass(frozen=True, eq=False)
class Steps:
    """A question counted in steps above the smallest spends.

    Attributes:
        base: sum of the smallest spends, in units.
        stride: units per step.
        spends: steps of each level, per line; the first is 0.
        budget: whole steps that the budget leaves above the base; negative if it does not cover the base.
        divides: whether those steps use the budget up.
        caps: the same for each capped group.
    """

    base: int
    stride: int
    spends: tuple[NDArray[np.int64], ...]
    budget: int
    divides: bool
    caps: dict[str, int]


def in_steps(question: LevelQuestion) -> Steps:
    """Count a question in steps.

    Args:
        question: any question.

    Returns:
        The same amounts as ``Steps``.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line("a", [400, 500], [0, 1]), Line("b", [1250, 1350, 1550], [0, 1, 2])]
        >>> steps = in_steps(LevelQuestion(lines, budget=1950))
        >>> steps.stride, steps.base, steps.budget, steps.divides
        (100, 1650, 3, True)
    """
    above = [line.spends - line.spends[0] for line in question.lines]
    stride = math.gcd(*(int(np.gcd.reduce(spends)) for spends in above)) or 1
    base = sum(int(line.spends[0]) for line in question.lines)
    least = {g: sum(int(question.lines[i].spends[0]) for i in question.members(g)) for g in question.caps}
    budget, rest = divmod(question.budget - base, stride)
    return Steps(
        base=base,
        stride=stride,
        spends=tuple(spends // stride for spends in above),
        budget=budget,
        divides=rest == 0,
        caps={group: (cap - least[group]) // stride for group, cap in question.caps.items()},
    )


def _reachable(question: LevelQuestion, steps: Steps) -> int:
    """Totals that some plan within the caps has, as the set bits of one integer (bit t: t steps)."""
    bits = dict.fromkeys(steps.caps, 1)
    total = 1
    for i, spends in enumerate(steps.spends):
        group = question.cap_of(i)
        old = total if group is None else bits[group]
        new = 0
        for step in spends.tolist():
            new |= old << step
        if group is None:
            total = new
        else:
            bits[group] = new & ((1 << (steps.caps[group] + 1)) - 1)
    for group_bits in bits.values():
        new, shift = 0, 0
        while group_bits >> shift:
            shift += ((group_bits >> shift) & -(group_bits >> shift)).bit_length() - 1
            new |= total << shift
            shift += 1
        total = new
    return total


def check_reachable(question: LevelQuestion, steps: Steps) -> None:
    """Do nothing if some plan keeps the budget and the caps.

    Args:
        question: the question.
        steps: ``in_steps(question)``.

    Raises:
        InfeasiblePlanError: no plan does; the message names the lines or the totals next to the budget that
            can be reached.
    """
    money = question.money
    for group, room in steps.caps.items():
        if room < 0:
            lines = [question.lines[i] for i in question.members(group)]
            parts = ", ".join(f"{line.label} {money(line.spends[0])}" for line in lines)
            least = sum(int(line.spends[0]) for line in lines)
            raise InfeasiblePlanError(
                f"group {group!r} must spend at least {money(least)} ({parts}) but its cap is "
                f"{money(question.caps[group])}; raise the cap or lower a smallest spend"
            )
    if steps.budget < 0:
        parts = ", ".join(f"{line.label} {money(line.spends[0])}" for line in question.lines)
        raise InfeasiblePlanError(
            f"the smallest spends add up to {money(steps.base)} ({parts}), above the budget "
            f"{money(question.budget)}; raise the budget or lower a smallest spend"
        )
    if question.spend == "at_most":
        return
    totals = _reachable(question, steps)
    if steps.divides and totals >> steps.budget & 1:
        return
    below = totals & ((1 << (steps.budget + 1)) - 1)
    above = totals >> (steps.budget + 1)
    nearest = [money(steps.base + steps.stride * (below.bit_length() - 1))]
    if above:
        distance = (above & -above).bit_length()
        nearest.append(money(steps.base + steps.stride * (steps.budget + distance)))
    which = f"{'the nearest totals are' if above else 'the highest total is'} {' and '.join(nearest)}"
    raise InfeasiblePlanError(
        f"no allowed spends within the caps add up to exactly {money(question.budget)}; {which}. "
        "Change the budget, a bound or a step, or spend at most the budget"
    )
