"""What a quantum row ran, in words, and whether a classical method did as well beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from ..solvers.base import Outcome, Request, Solver
from ..solvers.quantum import QuantumRecord
from ..solvers.solution import Baseline, Solution

__all__ = ["WatchedSolver", "is_quantum", "quantum_label", "quantum_verdict", "rows_verdict"]

_QUANTUM = ("qaoa", "vqe")
_EQUAL = 1e-9  # relative: objectives nearer than that are called equal


def is_quantum(method: str) -> bool:
    """Whether a row of a table belongs to a quantum method.

    Args:
        method: name of the row.

    Returns:
        True for those of QAOA and VQE, whatever their settings.

    Example:
        >>> is_quantum("qaoa (xy-exact)"), is_quantum("anneal (equal samples)")
        (True, False)
    """
    return method.startswith(_QUANTUM)


def quantum_label(record: QuantumRecord) -> str:
    """Simulator, size and effort of a quantum row in one line.

    Args:
        record: what ran.

    Returns:
        The words; blocks are called blocks.
    """
    shots = "exact probabilities" if record.shots is None else f"{record.shots:,} shots"
    parts = "" if record.blocks is None else f"{record.blocks:,} blocks of up to "
    return (
        f"{record.simulator}: {parts}{record.qubits} qubits, {record.depth} layers, two-qubit depth "
        f"{record.two_qubit_depth}, {shots}, {record.samples_counted:,} samples counted"
    )


def quantum_verdict(solution: Solution) -> str:
    """One plain sentence on what the quantum row brought beside the best classical row.

    Args:
        solution: of ``hybrid_opt.solve`` on one model.

    Returns:
        The sentence; empty where no quantum method ran.
    """
    return rows_verdict(solution.rows)


def rows_verdict(rows: Sequence[Baseline]) -> str:
    """The same for rows of one table.

    Args:
        rows: all on one model.

    Returns:
        The sentence; empty where no quantum method ran.

    Example:
        >>> rows_verdict([Baseline("milp", objective=1.0, feasible=True)])
        ''
    """
    ours = [row for row in rows if is_quantum(row.method)]
    if not ours:
        return ""
    rivals = [row for row in rows if not is_quantum(row.method) and row.feasible]
    if not rivals:
        return "No classical method stands beside the quantum row, so nothing can be said of its worth."
    quantum = min(ours, key=_order)
    classical = min(rivals, key=_order)
    if not quantum.feasible or quantum.objective is None or classical.objective is None:
        return f"The quantum row found nothing legal; {classical.method} did."
    apart = quantum.objective - classical.objective
    if abs(apart) <= _EQUAL * max(1.0, abs(classical.objective)):
        return (
            f"The quantum row brought nothing here: {classical.method} found as good an answer in "
            f"{classical.seconds:.2g} s, {quantum.method} took {quantum.seconds:.2g} s."
        )
    if apart > 0:
        return (
            f"The quantum row lost here: {classical.method} found a better answer in "
            f"{classical.seconds:.2g} s, {quantum.method} took {quantum.seconds:.2g} s."
        )
    return (
        f"The quantum row found a better answer than {classical.method} here, in {quantum.seconds:.2g} s "
        f"against {classical.seconds:.2g} s; one question says nothing about others."
    )


def _order(row: Baseline) -> tuple[bool, float, float]:
    """Legal answers first, then good ones, then quick ones."""
    objective = float("inf") if row.objective is None else round(row.objective, 9)
    return (not row.feasible, objective, row.seconds)


@dataclass(eq=False)
class WatchedSolver:
    """A solver that remembers what it ran, for callers that see its answers only (such as a sampler).

    Args:
        solver: who does the work.

    Attributes:
        records: the quantum rows so far.
        runs: questions answered.
        seconds: wall time of all of them.

    Example:
        >>> from hybrid_opt.solvers.exact import Exact
        >>> watched = WatchedSolver(Exact())
        >>> watched.name, watched.runs
        ('exact', 0)
    """

    solver: Solver
    records: list[QuantumRecord] = field(default_factory=list)
    runs: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Name of the solver."""
        return self.solver.name

    @property
    def mixer(self) -> Any:
        """Mixer of the solver, by which its size is judged; None where it has none."""
        return getattr(self.solver, "mixer", None)

    @property
    def max_qubits(self) -> Any:
        """Most qubits of the solver; None where the word has no meaning."""
        return getattr(self.solver, "max_qubits", None)

    def label(self) -> str:
        """What ran, in one line; empty where no question was asked."""
        if not self.records:
            return ""
        return (
            f"{quantum_label(self.records[-1])}; the last of {self.runs} questions, "
            f"{self.samples_counted:,} samples counted in all"
        )

    @property
    def samples_counted(self) -> int:
        """Samples of all quantum rows, as they count in a fair comparison."""
        return sum(record.samples_counted for record in self.records)

    def solve(self, request: Request) -> Outcome:
        """Ask the solver, and remember.

        Args:
            request: the question.

        Returns:
            The solver's outcome.

        Raises:
            KeyboardInterrupt: ctrl-C ended the solver, which had kept it to itself.
        """
        begin = perf_counter()
        outcome = self.solver.solve(request)
        self.seconds += perf_counter() - begin
        self.runs += 1
        if outcome.quantum is not None:
            self.records.append(outcome.quantum)
        if outcome.interrupted:
            raise KeyboardInterrupt
        return outcome
