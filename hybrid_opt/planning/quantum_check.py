"""The quantum second opinion: QAOA on a coarse version of a plan, beside the proven optimum of that version.

A plan at its own step size has hundreds of bits. Its coarse version keeps a few levels per line around
today's plan, few enough for a simulator. Its optimum is proven by enumeration, so the row can say what
QAOA's draws are worth, next to annealing and uniform feasible sampling of the very same QUBO. What the
coarse grid itself costs, compared with the plan's own grid, is a figure of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, silent
from ..qubo import Qubo, read_model, to_qubo
from ..qubo.enumeration import count_and_minimize
from ..solvers import QAOA, Solution, solve
from .lines import LevelQuestion
from .windows import Window, coarsen

__all__ = ["QuantumCheck", "quantum_check"]


@dataclass(frozen=True, eq=False)
class QuantumCheck:
    """QAOA and its controls on the coarse version of a plan.

    Values are in the plan's sense (larger is better).

    Attributes:
        window: the coarse question and how its levels sit in the whole one.
        qubo: its QUBO, with the certificate of its penalties.
        solution: the answer of ``solve`` on it: the QAOA row, its quantum record, and the baselines.
        optimum: proven optimum of the coarse version, by enumeration.
        optimum_choice: that plan as levels of the whole question, shape (N,).
        rescored: value of the plan that the QUBO's minimum decodes to; equal to ``optimum`` where the QUBO
            is no surrogate but the coarse version itself.
        sampled: best value among QAOA's draws, None if no draw was feasible.
        expected: mean value of QAOA's feasible draws.
        uniform_expected: mean value of uniform feasible draws.
        levels: levels of the whole question, of all lines together.
    """

    window: Window
    qubo: Qubo
    solution: Solution
    optimum: float
    optimum_choice: NDArray[np.int64]
    rescored: float
    sampled: float | None
    expected: float | None
    uniform_expected: float | None
    levels: int = 0

    @property
    def solver_gap(self) -> float | None:
        """(optimum - sampled) / max(|optimum|, 1e-9): what the draws missed on the coarse version."""
        if self.sampled is None:
            return None
        return max(0.0, self.optimum - self.sampled) / max(abs(self.optimum), 1e-9)

    @property
    def surrogate_gap(self) -> float:
        """(optimum - rescored) / max(|optimum|, 1e-9): what the QUBO as a surrogate costs."""
        return max(0.0, self.optimum - self.rescored) / max(abs(self.optimum), 1e-9)

    @property
    def whole(self) -> bool:
        """Whether every level was kept, so that the simulator saw the plan's own question."""
        kept = self.window.kept
        return self.levels == sum(map(len, kept))

    @property
    def draws(self) -> int:
        """Draws from the circuit."""
        return self.solution.samples or 0

    def coarse_gap(self, value: float) -> float:
        """(value - optimum) / max(|value|, 1e-9): what the coarse grid costs against a finer plan's value."""
        return (value - self.optimum) / max(abs(value), 1e-9)


def quantum_check(
    question: LevelQuestion,
    anchor: NDArray[np.integer[Any]],
    *,
    qubits: int = 14,
    depth: int = 3,
    shots: int = 1000,
    max_evaluations: int = 0,
    mixer: str = "x",
    coarse: Callable[..., tuple[Window, Qubo]] = coarsen,
    seed: int | None = None,
    time_limit: float = 60.0,
    progress: Progress = silent,
) -> QuantumCheck:
    """Run QAOA, annealing and uniform feasible sampling on the coarse version of a question.

    Args:
        question: the whole question.
        anchor: a feasible plan to build the coarse levels around, level of each line, shape (N,).
        qubits: most qubits, up to 20.
        depth: QAOA layers.
        shots: draws from the circuit.
        max_evaluations: expectation values for training the angles; 0 takes the table angles as they are.
            Each counts as 1,000 samples in the comparison.
        mixer: "x", or one that keeps one level per line without a penalty (one-hot groups in the subspace
            engine): "xy-exact", "xy-trotter" or "grover". More bits, of which most states are left out.
        coarse: makes the coarse version, called with the question, the anchor and the qubits.
        seed: makes it repeatable.
        time_limit: seconds for each method.
        progress: told the share done.

    Returns:
        The check.

    Raises:
        ModelTooLargeError: even the coarsest version needs more qubits.
        PlanError: there is nothing to choose on a coarse grid.
        MissingAerError: qiskit-aer is not installed.
    """
    progress(0.0, "building the coarse version")
    small, qubo = coarse(question, anchor, qubits)
    model = small.model()
    grouped = mixer != "x"
    method = QAOA(
        depth=depth,
        shots=shots,
        max_qubits=26 if grouped else qubits,
        mixer=mixer,
        encoding="one-hot" if grouped else "auto",
        optimizer="COBYLA" if max_evaluations else None,
        max_evaluations=max(1, max_evaluations),
    )
    solution = solve(
        model,
        method,
        compare=["exact", "anneal", "uniform"],
        seed=seed,
        time_limit=time_limit,
        progress=progress,
    )
    if solution.interrupted:
        raise KeyboardInterrupt
    # At most 2**20 bit strings, so both optima are proven by looking at every one.
    optimum_choice = small.lift(count_and_minimize(qubo.problem).minimizers[0])
    minimizer = count_and_minimize(read_model(qubo.bqm)).minimizers[:1]
    rescored = question.value(small.lift(qubo.decode_bits(minimizer)[0][0]))
    record = solution.quantum
    uniform = None if record is None else record.uniform
    return QuantumCheck(
        window=small,
        qubo=to_qubo(model, encoding="one-hot") if grouped else qubo,
        solution=solution,
        optimum=question.value(optimum_choice),
        optimum_choice=optimum_choice,
        rescored=rescored,
        sampled=-solution.objective if solution.feasible and solution.objective is not None else None,
        expected=None if record is None or record.expected_value is None else -record.expected_value,
        uniform_expected=None if uniform is None else -uniform.expected_value,
        levels=sum(len(line.spends) for line in question.lines),
    )
