"""A level plan as tables for people."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..reports import Table
from .limit_changes import changes_of_limits
from .money import money_text
from .plan_binding import LIFTED
from .plan_figures import Figures, share_text
from .quantum_tables import level_table, quantum_table
from .robustness_tables import robustness_tables

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["nothing_to_move", "plan_tables"]

ALIGN_LIMITS: list[Literal["left", "right"]] = ["left", "left", "right", "right", "left"]
PLACES = {"max": "at its max", "min": "at its min", "off": "off", "fixed": "fixed", "": ""}


def plan_tables(plan: LevelPlan) -> list[Table]:
    """All tables of a plan, in the order a reader wants them."""
    tables = [headline_table(plan), plan.line_table(), *plan.task_tables(), limit_table(plan), gap_rows(plan)]
    if plan.near is not None:
        tables.append(plan.alternative_table())
    tables += robustness_tables(plan)
    if plan.check is not None:
        tables += [level_table(plan, plan.check), quantum_table(plan, plan.check)]
    return tables


def headline_table(plan: LevelPlan) -> Table:
    """Today, plan and proven optimum."""
    today, best, figures = plan.today_value, plan.value, Figures.of(plan)
    rows = []
    if today is not None:
        spent = sum(line.current for line in plan.question.table.lines)
        budget = plan.question.budget
        other = budget is not None and abs(spent - budget) > 1e-9 * max(1.0, spent)
        why = "" if plan.today is not None else " (another budget)" if other else " (breaks a limit)"
        word = f"today{why}"
        rows.append([word, _count(figures, spent), figures.response(today), ""])
    gain = "" if today is None or today <= 0 else f"{(best - today) / today:+.2%}"
    rows.append(["plan", _count(figures, float(plan.spends().sum())), figures.response(best), gain])
    if plan.bound is not None:
        words = "proven optimum" if plan.proven.proven else "proven bound"
        words = words if figures.choice else f"{words} at this step"
        rows.append([words, "", figures.response(plan.bound), f"gap {plan.gap:.4%}"])
    # Without a budget a total of the amounts says nothing: what they use stands in the task's own table.
    counted = figures.choice and not plan.words.fixed_total
    kept = [0, 1, 2, 3] if counted or (plan.question.budget is not None and not figures.choice) else [0, 2, 3]
    amount = "chosen" if figures.choice else plan.words.amount
    header, align = ["", amount, plan.words.value, "against today"], ["left", *_right(3)]
    return Table(
        [header[k] for k in kept],
        [[row[k] for k in kept] for row in rows],
        title=f"{plan.words.title}: {plan.status}, by {plan.method} (seed {plan.seed})",
        align=align[: len(kept)],  # type: ignore[arg-type]
        note="; ".join(plan.notes),
        strong=[1 if today is not None else 0],
    )


def line_table(plan: LevelPlan) -> Table:
    """What each line gets, and what it brings."""
    table, figures = plan.lines(), Figures.of(plan)
    rows = []
    for row in table.to_dict("records"):
        near = ""
        if not np.isnan(row["near_low"]):
            near = f"{figures.spend(row['near_low'])} - {figures.spend(row['near_high'])}"
        rows.append(
            [
                row[plan.words.line],
                figures.spend(row["today"]),
                figures.spend(row["plan"]),
                figures.spend(row["change"], signed=True),
                figures.response(row["gain"], signed=True),
                PLACES.get(row["at"], f"at its {row['at']}"),
                near,
            ]
        )
    total = table[["today", "plan", "change", "gain"]].sum(min_count=len(table))
    if plan.question.synergies:
        extra = plan.synergy_gain()
        total["gain"] += extra
        rows.append(["synergies", "", "", "", figures.response(extra, signed=True), "", ""])
    amounts = ["", "", ""]
    if plan.question.budget is not None:
        amounts = [figures.spend(total["today"]), figures.spend(total["plan"])]
        amounts.append(figures.spend(total["change"], signed=True))
    rows.append(
        [
            "total",
            *amounts,
            figures.response(total["gain"], signed=True),
            "",
            "",
        ]
    )
    width = 6 if plan.near is None else 7
    within = "" if plan.near is None else f"within {share_text(plan.near.tolerance)}"
    align: list[Literal["left", "right"]] = ["left", *_right(4), "left", "right"]
    return Table(
        [plan.words.line, "today", "plan", "change", "gain", "limit", within][:width],
        [row[:width] for row in rows],
        title=plan.words.what,
        align=align[:width],
        strong=[-1],
    )


def limit_table(plan: LevelPlan) -> Table:
    """Why the limits bind."""
    figures = Figures.of(plan)
    shown = [row for row in plan.limits.to_dict("records") if row["binds"] or row["reason"]]
    shown.sort(key=lambda row: -np.nan_to_num(row["gain"]))
    rows = [
        [
            row["limit"],
            row["kind"],
            _moved(row, figures),
            figures.response(row["gain"], signed=True),
            row["reason"],
        ]
        for row in shown
    ]
    others = len(plan.limits) - len(shown)
    note = f"by solving again with the limit moved; other moves that bring nothing: {others}"
    if not len(plan.limits):
        note = "not computed: it needs a proven optimum, and time to solve the plan once per limit"
        if nothing_to_move(plan):
            note = "there is no limit that could be moved"
    rows = rows or [["none", "", "", "", ""]]
    columns = ["limit", "which", "moved by", "gain", "why not"]
    width = 5 if any(row[4] for row in rows) else 4
    return Table(
        columns[:width],
        [row[:width] for row in rows],
        title="What binds: worth of one more step",
        align=ALIGN_LIMITS[:width],
        note=note,
    )


def nothing_to_move(plan: LevelPlan) -> bool:
    """Whether a proven plan has no limit at all whose move could be worth something."""
    question, words = plan.question, plan.words
    if len(plan.limits) or not plan.proven.proven:
        return False
    # All changes of a large question take a while; most questions have one that is seen at once.
    total, caps = question.budget is not None, bool(question.table.caps)
    if (total and not words.fixed_total) or (caps and not words.fixed_caps):
        return False
    if any(side.step for side in question.sides):
        return False
    return not changes_of_limits(plan.question, plan.proven.choice)


def _moved(row: dict[Hashable, Any], figures: Figures) -> str:
    """By how much a limit was moved; what a resource or fairness counts is no amount of a line."""
    if figures.choice:
        return "lifted" if row["kind"] in LIFTED else f"{row['change']:+,.10g}"
    if row["kind"] in ("resource", "fairness"):
        return f"+{money_text(round(float(row['change']), 6))}"
    return figures.spend(row["change"], signed=True)


def gap_rows(plan: LevelPlan) -> Table:
    """The gaps, one by one."""
    gaps = plan.gaps().to_dict("records")
    rows = [[row["part"], f"{row['loss']:.3%}", row["explanation"]] for row in gaps]
    return Table(
        ["gap", "loss", "what it compares"],
        rows or [["none", "", ""]],
        title="How far from the best, part by part",
        align=["left", "right", "left"],
    )


def alternative_table(plan: LevelPlan) -> Table:
    """Near-optimal plans that differ most; many lines become rows, few become columns."""
    near, table, figures = plan.near, plan.alternatives(), Figures.of(plan)
    labels = plan.question.table.labels
    spends = table[labels].to_numpy(dtype=np.float64)
    losses = [f"{float(loss):.2%}" for loss in table["loss"]]
    columns = [figures.spend(float(s)) for s in spends.T.ravel()]
    cells = np.array(columns, dtype=object).reshape(len(labels), len(losses))
    if len(labels) > len(losses):
        header = [plan.words.line, *(f"plan {k + 1}" for k in range(len(losses)))]
        rows = [[label, *cells[k]] for k, label in enumerate(labels)] + [["loss", *losses]]
    else:
        header = ["plan", *labels, "loss"]
        rows = [[str(k + 1), *cells[:, k], loss] for k, loss in enumerate(losses)]
    count = 0 if near is None else near.count
    exactly = "" if near is None or near.exact else "at least "
    share = "" if near is None else share_text(near.tolerance)
    return Table(
        header,
        rows,
        title=f"Plans within {share} of the best: {exactly}{count:,}; some that differ most",
        align=["left", *_right(len(header) - 1)],
    )


def _count(figures: Figures, amount: float) -> str:
    """A total of amounts, or how many are chosen."""
    return f"{amount:.0f}" if figures.choice else figures.spend(amount)


def _right(columns: int) -> list[Literal["right"]]:
    return ["right"] * columns
