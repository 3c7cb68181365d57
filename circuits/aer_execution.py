"""One ``AerSimulator.run`` for all rows of a table: options, threads, memory, errors.

Which form a run takes was measured on two cores with Aer 0.18. Few qubits: rows are stacked into one state
(``aer_stack``), which takes from a half down to an eighth of the time of anything else; when, follows from an
estimate of both times. Otherwise, below 12 qubits, runtime binding takes half the time of a
copy of the circuit per row, but works on one row at a time, so with much work the circuit is listed once per
thread, each with its share of the rows. From 12 qubits on copies are as fast, run in parallel by themselves,
and profit from the fusion of gates, which Aer starts at 14 qubits and does not do with runtime binding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.exceptions import QiskitError

from .aer_circuit import AerCircuit
from .aer_runs import AerRun, plan_rows, plan_stacks, run_seed
from .errors import AerRunError
from .memory import require_gpu_memory, require_memory, rows_that_fit

__all__ = ["AerExecutor"]

# Microseconds, measured with Aer 0.18 on one core; the result is the same whatever is chosen by them. To read
# an instruction, to start a row, to apply a gate, and per amplitude; to take one entry of a diagonal gate.
_READ, _ROW, _GATE, _AMPLITUDE, _ENTRY = 16.0, 25.0, 0.3, 0.0038, 0.15
# Threads may have to wait for each other for some milliseconds.
_WORTH_THREADS = 4000.0
# Most qubits of programs whose rows may be stacked.
_STACKED_TO = 12
# From this many qubits on Aer may copy the circuit for every row.
_COPIES_FROM = 12
# Below this many bytes nobody asks how much memory is free.
_SMALL = 2**26
# Shots in one run of Aer: a fixed number, so that the same seed gives the same shots on every machine.
_SHOTS_PER_RUN = 2**24
# Aer's state and its copies, per number: measured are 32 and, for a density matrix, 56.
_WORKING_BYTES = {"statevector": 32, "density_matrix": 64}


@dataclass(frozen=True, eq=False)
class AerExecutor:
    """Runs circuits for many rows.

    Attributes:
        simulator: an ``AerSimulator``.
        compute: "cpu" or "gpu".
        precision: "double" or "single".
        threads: CPU threads it may use.
        stacks: whether rows may become one state.
        runtime_binding: whether Aer may bind angles while it runs, instead of copying the circuit per row;
            it does not where there is noise.
        noise_model: a ``qiskit_aer.noise.NoiseModel`` or None.
    """

    simulator: Any
    compute: str
    precision: str
    threads: int = 1
    stacks: bool = True
    runtime_binding: bool = False
    noise_model: Any = None

    def save(
        self,
        source: AerCircuit,
        what: str,
        table: NDArray[np.float64],
        initial: NDArray[np.complex128] | None,
        *,
        wires: Sequence[int] = (),
        method: str = "statevector",
    ) -> NDArray[Any]:
        """Save something at the end of all rows, in one run, or in several where memory requires it.

        Args:
            source: the circuit.
            what: "statevector", "density_matrix" or "probabilities".
            table: angles in radians, shape (B, S), B at least 1.
            initial: shape (2**N,) or (B, 2**N), or None.
            wires: for probabilities, the W wires.
            method: of Aer, "statevector" or "density_matrix".

        Returns:
            Shape (B, 2**N), (B, 2**N, 2**N) or (B, 2**W).

        Raises:
            CircuitError: an initial state that is not normalized.
            CircuitTooLargeError: it does not fit into free memory.
            AerRunError: Aer failed.
        """
        n_rows, size = len(table), 2**source.n_qubits
        shapes = {"statevector": (size,), "density_matrix": (size, size), "probabilities": (2 ** len(wires),)}
        shape, dtype = shapes[what], np.float64 if what == "probabilities" else np.complex128
        working = _WORKING_BYTES[method] << self._numbers(source, method)
        per_row = np.dtype(dtype).itemsize * int(np.prod(shape))
        rows = n_rows
        if working + 2 * n_rows * per_row > _SMALL:
            self._require(source, method)
            rows = rows_that_fit(n_rows, per_row, working) if n_rows > 1 else 1
        stack = 0 if what == "density_matrix" else self._rows_per_stack(source, what, wires, table, initial)
        saved: NDArray[Any] | None = None
        for start in range(0, n_rows, rows):
            part = slice(start, start + rows)
            own = initial if initial is None or initial.ndim == 1 else initial[part]
            if stack:
                run = plan_stacks(source, what, wires, table[part], own, stack)
            else:
                parts = self._parts(source, len(table[part]))
                run = plan_rows(source, source.saving(what, wires), table[part], own, parts=parts)
            entries = self._run(run, source, method=method, shots=1)
            arrays = [np.asarray(getattr(entry.data, what)) for entry in entries]
            if n_rows == 1:
                return arrays[0].astype(dtype, copy=False).reshape(1, *shape)  # no copy of what may be large
            if saved is None:
                saved = np.empty((n_rows, *shape), dtype)
            _distribute(run, arrays, saved[part], squared=what == "probabilities")
        assert saved is not None
        return saved

    def _rows_per_stack(
        self,
        source: AerCircuit,
        what: str,
        wires: Sequence[int],
        table: NDArray[np.float64],
        initial: NDArray[np.complex128] | None,
    ) -> int:
        """How many rows become one state of more qubits; 0 where each row is better run on its own."""
        n_rows, n_qubits = len(table), source.n_qubits
        if not self.stacks or source.dialect != "pure" or n_rows < 2 or n_qubits > _STACKED_TO:
            return 0
        many = initial is not None and initial.ndim == 2
        rows = 2 ** min((n_rows - 1).bit_length(), max(1, (14 if n_qubits < 7 else 15) - n_qubits))
        stack = source.stacked(
            what,
            wires,
            varying=(table != table[0]).any(axis=0),
            index_qubits=rows.bit_length() - 1,
            prepared=initial is not None,
        )
        amplitudes = stack.n_instructions * _AMPLITUDE * 2**n_qubits
        one = _READ * stack.n_instructions + _ENTRY * stack.n_entries + rows * amplitudes
        apart = n_rows * self._row_time(source) + (n_rows if many else 1) * _READ * source.n_gates
        return rows if -(-n_rows // rows) * one < apart else 0

    def _row_time(self, source: AerCircuit) -> float:
        return _ROW + source.n_gates * (_GATE + _AMPLITUDE * (1 << source.n_qubits))

    def shots(
        self,
        source: AerCircuit,
        table: NDArray[np.float64],
        initial: NDArray[np.complex128] | None,
        *,
        wires: Sequence[int],
        shots: int,
        seed: int,
        memory: bool,
        method: str,
    ) -> Iterator[list[Any]]:
        """Measure at the end of all rows, Aer drawing the shots.

        Args:
            source: the circuit.
            table: angles in radians, shape (B, S), B at least 1.
            initial: shape (2**N,) or (B, 2**N), or None.
            wires: at least one; the first becomes the most significant bit of an outcome.
            shots: per row.
            seed: at least 0.
            memory: whether the single shots are wanted.
            method: of Aer, "statevector" or "density_matrix".

        Yields:
            Entries of Aer's results, one per row, run by run.

        Raises:
            CircuitError: an initial state that is not normalized.
            CircuitTooLargeError: the state does not fit into free memory.
            AerRunError: Aer failed.
        """
        self._require(source, method)
        # Without parameters rows would be one circuit, run once: a spare parameter tells them apart.
        spare = not source.has_parameters
        rows = max(1, _SHOTS_PER_RUN // shots)
        for number, start in enumerate(range(0, len(table), rows)):
            part = slice(start, start + rows)
            own = initial if initial is None or initial.ndim == 1 else initial[part]
            run = plan_rows(source, source.measuring(wires, spare=spare), table[part], own, spare=spare)
            options = {"method": method, "shots": shots, "memory": memory}
            entries = self._run(run, source, seed_simulator=run_seed(seed, number), **options)
            if run.rows is not None:
                order = np.argsort([row for rows in run.rows for row in rows])
                entries = [entries[result] for result in order]
            yield entries

    def _numbers(self, source: AerCircuit, method: str) -> int:
        """Binary logarithm of the length of Aer's state."""
        return source.n_qubits * (2 if method == "density_matrix" else 1)

    def _require(self, source: AerCircuit, method: str) -> None:
        size = self._numbers(source, method)
        if self.compute == "gpu":
            require_gpu_memory(size, 16 if self.precision == "double" else 8)
        require_memory(size, _WORKING_BYTES[method])

    def _binds_at_runtime(self, source: AerCircuit) -> bool:
        return self.runtime_binding and source.dialect == "pure" and source.n_qubits < _COPIES_FROM

    def _parts(self, source: AerCircuit, n_rows: int) -> int:
        """How often a circuit is listed: as often as the time for reading it is worth another thread."""
        work = n_rows * self._row_time(source)
        if not self._binds_at_runtime(source) or work < _WORTH_THREADS:
            return 1
        # work / parts + parts * reading is least where one more part saves what it costs.
        ratio = work / (_READ * (1 + source.n_gates))
        return max(1, min(self.threads, int((1 + np.sqrt(1 + 4 * ratio)) / 2)))

    def _run(self, run: AerRun, source: AerCircuit, **options: Any) -> list[Any]:
        if self.noise_model is not None:
            options["noise_model"] = self.noise_model
        if self._binds_at_runtime(source) and run.n_results > len(run.circuits):
            options["runtime_parameter_bind_enable"] = True
        try:
            result = self.simulator.run(run.circuits, parameter_binds=run.binds, **options).result()
        except (QiskitError, RuntimeError) as error:
            raise AerRunError(f"Aer did not run the circuit: {error}") from error
        if not result.success:
            problems = [item.status for item in result.results if not item.success]
            raise AerRunError("Aer did not run the circuit: " + "; ".join(problems or [str(result.status)]))
        if len(result.results) != run.n_results:
            raise AerRunError(f"Aer gave {len(result.results)} results for {run.n_results} executions")
        return list(result.results)


def _distribute(run: AerRun, arrays: list[NDArray[Any]], saved: NDArray[Any], *, squared: bool) -> None:
    """Write what Aer saved into the rows it is for."""
    if run.rows is None:
        for row, array in enumerate(arrays):
            saved[row] = array
        return
    for number, (rows, array) in enumerate(zip(run.rows, arrays)):
        if run.weights is None:
            saved[rows] = array
        else:
            weight = run.weights[number] if squared else np.sqrt(run.weights[number])
            stack = array.reshape(-1, *saved.shape[1:])
            np.multiply(stack[: len(rows)], weight, out=saved[rows[0] : rows[-1] + 1])
