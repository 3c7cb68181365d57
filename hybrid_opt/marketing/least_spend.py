"""The least money that reaches a target: the budget question turned around, with the same proofs.

    minimize sum_c b_c    subject to    sum_c v_c(b_c) + synergies >= target, and all limits

f(B), the best response of all plans that spend at most B, never falls with B. The least B with f(B) >= target
is read off the curve of one dynamic program where there is one, and else found by bisection over B in whole
steps, each f(B) being proven to reach the target or to miss it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InfeasiblePlanError, OptionError, PlanError
from ..planning.lines import LevelQuestion
from ..planning.money import money_text
from ..planning.proven_answer import ProvenAnswer
from ..reports import style

__all__ = ["LeastSpend", "least_units"]


@dataclass(frozen=True)
class LeastSpend:
    """The proven least spend for a target.

    Attributes:
        target: the response asked for.
        spend: least money that reaches it.
        below: the best response of all plans that spend less; None where no plan spends less.
    """

    target: float
    spend: float
    below: float | None

    def text(self) -> str:
        """The proof in a sentence."""
        least = f"the least spend for {style.readable(self.target)} is {money_text(round(self.spend, 6))}"
        if self.below is None:
            return f"{least}: no plan within the limits spends less"
        return f"{least}: whatever spends less brings at most {style.readable(self.below)}"


def least_units(
    question: LevelQuestion,
    target: float,
    solve: Callable[..., ProvenAnswer],
    *,
    separable: bool,
    time_limit: float = 60.0,
) -> tuple[int, float | None]:
    """The least total in units.

    Args:
        question: lines, caps and synergies; its budget and whether it is used up play no part.
        target: response to reach.
        solve: answers a question, called as ``planning.proven_answer.prove`` is.
        separable: whether the curve of a dynamic program answers all budgets at once: no synergies, and a
            ``solve`` that keeps no further limit.
        time_limit: seconds, for each question.

    Returns:
        The least total, and the best value of all plans that spend less, None where there are none.

    Raises:
        OptionError: the target is no finite number.
        InfeasiblePlanError: no plan reaches the target; the largest response within the limits is named.
        PlanError: a question on the way was not decided in time.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> from hybrid_opt.planning.proven_answer import prove
        >>> tv = Line("tv", [0, 1, 2, 3], [0.0, 4.0, 6.0, 7.0])
        >>> least_units(LevelQuestion([tv], budget=1), 5.0, prove, separable=True)
        (2, 4.0)
    """
    number = isinstance(target, (int, float, np.number)) and not isinstance(target, bool)
    if not number or not math.isfinite(target):
        raise OptionError(f"target is {target!r}; legal is a finite response per period")
    enough = target - 1e-9 * abs(target)
    most = sum(int(line.spends[-1]) for line in question.lines)
    lowest = sum(int(line.spends[0]) for line in question.lines)
    reference = question.reference or (question.unit * question.budget or None)

    def best(budget: int) -> ProvenAnswer:
        free = replace(question, budget=budget, spend="at_most", reference=reference)
        return solve(free, time_limit=time_limit)

    answer = best(most)
    if answer.value < enough:
        if answer.bound is None or answer.bound >= enough:
            raise PlanError(_undecided(target, time_limit))
        raise InfeasiblePlanError(
            f"no plan within the limits brings {money_text(target)}; the largest response is "
            f"{style.readable(answer.value)}. Lower the target, or raise the limits of channels or groups"
        )
    if separable and answer.program is not None:
        curve = answer.program.curve
        least = int(np.flatnonzero(curve >= enough)[0])
        below = float(curve[:least].max()) if least else -math.inf
        return least, None if below == -math.inf else below
    high, low, known = int(question.spends(answer.choice).sum()), lowest - 1, None
    while high - low > 1:
        middle = (high + low) // 2
        try:
            answer = best(middle)
        except InfeasiblePlanError:
            low = middle
            continue
        if answer.value >= enough:
            high = min(middle, int(question.spends(answer.choice).sum()))
        elif answer.bound is not None and answer.bound < enough:
            low, known = middle, answer.bound
        else:
            raise PlanError(_undecided(target, time_limit))
    return high, known


def _undecided(target: float, seconds: float) -> str:
    return (
        f"whether a budget reaches {money_text(target)} was not decided in {seconds:g} s; allow more time, "
        "or take coarser steps"
    )
