"""Programs on Aer: every call one run for all rows of a table.

Aer computes states, density matrices and probabilities. Shots are drawn from the probabilities by NumPy where
these are known, which has the same distribution and takes a small part of the time. Aer draws them itself
where noise makes the density matrix dearer than one state per shot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .readout_errors import Confusions, confuse, read_confusions
from .run_arguments import check_norms, check_shots
from .shot_drawing import draw_counts, draw_samples

if TYPE_CHECKING:
    from .aer_execution import AerExecutor
    from .program import Program
    from .simulators import Counts

__all__ = ["AerBackend"]

# Most qubits for which shots with noise come from a density matrix.
_DENSITY_QUBITS = 12
# Shots are drawn from at most this many probabilities at a time (128 MB).
_NUMBERS_AT_A_TIME = 2**24


@dataclass(frozen=True, eq=False)
class AerBackend:
    """A simulator that has been chosen, and what it runs; ``aer_backend.open_backend`` makes one.

    Tables have shape (B, S) with angles in radians. ``initial`` is the state all rows start from, shape
    (2**N,), or one per row, shape (B, 2**N); None for |0...0>. Wire 0 is the most significant bit. A copy or
    a pickle opens a backend with the same settings.

    Args:
        executor: runs the circuits.
        reason: why it is this one, in words.
        settings: compute, precision and threads as they were asked for.

    Example:
        >>> import pennylane as qml
        >>> from .aer_backend import open_backend
        >>> from .tape_reading import read_tape
        >>> bound = read_tape(qml.tape.QuantumScript([qml.RY(np.array([0.0, np.pi]), 0), qml.CNOT([0, 1])]))
        >>> open_backend("cpu").states(bound.program, bound.table).real.round(6).tolist()
        [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """

    executor: AerExecutor = field(repr=False)
    reason: str
    settings: tuple[Any, ...] = ("auto", "double", None)

    def __reduce__(self) -> tuple[Any, ...]:
        from .aer_backend import open_backend

        return open_backend, (*self.settings, self.noise_model)

    @property
    def simulator(self) -> Any:
        """The ``AerSimulator``."""
        return self.executor.simulator

    @property
    def compute(self) -> str:
        """Where it runs: "cpu" or "gpu"."""
        return self.executor.compute

    @property
    def threads(self) -> int | None:
        """Most CPU threads, as asked for; None or 0 for all."""
        threads: int | None = self.settings[2]
        return threads

    @property
    def precision(self) -> str:
        """Aer's precision, "double" or "single"; results are double."""
        return self.executor.precision

    @property
    def noise_model(self) -> Any:
        """The ``qiskit_aer.noise.NoiseModel``, not to be changed, or None."""
        return self.executor.noise_model

    @property
    def label(self) -> str:
        """Name for tables, e.g. ``Aer statevector (CPU)``."""
        single = ", single precision" if self.precision == "single" else ""
        noise = ", noise model" if self.noise_model is not None else ""
        return f"Aer statevector ({self.compute.upper()}{single}{noise})"

    def states(
        self,
        program: Program,
        table: NDArray[np.float64],
        initial: NDArray[np.complex128] | None = None,
        *,
        phases: bool = True,
    ) -> NDArray[np.complex128]:
        """Final states.

        Args:
            program: without channels.
            table: shape (B, S).
            initial: states to start from.
            phases: whether each row gets its global phase, for exp(-i angle) of every Rot and GlobalPhase.

        Returns:
            Shape (B, 2**N).

        Raises:
            CircuitError: the table or the initial states do not fit, or there is noise.
            CircuitTooLargeError: the states do not fit into free memory.
            AerRunError: Aer failed; the message is Aer's.
        """
        from .aer_circuit import row_phases, to_aer

        initial = self._check(program, table, initial)
        if self._noisy(program):
            raise CircuitError(
                "with a channel or a noise model the result is no pure state; ask for densities or shots"
            )
        if program.n_qubits and len(table):
            states = self.executor.save(to_aer(program), "statevector", table, initial)
        else:
            states = np.ones((len(table), 2**program.n_qubits), dtype=np.complex128)
        factors = row_phases(program, table) if phases else None
        if factors is not None:
            states *= factors[:, None]
        return states

    def densities(
        self,
        program: Program,
        table: NDArray[np.float64],
        initial: NDArray[np.complex128] | None = None,
    ) -> NDArray[np.complex128]:
        """Final density matrices, channels and noise of gates included; readout errors are not part of them.

        Args:
            program: any program.
            table: shape (B, S).
            initial: states to start from.

        Returns:
            Shape (B, 2**N, 2**N).

        Raises:
            CircuitError: the table or the initial states do not fit.
            CircuitTooLargeError: 4**N numbers per row do not fit into free memory.
            AerRunError: Aer failed; the message is Aer's.
        """
        from .aer_circuit import to_aer

        initial = self._check(program, table, initial)
        size = 2**program.n_qubits
        if program.n_qubits == 0 or len(table) == 0:
            return np.ones((len(table), size, size), dtype=np.complex128)
        source = to_aer(program, self._dialect(program, dense=True))
        return self.executor.save(source, "density_matrix", table, initial, method="density_matrix")

    def counts(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        shots: int,
        seed: int,
        initial: NDArray[np.complex128] | None = None,
    ) -> Counts:
        """Measure wires at the end of every row; rows draw independently.

        Args:
            program: any program.
            table: shape (B, S).
            wires: the wires to measure, distinct; wires[0] is the most significant bit of an outcome.
            shots: measurements per row, at least 1.
            seed: at least 0; the same seed gives the same shots.
            initial: states to start from.

        Returns:
            For each row the outcomes seen, ascending, and how often.

        Raises:
            CircuitError: an argument that does not fit.
            CircuitTooLargeError: the state does not fit into free memory.
            AerRunError: Aer failed; the message is Aer's.
        """
        from .aer_runs import read_counts

        initial = self._check(program, table, initial)
        check_shots(program, wires, shots, seed)
        if self._draws(program, wires, shots):
            rng = np.random.default_rng(seed)
            pieces = self._pieces(program, table, wires, initial)
            return [pair for piece in pieces for pair in draw_counts(piece, shots, rng)]
        runs = self._shots(program, table, wires, shots, seed, initial, memory=False)
        return [pair for entries in runs for pair in read_counts(entries)]

    def samples(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        shots: int,
        seed: int,
        initial: NDArray[np.complex128] | None = None,
    ) -> NDArray[np.uint8]:
        """The bits of every shot; arguments and errors as for `counts`.

        Args:
            program: any program.
            table: shape (B, S).
            wires: the W wires to measure, distinct.
            shots: measurements per row, at least 1.
            seed: at least 0; the same seed gives the same shots.
            initial: states to start from.

        Returns:
            Shape (B, shots, W) in the order drawn; column k is wires[k].

        Raises:
            CircuitError: an argument that does not fit.
            CircuitTooLargeError: the state does not fit into free memory.
            AerRunError: Aer failed; the message is Aer's.
        """
        from .aer_runs import read_samples

        initial = self._check(program, table, initial)
        check_shots(program, wires, shots, seed)
        if self._draws(program, wires, shots):
            rng = np.random.default_rng(seed)
            pieces = self._pieces(program, table, wires, initial)
            drawn = [draw_samples(piece, shots, rng) for piece in pieces]
            return np.concatenate(drawn) if drawn else np.empty((0, shots, len(wires)), np.uint8)
        runs = self._shots(program, table, wires, shots, seed, initial, memory=True)
        return np.concatenate([read_samples(entries, shots, len(wires)) for entries in runs])

    @property
    def noisy_readout(self) -> bool:
        """Whether measuring suffers noise: the gates that change the basis, and the bits that are read."""
        return self.noise_model is not None

    def probabilities(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        initial: NDArray[np.complex128] | None = None,
    ) -> NDArray[np.float64]:
        """Exact probabilities of what is read on some wires, noise and readout errors included.

        Args:
            program: any program.
            table: shape (B, S).
            wires: the W wires, distinct; wires[0] is the most significant bit of an outcome.
            initial: states to start from.

        Returns:
            Shape (B, 2**W).

        Raises:
            CircuitError: an argument that does not fit.
            CircuitTooLargeError: the state does not fit into free memory.
            AerRunError: Aer failed; the message is Aer's.
        """
        from .aer_circuit import to_aer

        initial = self._check(program, table, initial)
        check_shots(program, wires, 1, 0)
        if len(wires) == 0 or len(table) == 0:
            return np.ones((len(table), 2 ** len(wires)))
        method = "density_matrix" if self._noisy(program) else "statevector"
        source = to_aer(program, self._dialect(program))
        exact = self.executor.save(source, "probabilities", table, initial, wires=wires, method=method)
        return confuse(exact, wires, self._confusions or {})

    def _noisy(self, program: Program) -> bool:
        return program.noisy or self.noise_model is not None

    def _dialect(self, program: Program, *, dense: bool = False) -> str:
        if self.noise_model is not None:
            return "noise"
        return "channels" if dense or program.noisy else "pure"

    def _method(self, program: Program, shots: int) -> str:
        """For noise: a density matrix takes a time like 4**N, one state per shot one like shots * 2**N."""
        dense = program.n_qubits <= _DENSITY_QUBITS and 2**program.n_qubits <= shots
        return "density_matrix" if dense else "statevector"

    def _check(
        self, program: Program, table: NDArray[np.float64], initial: NDArray[np.complex128] | None
    ) -> NDArray[np.complex128] | None:
        program.check_table(table)
        if initial is None:
            if program.prepared:
                raise CircuitError("the program starts from a prepared state; hand over the initial states")
            return None
        initial = np.ascontiguousarray(initial, dtype=np.complex128)
        size = 2**program.n_qubits
        if initial.shape not in ((size,), (len(table), size)):
            raise CircuitError(
                f"the initial states have shape {initial.shape}; it must be ({size},) for all rows or "
                f"({len(table)}, {size}), one for each"
            )
        check_norms(initial.reshape(-1, size))
        return initial

    @cached_property
    def _confusions(self) -> Confusions | None:
        return read_confusions(self.noise_model)

    def _draws(self, program: Program, wires: Sequence[int], shots: int) -> bool:
        """Whether shots are drawn here from exact probabilities, or by Aer, shot by shot."""
        if len(wires) == 0 or not self._noisy(program):
            return True
        return self._method(program, shots) == "density_matrix" and self._confusions is not None

    def _pieces(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        initial: NDArray[np.complex128] | None,
    ) -> Iterator[NDArray[np.float64]]:
        """Probabilities of some rows at a time; how many depends on the program only, as the shots do."""
        rows = max(1, _NUMBERS_AT_A_TIME >> program.n_qubits)
        for start in range(0, len(table), rows):
            part = slice(start, start + rows)
            own = initial if initial is None or initial.ndim == 1 else initial[part]
            yield self.probabilities(program, table[part], wires, own)

    def _shots(
        self,
        program: Program,
        table: NDArray[np.float64],
        wires: Sequence[int],
        shots: int,
        seed: int,
        initial: NDArray[np.complex128] | None,
        *,
        memory: bool,
    ) -> Any:
        from .aer_circuit import to_aer

        return self.executor.shots(
            to_aer(program, self._dialect(program)),
            table,
            initial,
            wires=wires,
            shots=int(shots),
            seed=int(seed),
            memory=memory,
            method=self._method(program, shots),
        )
