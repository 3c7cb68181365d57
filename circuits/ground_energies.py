"""The exact ground energy by sparse diagonalization, the yardstick of a variational one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import whole_number
from .errors import CircuitError, CircuitTooLargeError
from .vqe_hamiltonian import read_hamiltonian

__all__ = ["ground_energy"]

_DENSE = 128  # rows up to which a dense diagonalization is faster and never fails to converge


def ground_energy(
    hamiltonian: Any,
    *,
    electrons: int | None = None,
    wires: Iterable[Hashable] | None = None,
    max_qubits: int = 16,
) -> float:
    """The lowest eigenvalue.

    Args:
        hamiltonian: as for `VQE`.
        electrons: look only at states with so many qubits in 1. A molecule's Hamiltonian on qubits holds its
            ions too, and one of them may have the lower energy.
        wires: as for `read_hamiltonian`.
        max_qubits: refuse more.

    Returns:
        The energy, constant included; by Lanczos iteration (ARPACK) to machine precision, by dense
        diagonalization for small matrices, as the smallest entry of diagonal ones.

    Raises:
        CircuitError: an operator that cannot be read, or one that changes the number of electrons.
        CircuitTooLargeError: more qubits than ``max_qubits``, or a matrix that does not fit into memory.

    Example:
        >>> import pennylane as qml
        >>> round(ground_energy(qml.Z(0) @ qml.Z(1) + qml.X(0)), 6)
        -1.414214
    """
    read = read_hamiltonian(hamiltonian, wires)
    max_qubits = whole_number("max_qubits", max_qubits, 1)
    if read.n_qubits > max_qubits:
        raise CircuitTooLargeError(
            f"the Hamiltonian acts on {read.n_qubits} qubits; exact diagonalization is set to at most "
            f"{max_qubits}. Raise max_qubits if memory and patience allow"
        )
    matrix = read.matrix()
    if electrons is not None:
        matrix = _sector(matrix, read.n_qubits, whole_number("electrons", electrons, 0))
    if read.diagonal:
        return float(matrix.diagonal().min())
    return _lowest(matrix)


def _sector(matrix: Any, n_qubits: int, electrons: int) -> Any:
    if electrons > n_qubits:
        raise CircuitError(f"electrons is {electrons}; there are {n_qubits} qubits for them")
    counts = np.bitwise_count(np.arange(2**n_qubits))
    inside: NDArray[np.intp] = np.flatnonzero(counts == electrons)
    rows = matrix[inside]
    if np.abs(rows[:, np.flatnonzero(counts != electrons)]).max() > 1e-9 * max(1.0, np.abs(rows).max()):
        raise CircuitError(
            f"electrons is {electrons}, but the Hamiltonian changes the number of qubits in 1; leave it out"
        )
    return rows[:, inside]


def _lowest(matrix: Any) -> float:
    from scipy.sparse.linalg import eigsh

    size = matrix.shape[0]
    if size <= _DENSE:
        return float(np.linalg.eigvalsh(matrix.toarray())[0])
    # ARPACK draws its start from a global stream unless it is given one.
    start = np.random.default_rng(0).normal(size=size)
    values = eigsh(matrix, k=1, which="SA", v0=start, return_eigenvectors=False)
    return float(values[0])
