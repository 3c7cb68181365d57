"""Questions with synergies, or too large for dynamic programming: a mixed-integer program with its bound.

One binary per line and level. A synergy needs the product of two spends: with x_k the binaries of the line
that has fewer levels and z_k = x_k * spend of the other, the product is sum_k spend_k * z_k, and the rows

    sum_k z_k = spend of the other,    low_k * x_k <= z_k <= high_k * x_k

hold for every plan and, x being binary, for nothing else (level-1 reformulation-linearization; Sherali and
Adams, SIAM J. Discrete Math. 3 (1990)). The bounds low_k and high_k take into account what level k leaves of
the budget and of a shared cap. One z per level of one line: 700 levels each need 700, not 490,000.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError
from .breakpoint_model import BreakpointModel
from .dynamic_program import DynamicProgram, operations
from .lines import LevelQuestion
from .separable_bound import relax
from .steps import check_reachable, in_steps

__all__ = ["BreakpointPlan", "kept_levels", "solve_breakpoints"]

LEAST_LEVELS = 4
PROGRAM_LIMIT = 2 * 10**9


@dataclass(frozen=True, eq=False)
class BreakpointPlan:
    """The best plan found and what is proven about it.

    Attributes:
        choice: level of each line of the question, shape (N,), or None.
        value: its value, or None.
        bound: no plan made of the *kept* levels is better, up to the solver's tolerance of about 1e-9 of
            the largest value; infinity if it has none.
        full_bound: no plan of the whole question is better; None where it was not computed.
        complete: whether all levels were kept, so that both bounds mean the same.
        status: "optimal" if the plan is proven best among the kept levels, "feasible" if time ran out,
            "infeasible" if the kept levels allow no plan, "none_found" if time ran out before the first.
        method: "milp", or "dynamic programming" where that proved the plan and HiGHS was left out.
        kept: positions of the kept levels, per line.
        seconds: wall time of HiGHS.
        notes: sentences for the user.
    """

    choice: NDArray[np.int64] | None
    value: float | None
    bound: float
    full_bound: float | None
    complete: bool
    status: Literal["optimal", "feasible", "infeasible", "none_found"]
    method: Literal["milp", "dynamic programming"]
    kept: tuple[NDArray[np.int64], ...]
    seconds: float
    notes: tuple[str, ...]


def kept_levels(levels: int, most: int | None, near: int | None = None) -> NDArray[np.int64]:
    """Choose at most ``most`` of ``levels`` levels: half of them next to one level, half evenly.

    Args:
        levels: how many levels there are.
        most: how many to keep at most, four or more; None keeps all.
        near: the level of a known plan, or None to spread them all evenly.

    Returns:
        Positions, increasing; the first, the last and ``near`` are among them.

    Example:
        >>> kept_levels(100, 8, near=30)
        array([ 0, 28, 29, 30, 31, 33, 66, 99])
    """
    if most is None or levels <= most:
        return np.arange(levels)
    close = np.zeros(0, dtype=np.int64)
    if near is not None:
        first = min(max(near - most // 4, 0), levels - most // 2)
        close = np.arange(first, first + most // 2)
    evenly = np.linspace(0, levels - 1, most - len(close)).round().astype(np.int64)
    return np.union1d(close, evenly)


def solve_breakpoints(
    question: LevelQuestion,
    *,
    max_levels: int | None = None,
    start: ArrayLike | None = None,
    time_limit: float = 60.0,
    shortcut: bool = True,
) -> BreakpointPlan:
    """Solve a question, with or without synergies.

    First comes the dynamic program of ``relax``, where it is quick enough. It is exact if every line has one
    synergy at most (and the two lines share their cap or have none), and then HiGHS is not needed.

    Args:
        question: the question.
        max_levels: most levels to keep per line for HiGHS, four or more; None keeps all. The kept ones lie
            around the best plan known and evenly over the range, so a second call from the plan of the
            first refines it.
        start: a feasible plan, level positions, shape (N,); the answer is never worse.
        time_limit: seconds for HiGHS.
        shortcut: whether to leave HiGHS out where the dynamic program proves its plan.

    Returns:
        Plan, bounds and status. With levels dropped, ``bound`` holds for the kept levels only and
        ``full_bound`` (from ``relax``, over all levels) for the question.

    Raises:
        OptionError: a time limit that is not positive, too few levels, an infeasible start.
        PlanError: no plan of the question is feasible; the message names the nearest totals.

    Example:
        >>> from hybrid_opt.planning.lines import Line, Synergy
        >>> lines = [Line("tv", [0, 1, 2], [0.0, 3.0, 4.0]), Line("search", [0, 1, 2], [0.0, 2.0, 2.5])]
        >>> question = LevelQuestion(lines, budget=3, synergies=[Synergy(0, 1, 0.9)])
        >>> answer = solve_breakpoints(question, shortcut=False)
        >>> answer.choice, round(answer.value, 6), answer.status
        (array([2, 1]), 6.6, 'optimal')
    """
    if not time_limit > 0:
        raise OptionError(f"time_limit is {time_limit!r}; it must be a positive number of seconds")
    if max_levels is not None and max_levels < LEAST_LEVELS:
        raise OptionError(f"max_levels is {max_levels!r}; keep {LEAST_LEVELS} levels per line or more")
    steps = in_steps(question)
    check_reachable(question, steps)
    quick = operations(question) <= PROGRAM_LIMIT
    known = None if start is None else _checked(question, start)
    full_bound = np.inf
    if quick:
        # Side constraints are left out of the dynamic programs: their bound holds, their plans may not.
        around = known
        if around is None:
            around = DynamicProgram(replace(question, synergies=(), sides=())).choice
        relaxed = relax(question, around)
        full_bound = relaxed.bound
        for plan in (around, relaxed.choice):
            if question.feasible(plan):
                known = _better(question, known, plan)
    every = tuple(np.arange(len(line.spends)) for line in question.lines)
    if shortcut and known is not None and _agree(full_bound, question.value(known)):
        value = question.value(known)
        bound = max(full_bound, value)
        return BreakpointPlan(
            choice=known,
            value=value,
            bound=bound,
            full_bound=bound,
            complete=True,
            status="optimal",
            method="dynamic programming",
            kept=every,
            seconds=0.0,
            notes=(),
        )

    kept = tuple(
        kept_levels(len(levels), max_levels, None if known is None else int(known[i]))
        for i, levels in enumerate(every)
    )
    dropped = sum(map(len, every)) - sum(map(len, kept))
    began = perf_counter()
    found = BreakpointModel(question, steps, kept).solve(time_limit)
    seconds = perf_counter() - began
    notes = [] if found.note is None else [found.note]
    choice, status = _better(question, known, found.choice), found.status
    if choice is not None and status != "optimal":
        status = "feasible"
    value = -np.inf if choice is None else question.value(choice)
    bound = max(found.bound, value)
    if dropped == 0:
        full_bound = min(full_bound, bound)
    elif quick and choice is not None:
        full_bound = min(full_bound, relax(question, choice).bound)
    if dropped:
        notes.append(
            f"{dropped:,} levels were left out of the mixed-integer program; its bound holds for the kept "
            "levels only"
        )
    if status == "infeasible":
        notes.append("the kept levels cannot meet the limits; raise max_levels or give a start")
    return BreakpointPlan(
        choice=choice,
        value=None if choice is None else value,
        bound=bound,
        full_bound=max(full_bound, value) if np.isfinite(full_bound) else None,
        complete=dropped == 0,
        status=status,
        method="milp",
        kept=kept,
        seconds=seconds,
        notes=tuple(notes),
    )


def _checked(question: LevelQuestion, start: ArrayLike) -> NDArray[np.int64]:
    known = np.asarray(start)
    if not question.feasible(known):
        raise OptionError(
            f"start spends {question.spends(known).tolist()} units, which breaks a limit; "
            "give a feasible plan or none"
        )
    return known.astype(np.int64)


def _better(
    question: LevelQuestion, first: NDArray[np.int64] | None, second: NDArray[np.int64] | None
) -> NDArray[np.int64] | None:
    """The plan of higher value; the first of equal ones."""
    if first is None or second is None:
        return second if first is None else first
    return second if question.value(second) > question.value(first) else first


def _agree(bound: float, value: float) -> bool:
    """Whether a bound and a value differ by no more than the rounding of their sums."""
    return bool(np.isfinite(bound)) and bound - value <= 1e-12 * max(abs(bound), abs(value))
