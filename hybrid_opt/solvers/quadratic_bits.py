"""A QUBO as arrays, for solvers that look at parts of it: energies, flips, parts, components.

Shapes: n bits, k bits of a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dimod
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["QuadraticBits"]


@dataclass(frozen=True, eq=False)
class QuadraticBits:
    """Energy offset + linear . x + half of x . couplings . x over bits x.

    Attributes:
        linear: weight of each bit, shape (n,).
        couplings: symmetric, zero diagonal, shape (n, n), sparse.
        offset: constant energy.
    """

    linear: NDArray[np.float64]
    couplings: csr_array
    offset: float = 0.0

    @classmethod
    def from_bqm(cls, bqm: dimod.BinaryQuadraticModel) -> QuadraticBits:
        """Read a BINARY model; bit i is variable i of ``bqm.variables``.

        Args:
            bqm: the model, not changed.

        Returns:
            The same energies as arrays; couplings that are exactly zero are left out.

        Example:
            >>> bqm = dimod.BinaryQuadraticModel({"a": 1.0, "b": -2.0}, {"ab": 3.0}, 0.5, "BINARY")
            >>> QuadraticBits.from_bqm(bqm).energy(np.array([1, 1]))
            2.5
        """
        from scipy.sparse import coo_array

        linear, (first, second, weight), offset = bqm.to_numpy_vectors(variable_order=list(bqm.variables))
        rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
        n = len(linear)
        values = np.concatenate([weight, weight]).astype(np.float64)
        couplings = coo_array((values, (rows, columns)), shape=(n, n)).tocsr()
        couplings.eliminate_zeros()
        return cls(np.asarray(linear, dtype=np.float64), couplings, float(offset))

    def to_bqm(self) -> dimod.BinaryQuadraticModel:
        """The same energies as a dimod BINARY model with variables 0 to n - 1."""
        upper = self.couplings.tocoo()
        keep = upper.row < upper.col
        vectors = (upper.row[keep], upper.col[keep], upper.data[keep])
        return dimod.BinaryQuadraticModel.from_numpy_vectors(
            self.linear, vectors, self.offset, "BINARY", variable_order=list(range(len(self.linear)))
        )

    @property
    def n_bits(self) -> int:
        """Number of bits, n."""
        return len(self.linear)

    @property
    def noise(self) -> float:
        """Energy difference that rounding of the sums involved can make."""
        return 1e-12 * (float(np.abs(self.linear).sum()) + float(np.abs(self.couplings.data).sum()) / 2)

    def energy(self, bits: NDArray[Any]) -> float:
        """Energy of one bit string of shape (n,)."""
        x = np.asarray(bits, dtype=np.float64)
        return float(self.offset + self.linear @ x + 0.5 * (x @ (self.couplings @ x)))

    def flip_costs(self, bits: NDArray[Any]) -> NDArray[np.float64]:
        """By how much the energy rises when one bit is flipped, for each bit, shape (n,).

        Args:
            bits: one bit string, shape (n,).

        Example:
            >>> bqm = dimod.BinaryQuadraticModel({0: 1.0, 1: -2.0}, {(0, 1): 3.0}, 0.0, "BINARY")
            >>> QuadraticBits.from_bqm(bqm).flip_costs(np.array([0, 1])).tolist()
            [4.0, 2.0]
        """
        x = np.asarray(bits, dtype=np.float64)
        return np.asarray((1 - 2 * x) * (self.linear + self.couplings @ x))

    def part(self, positions: NDArray[np.int64], bits: NDArray[Any]) -> QuadraticBits:
        """The energy as a function of some bits, the others held fixed, up to a constant.

        Args:
            positions: the bits that stay free, shape (k,).
            bits: values of all bits, shape (n,); those at ``positions`` play no part.

        Returns:
            A model of k bits in the order of ``positions``, without an offset: energies of two strings differ
            by as much as those of the whole.
        """
        held = np.array(bits, dtype=np.float64)
        held[positions] = 0.0
        rows = self.couplings[positions]
        return QuadraticBits(self.linear[positions] + rows @ held, rows[:, positions].tocsr())

    def components(self, positions: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Split bits into sets between which no coupling runs.

        Args:
            positions: the bits to look at, shape (k,); couplings to the others do not count.

        Returns:
            Their positions, each set in ascending order, smallest set first.

        Example:
            >>> bqm = dimod.BinaryQuadraticModel({0: 1.0, 1: 1.0, 2: 1.0}, {(0, 1): 3.0}, 0.0, "BINARY")
            >>> [part.tolist() for part in QuadraticBits.from_bqm(bqm).components(np.arange(3))]
            [[2], [0, 1]]
        """
        from scipy.sparse.csgraph import connected_components

        positions = np.sort(positions)
        if not len(positions):
            return []
        count, labels = connected_components(self.couplings[positions][:, positions], directed=False)
        order = np.argsort(labels, kind="stable")
        parts = np.split(positions[order], np.cumsum(np.bincount(labels, minlength=count))[:-1])
        return sorted(parts, key=len)
