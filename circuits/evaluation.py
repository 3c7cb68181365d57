"""Values of a circuit for tables of angles, and vector-Jacobian products by every gradient method.

Exact and noise-free: one run gives the states, the adjoint sweep the gradient. With shots or noise: parameter
shift (exact in expectation) or SPSA (two executions per row), each as one table of shifted angles.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .adjoint import adjoint_gradient
from .arguments import whole_number
from .errors import CircuitError
from .parameter_shift import RowPlan, shifted_table, used_slots
from .program import Program
from .readout import PauliReadout, Readout
from .simulators import Simulator
from .spsa import spsa_table

__all__ = ["GRADIENTS", "Evaluation", "Evaluator"]

GRADIENTS = ("auto", "adjoint", "parameter_shift", "spsa")

# A bound angle is a Python number in a list before it is one of Aer's.
_BYTES_PER_BOUND_ANGLE = 40


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Values of one table and what their gradient needs.

    Args:
        values: shape (B, O).
        table: the angles, shape (B, S).
        initial: the states the program started from, or None.
        states: final states, shape (B, 2**N), where the gradient comes from them, else None.
    """

    values: NDArray[np.float64]
    table: NDArray[np.float64]
    initial: NDArray[np.complex128] | None
    states: NDArray[np.complex128] | None


class Evaluator:
    """Evaluates a program's readout and pulls cotangents of the values back to the angles.

    Args:
        program: the circuit's structure.
        readout: what is read from its state; with shots or noise it must be a `PauliReadout`.
        simulator: see ``simulators``.
        shots: samples per execution and measurement basis; None for exact values.
        gradient: "adjoint" (exact, from the states), "parameter_shift", "spsa", or "auto": adjoint where
            values are exact and noise-free, else parameter shift.
        seed: of the samples and of SPSA's directions; later calls continue the stream.
        spsa_step: half the distance of SPSA's two points, in radians.
        spsa_directions: number of random directions averaged per row and gradient.

    Attributes:
        gradient: the method settled on.
        n_outputs: number of values per row, O.

    Raises:
        CircuitError: illegal shots or gradient, or a combination that does not exist (adjoint with shots, a
            channel on a simulator of pure states).

    Example:
        >>> import pennylane as qml
        >>> from .tape_reading import read_tape
        >>> from .simulators import open_simulator
        >>> bound = read_tape(qml.tape.QuantumScript([qml.RX(0.5, 0)]))
        >>> readout = PauliReadout([qml.Z(0)], 1)
        >>> evaluator = Evaluator(bound.program, readout, simulator=open_simulator("native"))
        >>> evaluation = evaluator.evaluate(bound.table)
        >>> evaluation.values.round(6).tolist(), evaluator.vjp(evaluation, np.ones((1, 1))).round(6).tolist()
        ([[0.877583]], [[-0.479426]])
    """

    def __init__(
        self,
        program: Program,
        readout: Readout,
        *,
        simulator: Simulator,
        shots: int | None = None,
        gradient: str = "auto",
        seed: int | None = None,
        spsa_step: float = 0.1,
        spsa_directions: int = 1,
    ) -> None:
        if not (np.isfinite(spsa_step) and spsa_step > 0):
            raise CircuitError(f"spsa_step is {spsa_step!r}; it must be a positive number of radians")
        integer = isinstance(shots, (int, np.integer)) and not isinstance(shots, bool)
        if shots is not None and not (integer and shots >= 1):
            raise CircuitError(
                f"shots is {shots!r}; it must be an integer of at least 1, or None for exact values"
            )
        if gradient not in GRADIENTS:
            raise CircuitError(
                f"gradient is {gradient!r}; it must be one of {', '.join(map(repr, GRADIENTS))}"
            )
        self._noisy = program.noisy or getattr(simulator, "noise_model", None) is not None
        exact = shots is None and not self._noisy
        if gradient == "adjoint" and not exact:
            why = "shots" if shots is not None else "noise"
            raise CircuitError(
                f'gradient="adjoint" differentiates a pure state and cannot be used with {why}; use '
                '"parameter_shift", "spsa" or "auto"'
            )
        if shots is None and not exact and not hasattr(simulator, "densities"):
            raise CircuitError(
                f"{simulator.label} holds pure states only, but the circuit has a channel; use "
                'simulator="aer"'
            )
        if not exact and not isinstance(readout, PauliReadout):
            raise CircuitError(
                "with shots or noise only expectation values of sums of Pauli words can be read"
            )
        self.program = program
        self.readout = readout
        self.simulator = simulator
        self.shots = None if shots is None else int(shots)
        self.gradient = gradient if gradient != "auto" else ("adjoint" if exact else "parameter_shift")
        self._spsa_step = spsa_step
        self._spsa_directions = whole_number("spsa_directions", spsa_directions, 1)
        self._rng = np.random.default_rng(None if seed is None else whole_number("seed", seed, 0))
        self._lock = Lock()
        self._groups = (
            [(group, group.rotated(program)) for group in readout.measurement_groups()]
            if not exact and isinstance(readout, PauliReadout)
            else []
        )

    @property
    def n_outputs(self) -> int:
        """Number of values per row, O."""
        return self.readout.n_outputs

    def _seed(self) -> int:
        with self._lock:
            return int(self._rng.integers(2**63))

    def evaluate(
        self, table: NDArray[np.float64], initial: NDArray[np.complex128] | None = None
    ) -> Evaluation:
        """Values for every row of a table.

        Args:
            table: angles, shape (B, S).
            initial: where the program starts from a given state: shape (2**N,) or (B, 2**N).

        Returns:
            The values, shape (B, O), with what `vjp` needs.

        Raises:
            CircuitError: the table does not fit.
            CircuitTooLargeError: the states do not fit into free memory.
        """
        self.program.check_table(table)
        if not len(table):
            return Evaluation(np.empty((0, self.n_outputs)), table, initial, None)
        if self.gradient == "adjoint":
            states = self._states(table, initial)
            return Evaluation(self.readout.values(states), table, initial, states)
        return Evaluation(self._values(table, initial), table, initial, None)

    def _states(
        self, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.complex128]:
        # Expectation values, and the sweep of their cotangents, do not see a global phase; a derivative by
        # the initial state does.
        phases = initial is not None or not isinstance(self.readout, PauliReadout)
        return self.simulator.states(self.program, table, initial, phases=phases)

    def _values(
        self, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.float64]:
        readout = self.readout
        if self.shots is None and not self._noisy:
            return readout.values(self._states(table, initial))
        assert isinstance(readout, PauliReadout)  # checked on construction
        if self.shots is None:
            return self._exact_mixed(readout, table, initial)
        estimates = [
            group.estimate(
                self.simulator.counts(program, table, group.wires, self.shots, self._seed(), initial)
            )
            for group, program in self._groups
        ]
        return readout.from_groups(estimates, len(table))

    def _exact_mixed(
        self, readout: PauliReadout, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.float64]:
        """Values without shots of a noisy circuit: what infinitely many shots would give."""
        backend: Any = self.simulator
        if not getattr(backend, "noisy_readout", False):
            return readout.density_values(backend.densities(self.program, table, initial))
        estimates = [
            group.expectations(backend.probabilities(program, table, group.wires, initial))
            for group, program in self._groups
        ]
        return readout.from_groups(estimates, len(table))

    def vjp(
        self,
        evaluation: Evaluation,
        cotangents: NDArray[np.float64],
        *,
        wanted: NDArray[np.bool_] | None = None,
        with_initial: bool = False,
    ) -> Any:
        """Derivative of sum(cotangents * values) with respect to the angles.

        Args:
            evaluation: of the table.
            cotangents: shape (B, O).
            wanted: columns that matter, shape (S,); the others are left 0.
            with_initial: also the cotangents of the initial states, shape (B, 2**N); adjoint only.

        Returns:
            Shape (B, S), or the pair (gradient, cotangents of the initial states).

        Raises:
            CircuitError: ``with_initial`` without the adjoint method.
        """
        table = evaluation.table
        if with_initial and self.gradient != "adjoint":
            raise CircuitError(
                "the gradient of a prepared state (amplitude encoding) needs exact values and the adjoint "
                f"method, not {self.gradient}; freeze the inputs or train without shots and noise"
            )
        if not len(table):
            nothing = np.zeros((0, self.program.n_slots))
            return (nothing, np.zeros((0, 2**self.program.n_qubits), complex)) if with_initial else nothing
        if self.gradient == "adjoint":
            assert evaluation.states is not None
            return adjoint_gradient(
                self.program,
                table,
                evaluation.states,
                self.readout.cotangents(evaluation.states, cotangents),
                wanted=wanted,
                with_initial=with_initial,
                threads=self.simulator.threads,
                compute="cpu" if self.simulator.compute == "cpu" else "auto",
            )
        return self._from_shifts(evaluation, cotangents, wanted)

    def _from_shifts(
        self, evaluation: Evaluation, cotangents: NDArray[np.float64], wanted: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        """The gradient from values at other angles, one table in as few runs as memory allows."""
        if not self.program.n_slots:
            return np.zeros_like(evaluation.table)
        plan: RowPlan
        if self.gradient == "parameter_shift":
            plan = shifted_table(self.program, evaluation.table, wanted)
        else:
            used = used_slots(self.program)
            plan = spsa_table(
                evaluation.table,
                used if wanted is None else used & wanted,
                step=self._spsa_step,
                n_directions=self._spsa_directions,
                seed=self._seed(),
            )
        values = np.empty((plan.n_rows, self.n_outputs))
        initial = evaluation.initial
        for rows in plan.chunks(bytes_per_row=self._bytes_per_row()):
            repeated = initial[plan.origins(rows)] if initial is not None and initial.ndim == 2 else initial
            values[rows] = self._values(plan.table(rows), repeated)
        return plan.gradient(values, cotangents)

    def _bytes_per_row(self) -> int:
        """What a row costs while it is evaluated, besides its angles."""
        binding = _BYTES_PER_BOUND_ANGLE * self.program.n_slots
        if self.shots is not None:
            return binding
        return binding + (32 << 2 * self.program.n_qubits if self._noisy else 48 << self.program.n_qubits)
