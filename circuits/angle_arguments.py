"""Angles of QAOA layers as callers give them, checked.

Shapes: p layers, B sets of angles, K cost terms, N qubits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CircuitError

__all__ = ["finite_numbers", "read_angle_sets", "read_angles", "read_layers", "read_wide_angles"]


def read_angles(gammas: ArrayLike, betas: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One cost angle and one mixer angle per layer.

    Args:
        gammas: shape (p,), radians per unit of the cost.
        betas: shape (p,), radians.

    Returns:
        Both as float64.

    Raises:
        CircuitError: angles that are no numbers, empty, not finite, or unequal in number.

    Example:
        >>> read_angles([0.5], [1])
        (array([0.5]), array([1.]))
    """
    rows = finite_numbers("gammas", gammas), finite_numbers("betas", betas)
    for name, row in zip(("gammas", "betas"), rows):
        if row.ndim != 1 or row.size == 0:
            raise CircuitError(f"{name} has shape {row.shape}; it must be (p,) with p of at least 1")
    _equal_layers(len(rows[0]), len(rows[1]))
    return rows


def read_angle_sets(gammas: ArrayLike, betas: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Several sets of angles at once.

    Args:
        gammas: shape (B, p); B may be 0.
        betas: shape (B, p).

    Returns:
        Both as float64.

    Raises:
        CircuitError: as `read_angles`, or unequal numbers of sets.

    Example:
        >>> read_angle_sets([[0.5], [0.6]], [[1], [2]])[0].shape
        (2, 1)
    """
    sets = finite_numbers("gammas", gammas), finite_numbers("betas", betas)
    for name, rows in zip(("gammas", "betas"), sets):
        if rows.ndim != 2 or rows.shape[1] == 0:
            raise CircuitError(f"{name} has shape {rows.shape}; it must be (sets, p) with p of at least 1")
    if len(sets[0]) != len(sets[1]):
        raise CircuitError(f"{len(sets[0])} sets of gammas and {len(sets[1])} sets of betas were given")
    _equal_layers(sets[0].shape[1], sets[1].shape[1])
    return sets


def read_layers(gammas: ArrayLike, betas: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Several angles of each kind in every layer, of whatever number.

    Args:
        gammas: shape (p, K).
        betas: shape (p, N).

    Returns:
        Both as float64.

    Raises:
        CircuitError: as `read_angles`.

    Example:
        >>> read_layers([[0.5, 0.6]], [[1, 1, 1]])[0].shape
        (1, 2)
    """
    tables = finite_numbers("gammas", gammas), finite_numbers("betas", betas)
    for name, table in zip(("gammas", "betas"), tables):
        if table.ndim != 2 or len(table) == 0:
            raise CircuitError(f"{name} has shape {table.shape}; it must be (p, angles of a layer)")
    _equal_layers(len(tables[0]), len(tables[1]))
    return tables


def read_wide_angles(
    gammas: ArrayLike, betas: ArrayLike, n_terms: int, n_qubits: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """An angle for every cost term and every qubit in each layer.

    Args:
        gammas: shape (p, K).
        betas: shape (p, N).
        n_terms: K.
        n_qubits: N.

    Returns:
        Both as float64.

    Raises:
        CircuitError: as `read_angles`, or another width.

    Example:
        >>> read_wide_angles([[0.5, 0.6]], [[1, 1, 1]], 2, 3)[1].shape
        (1, 3)
    """
    tables = read_layers(gammas, betas)
    for name, table, width, owner in zip(
        ("gammas", "betas"), tables, (n_terms, n_qubits), ("cost term", "qubit")
    ):
        if table.shape[1] != width:
            raise CircuitError(
                f"{name} has shape {table.shape}; it must be (p, {width}), one angle for every {owner} in "
                "each of at least one layer"
            )
    return tables


def finite_numbers(name: str, angles: Any) -> NDArray[np.float64]:
    """Angles of any shape as an array of their own.

    Args:
        name: of the argument, for messages.
        angles: nested lists or an array of real numbers.

    Returns:
        A new float64 array in C order.

    Raises:
        CircuitError: no real numbers, or a NaN or infinite one.

    Example:
        >>> finite_numbers("betas", [1, 2])
        array([1., 2.])
    """
    try:
        values = np.array(angles, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise CircuitError(f"{name} is {angles!r}; it must be a list of numbers") from error
    if not np.isfinite(values).all():
        raise CircuitError(f"{name} holds a NaN or infinite angle: {values.tolist()}")
    return values


def _equal_layers(n_gammas: int, n_betas: int) -> None:
    if n_gammas != n_betas:
        raise CircuitError(f"{n_gammas} gammas and {n_betas} betas were given; every layer needs one of each")
