"""The Walsh-Hadamard transform of a long vector, in place: y(m) = sum_x (-1)^popcount(m & x) v(x).

It turns the coefficients of products of Z into the energies of all basis states, and a vector over basis
states into its overlaps with all products of Z. The low bits are done block by block in a core's own cache,
the high ones on panels of columns that are copied to a buffer and back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import vector_lanes
from .compiled import compile_kernel
from .diagonal_layout import aligned
from .errors import CircuitError
from .row_threads import run_in_parts
from .vector_lanes import exchange, load, store

__all__ = ["walsh_hadamard"]

_USES = (vector_lanes,)
_BLOCK_BITS, _COLUMN_BITS, _ROW_BITS = 12, 5, 9
_SIGNS = np.array([1.0 - 2.0 * (lane >> bit & 1) for bit in range(3) for lane in range(8)])


def _butterflies(data: Any, begin: int, low: int, high: int) -> None:
    """Bits ``low`` (at least 3) to ``high`` - 1 of the 2**high numbers from ``begin`` on."""
    bit = low
    while bit < high:
        one = 1 << bit
        if high - bit >= 2:
            for outer in range(begin, begin + (1 << high), 4 * one):
                for at in range(outer, outer + one, 8):
                    a, b = load(data, at), load(data, at + one)
                    c, d = load(data, at + 2 * one), load(data, at + 3 * one)
                    total, difference = a + b, a - b
                    other_total, other_difference = c + d, c - d
                    store(data, at, total + other_total)
                    store(data, at + one, difference + other_difference)
                    store(data, at + 2 * one, total - other_total)
                    store(data, at + 3 * one, difference - other_difference)
            bit += 2
        else:
            for outer in range(begin, begin + (1 << high), 2 * one):
                for at in range(outer, outer + one, 8):
                    a, b = load(data, at), load(data, at + one)
                    store(data, at, a + b)
                    store(data, at + one, a - b)
            bit += 1


butterflies = compile_kernel(_butterflies, uses=_USES)


def _low_bits(data: Any, first: int, last: int, block_bits: int, signs: Any) -> None:
    for block in range(first, last):
        begin = block << block_bits
        for at in range(begin, begin + (1 << block_bits), 8):
            a = load(data, at)
            a = exchange(a, 1) + load(signs, 0) * a
            a = exchange(a, 2) + load(signs, 8) * a
            a = exchange(a, 4) + load(signs, 16) * a
            store(data, at, a)
        butterflies(data, begin, 3, block_bits)


def _high_bits(data: Any, first: int, last: int, bit: int, bits: int, column_bits: int, buffer: Any) -> None:
    """``bits`` bits from ``bit`` on, for the panels ``first`` to ``last`` - 1 of 2**column_bits columns."""
    columns = 1 << column_bits
    panels_per_group = 1 << (bit - column_bits)
    for panel in range(first, last):
        group = panel // panels_per_group
        begin = (group << (bit + bits)) + ((panel % panels_per_group) << column_bits)
        for row in range(1 << bits):
            for at in range(0, columns, 8):
                store(buffer, row * columns + at, load(data, begin + (row << bit) + at))
        butterflies(buffer, 0, column_bits, column_bits + bits)
        for row in range(1 << bits):
            for at in range(0, columns, 8):
                store(data, begin + (row << bit) + at, load(buffer, row * columns + at))


low_bits = compile_kernel(_low_bits, uses=_USES)
high_bits = compile_kernel(_high_bits, uses=_USES)


def walsh_hadamard(vector: NDArray[np.float64], *, threads: int | None = None) -> NDArray[np.float64]:
    """Transform a vector in place, without a factor: twice gives the vector times its length.

    Args:
        vector: contiguous float64 that can be written, shape (2**n,).
        threads: most threads; None for all. The result does not depend on it.

    Returns:
        The vector.

    Raises:
        CircuitError: another kind of array.

    Example:
        >>> walsh_hadamard(np.array([0.0, 1.0, 0.0, 0.0])).tolist()
        [1.0, -1.0, 1.0, -1.0]
    """
    size = vector.size
    if (
        vector.dtype != np.float64
        or vector.ndim != 1
        or not (vector.flags.c_contiguous and vector.flags.writeable)
        or size < 1
        or size & (size - 1)
    ):
        raise CircuitError(
            f"the vector is {vector.dtype} of shape {vector.shape}; a contiguous, writable float64 vector of "
            "length 2**n is needed"
        )
    n_bits = size.bit_length() - 1
    if n_bits < 3:
        for bit in range(n_bits):
            pairs = vector.reshape(-1, 2, 1 << bit)
            pairs[:] = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1)
        return vector
    block_bits = min(n_bits, _BLOCK_BITS)

    def low(some: slice) -> None:
        low_bits(vector, some.start, some.stop, block_bits, _SIGNS)

    run_in_parts(low, 1 << (n_bits - block_bits), (block_bits << block_bits) >> 5, threads)
    bit = block_bits
    while bit < n_bits:
        bits = min(_ROW_BITS, n_bits - bit)

        def high(some: slice, bit: int = bit, bits: int = bits) -> None:
            buffer = aligned(1 << (bits + _COLUMN_BITS), np.float64)
            high_bits(vector, some.start, some.stop, bit, bits, _COLUMN_BITS, buffer)

        run_in_parts(high, 1 << (n_bits - bits - _COLUMN_BITS), (bits << (bits + _COLUMN_BITS)) >> 5, threads)
        bit += bits
    return vector
