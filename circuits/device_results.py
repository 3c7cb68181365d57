"""Results of grouped tapes on the Aer device: from states, from density matrices, from samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.measurements import ProbabilityMP
from pennylane.wires import Wires

from .aer_backend import AerBackend
from .device_gradients import pauli_readout
from .state_readout import measure_tensors
from .tape_groups import TapeGroup

__all__ = ["exact_results", "mixed_results", "sampled_results", "sampling_key"]

# Results are read from at most this many amplitudes (256 MB) at a time.
_CHUNK_AMPLITUDES = 2**24


def exact_results(
    backend: AerBackend, group: TapeGroup, tapes: Sequence[Any], states: NDArray[np.complex128] | None = None
) -> dict[int, Any]:
    """Results of noise-free tapes without shots.

    Args:
        backend: runs the program.
        group: tapes of one structure.
        tapes: all tapes; the group says which are its own.
        states: final states of all of the group's rows where they are known, else they are run in parts.

    Returns:
        Result per tape number, in PennyLane's shapes.
    """
    n_qubits = group.program.n_qubits
    results: dict[int, Any] = {}
    limit = max(1, _CHUNK_AMPLITUDES >> n_qubits)
    for numbers, rows in _parts(group, limit):
        if states is None and rows.stop - rows.start > limit:
            ((number, _),) = numbers
            results[number] = _measure_long(backend, group, rows, tapes[number], limit)
            continue
        part = backend.states(group.program, *group.part(rows)) if states is None else states[rows]
        for number, own in numbers:
            results[number] = _measure(
                tapes[number], part[own.start - rows.start : own.stop - rows.start], n_qubits
            )
    return results


def mixed_results(backend: AerBackend, group: TapeGroup, tapes: Sequence[Any]) -> dict[int, Any]:
    """Exact results of noisy tapes, from density matrices; arguments as for `exact_results`."""
    from pennylane.devices.qubit_mixed.measure import measure

    n_qubits = group.program.n_qubits
    results: dict[int, Any] = {}
    for numbers, rows in _parts(group, max(1, _CHUNK_AMPLITUDES >> 2 * n_qubits)):
        densities = backend.densities(group.program, *group.part(rows))
        for number, own in numbers:
            part = densities[own.start - rows.start : own.stop - rows.start]
            batched = tapes[number].batch_size is not None
            tensor = part.reshape(((len(part),) if batched else ()) + (2,) * (2 * n_qubits))
            values = [
                _read_with_noise(backend, group, own, m, batched)
                if backend.noisy_readout and isinstance(m, ProbabilityMP) and m.obs is None
                else measure(m, tensor, is_state_batched=batched)
                for m in tapes[number].measurements
            ]
            results[number] = values[0] if len(values) == 1 else tuple(values)
    return results


def _read_with_noise(
    backend: AerBackend, group: TapeGroup, rows: slice, measurement: Any, batched: bool
) -> Any:
    """Probabilities of what is read, noise of the readout included."""
    n_qubits = group.program.n_qubits
    wires = [int(wire) for wire in measurement.wires] or list(range(n_qubits))
    table, initial = group.part(rows)
    probabilities = backend.probabilities(group.program, table, wires, initial)
    return probabilities if batched else probabilities[0]


def sampling_key(tape: Any) -> Any:
    """What tapes with shots must share, besides their structure, to be sampled together."""
    (measurement,) = tape.measurements
    return type(measurement), measurement.wires.labels, tape.shots.total_shots


def sampled_results(backend: AerBackend, group: TapeGroup, tapes: Sequence[Any], seed: int) -> dict[int, Any]:
    """Results of tapes with shots.

    Args:
        backend: draws the samples.
        group: tapes of one structure that agree in `sampling_key`; each has a single measurement, of
            probabilities (frequencies are returned) or of samples, in the computational basis.
        tapes: all tapes; the group says which are its own.
        seed: of the samples.

    Returns:
        Result per tape number, in PennyLane's shapes.
    """
    first = tapes[group.numbers[0]]
    (measurement,) = first.measurements
    wires = Wires(measurement.wires) if len(measurement.wires) else first.wires
    columns = [int(wire) for wire in wires]
    shots = first.shots.total_shots
    data: NDArray[Any]
    if isinstance(measurement, ProbabilityMP):
        counts = backend.counts(group.program, group.table, columns, shots, seed, group.initial)
        data = np.zeros((len(counts), 2 ** len(columns)))
        for row, (outcomes, multiplicities) in enumerate(counts):
            data[row, outcomes] = multiplicities / shots
    else:
        data = backend.samples(group.program, group.table, columns, shots, seed, group.initial)
    results: dict[int, Any] = {}
    for number, rows in zip(group.numbers, group.rows):
        own = data[rows.start] if tapes[number].batch_size is None else data[rows]
        results[number] = _partitioned(tapes[number], measurement, own, wires)
    return results


def _partitioned(tape: Any, measurement: Any, data: NDArray[Any], wires: Any) -> Any:
    if isinstance(measurement, ProbabilityMP):
        return data
    bits = data.astype(np.int64)
    if not tape.shots.has_partitioned_shots:
        return measurement.process_samples(bits, wires)
    return tuple(
        measurement.process_samples(bits[..., start:stop, :], wires) for start, stop in tape.shots.bins()
    )


def _parts(group: TapeGroup, rows: int) -> Iterator[tuple[list[tuple[int, slice]], slice]]:
    """Consecutive tapes of a group with at most ``rows`` rows together, or a single larger one."""
    numbers: list[tuple[int, slice]] = []
    start = 0
    for number, own in zip(group.numbers, group.rows):
        if numbers and own.stop - start > rows:
            yield numbers, slice(start, own.start)
            numbers, start = [], own.start
        numbers.append((number, own))
    yield numbers, slice(start, len(group.table))


def _measure_long(backend: AerBackend, group: TapeGroup, rows: slice, tape: Any, limit: int) -> Any:
    """Results of one tape whose batch is too long to be held at once."""
    pieces = []
    for start in range(rows.start, rows.stop, limit):
        table, initial = group.part(slice(start, min(start + limit, rows.stop)))
        values = _measure(tape, backend.states(group.program, table, initial), group.program.n_qubits)
        pieces.append(values if len(tape.measurements) > 1 else (values,))
    joined = tuple(np.concatenate(values) for values in zip(*pieces))
    return joined if len(joined) > 1 else joined[0]


def _measure(tape: Any, states: NDArray[np.complex128], n_qubits: int) -> Any:
    """The tape's results from its final states, shape (B, 2**N)."""
    readout = pauli_readout(tape.measurements, n_qubits)
    if readout is not None:
        values = list(readout.values(states).T)
    else:
        values = measure_tensors(tape.measurements, states, n_qubits)
    if tape.batch_size is None:
        values = [value[0] for value in values]
    return values[0] if len(values) == 1 else tuple(values)
