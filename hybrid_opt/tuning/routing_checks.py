"""What a routing problem is given, as arrays, and whether it can fit at all.

Shapes: M clusters, E experts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasibleModelError, OptionError

__all__ = ["check_room", "read_factor", "read_pairs", "read_table", "read_vector", "read_weight"]


def _numbers(name: str, given: Any) -> NDArray[np.float64]:
    """Finite real numbers of any shape, not shared with what was given."""
    try:
        raw = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
        numbers = np.array(raw, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise OptionError(f"{name} gives no array of numbers ({problem})") from problem
    if raw.dtype == bool or np.iscomplexobj(raw):
        raise OptionError(f"{name} holds {raw.dtype} values; it must hold real numbers")
    if not np.isfinite(numbers).all():
        raise OptionError(f"{name} holds NaN or infinite numbers; all must be finite")
    return numbers


def read_table(name: str, given: Any) -> NDArray[np.float64]:
    """Finite numbers by cluster and expert.

    Args:
        name: the argument, as the user wrote it.
        given: (M, E), a list, an array or a tensor, M and E at least 1.

    Returns:
        (M, E).

    Raises:
        OptionError: no numbers, not finite, or no table.

    Example:
        >>> read_table("affinity", [[1, 2]])
        array([[1., 2.]])
    """
    numbers = _numbers(name, given)
    if numbers.ndim != 2 or 0 in numbers.shape:
        raise OptionError(
            f"{name} has the shape {numbers.shape}; it must be (clusters, experts), at least one of each"
        )
    return numbers


def read_vector(name: str, given: Any, length: int) -> NDArray[np.float64]:
    """Finite numbers in a row, or one for all.

    Args:
        name: the argument, as the user wrote it.
        given: (length,), or a number.
        length: how many.

    Returns:
        (length,).

    Raises:
        OptionError: no numbers, not finite, or another shape.

    Example:
        >>> read_vector("capacity", 3, 2)
        array([3., 3.])
    """
    numbers = _numbers(name, given)
    if numbers.shape not in ((), (length,)):
        raise OptionError(f"{name} has the shape {numbers.shape}; it must be ({length},), or one number")
    return np.full(length, numbers) if numbers.ndim == 0 else numbers


def read_pairs(name: str, given: Any, clusters: int) -> NDArray[np.float64]:
    """Finite numbers by two clusters.

    Args:
        name: the argument, as the user wrote it.
        given: (M, M), symmetric up to rounding.
        clusters: M.

    Returns:
        (M, M), symmetric.

    Raises:
        OptionError: no numbers, not finite, another shape, or not symmetric.

    Example:
        >>> read_pairs("similarity", [[1, 0], [0, 1]], 2).shape
        (2, 2)
    """
    numbers = _numbers(name, given)
    if numbers.shape != (clusters, clusters):
        raise OptionError(
            f"{name} has the shape {numbers.shape}; it must be ({clusters}, {clusters}), one row and column "
            "per cluster"
        )
    if not np.allclose(numbers, numbers.T, rtol=1e-6, atol=1e-9):
        raise OptionError(f"{name} is not symmetric; give (matrix + matrix.T) / 2")
    return np.asarray((numbers + numbers.T) / 2)


def read_weight(name: str, given: Any) -> float:
    """A finite number of at least 0.

    Args:
        name: the argument, as the user wrote it.
        given: the number.

    Returns:
        The number.

    Raises:
        OptionError: anything else.

    Example:
        >>> read_weight("co_weight", 2)
        2.0
    """
    real = isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool)
    if not real or not np.isfinite(given) or given < 0:
        raise OptionError(f"{name} is {given!r}; it must be a finite number of at least 0")
    return float(given)


def read_factor(given: Any) -> float:
    """Room of an expert in even shares.

    Args:
        given: the number.

    Returns:
        The number.

    Raises:
        OptionError: no finite number of at least 1.

    Example:
        >>> read_factor(1.25)
        1.25
    """
    factor = read_weight("capacity_factor", given)
    if factor < 1:
        raise OptionError(
            f"capacity_factor is {given!r}; it must be at least 1: below 1 the experts cannot take all tokens"
        )
    return factor


def check_room(sizes: NDArray[np.float64], capacity: NDArray[np.float64]) -> None:
    """Refuse capacities that rule out every assignment at first sight.

    Whether clusters of different sizes fit beyond that is a question of bin packing, left to the methods.

    Args:
        sizes: (M,), tokens of each cluster.
        capacity: (E,), tokens of each expert.

    Raises:
        OptionError: a capacity below 0.
        InfeasibleModelError: too little room in all, or for the largest cluster.

    Example:
        >>> check_room(np.ones(4), np.array([2.0, 2.0]))
    """
    if (capacity < 0).any():
        raise OptionError(f"capacity is {capacity.tolist()}; it must be at least 0")
    total, largest = float(sizes.sum()), float(sizes.max())
    slack = 1.0 + 1e-9
    if total > float(capacity.sum()) * slack:
        raise InfeasibleModelError(
            f"the experts take {capacity.sum():g} tokens together, but there are {total:g}; give more "
            "capacity (a capacity_factor of at least 1)"
        )
    if largest > float(capacity.max()) * slack:
        even = total / len(capacity)
        raise InfeasibleModelError(
            f"the largest cluster has {largest:g} tokens and no expert takes more than {capacity.max():g}; a "
            f"cluster is never split: make more clusters, or give a capacity_factor of at least "
            f"{largest / even:.2f}"
        )
