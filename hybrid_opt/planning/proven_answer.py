"""Solve a question with a proof: dynamic programming where it is exact and quick, else MILP."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasiblePlanError, PlanError
from .breakpoints import BreakpointPlan, solve_breakpoints
from .dynamic_program import DynamicProgram, operations
from .lines import LevelQuestion
from .refinement import price_bound, refine
from .resource_program import resource_operations, solve_resources, tight_limits

__all__ = ["QUICK", "ProvenAnswer", "prove"]

WORDS = {"milp": "MILP (HiGHS)", "dynamic programming": "dynamic programming over joined lines"}
MOST_REFINEMENTS = 5
MOST_WHOLE_LEVELS = 2_000  # of all lines together in a program without dropped levels
MOST_LEVELS = 40  # per line in a MILP; with more its products get slow
QUICK = 3 * 10**9  # additions of a dynamic program that take a few seconds


@dataclass(frozen=True, eq=False)
class ProvenAnswer:
    """The best plan known, and what is proven about it.

    Attributes:
        choice: level of each line, shape (N,).
        value: its value.
        bound: no plan of the whole question is better than this; None if nothing was proven.
        method: how it was found, words for the user.
        program: the dynamic program, None where MILP was needed.
        seconds: wall time.
        notes: sentences for the user.
    """

    choice: NDArray[np.int64]
    value: float
    bound: float | None
    method: str
    program: DynamicProgram | None
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether value and bound agree."""
        if self.bound is None or not np.isfinite(self.bound):
            return False
        return self.bound - self.value <= 1e-8 * max(1.0, abs(self.bound))

    @property
    def gap(self) -> float | None:
        """(bound - value) / max(abs(bound), 1e-9), None without a bound."""
        if self.bound is None:
            return None
        return max(0.0, self.bound - self.value) / max(abs(self.bound), 1e-9)


def prove(
    question: LevelQuestion,
    *,
    start: NDArray[np.integer[Any]] | None = None,
    time_limit: float = 60.0,
) -> ProvenAnswer:
    """Find the best plan and a bound for the whole question.

    Args:
        question: lines, budget, caps, side constraints and synergies.
        start: a feasible plan, level of each line, shape (N,); the answer is never worse.
        time_limit: seconds for MILP; dynamic programming does not need it.

    Returns:
        The answer; with dynamic programming the bound is the value.

    Raises:
        InfeasiblePlanError: it is proven that no plan is feasible.
        PlanError: no plan was found in time.
    """
    begin = perf_counter()
    usable = None
    if start is not None and question.feasible(start):
        usable = np.array(start, dtype=np.int64)
    if question.sides:
        return _with_sides(question, usable, time_limit, begin)
    if not question.synergies and operations(question) <= QUICK:
        program = DynamicProgram(question)
        return ProvenAnswer(
            program.choice,
            program.value,
            program.value,
            "dynamic programming",
            program,
            perf_counter() - begin,
        )
    if not question.synergies and usable is not None:
        choice = refine(question, usable, QUICK // 10)
        bound = max(price_bound(question), question.value(choice))
        words = "dynamic programs on windows, bound by prices"
        return ProvenAnswer(choice, question.value(choice), bound, words, None, perf_counter() - begin)
    return _by_program(question, usable, time_limit, begin)


def _with_sides(
    question: LevelQuestion, start: NDArray[np.int64] | None, time_limit: float, begin: float
) -> ProvenAnswer:
    """Dynamic programming over one or two limits where that is exact and quick, else MILP."""
    needed = resource_operations(question)
    if needed is None or needed > QUICK:
        return _by_program(question, start, time_limit, begin)
    choice = solve_resources(question)
    value = question.value(choice)
    names = [limit.label for limit in tight_limits(question) or []]
    words = f"dynamic programming over {' and '.join(names)}" if names else "the best level of every line"
    return ProvenAnswer(choice, value, value, words, None, perf_counter() - begin)


def _by_program(
    question: LevelQuestion, start: NDArray[np.int64] | None, time_limit: float, begin: float
) -> ProvenAnswer:
    """A mixed-integer program with its bound."""
    found = _by_breakpoints(question, start, time_limit)
    if (found.choice is None or found.value is None) and found.status == "infeasible" and found.complete:
        most = sum(int(line.spends[-1]) for line in question.lines)
        free = question.spend == "at_most" and question.budget >= most
        names = [*([] if free else ["the budget"]), *(f"the cap of {group}" for group in question.caps)]
        names += [side.label for side in question.sides]
        raise InfeasiblePlanError(
            f"no plan keeps all limits together ({', '.join(names)}); relax one of them"
        )
    if found.choice is None or found.value is None:
        raise PlanError(
            f"no plan was found in {time_limit:g} s ({' '.join(found.notes)}); allow more time, take coarser "
            "steps, or give a feasible plan as today's"
        )
    bound_known = found.full_bound is not None and np.isfinite(found.full_bound)
    return ProvenAnswer(
        found.choice,
        found.value,
        found.full_bound if bound_known else None,
        WORDS[found.method],
        None,
        perf_counter() - begin,
        # What was left out of the program does not matter where the bound covers all levels.
        () if bound_known and not _open(found) else found.notes,
    )


def _open(found: BreakpointPlan) -> bool:
    """Whether the bound for all levels leaves a gap."""
    if found.full_bound is None or found.value is None:
        return True
    return found.full_bound - found.value > 1e-8 * max(1.0, abs(found.full_bound))


def _by_breakpoints(
    question: LevelQuestion, start: NDArray[np.int64] | None, time_limit: float
) -> BreakpointPlan:
    """A program on some levels first, then around its plan, then on all levels if they are few enough."""
    begin = perf_counter()
    found = solve_breakpoints(question, max_levels=MOST_LEVELS, start=start, time_limit=time_limit / 2)
    for _ in range(MOST_REFINEMENTS):
        left = time_limit - (perf_counter() - begin)
        if found.complete or found.choice is None or left <= 0 or not _open(found):
            break
        # The kept levels gather around the plan so far, which refines it.
        again = solve_breakpoints(question, max_levels=MOST_LEVELS, start=found.choice, time_limit=left)
        if (again.value or -np.inf) <= (found.value or -np.inf):
            break
        found = again
    left = time_limit - (perf_counter() - begin)
    few = sum(len(line.spends) for line in question.lines) <= MOST_WHOLE_LEVELS
    if few and not found.complete and _open(found) and left > 0:
        whole = solve_breakpoints(question, start=found.choice, time_limit=left)
        if whole.choice is not None or whole.status == "infeasible":
            return whole
    return found
