"""Tapes of one structure, put together into one table, so that a batch of tapes becomes one simulation."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .program import Program
from .tape_reading import BoundProgram, read_tape

__all__ = ["TapeGroup", "group_tapes"]


@dataclass(frozen=True, eq=False)
class TapeGroup:
    """Tapes that share a program.

    Args:
        program: their structure.
        table: the rows of all of them, shape (B, S).
        initial: the states they start from, shape (B, 2**N), or None.
        numbers: which tapes they are.
        rows: each tape's rows of the table, in the order of ``numbers``.
        slots: column per parameter of a tape, see `BoundProgram`.
    """

    program: Program
    table: NDArray[np.float64]
    initial: NDArray[np.complex128] | None
    numbers: tuple[int, ...]
    rows: tuple[slice, ...]
    slots: tuple[int, ...]

    def same_rows(self, other: TapeGroup) -> bool:
        """Whether another group has the same program, angles and initial states."""
        if self.program is not other.program or not np.array_equal(self.table, other.table):
            return False
        if self.initial is None or other.initial is None:
            return self.initial is other.initial
        return np.array_equal(self.initial, other.initial)

    def part(self, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.complex128] | None]:
        """Some rows of the table and the states they start from."""
        return self.table[rows], None if self.initial is None else self.initial[rows]


def group_tapes(
    tapes: Sequence[Any],
    numbers: Sequence[int] | None = None,
    key: Any = None,
    *,
    n_qubits: int | None = None,
) -> list[TapeGroup]:
    """Group tapes by structure.

    Args:
        tapes: native operations on the wires 0 ... N - 1.
        numbers: which of them to take; None for all.
        key: a function of a tape; tapes for which it differs are kept apart. None for structure alone.
        n_qubits: number of wires N; None for each tape's own.

    Returns:
        Groups in the order of their first tapes.

    Raises:
        CircuitError: a tape that `read_tape` refuses.

    Example:
        >>> import pennylane as qml
        >>> tapes = [qml.tape.QuantumScript([qml.RX(x, 0)]) for x in (0.1, 0.2)]
        >>> [(group.numbers, group.table.tolist()) for group in group_tapes(tapes)]
        [((0, 1), [[0.1], [0.2]])]
    """
    members: dict[tuple[int, Hashable], list[tuple[int, BoundProgram]]] = {}
    for number in range(len(tapes)) if numbers is None else numbers:
        bound = read_tape(tapes[number], n_qubits)
        # Same structure, same object: see read_tape. The group keeps it alive, so ids stay distinct.
        label = (id(bound.program), None if key is None else key(tapes[number]))
        members.setdefault(label, []).append((number, bound))
    return [_join(group) for group in members.values()]


def _join(group: list[tuple[int, BoundProgram]]) -> TapeGroup:
    program, slots = group[0][1].program, group[0][1].slots
    lengths = [len(bound.table) for _, bound in group]
    ends = np.cumsum(lengths).tolist()
    rows = tuple(slice(end - length, end) for end, length in zip(ends, lengths))
    initial = None
    if program.prepared:
        size = 2**program.n_qubits
        states = [
            np.broadcast_to(np.asarray(bound.initial), (length, size))
            for (_, bound), length in zip(group, lengths)
        ]
        initial = states[0] if len(states) == 1 else np.concatenate(states)
    tables = [bound.table for _, bound in group]
    table = tables[0] if len(tables) == 1 else np.concatenate(tables)
    return TapeGroup(program, table, initial, tuple(number for number, _ in group), rows, slots)
