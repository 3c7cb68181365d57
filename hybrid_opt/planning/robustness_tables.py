"""A plan against other methods, draws of its curves and other amounts, as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..reports import Table
from .plan_figures import Figures, share_text
from .plan_frames import stability_frame

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["method_table", "robustness_tables", "stability_table", "what_if_tables"]

MOST_ROWS = 30  # items of a choice beyond which those that were never chosen are left out


def robustness_tables(plan: LevelPlan) -> list[Table]:
    """The tables below, those that the plan has."""
    tables = [method_table(plan)] if plan.baselines else []
    if plan.stability is not None:
        tables.append(stability_table(plan))
    return [*tables, *what_if_tables(plan)]


def method_table(plan: LevelPlan) -> Table:
    """The same question by other exact methods and by greedy."""
    figures = Figures.of(plan)
    rows = [
        [
            row.method,
            "none" if row.value is None else figures.response(row.value),
            "yes" if row.proven else "no",
            f"{row.seconds:.3f}",
            row.note,
        ]
        for row in plan.baselines
    ]
    return Table(
        ["method", plan.words.value, "proven", "seconds", "why"],
        rows,
        title="The same question by every exact method, and by greedy",
        align=["left", "right", "left", "right", "left"],
    )


def stability_table(plan: LevelPlan) -> Table:
    """How each line's move holds up over draws of the curves."""
    figures, found = Figures.of(plan), plan.stability
    frame = stability_frame(plan).to_dict("records")
    header = ["chosen"] if figures.choice else ["same move", "5%", "middle", "95%"]
    kept, note = [True] * len(frame), ""
    if figures.choice and len(frame) > MOST_ROWS:
        kept = _ever_chosen(plan, [row["chosen_share"] for row in frame])
    rows = [[row[plan.words.line], *_moves(row, figures)] for row, shown in zip(frame, kept) if shown]
    if found is not None:
        within = share_text(float(np.mean(found.losses <= 0.01)))
        note = (
            f"{plan.draw_words} and solves again; the proven plan loses "
            f"{share_text(float(found.losses.mean()))} of the draw's best on average, "
            f"{share_text(float(found.losses.max()))} at worst, and stays within 1% of it in {within} of "
            "the draws"
        )
        if found.draws < found.asked:
            note += f"; the time limit ended it after {found.draws} of {found.asked} draws"
    if len(rows) < len(frame):
        note += f"; {len(frame) - len(rows)} {plan.words.lines} were never chosen"
    draws = 0 if found is None else found.draws
    return Table(
        [plan.words.line, *header],
        rows,
        title=f"How the moves hold up: best plans over {draws} draws of the {plan.drawn}",
        align=["left", *_right(len(header))],
        note=note,
    )


def _ever_chosen(plan: LevelPlan, shares: list[float]) -> list[bool]:
    """Whether each item is in the plan, in the proven one, or in the best one of some draw."""
    taken = (plan.question.money(plan.choice) > 0) | (plan.question.money(plan.proven.choice) > 0)
    # A share that is not known (NaN) is not one of zero.
    return [bool(own) or share != 0 for own, share in zip(taken.tolist(), shares)]


def _moves(row: dict[Any, Any], figures: Figures) -> list[str]:
    """How one line moves over the draws, or how often it is chosen."""
    if figures.choice:
        return ["-" if np.isnan(row["chosen_share"]) else f"{row['chosen_share']:.0%}"]
    return [f"{row['same_move']:.0%}", *(figures.spend(row[name]) for name in ("low", "middle", "high"))]


def what_if_tables(plan: LevelPlan) -> list[Table]:
    """Best plans with one line held at other amounts, one table per line asked for."""
    figures, labels, tables = Figures.of(plan), plan.question.table.labels, []
    for label, frame in plan.what_if.items():
        order = [label, *(name for name in labels if name != label)]
        if label not in labels:
            tables.append(_group_what_if(plan, label, frame))
            continue
        if figures.choice:
            tables.append(_choice_what_if(plan, label, frame))
            continue
        rows = []
        for row in frame.to_dict("records"):
            amounts = ["" if np.isnan(row[name]) else figures.spend(float(row[name])) for name in order]
            value = "no plan" if row["reason"] else figures.response(float(row[plan.words.value]))
            rows.append([*amounts, value, _loss(row)])
        tables.append(
            Table(
                [*order, plan.words.value, "loss"],
                rows,
                title=f"What if {label} got another {plan.words.amount}",
                align=_right(len(order) + 2),
                note=f"the other {plan.words.lines} are solved again each time",
            )
        )
    return tables


def _choice_what_if(plan: LevelPlan, label: str, frame: pd.DataFrame) -> Table:
    """Best selections with one item left out or taken, the chosen items as names."""
    figures, rows = Figures.of(plan), []
    for row in frame.to_dict("records"):
        value = "no plan" if row["reason"] else figures.response(float(row[plan.words.value]))
        names = ", ".join(str(name) for name in plan.question.table.labels if row[name] == 1.0)
        rows.append([figures.spend(float(row[label])), value, _loss(row), names])
    return Table(
        [label, plan.words.value, "loss", plan.words.lines],
        rows,
        title=f"What if {label} is left out or taken",
        align=["left", "right", "right", "left"],
        note=f"the other {plan.words.lines} are chosen again each time",
    )


def _group_what_if(plan: LevelPlan, label: str, frame: pd.DataFrame) -> Table:
    """Best plans with one group of options held at each of them."""
    figures, value = Figures.of(plan), plan.words.value
    rows = [
        [
            str(row["option"]),
            "no plan" if row["reason"] else figures.response(float(row[value])),
            _loss(row),
            str(row["plan"]),
        ]
        for row in frame.to_dict("records")
    ]
    return Table(
        ["option", value, "loss", "plan"],
        rows,
        title=f"What if {label} is held at each of its {plan.words.lines}",
        align=["left", "right", "right", "left"],
        note="everything else is chosen again each time",
    )


def _loss(row: dict[Any, Any]) -> str:
    """The share lost, marked where it is not proven."""
    if np.isnan(row["loss"]):
        return ""
    return f"{row['loss']:.2%}" + ("" if row["proven"] else " or less")


def _right(columns: int) -> list[Literal["left", "right"]]:
    return ["right"] * columns
