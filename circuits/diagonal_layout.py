"""How a state of the diagonal engine lies in memory.

The stored index has wire 0 as its most significant bit. Two things change it: small states are padded with
low bits that nothing acts on, so that a vector register is filled (every amplitude then stands there several
times), and a state whose cost does not change when all bits are flipped is stored by its half with wire 0 in
|0>, for the amplitude of x is that of its complement. The turn of wire 0 then pairs y with its complement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["StateLayout", "aligned"]

_LEAST_BITS = {8: 6, 4: 7}
# States of so few bits are one block; others have blocks of at least so many bits, and panels of few rows,
# whose parts of a kilobyte memory delivers fast. Measured from 16 to 26 qubits, see docs/studies.
_WHOLE_BITS, _BLOCK_BITS, _MOST_ROW_BITS, _COLUMN_BITS = 13, 13, 9, 7


def aligned(size: int, dtype: Any) -> NDArray[Any]:
    """A flat array, not initialized, that begins at a multiple of 64 bytes.

    Args:
        size: number of entries.
        dtype: their type.

    Returns:
        Shape (size,).

    Example:
        >>> aligned(3, np.float64).ctypes.data % 64
        0
    """
    kind = np.dtype(dtype)
    raw = np.empty(size * kind.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * kind.itemsize].view(kind)


@dataclass(frozen=True)
class StateLayout:
    """Where amplitudes stand.

    Attributes:
        n_qubits: wires.
        itemsize: bytes of a real number, 8 or 4.
        mirrored: whether only the half with wire 0 in |0> is stored.
        padding: low bits of the stored index that nothing acts on.
        n_bits: bits of the stored index.
        block_bits: of these, those of a block.
        column_bits: bits of the columns of a panel.

    Example:
        >>> layout = StateLayout.of(20, 8, symmetric=True)
        >>> layout.n_bits, layout.block_bits, layout.weight
        (19, 12, 2.0)
    """

    n_qubits: int
    itemsize: int
    mirrored: bool
    padding: int
    n_bits: int
    block_bits: int
    column_bits: int

    @classmethod
    def of(cls, n_qubits: int, itemsize: int, *, symmetric: bool) -> StateLayout:
        """The layout for a number of qubits.

        Args:
            n_qubits: at least 1.
            itemsize: bytes of a real number, 8 or 4.
            symmetric: whether the cost of all states equals that of their complements.

        Returns:
            The layout.
        """
        least = _LEAST_BITS[itemsize]
        mirrored = symmetric and n_qubits - 1 >= least
        bits = n_qubits - mirrored
        padding = max(0, least - bits)
        n_bits = bits + padding
        extra = 1 if itemsize == 4 else 0
        block = max(_BLOCK_BITS + extra - mirrored, n_bits - _MOST_ROW_BITS)
        block = n_bits - mirrored if n_bits <= _WHOLE_BITS + extra else min(n_bits - mirrored, block)
        columns = max(least - 3, min(block - 4, _COLUMN_BITS + extra))
        return cls(n_qubits, itemsize, mirrored, padding, n_bits, block, columns)

    @property
    def dimension(self) -> int:
        """Stored amplitudes."""
        return 1 << self.n_bits

    @property
    def pitch(self) -> int:
        """Distance of the parts of a state; not a power of two, for these share few lines of a cache."""
        return self.dimension + 1024 // self.itemsize

    @property
    def weight(self) -> float:
        """The sum over all amplitudes is this times that over the stored ones."""
        return 2.0 if self.mirrored else 0.5**self.padding

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """Type of a real number."""
        return np.float64 if self.itemsize == 8 else np.float32

    def allocate(self, n_states: int = 1) -> NDArray[Any]:
        """Room for states one after the other, real and imaginary parts apart.

        Args:
            n_states: how many.

        Returns:
            Flat, not initialized; part k begins at ``k * pitch``.
        """
        return aligned(2 * n_states * self.pitch, self.dtype)

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """A vector over all basis states in the order in which the amplitudes are stored.

        Args:
            values: shape (2**n_qubits,).

        Returns:
            Shape (dimension,); a view where possible.
        """
        if self.mirrored:
            return values[: self.dimension]
        return np.repeat(values, 1 << self.padding) if self.padding else values

    def expanded(self, values: NDArray[Any]) -> NDArray[Any]:
        """The opposite of `stored`.

        Args:
            values: shape (dimension,), one per stored amplitude.

        Returns:
            Shape (2**n_qubits,).
        """
        if self.mirrored:
            return np.concatenate([values, values[::-1]])
        return np.ascontiguousarray(values[:: 1 << self.padding])
