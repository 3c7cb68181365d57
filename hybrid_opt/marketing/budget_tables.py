"""A budget plan as tables for people and as JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..planning.quantum_check import QuantumCheck
from ..reports import Table
from .budget_figures import Figures, share_text

if TYPE_CHECKING:
    from .budget_plan import BudgetPlan

__all__ = ["plan_dict", "plan_tables"]

ALIGN_LIMITS: list[Literal["left", "right"]] = ["left", "left", "right", "right", "left"]
PLACES = {"max": "at its max", "min": "at its min", "off": "off", "fixed": "fixed", "": ""}


def plan_tables(plan: BudgetPlan) -> list[Table]:
    """All tables of a plan, in the order a reader wants them."""
    tables = [headline_table(plan), channel_table(plan), limit_table(plan), gap_rows(plan)]
    if plan.near is not None:
        tables.append(alternative_table(plan))
    if plan.check is not None:
        tables += [level_table(plan, plan.check), quantum_table(plan, plan.check)]
    return tables


def headline_table(plan: BudgetPlan) -> Table:
    """Today, plan and proven optimum."""
    today, best, figures = plan.today_value, plan.value, Figures.of(plan)
    rows = []
    if today is not None:
        spent = sum(line.current for line in plan.question.table.lines)
        other = abs(spent - plan.question.budget) > 1e-9 * max(1.0, spent)
        why = "" if plan.today is not None else " (another budget)" if other else " (breaks a limit)"
        word = f"today{why}"
        rows.append([word, figures.spend(spent), figures.response(today), ""])
    gain = "" if today is None or today <= 0 else f"{(best - today) / today:+.2%}"
    rows.append(["plan", figures.spend(float(plan.spends().sum())), figures.response(best), gain])
    if plan.bound is not None:
        words = "proven optimum" if plan.proven.proven else "proven bound"
        rows.append([f"{words} at this step", "", figures.response(plan.bound), f"gap {plan.gap:.4%}"])
    return Table(
        ["", "spend", "response", "against today"],
        rows,
        title=f"Budget plan: {plan.status}, by {plan.method} (seed {plan.seed})",
        align=["left", "right", "right", "right"],
        note="; ".join(plan.notes),
        strong=[1 if today is not None else 0],
    )


def channel_table(plan: BudgetPlan) -> Table:
    """What to spend where, and what it brings."""
    table, figures = plan.channels(), Figures.of(plan)
    rows = []
    for row in table.to_dict("records"):
        near = ""
        if not np.isnan(row["near_low"]):
            near = f"{figures.spend(row['near_low'])} - {figures.spend(row['near_high'])}"
        rows.append(
            [
                row["channel"],
                figures.spend(row["today"]),
                figures.spend(row["plan"]),
                figures.spend(row["change"], signed=True),
                figures.response(row["gain"], signed=True),
                PLACES[row["at"]],
                near,
            ]
        )
    total = table[["today", "plan", "change", "gain"]].sum(min_count=len(table))
    if plan.question.synergies:
        extra = plan.synergy_gain()
        total["gain"] += extra
        rows.append(["synergies", "", "", "", figures.response(extra, signed=True), "", ""])
    rows.append(
        [
            "total",
            figures.spend(total["today"]),
            figures.spend(total["plan"]),
            figures.spend(total["change"], signed=True),
            figures.response(total["gain"], signed=True),
            "",
            "",
        ]
    )
    width = 6 if plan.near is None else 7
    within = "" if plan.near is None else f"within {share_text(plan.near.tolerance)}"
    align: list[Literal["left", "right"]] = ["left", *_right(4), "left", "right"]
    return Table(
        ["channel", "today", "plan", "change", "gain", "limit", within][:width],
        [row[:width] for row in rows],
        title="What to spend where",
        align=align[:width],
        strong=[-1],
    )


def limit_table(plan: BudgetPlan) -> Table:
    """Why the limits bind."""
    figures = Figures.of(plan)
    shown = [row for row in plan.limits.to_dict("records") if row["binds"] or row["reason"]]
    shown.sort(key=lambda row: -np.nan_to_num(row["gain"]))
    rows = [
        [
            row["limit"],
            row["kind"],
            figures.spend(row["change"], signed=True),
            figures.response(row["gain"], signed=True),
            row["reason"],
        ]
        for row in shown
    ]
    others = len(plan.limits) - len(shown)
    note = f"by solving again with the limit moved; other moves that bring nothing: {others}"
    if not len(plan.limits):
        note = "not computed: it needs a proven optimum, and time to solve the plan once per limit"
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


def gap_rows(plan: BudgetPlan) -> Table:
    """The gaps, one by one."""
    gaps = plan.gaps().to_dict("records")
    rows = [[row["part"], f"{row['loss']:.3%}", row["explanation"]] for row in gaps]
    return Table(
        ["gap", "loss", "what it compares"],
        rows or [["none", "", ""]],
        title="How far from the best, part by part",
        align=["left", "right", "left"],
    )


def alternative_table(plan: BudgetPlan) -> Table:
    """Near-optimal plans that differ most; many channels become rows, few become columns."""
    near, table, figures = plan.near, plan.alternatives(), Figures.of(plan)
    labels = plan.question.table.labels
    spends = table[labels].to_numpy(dtype=np.float64)
    losses = [f"{float(loss):.2%}" for loss in table["loss"]]
    columns = [figures.spend(float(s)) for s in spends.T.ravel()]
    cells = np.array(columns, dtype=object).reshape(len(labels), len(losses))
    if len(labels) > len(losses):
        header = ["channel", *(f"plan {k + 1}" for k in range(len(losses)))]
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


def level_table(plan: BudgetPlan, check: QuantumCheck) -> Table:
    """The levels of the coarse version."""
    rows, figures = [], Figures.of(plan)
    for i, (line, kept) in enumerate(zip(plan.question.table.lines, check.window.kept)):
        money = plan.question.grids[i].spends()[kept]
        best = float(plan.question.grids[i].spends()[check.optimum_choice[i]])
        rows.append([line.label, ", ".join(figures.spend(float(m)) for m in money), figures.spend(best)])
    step = check.window.step * float(plan.question.unit)
    slack = check.qubo.n_slack_bits
    return Table(
        ["channel", "levels", "coarse optimum"],
        rows,
        title=f"Coarse version for the simulator: {check.qubo.n_bits} qubits ({slack} slack), "
        f"step {figures.spend(step)}",
        align=["left", "left", "right"],
        note="; ".join([f"penalties {check.qubo.certificate.note}", *_held(check)]),
    )


def _held(check: QuantumCheck) -> list[str]:
    held = [line.label for line in check.window.question.lines if len(line.spends) == 1]
    return [f"held at one level: {', '.join(held)}"] if held else []


def check_rows(check: QuantumCheck) -> list[dict[str, Any]]:
    """One row per sampler on the coarse QUBO, as plain values; losses as shares of the coarse optimum."""
    solution, record = check.solution, check.solution.quantum
    rows: list[dict[str, Any]] = []

    def loss(objective: float | None) -> float | None:
        if objective is None:
            return None
        return max(0.0, check.optimum + objective) / max(abs(check.optimum), 1e-9)

    if record is not None:
        rows.append(
            {
                "method": f"QAOA depth {record.depth}",
                "samples": record.samples_counted,
                "seconds": record.seconds,
                "p_optimum": record.p_optimum,
                "feasible_share": record.feasible_share,
                "best": check.sampled,
                "loss": loss(solution.objective if solution.feasible else None),
            }
        )
    for row in solution.baselines:
        rows.append(
            {
                "method": row.method,
                "samples": row.samples,
                "seconds": row.seconds,
                "p_optimum": row.optimum_share,
                "feasible_share": row.feasible_share,
                "best": -row.objective if row.feasible and row.objective is not None else None,
                "loss": loss(row.objective if row.feasible else None),
            }
        )
    return rows


def quantum_table(plan: BudgetPlan, check: QuantumCheck) -> Table:
    """QAOA, annealing, uniform feasible sampling and the proven optimum on the same coarse version."""
    record, figures = check.solution.quantum, Figures.of(plan)
    rows = [
        [
            row["method"],
            "n/a" if row["samples"] is None else f"{row['samples']:,}",
            f"{row['seconds']:.3f}",
            _share(row["p_optimum"]),
            _share(row["feasible_share"]),
            "none" if row["best"] is None else figures.response(row["best"]),
            "n/a" if row["loss"] is None else f"{row['loss']:.3%}",
        ]
        for row in check_rows(check)
    ]
    note = ""
    if record is not None:
        uniform = record.uniform
        apart = record.engine_difference
        beside = "" if apart is None else f" (at most {apart:.0e} from the diagonal engine's)"
        expected = "n/a" if check.expected is None else figures.response(check.expected)
        note = (
            f"{record.simulator}: {record.qubits} qubits, {record.depth} layers, two-qubit depth "
            f"{record.two_qubit_depth}, {record.shots} shots, {record.evaluations} training evaluations "
            f"(each counts 1,000 samples). P(optimum) from {record.source}{beside}. Mean of feasible QAOA "
            f"draws {expected}"
        )
        if uniform is not None and check.uniform_expected is not None:
            note += (
                f"; a uniform feasible draw gives {figures.response(check.uniform_expected)} on average "
                f"and is optimal with probability {_share(uniform.p_optimum)} ({uniform.n_feasible:,} plans)"
            )
            if record.p_optimum is not None:
                note += f". {_verdict(record.p_optimum, uniform.p_optimum)}"
    note = "; ".join([note, *check.solution.notes])
    return Table(
        ["method", "samples", "seconds", "P(optimum)", "feasible", "best", "loss"],
        rows,
        title=f"Quantum check: proven optimum of the coarse version {figures.response(check.optimum)}",
        align=["left", *_right(6)],
        note=note,
    )


def _verdict(quantum: float, uniform: float) -> str:
    """One sentence on whether the circuit beats chance; a loss is said as plainly as a win."""
    if quantum < uniform:
        return "QAOA loses here: its draws are optimal less often than uniform feasible ones"
    if quantum > uniform:
        return "QAOA's draws are optimal more often than uniform feasible ones"
    return "QAOA's draws are optimal as often as uniform feasible ones"


def _right(columns: int) -> list[Literal["right"]]:
    return ["right"] * columns


def _share(number: float | None) -> str:
    return "n/a" if number is None else f"{number:.4f}"


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as JSON values; NaN becomes None."""
    rows = []
    for row in frame.to_dict("records"):
        values = {
            str(k): (v.item() if isinstance(v, np.generic) else v) for k, v in row.items()
        }
        rows.append({k: None if isinstance(v, float) and np.isnan(v) else v for k, v in values.items()})
    return rows


def plan_dict(plan: BudgetPlan) -> dict[str, Any]:
    """See ``BudgetPlan.to_dict``."""
    near, check = plan.near, plan.check
    result: dict[str, Any] = {
        **plan.figures(),
        "method": plan.method,
        "seed": plan.seed,
        "seconds": plan.seconds,
        "spend": plan.question.spend,
        "channels": _plain(plan.channels()),
        "limits": _plain(plan.limits),
        "gaps": _plain(plan.gaps()),
        "notes": list(plan.notes),
        "near_optimal": None,
        "zoom": None if plan.zoom is None else plan.zoom.rounds,
        "quantum_check": None,
    }
    if near is not None:
        result["near_optimal"] = {
            "tolerance": near.tolerance,
            "count": near.count,
            "exact": near.exact,
            "plans": _plain(plan.alternatives()),
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
