"""A selection as tables and pictures for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ..reports import Drawing, Table, allocation_bars, response_curves
from .money import money_text
from .plan_figures import Figures, share_text

if TYPE_CHECKING:
    from .selection_plan import SelectionPlan

__all__ = ["budget_table", "count_drawing", "count_table", "gain_drawing", "item_table", "true_gap_table"]

MOST_BARS = 30


def item_table(plan: SelectionPlan) -> Table:
    """What is chosen, what each item brings alone and what it adds to the others."""
    frame, figures, words = plan.lines(), Figures.of(plan), plan.words
    frame = frame.sort_values(["plan", "adds"], ascending=[False, False], kind="stable")
    within = "" if plan.near is None else f"within {share_text(plan.near.tolerance)}"
    columns = [words.line, "group", "today", "plan", "alone", "adds", within]
    grouped = bool((frame["group"] != "").any())
    kept = [True, grouped, plan.has_today, True, True, True, plan.near is not None]
    rows = []
    for row in frame.to_dict("records"):
        today = "yes" if row.get("today") else "no"
        cells = [row[words.line], row["group"], today, "yes" if row["plan"] else "no"]
        cells += [figures.response(row["alone"]), figures.response(row["adds"], signed=True), row["near"]]
        rows.append([cell for cell, keep in zip(cells, kept) if keep])
    ends: list[Literal["left", "right"]] = ["left", "left", "left", "left", "right", "right", "left"]
    return Table(
        [column for column, keep in zip(columns, kept) if keep],
        rows,
        title=words.what,
        align=[end for end, keep in zip(ends, kept) if keep],
        note=f"adds: {words.value} that the selection would lose without a chosen {words.line}, or gain with "
        "another one on top, limits aside",
    )


def budget_table(plan: SelectionPlan) -> Table:
    """What is used of each budget."""
    figures = Figures.of(plan)
    rows = [
        [
            str(row["limit_of"]),
            *(money_text(round(float(row[name]), 6)) for name in ("limit", "plan", "left", "step")),
            figures.response(float(row["worth"]), signed=True),
        ]
        for row in plan.budgets().to_dict("records")
    ]
    return Table(
        ["budget", "limit", "plan", "left", "step", "worth of a step"],
        rows,
        title="What is used of each budget",
        align=["left", "right", "right", "right", "right", "right"],
        note="the worth comes from solving again with the limit one step higher",
    )


def gain_drawing(plan: SelectionPlan) -> Drawing:
    """Bars: what each item brings alone, and what it adds to the selection."""
    frame = plan.lines().sort_values(["plan", "alone"], ascending=False, kind="stable")[:MOST_BARS]
    alone, adds = frame["alone"].tolist(), frame["adds"].tolist()
    bars = allocation_bars(
        [f"{label}{'' if taken else ' (no)'}" for label, taken in zip(frame[plan.words.line], frame["plan"])],
        alone,
        adds,
        x_title=plan.words.value.capitalize(),
        names=("alone", "added to the others"),
    )
    return Drawing(bars, f"What each {plan.words.line} brings alone, and what it adds to those chosen.")


def count_table(plan: SelectionPlan, frame: pd.DataFrame) -> Table:
    """The best selection of every size, and what one more brings."""
    figures, rows, before = Figures.of(plan), [], 0.0
    for row in frame.to_dict("records"):
        more = figures.response(row["value"] - before, signed=True)
        rows.append([str(row["chosen"]), figures.response(row["value"]), more, row["items"]])
        before = row["value"]
    chosen = frame["chosen"].tolist()
    return Table(
        ["chosen", plan.words.value, "more than the row above", plan.words.lines],
        rows,
        title=f"The best {plan.words.lines} by how many are chosen",
        align=["right", "right", "right", "left"],
        note="every row is solved on its own, all other limits kept",
        strong=[chosen.index(len(plan.chosen()))] if len(plan.chosen()) in chosen else [],
    )


def count_drawing(plan: SelectionPlan, frame: pd.DataFrame) -> Drawing:
    """Curve of the best value by how many are chosen."""
    curve: dict[str, Any] = {
        "label": f"best {plan.words.lines}",
        "spend": frame["chosen"].astype(float).tolist(),
        "response": frame["value"].tolist(),
    }
    if len(plan.chosen()) in frame["chosen"].tolist():
        curve["plan"] = float(len(plan.chosen()))
    value = plan.words.value
    picture = response_curves([curve], x_title=f"Number of {plan.words.lines}", y_title=value.capitalize())
    return Drawing(picture, f"Best {value} by how many {plan.words.lines} are chosen.")


def true_gap_table(plan: SelectionPlan) -> pd.DataFrame:
    """See ``LevelPlan.gaps``: here every part is measured in the true value."""
    figures, truth = Figures.of(plan), plan.truth
    rows: list[tuple[str, float, str]] = []
    best = max(plan.proven.value, plan.value)

    def loss(value: float) -> float:
        return max(0.0, best - value) / max(abs(best), 1e-9)

    if plan.gap is not None and plan.bound is not None:
        words = f"bound {figures.response(plan.bound)} against the plan's {figures.response(plan.value)}"
        rows.append(("solver", plan.gap, words))
    for row in plan.baselines:
        if row.value is not None and not row.proven and "QUBO form" in row.method:
            words = f"its {plan.words.value} {figures.response(row.value)}"
            rows.append((row.method, loss(row.value), words))
    check = plan.check
    if check is not None and truth is not None:
        value = float(truth.values(plan.levels.spends(check.optimum_choice)))
        name = "QUBO, proven minimum" if check.whole else "QUBO of some items, proven minimum"
        rows.append((name, loss(value), f"re-scored: {figures.response(value)}"))
        if check.solver_gap is not None and check.sampled is not None:
            words = f"best of {check.draws:,} QAOA draws against the minimum, in the model with pairs"
            rows.append(("sampling", check.solver_gap, words))
    return pd.DataFrame(rows, columns=["part", "loss", "explanation"])
