"""One state shared by several threads, gate by gate, where a state is too large for a cache.

All vectors are divided into eight parts by three bits that are no targets or controls of the gate. The parts
do not depend on the number of threads, and so neither do the results.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .adjoint_sweep import differentiate
from .gate_encoding import EncodedProgram
from .half_angles import HalfAngles
from .row_threads import run_in_parts
from .statevector_kernels import BOUND
from .statevector_sweep import apply, read, write

__all__ = ["split_backward", "split_forward"]

_HELD_BITS = 3


def _parts(free: int) -> tuple[int, list[int]]:
    """Up to three of the highest of some bits together, and all numbers made of them."""
    held = 0
    parts = [0]
    for _ in range(min(_HELD_BITS, free.bit_count())):
        bit = 1 << (free.bit_length() - 1)
        free ^= bit
        held |= bit
        parts += [part | bit for part in parts]
    return held, parts


class _Split:
    """A row's working states, and the gates on all their parts."""

    def __init__(
        self,
        encoded: EncodedProgram,
        angles: HalfAngles,
        row: int,
        count: int,
        n_states: int,
        threads: int | None,
    ) -> None:
        self.encoded, self.angles, self.row, self.count, self.threads = encoded, angles, row, count, threads
        self.n_states = n_states
        self.state = np.empty(16 * count * n_states)

    def apply(self, number: int, inverse: bool) -> None:
        encoded, angles = self.encoded, self.angles
        count = self.count * self.n_states
        held, parts = _parts((count - 1) & ~int(encoded.operations[number, BOUND]))

        def work(own: slice) -> None:
            buffer = np.empty(encoded.buffer_size)
            for part in parts[own]:
                apply(
                    self.state, count, encoded.operations, number, inverse, encoded.places, encoded.constants,
                    angles.cosines, angles.sines, angles.n_slots, self.row, encoded.shift, held, part, buffer,
                )  # fmt: skip

        run_in_parts(work, len(parts), count // len(parts), self.threads)

    def differentiate(self, number: int, slopes: NDArray[np.float64]) -> None:
        """Add to the slopes of every part, shape (8, S * W)."""
        encoded, angles = self.encoded, self.angles
        held, parts = _parts((self.count - 1) & ~int(encoded.operations[number, BOUND]))

        def work(own: slice) -> None:
            buffer = np.empty(encoded.buffer_size)
            for place in range(own.start, own.stop):
                differentiate(
                    self.state, self.count, encoded.operations, number, encoded.constants, angles.cosines,
                    angles.sines, angles.n_slots, slopes[place], self.row, encoded.shift, held, parts[place],
                    buffer,
                )  # fmt: skip

        run_in_parts(work, len(parts), self.count // len(parts), self.threads)


def split_forward(
    encoded: EncodedProgram,
    angles: HalfAngles,
    initial: NDArray[np.complex128],
    final: NDArray[np.complex128],
    rows: range,
    threads: int | None,
) -> None:
    """Write the final states of some rows, one row after the other.

    Args:
        encoded: the program, encoded by rows.
        angles: of the table.
        initial: as from `row_tasks.check_initial`.
        final: written, shape (B, 2**N).
        rows: which rows.
        threads: most threads; None or 0 for all.
    """
    count = final.shape[1] >> encoded.shift
    for row in rows:
        split = _Split(encoded, angles, row, count, 1, threads)
        if len(initial):
            read(split.state, 0, initial, len(final), row, encoded.shift)
        else:
            split.state[:] = 0.0
            split.state[0] = 1.0
        for number in range(len(encoded.operations)):
            split.apply(number, False)
        write(split.state, 0, final, row, encoded.shift)


def split_backward(
    encoded: EncodedProgram,
    needed: NDArray[np.bool_],
    stop: int,
    angles: HalfAngles,
    states: NDArray[np.complex128],
    cotangents: NDArray[np.complex128],
    slopes: NDArray[np.float64],
    initial: NDArray[np.complex128],
    rows: range,
    threads: int | None,
) -> None:
    """The adjoint sweep of some rows, one row after the other; see `adjoint_sweep.sweep_backward`.

    Args:
        encoded: the program, encoded by rows.
        needed: which operations have a wanted angle, shape (G,).
        stop: the first operation that has to be looked at.
        angles: of the table.
        states: shape (B, 2**N).
        cotangents: shape (B, 2**N).
        slopes: added to, in the order of the angles.
        initial: written, shape (B, 2**N), or (0, 2**N) where initial cotangents are not wanted.
        rows: which rows.
        threads: most threads; None or 0 for all.
    """
    count = states.shape[1] >> encoded.shift
    by_part = np.zeros((2**_HELD_BITS, len(slopes)))
    for row in rows:
        split = _Split(encoded, angles, row, count, 2, threads)
        read(split.state, 0, states, len(states), row, encoded.shift)
        read(split.state, 16 * count, cotangents, len(states), row, encoded.shift)
        for number in range(len(encoded.operations) - 1, stop - 1, -1):
            if needed[number]:
                split.differentiate(number, by_part)
            if number > stop or len(initial):
                split.apply(number, True)
        if len(initial):
            write(split.state, 16 * count, initial, row, encoded.shift)
    slopes += by_part.sum(axis=0)
