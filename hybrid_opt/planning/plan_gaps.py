"""What separates a plan from the best imaginable one, each part on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .plan_figures import Figures

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["gap_table"]


def gap_table(plan: LevelPlan) -> pd.DataFrame:
    """See ``LevelPlan.gaps``."""
    figures = Figures.of(plan)
    rows: list[tuple[str, float, str]] = []
    if plan.gap is not None and plan.bound is not None:
        words = f"bound {figures.response(plan.bound)} against the plan's {figures.response(plan.value)}"
        rows.append(("solver", plan.gap, words))
    if plan.grid is not None:
        loss = (plan.grid.value - plan.proven.value) / max(abs(plan.grid.value), 1e-9)
        words = f"steps {plan.grid.factor} times finer would reach {figures.response(plan.grid.value)}"
        rows.append(("grid step", loss, words))
    check = plan.check
    if check is not None:
        best = plan.proven.value
        rows.append(
            (
                f"block of {plan.words.lines}" if plan.words.choice else "coarse grid",
                check.coarse_gap(best),
                f"proven optimum {figures.response(check.optimum)} of the coarse version against "
                f"{figures.response(best)}",
            )
        )
        surrogate = check.surrogate_gap
        curves = "" if plan.words.choice else f" on the {plan.words.value} curves"
        rows.append(
            (
                "QUBO surrogate",
                surrogate,
                f"the QUBO's minimum, re-scored{curves}: {figures.response(check.rescored)}",
            )
        )
        if check.solver_gap is not None and check.sampled is not None:
            reached = f"best of {check.draws:,} QAOA draws {figures.response(check.sampled)}"
            words = f"{reached} against {figures.response(check.optimum)}"
            rows.append(("sampling", check.solver_gap, words))
    return pd.DataFrame(rows, columns=["part", "loss", "explanation"])
