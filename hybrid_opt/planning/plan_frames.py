"""A level plan as data frames, the sheets of its workbook."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .quantum_tables import check_rows

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["line_frame", "plan_frames", "stability_frame"]


def plan_frames(plan: LevelPlan) -> dict[str, pd.DataFrame]:
    """See ``LevelPlan.frames``."""
    figures = {**plan.figures(), "method": plan.method, "seed": plan.seed}
    frames = {
        "figures": pd.DataFrame({"figure": list(figures), "value": list(figures.values())}, dtype=object),
        plan.words.lines: plan.lines(),
        **plan.task_frames(),
        "limits": plan.limits,
        "gaps": plan.gaps(),
        "other plans": plan.alternatives(),
    }
    if plan.baselines:
        frames["exact methods"] = pd.DataFrame([asdict(row) for row in plan.baselines])
    if plan.stability is not None:
        frames["stability"] = stability_frame(plan)
    for label, table in plan.what_if.items():
        frames[f"what if {label}"] = table
    if plan.check is not None:
        frames["quantum check"] = pd.DataFrame(check_rows(plan.check))
    frames["notes"] = pd.DataFrame({"note": list(plan.notes)}, dtype=object)
    return frames


def line_frame(plan: LevelPlan) -> pd.DataFrame:
    """See ``LevelPlan.lines``."""
    rows, value, amounts = [], plan.words.value, plan.spends()
    for i, (line, grid) in enumerate(zip(plan.question.table.lines, plan.question.grids)):
        curves, spend = plan.question.curves, float(amounts[i])
        interval = curves.interval(line.label, spend)
        known = curves.start(line.label) <= line.current and (
            curves.extrapolate or line.current <= curves.limit(line.label)
        )
        before = float(curves.response(line.label, line.current)) if known else np.nan
        after = float(curves.response(line.label, spend))
        near = (np.nan, np.nan)
        if plan.near is not None:
            unit, rest = float(plan.question.unit), float(plan.question.remainders[i])
            near = tuple(rest + unit * plan.near.ranges[i])
        rows.append(
            {
                plan.words.line: line.label,
                "today": line.current,
                "plan": spend,
                "change": spend - line.current,
                "lowest": float(grid.lowest),
                "highest": float(grid.highest),
                f"{value}_today": before,
                f"{value}_plan": after,
                f"{value}_lo": np.nan if interval is None else float(interval[0]),
                f"{value}_hi": np.nan if interval is None else float(interval[1]),
                "gain": after - before,
                "at": _place(
                    line.fixed, spend, grid.off, float(grid.first), float(grid.highest), line.lowest_kind
                ),
                "near_low": near[0],
                "near_high": near[1],
            }
        )
    return pd.DataFrame(rows)


def _place(fixed: bool, spend: float, off: bool, first: float, highest: float, lowest_kind: str) -> str:
    if fixed:
        return "fixed"
    if off and spend == 0.0:
        return "off"
    if spend == highest:
        return "max"
    return lowest_kind if spend == first else ""


def stability_frame(plan: LevelPlan) -> pd.DataFrame:
    """How each line's move holds up over draws of the curves, in amounts.

    Args:
        plan: a plan whose stability was looked at.

    Returns:
        Columns: name of the line, same_move (share of draws), low, middle, high (amounts), or chosen_share
        where a line is chosen or not; no rows where it was not looked at.
    """
    name = plan.words.line
    if plan.stability is None:
        return pd.DataFrame(columns=[name, "same_move", "low", "middle", "high"])
    today = plan.question.units(plan.current)
    table = plan.stability.moves(plan.question.units(plan.question.money(plan.proven.choice)), today)
    unit = float(plan.question.unit)
    rests = [float(rest) for rest in plan.question.remainders]
    for column in ("low", "middle", "high"):
        table[column] = [unit * units + rest for units, rest in zip(table[column], rests)]
    table.insert(0, name, plan.question.table.labels)
    if plan.words.choice:
        table = table[[name]].assign(chosen_share=plan.stability.spends.mean(axis=0))
    return plan.draw_frame(table)
