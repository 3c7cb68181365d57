"""Solve a question with a proof: dynamic programming where it is exact and quick, else MILP."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PlanError
from .breakpoints import solve_breakpoints
from .dynamic_program import DynamicProgram, operations
from .lines import LevelQuestion

__all__ = ["QUICK", "ProvenAnswer", "prove"]

WORDS = {"milp": "MILP (HiGHS)", "dynamic programming": "dynamic programming over joined lines"}
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
        return self.bound is not None and self.bound - self.value <= 1e-8 * max(1.0, abs(self.bound))

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
        question: lines, budget, caps and synergies.
        start: a feasible plan, level of each line, shape (N,); the answer is never worse.
        time_limit: seconds for MILP; dynamic programming does not need it.

    Returns:
        The answer; with dynamic programming the bound is the value.

    Raises:
        PlanError: no plan is feasible.
    """
    begin = perf_counter()
    usable = start if start is not None and question.feasible(start) else None
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
    found = solve_breakpoints(question, max_levels=MOST_LEVELS, start=usable, time_limit=time_limit / 2)
    if found.choice is not None and not found.complete:
        # The kept levels now gather around the first plan, which refines it.
        found = solve_breakpoints(
            question, max_levels=MOST_LEVELS, start=found.choice, time_limit=time_limit / 2
        )
    if found.choice is None or found.value is None:
        raise PlanError(
            f"no plan was found in {time_limit:g} s ({' '.join(found.notes)}); allow more time, take coarser "
            "steps, or give a feasible plan as today's"
        )
    return ProvenAnswer(
        found.choice,
        found.value,
        found.full_bound,
        WORDS[found.method],
        None,
        perf_counter() - begin,
        # What was left out of the program does not matter where the bound covers all levels.
        () if found.full_bound is not None else found.notes,
    )
