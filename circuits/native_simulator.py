"""The package's own simulator behind the protocol of ``simulators``, for circuits without noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .program import Program
from .row_tasks import check_initial
from .row_threads import count_threads
from .run_arguments import check_norms, check_shots
from .shot_drawing import draw_counts, draw_samples
from .simulators import Counts
from .statevector import simulate

__all__ = ["NativeSimulator"]

# Shots are drawn from the states of at most this many amplitudes (256 MB) at a time.
_AMPLITUDES_AT_A_TIME = 2**24


class NativeSimulator:
    """Batched statevector simulation in compiled loops; shots are drawn from the exact probabilities.

    Args:
        threads: most threads; None or 0 for all.

    Attributes:
        label: name for tables.
        compute: "cpu".

    Raises:
        CircuitError: an illegal number of threads.

    Example:
        >>> import pennylane as qml
        >>> from .tape_reading import read_tape
        >>> bound = read_tape(qml.tape.QuantumScript([qml.X(1), qml.RY(0.0, 0)]))
        >>> NativeSimulator().counts(bound.program, bound.table, [1, 0], shots=5, seed=0)
        [(array([2]), array([5]))]
    """

    label = "native statevector (CPU)"
    compute = "cpu"

    def __init__(self, threads: int | None = None) -> None:
        count_threads(threads)
        self.threads = threads

    def __repr__(self) -> str:
        return f"NativeSimulator(threads={self.threads!r})"

    def states(
        self,
        program: Program,
        table: NDArray[np.float64],
        initial: NDArray[np.complex128] | None = None,
        *,
        phases: bool = True,
    ) -> NDArray[np.complex128]:
        """Final states; see `statevector.simulate`.

        Args:
            program: without channels.
            table: angles in radians, shape (B, S).
            initial: as in `statevector.simulate`.
            phases: without effect: global phases are always right here.

        Returns:
            Shape (B, 2**N).

        Raises:
            CircuitError: arrays that do not fit, or a channel in the program.
            CircuitTooLargeError: the states do not fit into free memory.
        """
        if program.prepared and initial is not None and np.ndim(initial) in (1, 2):
            check_norms(np.atleast_2d(np.asarray(initial)))
        return simulate(program, table, initial, threads=self.threads)

    def counts(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        shots: int,
        seed: int,
        initial: NDArray[np.complex128] | None = None,
    ) -> Counts:
        """Outcomes of measurements at the end and how often each was drawn.

        Args:
            program: without channels.
            table: angles in radians, shape (B, S).
            wires: distinct wires to measure; the first is the most significant bit of an outcome.
            shots: measurements per row, at least 1.
            seed: non-negative integer.
            initial: as in `statevector.simulate`.

        Returns:
            For every row outcomes, ascending, and multiplicities.

        Raises:
            CircuitError: an illegal argument.
        """
        counts: Counts = []
        check_shots(program, wires, shots, seed)
        rng = np.random.default_rng(int(seed))
        for _, probabilities in self._probabilities(program, table, wires, initial):
            counts += draw_counts(probabilities, int(shots), rng)
        return counts

    def samples(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        shots: int,
        seed: int,
        initial: NDArray[np.complex128] | None = None,
    ) -> NDArray[np.uint8]:
        """Outcomes one by one; arguments and errors as for `counts`.

        Returns:
            Bits in the order drawn, shape (B, shots, len(wires)); column k is wires[k].
        """
        check_shots(program, wires, shots, seed)
        rng = np.random.default_rng(int(seed))
        bits = np.empty((len(table), int(shots), len(wires)), dtype=np.uint8)
        for rows, probabilities in self._probabilities(program, table, wires, initial):
            bits[rows] = draw_samples(probabilities, int(shots), rng)
        return bits

    def _probabilities(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        initial: NDArray[np.complex128] | None,
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Probabilities of the outcomes on some wires, shape (rows, 2**len(wires)), some rows at a time."""
        n_qubits = program.n_qubits
        others = [wire for wire in range(n_qubits) if wire not in wires]
        step = max(1, _AMPLITUDES_AT_A_TIME >> n_qubits)
        own = initial is not None and np.ndim(initial) == 2
        if own:
            check_initial(program, len(table), initial)
        for start in range(0, len(table), step):
            rows = slice(start, min(start + step, len(table)))
            start_states = initial[rows] if own and initial is not None else initial
            states = self.states(program, table[rows], start_states)
            tensor = (states.real**2 + states.imag**2).reshape((len(states), *(2,) * n_qubits))
            ordered = tensor.transpose([0, *(1 + wire for wire in wires), *(1 + wire for wire in others)])
            yield rows, ordered.reshape(len(states), 2 ** len(wires), -1).sum(axis=2)
