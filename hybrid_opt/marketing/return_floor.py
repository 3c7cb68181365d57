"""A floor on the return of a budget: outcome of the whole plan per money of the whole plan, at least so much.

    sum_c v_c(b_c) + synergies >= rho sum_c b_c

The floor is linear in the levels, and its left side is what is maximized. Hence it can be kept without a
further dimension: if the best plan of all that spend at most B has value V < rho times its spend, every plan
that spends more than V / rho breaks the floor too, for none is worth more than V. The budget is lowered to
V / rho and the question solved again, with proof each time, until the best plan keeps the floor; then no plan
that keeps it is better. The same with a bound in place of V where the optimum is not proven.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasiblePlanError, OptionError, PlanError
from ..planning.lines import LevelQuestion
from ..planning.money import money_text
from ..planning.proven_answer import ProvenAnswer, prove
from ..reports import style

__all__ = ["FloorReport", "add_floor", "check_floor", "floor_report", "prove_with_floor"]


@dataclass(frozen=True)
class FloorReport:
    """What a floor on the return does to a plan.

    Attributes:
        floor: the floor.
        reached: return of the plan; None where it spends nothing.
        free_value: response of the best plan without the floor.
        free_spend: its spend.
    """

    floor: float
    reached: float | None
    free_value: float
    free_spend: float

    @property
    def free_return(self) -> float:
        """Return of the best plan without the floor; infinite where that spends nothing."""
        return self.free_value / self.free_spend if self.free_spend else math.inf

    @property
    def binds(self) -> bool:
        """Whether the best plan without the floor breaks it."""
        return self.free_value < self.floor * self.free_spend * (1 - 1e-12)

    def text(self) -> str:
        """In words, what it costs."""
        floor = money_text(self.floor)
        if not self.binds:
            return f"the return of at least {floor} per money does not bind"
        return (
            f"the return of at least {floor} per money binds: without it the best plan would spend "
            f"{style.readable(self.free_spend)} and bring {style.readable(self.free_value)}, "
            f"{self.free_return:.4g} per money"
        )


def check_floor(floor: float | None) -> float | None:
    """Check a floor on the return.

    Args:
        floor: least response per money, or None.

    Returns:
        The same as a float.

    Raises:
        OptionError: no finite number above 0.

    Example:
        >>> check_floor(3)
        3.0
    """
    number = isinstance(floor, (int, float, np.number)) and not isinstance(floor, bool)
    if floor is not None and (not number or not math.isfinite(floor) or floor <= 0):
        raise OptionError(f"roas_floor is {floor!r}; legal is a finite response per money above 0, or None")
    return None if floor is None else float(floor)


def prove_with_floor(
    question: LevelQuestion,
    floor: float,
    rest: float,
    solve: Callable[..., ProvenAnswer],
    *,
    start: NDArray[np.integer[Any]] | None = None,
    time_limit: float = 60.0,
) -> ProvenAnswer:
    """The best plan that keeps the floor, with proof.

    Args:
        question: the question without it.
        floor: least response per money.
        rest: money that is spent at units 0.
        solve: answers a question, called as ``planning.proven_answer.prove`` is.
        start: a feasible plan, shape (N,).
        time_limit: seconds, for each question.

    Returns:
        The answer; its bound holds for all plans that keep the floor.

    Raises:
        InfeasiblePlanError: no plan keeps the floor; the highest return that was reached is named.
        PlanError: not decided in time.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> from hybrid_opt.planning.proven_answer import prove
        >>> tv = Line("tv", [0, 1, 2, 3], [0.0, 4.0, 6.0, 7.0])
        >>> prove_with_floor(LevelQuestion([tv], budget=3, spend="at_most"), 2.5, 0.0, prove).choice
        array([2])
    """
    reference = question.reference or (question.unit * question.budget or None)
    ask, seconds, deadline = question, 0.0, monotonic() + time_limit
    lowest = sum(int(line.spends[0]) for line in question.lines)
    while True:
        answer = solve(ask, start=start, time_limit=time_limit)
        seconds += answer.seconds
        total = int(question.spends(answer.choice).sum())
        money = question.unit * total + rest
        if answer.value >= floor * money - 1e-12 * max(1.0, abs(answer.value)):
            return replace(answer, seconds=seconds)
        bound = math.inf if answer.bound is None else answer.bound
        reached = f"{answer.value / money:.6g}" if money else "less than nothing for no money"
        if question.spend == "exactly":
            if bound >= floor * money:
                raise PlanError(_undecided(floor, time_limit))
            raise InfeasiblePlanError(
                f"no plan that spends exactly {money_text(round(money, 6))} returns {money_text(floor)} per "
                f"money; the best one returns {reached}. Lower roas_floor to that, or let the budget be a "
                "limit (spend='at_most')"
            )
        if not math.isfinite(bound):
            raise PlanError(_undecided(floor, time_limit))
        room = math.floor((bound / floor - rest) / question.unit + 1e-9)
        if room >= ask.budget or monotonic() > deadline:
            raise PlanError(_undecided(floor, time_limit))
        if room < lowest:
            raise InfeasiblePlanError(
                f"no plan returns {money_text(floor)} per money: the least that must be spent is "
                f"{money_text(round(question.unit * lowest + rest, 6))}, and the best plan on "
                f"{money_text(round(money, 6))} returns {reached}. Lower roas_floor, or the least spends"
            )
        ask = replace(question, budget=room, reference=reference)


def floor_report(
    question: LevelQuestion, proven: ProvenAnswer, floor: float, rest: float, time_limit: float
) -> FloorReport:
    """What the floor costs: the best plan without it beside the one with it.

    Args:
        question: the question without the floor.
        proven: the answer with it.
        floor: least response per money.
        rest: money that is spent at units 0.
        time_limit: seconds.

    Returns:
        The comparison.
    """
    free = prove(question, time_limit=time_limit)
    own, other = (
        question.unit * float(question.spends(answer.choice).sum()) + rest for answer in (proven, free)
    )
    return FloorReport(floor, proven.value / own if own else None, free.value, other)


def add_floor(cqm: Any, floor: float, unit: float, rest: float) -> None:
    """Add the constraint "return floor" to a dimod model of ``planning.level_models.to_cqm``.

    Args:
        cqm: the model; its objective is minus the response, its variables are (label, units).
        floor: least response per money.
        unit: money per unit.
        rest: money that is spent at units 0.
    """
    own, pairs = cqm.objective.linear, cqm.objective.quadratic
    terms: list[tuple[Any, ...]] = [(name, bias + floor * unit * name[1]) for name, bias in own.items()]
    terms += [(first, second, bias) for (first, second), bias in pairs.items()]
    cqm.add_constraint_from_iterable(terms, "<=", rhs=-floor * rest, label="return floor")


def _undecided(floor: float, seconds: float) -> str:
    return (
        f"whether a plan returns {money_text(floor)} per money was not decided in {seconds:g} s; allow more "
        "time, or take coarser steps"
    )
