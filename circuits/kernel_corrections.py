"""Repairs of measured kernel matrices: undo depolarizing noise, restore positive semi-definiteness.

Shots and noise leave a matrix that is no longer the Gram matrix of anything. T. Hubregtsen et al., "Training
quantum embedding kernels on near-term quantum computers", arXiv 2105.02276, compare the repairs used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import to_floats, whole_number
from .errors import CircuitError

__all__ = ["PSD_METHODS", "correct_depolarizing", "read_corrections", "repair_psd"]

PSD_METHODS = ("clip", "flip", "shift", "nearest")
"""Names that `repair_psd` knows."""

_NOISE_METHODS = ("split_channel", "average", "single")
_ASYMMETRY = 1e-8


def repair_psd(
    gram: ArrayLike, method: str = "clip", *, max_iterations: int = 1000, tolerance: float = 1e-10
) -> NDArray[np.float64]:
    """The matrix made positive semi-definite; one that already is comes back as it is.

    With eigenvalues e_i: "clip" sets negative ones to 0, the nearest matrix in the Frobenius norm; "flip"
    takes |e_i|; "shift" subtracts the lowest e_i from all, which changes the diagonal only. All three change
    the diagonal. "nearest" is the nearest matrix with **unit diagonal**, by alternating projections with
    Dykstra's correction: N. Higham, "Computing the nearest correlation matrix", IMA J. Numer. Anal. 22 (2002)
    329, algorithm 3.3.

    Args:
        gram: symmetric, shape (n, n).
        method: "clip", "flip", "shift" or "nearest".
        max_iterations: most projections of "nearest".
        tolerance: "nearest" stops when the relative change falls below it.

    Returns:
        Shape (n, n), symmetric.

    Raises:
        CircuitError: an unknown method, a matrix that is not square, finite and symmetric, or no convergence.

    Example:
        >>> repair_psd([[1.0, 2.0], [2.0, 1.0]], "clip").round(6).tolist()
        [[1.5, 1.5], [1.5, 1.5]]
        >>> repair_psd([[1.0, 2.0], [2.0, 1.0]], "nearest").round(6).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    if method not in PSD_METHODS:
        raise CircuitError(f"method is {method!r}; it must be one of {', '.join(map(repr, PSD_METHODS))}")
    matrix = _symmetric(gram)
    if method == "nearest":
        return _nearest(matrix, whole_number("max_iterations", max_iterations, 1), tolerance)
    values, vectors = np.linalg.eigh(matrix)
    if not len(values) or values[0] >= 0:
        return matrix
    if method == "shift":
        return np.asarray(matrix - values[0] * np.eye(len(matrix)))
    repaired = np.maximum(values, 0) if method == "clip" else np.abs(values)
    return _from_spectrum(repaired, vectors)


def correct_depolarizing(
    gram: ArrayLike,
    n_qubits: int,
    *,
    method: str = "split_channel",
    diagonal: ArrayLike | None = None,
    diagonal_y: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Undo global depolarizing noise, whose strength the measured diagonal shows.

    If the circuit of sample i keeps its state with probability s_i and loses it to I / D otherwise, D = 2**N,
    the measured fidelity is K = s_i s_j F + (1 - s_i s_j) / D. On the diagonal F = 1, hence
    s_i**2 = (D K_ii - 1) / (D - 1), and F = (K - (1 - s_i s_j) / D) / (s_i s_j). arXiv 2105.02276, section on
    device noise; "single" takes s**2 from the first diagonal entry, "average" from their mean,
    "split_channel" one s_i per sample.

    Args:
        gram: measured fidelities, shape (n, n), or (n, m) between two sets of samples.
        n_qubits: N.
        method: "split_channel", "average" or "single".
        diagonal: measured fidelities of the row samples with themselves, shape (n,); None for the diagonal of
            a square ``gram``.
        diagonal_y: of the column samples, shape (m,); None for ``diagonal``.

    Returns:
        Shape of ``gram``. Entries are not cut to [0, 1].

    Raises:
        CircuitError: an unknown method, shapes that do not fit, or a diagonal entry of at most 1 / D, where
            the noise has left nothing.

    Example:
        >>> measured = 0.8 * np.array([[1.0, 0.3], [0.3, 1.0]]) + 0.2 / 4
        >>> correct_depolarizing(measured, 2).round(6).tolist()
        [[1.0, 0.3], [0.3, 1.0]]
    """
    if method not in _NOISE_METHODS:
        raise CircuitError(f"method is {method!r}; it must be one of {', '.join(map(repr, _NOISE_METHODS))}")
    if isinstance(n_qubits, bool) or not isinstance(n_qubits, (int, np.integer)) or n_qubits < 1:
        raise CircuitError(f"n_qubits is {n_qubits!r}; it must be an integer of at least 1")
    matrix = _finite(gram)
    if diagonal is None:
        if matrix.shape[0] != matrix.shape[1]:
            raise CircuitError(
                f"a matrix of shape {matrix.shape} has no diagonal of fidelities; give those of its row and "
                "column samples as diagonal and diagonal_y"
            )
        diagonal = np.diag(matrix)
    rows = _kept(diagonal, matrix.shape[0], n_qubits, "diagonal", method)
    columns = rows
    if diagonal_y is not None or matrix.shape[0] != matrix.shape[1]:
        columns = _kept(
            diagonal if diagonal_y is None else diagonal_y, matrix.shape[1], n_qubits, "diagonal_y", method
        )
    kept = np.sqrt(np.outer(rows, columns))
    return np.asarray((matrix - (1 - kept) / 2**n_qubits) / kept)


def read_corrections(correction: str | Sequence[str] | None, *, depolarizing: bool) -> tuple[str, ...]:
    """The corrections of a kernel in the order they are applied.

    Args:
        correction: "depolarizing", a name of `PSD_METHODS`, several of these, or None.
        depolarizing: whether the kernel can have "depolarizing".

    Returns:
        Their names.

    Raises:
        CircuitError: an unknown name.

    Example:
        >>> read_corrections("clip", depolarizing=False)
        ('clip',)
    """
    if correction is None:
        return ()
    legal = ("depolarizing", *PSD_METHODS) if depolarizing else PSD_METHODS
    listed = isinstance(correction, (str, list, tuple))
    names: tuple[Any, ...] = (correction,)
    if listed and not isinstance(correction, str):
        names = tuple(correction)
    for name in names:
        if name not in legal:
            raise CircuitError(
                f"correction is {correction!r}; it must be None or made of {', '.join(map(repr, legal))}"
            )
    return names


def _finite(gram: ArrayLike) -> NDArray[np.float64]:
    try:
        matrix = np.array(gram)
        if np.iscomplexobj(matrix):
            raise CircuitError("the kernel matrix holds complex numbers; it must be real")
        matrix = matrix.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise CircuitError("the kernel matrix must be a matrix of real numbers") from error
    if matrix.ndim != 2:
        raise CircuitError(f"the kernel matrix has shape {matrix.shape}; it must have two axes")
    if not np.isfinite(matrix).all():
        raise CircuitError("the kernel matrix holds a NaN or infinite value")
    return matrix


def _symmetric(gram: ArrayLike) -> NDArray[np.float64]:
    matrix = _finite(gram)
    if matrix.shape[0] != matrix.shape[1]:
        raise CircuitError(f"the kernel matrix has shape {matrix.shape}; only a square one can be repaired")
    difference = np.abs(matrix - matrix.T).max(initial=0.0)
    if difference > _ASYMMETRY * max(1.0, np.abs(matrix).max(initial=0.0)):
        raise CircuitError(
            f"the kernel matrix differs from its transpose by {difference:.1e}; symmetrize it with "
            "(gram + gram.T) / 2 if that is meant"
        )
    return np.asarray((matrix + matrix.T) / 2)


def _kept(diagonal: ArrayLike, size: int, n_qubits: int, name: str, method: str) -> NDArray[np.float64]:
    """s_i**2 of every sample."""
    measured: NDArray[np.float64] = to_floats(diagonal, None, name)
    if measured.shape != (size,):
        raise CircuitError(f"{name} has shape {measured.shape}; the matrix needs ({size},)")
    if not size:
        return measured
    dimension = 2.0**n_qubits
    if method == "single":
        measured = np.full(size, measured[0])
    elif method == "average":
        measured = np.full(size, measured.mean())
    kept = np.minimum((dimension * measured - 1) / (dimension - 1), 1.0)
    if not (kept > 0).all():
        worst = int(np.argmin(kept))
        raise CircuitError(
            f"sample {worst} has the measured fidelity {measured[worst]:.4g} with itself, not above "
            f"1 / 2**{n_qubits}: the noise has left nothing to correct; use more shots or less noise"
        )
    return np.asarray(kept)


def _from_spectrum(values: NDArray[np.float64], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = (vectors * values) @ vectors.T
    return np.asarray((matrix + matrix.T) / 2)


def _nearest(matrix: NDArray[np.float64], max_iterations: int, tolerance: float) -> NDArray[np.float64]:
    if not len(matrix):
        return matrix
    current = matrix.copy()
    np.fill_diagonal(current, 1.0)
    if np.linalg.eigvalsh(current)[0] >= 0:
        return current
    current = matrix
    correction = np.zeros_like(matrix)
    for _ in range(max_iterations):
        shifted = current - correction
        values, vectors = np.linalg.eigh(shifted)
        projected = _from_spectrum(np.maximum(values, 0), vectors)
        correction = projected - shifted
        following = projected.copy()
        np.fill_diagonal(following, 1.0)
        change = np.linalg.norm(following - current) / np.linalg.norm(following)
        distance = np.linalg.norm(following - projected) / np.linalg.norm(following)
        current = following
        if max(change, distance) <= tolerance:
            # The last projection has a diagonal of 1 up to the tolerance; scaling keeps it positive.
            scale = 1 / np.sqrt(np.diag(projected))
            nearest = projected * np.outer(scale, scale)
            np.fill_diagonal(nearest, 1.0)
            return nearest
    raise CircuitError(
        f'method="nearest" did not converge in {max_iterations} iterations (last change {change:.1e}); raise '
        'max_iterations or tolerance, or use "clip"'
    )
