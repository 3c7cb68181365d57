"""The page of a level plan: headline, curves, bars, waterfall, limits, alternatives, quantum check."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..reports import (
    Card,
    Drawing,
    Note,
    Page,
    Section,
    Table,
    allocation_bars,
    gain_waterfall,
    optimum_probability_bars,
    ranges_chart,
    response_curves,
    write_page,
)
from .plan_figures import Figures, share_text
from .plan_tables import gap_rows, limit_table, nothing_to_move
from .quantum_check import QuantumCheck
from .quantum_tables import check_rows, level_table, quantum_table
from .robustness_tables import robustness_tables

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["plan_sections", "write_report"]


def write_report(plan: LevelPlan, path: str | os.PathLike[str]) -> Path:
    """Write the page, see ``LevelPlan.report``."""
    words = plan.words
    page = Page(
        words.title,
        subtitle=f"{len(plan.question.table.labels)} {words.lines}, {plan.limit_words()}",
        cards=_cards(plan),
        sections=plan_sections(plan),
        footer=f"Computed by hybrid_opt, seed {plan.seed}, {plan.seconds:.1f} s. "
        f"{plan.origin()}; they are no forecast of their own.",
    )
    return write_page(page, path)


def plan_sections(plan: LevelPlan) -> list[Section]:
    """The parts of the page, see ``LevelPlan.sections``."""
    sections = [_what(plan), _why(plan), _others(plan), Section("How sure is it", [*robustness_tables(plan)])]
    if plan.check is not None:
        sections.append(_quantum(plan, plan.check))
    return [section for section in sections if section.parts]


def _cards(plan: LevelPlan) -> list[Card]:
    today, figures = plan.today_value, Figures.of(plan)
    value = plan.words.value.capitalize()
    cards = [Card(f"{value} of the plan", figures.response(plan.value), plan.words.period.strip())]
    if today is not None and today > 0:
        gain = f"{(plan.value - today) / today:+.2%}"
        cards.append(Card("Against today", gain, f"today {figures.response(today)}"))
    if plan.bound is not None:
        proven = plan.status == "optimal"
        words = "proven best" if plan.words.choice else "proven best at this step"
        words = words if proven else f"bound {figures.response(plan.bound)}"
        cards.append(Card("Gap to the bound", f"{plan.gap:.3%}", words))
    if plan.near is not None:
        many = f"{'' if plan.near.exact else 'at least '}{plan.near.count:,}"
        cards.append(Card(f"Plans within {share_text(plan.near.tolerance)}", many, "of the best"))
    return cards


def amount_title(plan: LevelPlan) -> str:
    """Title of an axis of amounts."""
    return f"{plan.words.amount.capitalize()}{plan.words.period}"


def _what(plan: LevelPlan) -> Section:
    words = plan.words
    if words.choice:
        own: list[Any] = [plan.line_table(), *plan.task_tables(), *plan.task_drawings()]
        return Section("The plan", [*own, *(Note(note) for note in plan.notes)])
    table = plan.lines()
    labels = [str(name) for name in table[plan.words.line]]
    bars = allocation_bars(
        labels,
        table["today"].tolist(),
        plan.spends().tolist(),
        np.minimum(table["lowest"], table["today"]).tolist(),
        np.maximum(table["highest"], table["today"]).tolist(),
        x_title=amount_title(plan),
    )
    caption = f"{words.amount.capitalize()} today and in the plan; the line is the allowed range."
    parts: list[Any] = [plan.line_table(), Drawing(bars, caption), *plan.task_tables(), *plan.task_drawings()]
    if not table["gain"].isna().any() and plan.today_value is not None:
        names, gains = list(labels), table["gain"].tolist()
        if plan.question.synergies:
            names, gains = [*names, "synergies"], [*gains, plan.synergy_gain()]
        title = f"{words.value.capitalize()}{words.period}"
        waterfall = gain_waterfall(names, gains, plan.today_value, plan.value, x_title=title)
        parts.append(Drawing(waterfall, "Where the gain comes from."))
    curves = response_curves(
        [_curve(plan, i) for i in range(len(labels))],
        x_title=words.amount.capitalize(),
        y_title=words.value.capitalize(),
    )
    caption = (
        f"{words.value.capitalize()} of each {words.line} with today and the plan marked; the allowed "
        "range is shaded."
    )
    parts.append(Drawing(curves, caption))
    return Section("The plan", [*parts, *(Note(note) for note in plan.notes)])


def _curve(plan: LevelPlan, i: int) -> dict[str, Any]:
    line, grid, curves = plan.question.table.lines[i], plan.question.grids[i], plan.question.curves
    today, spend = line.current, float(plan.spends()[i])
    start, limit = curves.start(line.label), curves.limit(line.label)
    end = 1.15 * max(float(grid.highest), today, spend, 1e-9)
    end = end if curves.extrapolate else min(end, limit)
    points = curves.points(line.label, end)[0]
    inside = points[(points > start) & (points < end)]
    grid_points = np.linspace(start, end, 80) if np.isinf(limit) else np.array([start, end])
    spends = np.unique(np.concatenate([inside, grid_points]))
    curve: dict[str, Any] = {
        "label": line.label,
        "spend": spends,
        "response": curves.response(line.label, spends),
        "plan": spend,
        "grid_min": float(grid.lowest),
        "grid_max": float(grid.highest),
    }
    if start <= today <= end:
        curve["today"] = today
    interval = curves.interval(line.label, spends)
    if interval is not None:
        curve["lo"], curve["hi"] = interval
    return curve


def _why(plan: LevelPlan) -> Section:
    words = plan.binding()
    text = "These limits stand in the way; each figure comes from solving again with the limit moved a step."
    first = text
    if not words:
        known = len(plan.limits) or nothing_to_move(plan)
        first = "No limit stands in the way." if known else "What limits cost was not computed."
        if plan.limits["reason"].astype(bool).any():
            first = "Some limits cannot be moved; none of the others stands in the way."
    return Section("Why not more", [first, limit_table(plan), gap_rows(plan)])


def _others(plan: LevelPlan) -> Section:
    if plan.near is None:
        return Section("Other plans that are almost as good")
    if plan.words.choice:
        return Section("Other plans that are almost as good", [plan.alternative_table()])
    table = plan.lines()
    proven = plan.question.money(plan.proven.choice)
    chart = ranges_chart(
        [str(name) for name in table[plan.words.line]],
        proven.tolist(),
        table["near_low"].tolist(),
        table["near_high"].tolist(),
        table["lowest"].tolist(),
        table["highest"].tolist(),
        x_title=amount_title(plan),
    )
    within = share_text(plan.near.tolerance)
    return Section(
        "Other plans that are almost as good",
        [
            Drawing(chart, f"How far each {plan.words.line} can move within {within} of the best."),
            plan.alternative_table(),
        ],
    )


def _quantum(plan: LevelPlan, check: QuantumCheck) -> Section:
    rows = [
        {
            "label": row["method"],
            "probability": row["p_optimum"],
            "control": not str(row["method"]).startswith("QAOA"),
        }
        for row in check_rows(check)
        if row["p_optimum"] is not None
    ]
    record = check.solution.quantum
    if record is not None and record.uniform is not None:
        rows = [row for row in rows if "uniform" not in str(row["label"])]
        rows.append(
            {"label": "uniform feasible (exact)", "probability": record.uniform.p_optimum, "control": True}
        )
    which = "whole question" if check.whole else "coarse version"
    size = (
        "The plan's own question has few enough bits for a simulator."
        if check.whole
        else "A plan at its own step has too many bits for a simulator. This coarse version keeps a few "
        f"levels per {plan.words.line} around today's plan."
    )
    parts: list[str | Table | Drawing | Note] = [
        f"{size} Its optimum is proven by enumeration, so that the draws of a quantum circuit can be judged. "
        "It is a second opinion, and no claim of any quantum advantage.",
        level_table(plan, check),
        quantum_table(plan, check),
    ]
    if rows:
        chart = optimum_probability_bars(rows)
        parts.append(Drawing(chart, f"Probability that one draw is the proven optimum of the {which}."))
    return Section(f"Quantum check on {'the whole question' if check.whole else 'a coarse version'}", parts)
