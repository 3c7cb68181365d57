"""A level plan as JSON values for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .plan_frames import stability_frame
from .quantum_tables import check_rows

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["plain_rows", "plan_dict"]


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as JSON values; NaN becomes None."""
    rows = []
    for row in frame.to_dict("records"):
        values = {
            str(k): (v.item() if isinstance(v, np.generic) else v) for k, v in row.items()
        }
        rows.append({k: None if isinstance(v, float) and np.isnan(v) else v for k, v in values.items()})
    return rows


def plan_dict(plan: LevelPlan) -> dict[str, Any]:
    """See ``LevelPlan.to_dict``."""
    near, check = plan.near, plan.check
    result: dict[str, Any] = {
        **plan.figures(),
        "kind": plan.words.title,
        "method": plan.method,
        "seed": plan.seed,
        "seconds": plan.seconds,
        "interrupted": plan.interrupted,
        "spend": plan.question.spend,
        plan.words.lines: plain_rows(plan.lines()),
        "limits": plain_rows(plan.limits),
        "gaps": plain_rows(plan.gaps()),
        "notes": list(plan.notes),
        **plan.task_values(),
        "exact_methods": [asdict(row) for row in plan.baselines],
        "what_if": {label: plain_rows(table) for label, table in plan.what_if.items()},
        "stability": None,
        "near_optimal": None,
        "zoom": None if plan.zoom is None else plan.zoom.rounds,
        "quantum_check": None,
    }
    if near is not None:
        result["near_optimal"] = {
            "tolerance": near.tolerance,
            "count": near.count,
            "exact": near.exact,
            "ranges_exact": near.ranges_exact,
            "plans": plain_rows(plan.alternatives()),
        }
    if plan.stability is not None:
        losses = plan.stability.losses
        result["stability"] = {
            "draws": plan.stability.draws,
            "mean_loss": float(losses.mean()),
            "worst_loss": float(losses.max()),
            plan.words.lines: plain_rows(stability_frame(plan)),
        }
    if check is not None:
        kept = [
            [float(m) for m in plan.question.grids[i].spends()[levels]]
            for i, levels in enumerate(check.window.kept)
        ]
        result["quantum_check"] = {
            "qubits": check.qubo.n_bits,
            "levels": dict(zip(plan.question.table.labels, kept)),
            "coarse_optimum": check.optimum,
            "coarse_plan": dict(
                zip(plan.question.table.labels, plan.question.money(check.optimum_choice).tolist())
            ),
            "rows": check_rows(check),
            "solution": check.solution.to_dict(),
            "certificate": check.qubo.certificate.to_dict(),
        }
    return result
