"""What goes into one run of Aer and how its result is read, with as little Python per row as possible.

A run binds columns of values to one circuit, or, where rows start from different states, to one circuit per
state; or it takes stacks, circuits that hold many rows each (see ``aer_stack``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from .aer_circuit import AerCircuit

if TYPE_CHECKING:
    from .simulators import Counts

__all__ = ["AerRun", "plan_rows", "plan_stacks", "read_counts", "read_samples", "run_seed"]


@dataclass(frozen=True, eq=False)
class AerRun:
    """Arguments of one ``AerSimulator.run``, and which result belongs to which rows.

    Attributes:
        circuits: what is run; the same circuit may be listed more than once.
        binds: for each circuit its columns; None where no circuit has a parameter.
        n_results: how many results there will be.
        rows: for every result the rows it is for, all of which it suits; None where result b is for row b.
        weights: for every result that is a stack of its rows, the factor by which the rows' probabilities
            exceed those of the stack; None where results are no stacks.
    """

    circuits: list[QuantumCircuit]
    binds: list[dict[Any, list[float]]] | None
    n_results: int
    rows: list[list[int]] | None = None
    weights: list[int] | None = None


def plan_rows(
    source: AerCircuit,
    ending: QuantumCircuit,
    table: NDArray[np.float64],
    initial: NDArray[np.complex128] | None,
    *,
    spare: bool = False,
    parts: int = 1,
) -> AerRun:
    """A run with one result per row.

    Args:
        source: where the circuit comes from.
        ending: the circuit with what is saved or measured at its end.
        table: angles in radians, shape (B, S), B at least 1.
        initial: the state all rows start from, shape (2**N,), or one per row, shape (B, 2**N), or None.
        spare: whether the circuit has the spare parameter.
        parts: how often the circuit is listed, each with its part of the rows, so that Aer works on that many
            at a time.

    Returns:
        The run. Rows that cannot differ share a result, unless there is a spare parameter.
    """
    bound = source.has_parameters or spare
    if initial is None or initial.ndim == 1:
        circuit = ending if initial is None else source.prepared(ending, initial)
        if not bound:
            return AerRun([circuit], None, 1, [list(range(len(table)))])
        tables = np.array_split(table, min(parts, len(table)))
        binds = [source.binds(part, spare=spare) for part in tables]
        return AerRun([circuit] * len(tables), binds, len(table))
    groups: dict[bytes, list[int]] = {}
    for row, state in enumerate(initial):
        groups.setdefault(state.tobytes(), []).append(row)
    circuits = [source.prepared(ending, initial[rows[0]]) for rows in groups.values()]
    if not bound:
        return AerRun(circuits, None, len(circuits), list(groups.values()))
    binds = [source.binds(table[rows], spare=spare) for rows in groups.values()]
    return AerRun(circuits, binds, len(table), [[row] for rows in groups.values() for row in rows])


def plan_stacks(
    source: AerCircuit,
    what: str,
    wires: Sequence[int],
    table: NDArray[np.float64],
    initial: NDArray[np.complex128] | None,
    rows_per_stack: int,
) -> AerRun:
    """A run with one result per stack of rows.

    Args:
        source: where the circuit comes from, dialect "pure".
        what: "statevector" or "probabilities".
        wires: for probabilities, the wires.
        table: angles in radians, shape (B, S), B at least 1.
        initial: shape (2**N,) or (B, 2**N), or None.
        rows_per_stack: most rows of a stack, a power of two.

    Returns:
        The run.
    """
    varying = (table != table[0]).any(axis=0)
    filled, rows = [], []
    for start in range(0, len(table), rows_per_stack):
        part = table[start : start + rows_per_stack]
        own = initial if initial is None or initial.ndim == 1 else initial[start : start + rows_per_stack]
        index_qubits = (len(part) - 1).bit_length()
        stack = source.stacked(
            what, wires, varying=varying, index_qubits=index_qubits, prepared=own is not None
        )
        filled.append(stack.fill(part, own))
        rows.append(list(range(start, start + len(part))))
    circuits, binds, weights = (list(column) for column in zip(*filled))
    return AerRun(circuits, binds if any(binds) else None, len(circuits), rows, weights)


def run_seed(seed: int, part: int = 0) -> int:
    """The seed of one run: a hash, because Aer gives row b a seed a fixed step above that of row b - 1.

    With seeds handed on as they are, row 1 of one call could repeat row 0 of another.

    Args:
        seed: of the call, at least 0.
        part: number of the run within the call.

    Returns:
        An integer below 2**31.

    Example:
        >>> run_seed(1) != run_seed(2)
        True
    """
    return int(np.random.SeedSequence(seed, spawn_key=(part,)).generate_state(1)[0]) >> 1


def read_counts(results: Sequence[Any]) -> Counts:
    """Outcomes and how often each was drawn, from the hexadecimal words of Aer.

    Args:
        results: entries of a result, one per row.

    Returns:
        For each row outcomes, ascending, and multiplicities.
    """
    known: dict[str, int] = {}
    pairs = []
    for entry in results:
        counts = entry.data.counts
        for word in counts:
            if word not in known:
                known[word] = int(word, 16)
        outcomes = np.array([known[word] for word in counts], dtype=np.int64)
        multiplicities = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
        order = outcomes.argsort()
        pairs.append((outcomes[order], multiplicities[order]))
    return pairs


def read_samples(results: Sequence[Any], shots: int, n_wires: int) -> NDArray[np.uint8]:
    """Bits in the order drawn.

    Args:
        results: entries of a result, one per row.
        shots: samples per row.
        n_wires: measured wires W.

    Returns:
        Shape (rows, shots, W), the first wire being the most significant bit of an outcome.
    """
    known: dict[str, int] = {}
    bits = np.empty((len(results), shots, n_wires), dtype=np.uint8)
    places = np.arange(n_wires)[::-1]
    for row, entry in enumerate(results):
        words = entry.data.memory
        known.update((word, int(word, 16)) for word in set(words).difference(known))
        outcomes = np.fromiter(map(known.__getitem__, words), dtype=np.int64, count=shots)
        bits[row] = (outcomes[:, None] >> places) & 1
    return bits
