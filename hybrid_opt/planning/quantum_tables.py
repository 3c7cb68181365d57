"""The quantum second opinion of a level plan as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..reports import Table
from .plan_figures import Figures
from .quantum_check import QuantumCheck

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["check_rows", "level_table", "quantum_table"]


def level_table(plan: LevelPlan, check: QuantumCheck) -> Table:
    """The levels of the coarse version."""
    rows, figures = [], Figures.of(plan)
    for i, (line, kept) in enumerate(zip(plan.question.table.lines, check.window.kept)):
        if figures.choice and len(kept) == 1:
            continue  # named in the note
        money = plan.question.grids[i].spends()[kept]
        best = float(plan.question.grids[i].spends()[check.optimum_choice[i]])
        rows.append([line.label, ", ".join(figures.spend(float(m)) for m in money), figures.spend(best)])
    name = "The whole question" if check.whole else "Coarse version"
    step = check.window.step * float(plan.question.unit)
    slack = check.qubo.n_slack_bits
    return Table(
        [plan.words.line, "levels", "optimum" if check.whole else "coarse optimum"],
        rows,
        title=f"{name} for the simulator: {check.qubo.n_bits} qubits ({slack} slack)"
        + ("" if figures.choice else f", step {figures.spend(step)}"),
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


def quantum_table(plan: LevelPlan, check: QuantumCheck) -> Table:
    """QAOA, annealing, uniform feasible sampling and the proven optimum on the same coarse version."""
    record, figures = check.solution.quantum, Figures.of(plan)
    which = "whole question" if check.whole else "coarse version"
    with_pairs = ", with pairs only," if plan.pairs_only else ""
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
        title=f"Quantum check: proven optimum of the {which}{with_pairs} {figures.response(check.optimum)}",
        align=["left", "right", "right", "right", "right", "right", "right"],
        note=note,
    )


def _verdict(quantum: float, uniform: float) -> str:
    """One sentence on whether the circuit beats chance; a loss is said as plainly as a win."""
    if quantum < uniform:
        return "QAOA loses here: its draws are optimal less often than uniform feasible ones"
    if quantum > uniform:
        return "QAOA's draws are optimal more often than uniform feasible ones"
    return "QAOA's draws are optimal as often as uniform feasible ones"


def _share(number: float | None) -> str:
    return "n/a" if number is None else f"{number:.4f}"
