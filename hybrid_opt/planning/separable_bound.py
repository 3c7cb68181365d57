"""A proven upper bound for questions with synergies, from dynamic programming over all their levels.

Synergies between two lines that have no stronger one are exact: the two lines are joined (``joined_lines``).
For the others, around a plan (a, b, ...) a product of two spends is at most a sum of functions of one spend:

    s t = b s + a t - a b + (s - a)(t - b)
       <= b s + a t - a b + (r (s - a)^2 + (t - b)^2 / r) / 2      for every r > 0,

and the same with the last term subtracted bounds it from below (inequality of arithmetic and geometric
means). The bound is exact in value and slope at (a, b), so it is close where the plan is close to optimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from .dynamic_program import DynamicProgram
from .joined_lines import join_pairs, joinable_pairs
from .lines import LevelQuestion

__all__ = ["Relaxation", "relax"]


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A bound and the plan that comes with it.

    Attributes:
        bound: no plan of the question is better.
        choice: a plan within budget and caps, level positions, shape (N,): the best in the sense of the
            bound. It may break side constraints, which the bound leaves out.
    """

    bound: float
    choice: NDArray[np.int64]


def relax(
    question: LevelQuestion, around: ArrayLike, *, ratios: Sequence[float] = (0.5, 1.0, 2.0)
) -> Relaxation:
    """Bound the value of every plan.

    Args:
        question: a question, with or without synergies.
        around: a plan near which the bound is tight, level positions, shape (N,); feasible or not.
        ratios: values of r to try; the lowest of the bounds is returned.

    Returns:
        The bound, and the best of the plans that attain the bounds tried. Bound and value of the plan agree
        where every line has one synergy at most and the lines of each share their cap or have none.

    Raises:
        OptionError: no ratio, or one that is not positive.
        PlanError: no plan is feasible.

    Example:
        >>> from hybrid_opt.planning.lines import Line, Synergy
        >>> lines = [Line(name, [0, 1, 2], [0.0, 3.0, 4.0]) for name in "abc"]
        >>> question = LevelQuestion(lines, budget=3, synergies=[Synergy(0, 1, 6.0), Synergy(1, 2, 1.0)])
        >>> round(relax(question, [2, 1, 0]).bound, 2), question.value([2, 1, 0])
        (11.42, 11.0)
    """
    if not ratios or min(ratios) <= 0:
        raise OptionError(f"ratios are {list(ratios)}; give at least one, all positive")
    anchor = question.spends(around).astype(np.float64)
    pairs = joinable_pairs(question)
    rest = [pair for pair in question.synergies if tuple(sorted((pair.first, pair.second))) not in pairs]
    bounds, plans = [], []
    for ratio in ratios if rest else (1.0,):
        values = [line.values.copy() for line in question.lines]
        for pair in rest:
            factor = question.product_value(pair)
            a, b = anchor[pair.first], anchor[pair.second]
            s, t = question.lines[pair.first].spends, question.lines[pair.second].spends
            values[pair.first] += factor * b * (s - a) + abs(factor) * ratio * (s - a) ** 2 / 2
            values[pair.second] += factor * a * t + abs(factor) * (t - b) ** 2 / (2 * ratio)
        joined = join_pairs(question, values, pairs)
        program = DynamicProgram(joined.question)
        bounds.append(program.value)
        plans.append(joined.split(program.choice))
    return Relaxation(min(bounds), plans[int(np.argmax([question.value(plan) for plan in plans]))])
