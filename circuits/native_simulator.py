"""The package's own simulator behind the protocol of ``simulators``, for circuits of few qubits without noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .program import Program
from .row_threads import count_threads
from .simulators import Counts
from .statevector import simulate

__all__ = ["NativeSimulator"]


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
        >>> from .program import read_tape
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
        probabilities, rng = self._distribution(program, table, wires, shots, seed, initial)
        counts: Counts = []
        for drawn in rng.multinomial(int(shots), probabilities):
            outcomes = np.flatnonzero(drawn)
            counts.append((outcomes.astype(np.int64), drawn[outcomes].astype(np.int64)))
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
        probabilities, rng = self._distribution(program, table, wires, shots, seed, initial)
        places = np.arange(len(wires))[::-1]
        bits = np.empty((len(table), int(shots), len(wires)), dtype=np.uint8)
        for row, weights in enumerate(probabilities):
            outcomes = np.searchsorted(np.cumsum(weights), rng.random(int(shots)), side="right")
            outcomes = np.minimum(outcomes, len(weights) - 1)
            bits[row] = (outcomes[:, None] >> places) & 1
        return bits

    def _distribution(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        shots: Any,
        seed: Any,
        initial: NDArray[np.complex128] | None,
    ) -> tuple[NDArray[np.float64], np.random.Generator]:
        """Probabilities of the outcomes on some wires, shape (B, 2**len(wires)), and the random stream."""
        for name, number, least in (("shots", shots, 1), ("seed", seed, 0)):
            integer = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
            if not (integer and number >= least):
                raise CircuitError(f"{name} is {number!r}; it must be an integer of at least {least}")
        n_qubits = program.n_qubits
        if len(set(wires)) != len(wires) or not all(0 <= wire < n_qubits for wire in wires):
            raise CircuitError(f"wires is {list(wires)}; it must name distinct wires from 0 to {n_qubits - 1}")
        states = self.states(program, table, initial)
        tensor = (states.real**2 + states.imag**2).reshape((len(table), *(2,) * n_qubits))
        others = [wire for wire in range(n_qubits) if wire not in wires]
        ordered = tensor.transpose([0, *(1 + wire for wire in wires), *(1 + wire for wire in others)])
        probabilities = ordered.reshape(len(table), 2 ** len(wires), 2 ** len(others)).sum(axis=2)
        return probabilities / probabilities.sum(axis=1, keepdims=True), np.random.default_rng(int(seed))
