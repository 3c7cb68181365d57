"""All choices of one option per group, or their proven best one by a mixed-integer program.

Shapes: G groups, N options of all groups together, S plans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasiblePlanError, ModelTooLargeError, PlanError
from ..solvers import solve
from .choice_form import ChoiceForm

__all__ = ["MOST_PLANS", "ChoiceList", "all_choices", "best_choice"]

MOST_PLANS = 2**20


@dataclass(frozen=True, eq=False)
class ChoiceList:
    """Every feasible choice.

    Attributes:
        picks: chosen line of each group, shape (S, G).
        values: by the model with pairs, shape (S,).
    """

    picks: NDArray[np.int64]
    values: NDArray[np.float64]


def all_choices(form: ChoiceForm) -> ChoiceList:
    """Look at every choice.

    Args:
        form: the question by groups.

    Returns:
        The feasible ones in lexicographic order of their options.

    Raises:
        ModelTooLargeError: there are more than 2**20.
        InfeasiblePlanError: none keeps all limits.

    Example:
        >>> from hybrid_opt.planning.lines import LevelQuestion, Line
        >>> lines = [Line(f"{g}{k}", [0, 1], [0.0, float(k)], g) for g in "ab" for k in range(2)]
        >>> all_choices(ChoiceForm.of(LevelQuestion(lines, 2, caps={"a": 1, "b": 1}))).values.tolist()
        [0.0, 1.0, 1.0, 2.0]
    """
    if form.size > MOST_PLANS:
        raise ModelTooLargeError(f"{form.size:,} choices are too many to look at; most are {MOST_PLANS:,}")
    # Only groups with a choice have an axis: an array has 64 axes at most.
    wide = [g for g, own in enumerate(form.options) if len(own) > 1] or [0]
    sizes = [len(form.options[g]) for g in wide]

    def axis(g: int, numbers: NDArray[np.generic]) -> NDArray[np.generic]:
        return numbers.reshape([len(numbers) if k == g else 1 for k in wide])

    values, kept = np.zeros(sizes), np.ones(sizes, dtype=bool)
    for g, own in enumerate(form.values):
        values = values + axis(g, own)  # type: ignore[operator]
    for (g, h), table in form.pairs.items():
        shape = [n if k in (g, h) else 1 for k, n in zip(wide, sizes)]
        values = values + table.reshape(shape)
    for _, weights, high in form.rows:
        used = np.zeros(sizes, dtype=np.int64)
        for g, positions in enumerate(form.options):
            used = used + axis(g, weights[positions])  # type: ignore[operator]
        kept &= used <= high
    found = np.unravel_index(np.flatnonzero(kept), sizes)
    if not len(found[0]):
        raise InfeasiblePlanError(_no_plan(form))
    picks = np.tile([int(own[0]) for own in form.options], (len(found[0]), 1))
    for g, level in zip(wide, found):
        picks[:, g] = form.options[g][level]
    return ChoiceList(picks, values[kept])


def best_choice(form: ChoiceForm, time_limit: float) -> tuple[NDArray[np.int64], float | None]:
    """The best choice by the model with pairs, and a bound, by MILP on the whole model.

    Products of two groups are linearized together (level-1 RLT, see ``solvers.linear_products``).

    Args:
        form: the question by groups.
        time_limit: seconds.

    Returns:
        The chosen line of each group, shape (G,), and the bound, None where none was proven.

    Raises:
        InfeasiblePlanError: none keeps all limits.
        PlanError: none was found in time.
        KeyboardInterrupt: ctrl-C.
    """
    found = solve(form.model(), "milp", seed=0, time_limit=time_limit)
    if found.interrupted:
        raise KeyboardInterrupt
    if found.status == "infeasible":
        raise InfeasiblePlanError(_no_plan(form))
    if not found.feasible or found.sample is None:
        raise PlanError(f"no plan was found in {time_limit:g} s; allow more time, or fewer options")
    return form.pick(found.sample), None if found.bound is None else -found.bound


def _no_plan(form: ChoiceForm) -> str:
    names = ", ".join(label for label, _, _ in form.rows)
    return f"no choice of one option per group keeps all limits together ({names}); relax one of them"
