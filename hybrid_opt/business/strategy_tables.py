"""A strategic plan as tables and pictures for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ..planning.money import money_text
from ..planning.plan_figures import Figures
from ..reports import Drawing, Table, ranges_chart, response_curves

if TYPE_CHECKING:
    from .strategy_plan import StrategyPlan

__all__ = ["front_drawing", "front_table", "future_table", "gantt_drawing", "project_table"]


def project_table(plan: StrategyPlan) -> Table:
    """Which project starts when, what it costs and what it brings."""
    figures, frame = Figures.of(plan), plan.schedule()
    frame = frame.sort_values(["start", "end"], na_position="last", kind="stable")
    rows = []
    for row in frame.to_dict("records"):
        runs = not pd.isna(row["start"])
        when = f"{row['start']} to {row['end']}" if runs else "no"
        value = figures.response(float(row["value"])) if runs else ""
        rows.append([row["project"], row["category"], when, money_text(row["cost"]), value])
    carried = frame[frame["start"].notna()]
    total = figures.response(float(carried["value"].sum()))
    rows.append(["carried out", "", str(len(carried)), money_text(float(carried["cost"].sum())), total])
    return Table(
        ["project", "category", "periods", "cost", "value"],
        rows,
        title=plan.words.what,
        align=["left", "left", "left", "right", "right"],
        note="cost of all its periods; value discounted to the beginning of period 1, risk aside",
        strong=[-1],
    )


def future_table(plan: StrategyPlan) -> Table:
    """What the plan brings in every future."""
    figures = Figures.of(plan)
    frame = plan.outcomes().sort_values("value", kind="stable")
    rows = [[row["future"], figures.response(float(row["value"]))] for row in frame.to_dict("records")]
    return Table(
        ["future", "value"],
        rows,
        title="The same plan in every future, the worst one first",
        align=["left", "right"],
    )


def front_table(plan: StrategyPlan, front: pd.DataFrame) -> Table:
    """Efficient plans by rising risk."""
    figures = Figures.of(plan)
    third = [name for name in front.columns if name not in ("value", "risk", "proven", "starts")]
    ends: list[Literal["right"]] = ["right"] * (2 + len(third))
    rows: list[list[str]] = []
    for row in front.to_dict("records"):
        own = [figures.response(float(row["value"])), figures.response(float(row["risk"]))]
        own += [money_text(round(float(row[name]), 6)) for name in third]
        rows.append([*own, "yes" if row["proven"] else "no", row["starts"]])
    return Table(
        ["value", "standard deviation", *third, "proven", "projects and their starts"],
        rows,
        title="Efficient plans: none is better in all objectives at once",
        align=[*ends, "left", "left"],
        note="each row is the least risk above a floor of value (and of the third objective), by MILP",
    )


def gantt_drawing(plan: StrategyPlan) -> Drawing:
    """Bars from the beginning of a project's first period to the end of its last one."""
    frame = plan.schedule()
    frame = frame[frame["start"].notna()].sort_values(["start", "end"], kind="stable")
    begin = [float(start) for start in frame["start"]]
    end = [float(last) + 1.0 for last in frame["end"]]
    chart = ranges_chart(
        frame["project"].tolist(), begin, begin, end, x_title="Period (beginning)", names=("Start", "Runs")
    )
    return Drawing(chart, "When each project starts, and how long it runs.")


def front_drawing(front: pd.DataFrame) -> Drawing:
    """Value against standard deviation; of plans with equal risk the one of most value."""
    best: dict[float, float] = {}
    for risk, value in zip(front["risk"].tolist(), front["value"].tolist()):
        best[risk] = max(value, best.get(risk, value))
    curve: dict[str, Any] = {
        "label": "efficient plans",
        "spend": sorted(best),
        "response": [best[risk] for risk in sorted(best)],
    }
    chart = response_curves([curve], x_title="Standard deviation", y_title="Value")
    return Drawing(chart, "What more risk buys.")
