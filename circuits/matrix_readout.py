"""The expectation value of one sparse Hermitian matrix: one product with the states instead of one per word.

A molecule has hundreds of Pauli words but few different sets of qubits that they flip, so that its sparse
matrix is applied much faster than its words one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MatrixReadout"]


class MatrixReadout:
    """Expectation value of a sparse Hermitian matrix; a `Readout` of one output for exact states.

    Args:
        matrix: ``scipy.sparse`` matrix, shape (2**N, 2**N).

    Attributes:
        n_outputs: 1.

    Example:
        >>> from scipy.sparse import csr_array
        >>> readout = MatrixReadout(csr_array(np.array([[1.0, 0.0], [0.0, -1.0]])))
        >>> readout.values(np.array([[0.6, 0.8]], dtype=complex)).round(6).tolist()
        [[-0.28]]
    """

    n_outputs = 1

    def __init__(self, matrix: Any) -> None:
        # A real matrix would be converted at every product with complex states.
        self._matrix = matrix.astype(np.complex128)
        self._applied: tuple[Any, Any] = (None, None)

    def _times(self, states: NDArray[np.complex128]) -> NDArray[np.complex128]:
        known, applied = self._applied
        if known is not states:
            applied = np.ascontiguousarray((self._matrix @ states.T).T)
            self._applied = (states, applied)
        product: NDArray[np.complex128] = applied
        return product

    def values(self, states: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Expectation values.

        Args:
            states: shape (B, 2**N); must not be changed before `cotangents`.

        Returns:
            Shape (B, 1).
        """
        return np.asarray(np.einsum("bi,bi->b", states.conj(), self._times(states)).real[:, None])

    def cotangents(
        self, states: NDArray[np.complex128], weights: NDArray[np.float64]
    ) -> NDArray[np.complex128]:
        """Derivative of the weighted value with respect to the states, 2 weights[b, 0] H psi_b.

        Args:
            states: shape (B, 2**N).
            weights: shape (B, 1).

        Returns:
            Shape (B, 2**N).
        """
        product = 2 * weights * self._times(states)
        self._applied = (None, None)
        return product
