"""Programs as flat arrays for the compiled sweeps, encoded once per program.

There are two encodings (see `statevector_kernels`). In the first the lanes of a vector are eight rows of a
batch, in the second three bits of one row's index (see `lane_layouts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .gate_lowering import Operation, lower_gates
from .lane_layouts import with_relayouts
from .program import Program
from .statevector_kernels import (
    AMPLITUDES,
    BOUND,
    CODE,
    FIRST,
    MASK,
    MATRIX,
    N_ANGLES,
    N_COLUMNS,
    PLACES,
    SECOND,
    SIGN,
    SIZE,
    SLOT,
    UNITARY,
)
from .vector_lanes import WIDTH

__all__ = ["EncodedProgram", "encode_program"]

# Bits of the index that are lanes where a vector belongs to one row, and the number of masks of them.
_LANE_BITS, _N_MASKS = 3, 8


@dataclass(frozen=True, eq=False)
class EncodedProgram:
    """A program for the compiled sweeps.

    Args:
        shift: 0 where lanes are rows, 3 where they are the lowest bits of the index.
        operations: shape (G, N_COLUMNS), see `statevector_kernels`.
        places: vectors that belong together, for operations on more than two.
        constants: first the lanes of every mask, then entries of matrices, real and imaginary parts in turn.
        buffer_size: numbers of the buffer that a sweep needs.
    """

    shift: int
    operations: NDArray[np.int64]
    places: NDArray[np.int64]
    constants: NDArray[np.float64]
    buffer_size: int

    def needed(self, wanted: NDArray[np.bool_] | None) -> tuple[NDArray[np.bool_], int]:
        """Which operations have an angle in a wanted column of the table.

        Args:
            wanted: shape (S,); None for all.

        Returns:
            Shape (G,), and the number of the first of them, or G if there is none.
        """
        if wanted is None:
            return self._needed_by_all
        slots, angles = self.operations[:, SLOT], self.operations[:, N_ANGLES]
        before = np.concatenate([[0], np.cumsum(wanted)])
        return _with_first(before[slots + angles] > before[slots])

    @cached_property
    def _needed_by_all(self) -> tuple[NDArray[np.bool_], int]:
        return _with_first(self.operations[:, N_ANGLES] > 0)


def _with_first(needed: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    return needed, int(needed.argmax()) if needed.any() else len(needed)


def _written(operations: list[Operation], shift: int) -> EncodedProgram:
    rows: list[list[int]] = []
    places: list[int] = []
    entries: list[complex] = []
    for operation in operations:
        controls = operation.controls >> shift
        row = [0] * N_COLUMNS
        row[CODE] = operation.code
        row[FIRST] = operation.first >> shift | controls
        row[SECOND] = operation.second >> shift | controls
        row[BOUND] = operation.targets >> shift | controls
        row[MASK] = operation.controls & ((1 << shift) - 1)
        row[SLOT] = operation.slot
        row[N_ANGLES] = operation.angles
        row[MATRIX] = _N_MASKS * WIDTH + 2 * len(entries)
        row[PLACES] = len(places)
        row[SIZE] = len(operation.places)
        row[SIGN] = operation.sign
        rows.append(row)
        places += [place >> shift for place in operation.places]
        entries += operation.matrix
    lanes = np.arange(WIDTH)
    masks = (lanes & lanes[:_N_MASKS, None]) == lanes[:_N_MASKS, None]
    matrices = np.array(entries, dtype=np.complex128).view(np.float64)
    largest = max((len(operation.places) for operation in operations if operation.code == UNITARY), default=0)
    return EncodedProgram(
        shift,
        np.array(rows, dtype=np.int64).reshape(-1, N_COLUMNS),
        np.array(places, dtype=np.int64),
        np.concatenate([masks.ravel().astype(np.float64), matrices]),
        AMPLITUDES + 2 * WIDTH * largest,
    )


_encoded: WeakKeyDictionary[Program, dict[bool, EncodedProgram | None]] = WeakKeyDictionary()
_lock = Lock()


def encode_program(program: Program, *, by_rows: bool = False) -> EncodedProgram | None:
    """Encode a program, or find it again.

    Args:
        program: without channels.
        by_rows: whether the lanes are the lowest bits of one row's index, else rows of a batch.

    Returns:
        Its arrays. None with ``by_rows`` where that is impossible: fewer than six qubits, or a gate on so
        many targets that no bits are left for the lanes.

    Raises:
        CircuitError: a channel, or a gate that is put together wrongly.

    Example:
        >>> from .gates import Gate
        >>> program = Program(1, (Gate("rx", (0,), (), 0),), 1)
        >>> encode_program(program).operations.shape
        (1, 11)
    """
    known = _encoded.get(program)
    if known is not None and by_rows in known:
        return known[by_rows]
    operations: list[Operation] | None = lower_gates(program)
    if by_rows and operations is not None:
        operations = with_relayouts(program.n_qubits, operations)
    result = None if operations is None else _written(operations, _LANE_BITS if by_rows else 0)
    with _lock:
        return _encoded.setdefault(program, {}).setdefault(by_rows, result)
