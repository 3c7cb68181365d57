"""A solution in a few lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .quantum import QuantumRecord
    from .solution import Solution

__all__ = ["summarize"]

SHOWN = 12  # variables listed before the rest is only counted
HEADLINES = {
    "optimal": "proven optimal",
    "feasible": "feasible, not proven optimal",
    "infeasible": "proven infeasible: nothing satisfies every constraint",
    "none_found": "no feasible assignment was found",
}


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.10g}"


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.4g}"


def _quantum_lines(record: QuantumRecord) -> list[str]:
    shots = "exact probabilities" if record.shots is None else f"{record.shots:,} shots"
    lines = [
        f"quantum    {record.simulator}: {record.qubits} qubits, {record.depth} layers, two-qubit depth "
        f"{record.two_qubit_depth}, {shots}",
        f"           P(optimum) {_share(record.p_optimum)}, feasible share "
        f"{_share(record.feasible_share)}, mean objective if feasible {_number(record.expected_value)}",
    ]
    if record.blocks is not None:
        lines = [
            f"quantum    {record.simulator}: {record.blocks:,} blocks of up to {record.qubits} qubits, "
            f"{record.depth} layers, two-qubit depth {record.two_qubit_depth}, {shots} in all",
            "           circuits ran on parts of the QUBO, so there is no P(optimum)",
        ]
    if record.engine_difference is not None:
        lines.append(
            f"           largest difference of a probability to the engine {record.engine_difference:.1e}"
        )
    if record.uniform is None and record.blocks is None:
        lines.append(f"uniform    left out: {record.uniform_reason}")
    if record.uniform is not None:
        lines.append(
            f"uniform    P(optimum) {_share(record.uniform.p_optimum)} over {record.uniform.n_feasible:,} "
            f"feasible assignments, mean objective {_number(record.uniform.expected_value)}"
        )
    return lines


def summarize(solution: Solution) -> str:
    """Describe a solution.

    Args:
        solution: what to describe.

    Returns:
        Lines of text: status, objective and bound, values, rows, notes.
    """
    lines = [f"status     {HEADLINES[solution.status]}"]
    if solution.sample is not None:
        lines.append(f"objective  {_number(solution.objective)} by {solution.method}")
        shown = [f"{label}={value}" for label, value in list(solution.sample.items())[:SHOWN]]
        more = len(solution.sample) - SHOWN
        lines.append(f"sample     {', '.join(shown)}{f', and {more} more' if more > 0 else ''}")
    for label, amount in solution.violations.items():
        lines.append(f"violated   {label} by {_number(amount)}")
    if solution.bound is not None:
        gap = "" if solution.gap is None else f", gap {solution.gap:.3%}"
        lines.append(f"bound      {_number(solution.bound)} by {solution.bound_source}{gap}")
    for row in solution.baselines:
        result = f"{_number(row.objective)}{'' if row.feasible else ' (infeasible)'}"
        result = row.status.replace("_", " ") if row.objective is None else result
        lines.append(f"baseline   {row.method}: {result} in {row.seconds:.2f} s")
    if solution.quantum is not None:
        lines.extend(_quantum_lines(solution.quantum))
    lines.extend(f"note       {note}" for note in solution.notes)
    repeatable = "" if solution.deterministic else ", not repeatable (a limit or ctrl-C ended the method)"
    lines.append(f"seed       {solution.seed}{repeatable}")
    return "\n".join(lines)
