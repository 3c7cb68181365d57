"""Angles of layers as arrays of one shape: a gamma per layer, a beta per layer and qubit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import finite_numbers
from .errors import CircuitError

__all__ = ["batch_per_qubit", "per_qubit"]


def per_qubit(
    gammas: ArrayLike, betas: ArrayLike, n_qubits: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check one set of angles.

    Args:
        gammas: shape (p,), p at least 1.
        betas: shape (p,), or (p, n) for one angle per qubit.
        n_qubits: n.

    Returns:
        Gammas (p,) and betas (p, n).

    Raises:
        CircuitError: other shapes, or numbers that are not finite.

    Example:
        >>> per_qubit([0.5], [0.25], 2)[1]
        array([[0.25, 0.25]])
    """
    rows, others = finite_numbers("gammas", gammas), finite_numbers("betas", betas)
    if rows.ndim != 1 or rows.size == 0 or others.shape not in (rows.shape, (*rows.shape, n_qubits)):
        raise CircuitError(
            f"gammas have shape {rows.shape} and betas {others.shape}; (p,) and (p,) or (p, {n_qubits}) are "
            "needed, p at least 1"
        )
    return rows, _for_each_qubit(others, 1, n_qubits)


def batch_per_qubit(
    gammas: ArrayLike, betas: ArrayLike, n_qubits: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check a batch of sets of angles.

    Args:
        gammas: shape (B, p), B and p at least 1.
        betas: shape (B, p) or (B, p, n).
        n_qubits: n.

    Returns:
        Gammas (B, p) and betas (B, p, n).

    Raises:
        CircuitError: other shapes, or numbers that are not finite.

    Example:
        >>> batch_per_qubit([[0.5]], [[0.25]], 2)[1]
        array([[[0.25, 0.25]]])
    """
    rows, others = finite_numbers("gammas", gammas), finite_numbers("betas", betas)
    if rows.ndim != 2 or rows.size == 0 or others.shape not in (rows.shape, (*rows.shape, n_qubits)):
        raise CircuitError(
            f"gammas have shape {rows.shape} and betas {others.shape}; (B, p) and (B, p) or (B, p, "
            f"{n_qubits}) are needed, B and p at least 1"
        )
    return rows, _for_each_qubit(others, 2, n_qubits)


def _for_each_qubit(betas: NDArray[np.float64], layer_axes: int, n_qubits: int) -> NDArray[np.float64]:
    return betas if betas.ndim > layer_axes else np.repeat(betas[..., None], n_qubits, axis=layer_axes)
