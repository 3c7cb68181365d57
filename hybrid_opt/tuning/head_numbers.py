"""One number per head, from a list, an array or a tensor.

Shapes: N heads of the model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError

__all__ = ["read_numbers"]


def read_numbers(name: str, given: Any, total: int, kind: Any = np.float64) -> NDArray[Any]:
    """One finite number per head.

    Args:
        name: the argument, as the user wrote it.
        given: a list, an array, or a tensor on the CPU.
        total: N.
        kind: of the numbers.

    Returns:
        (N,), not shared with what was given.

    Raises:
        OptionError: no numbers, another shape, or numbers that are not finite or lose something as ``kind``.

    Example:
        >>> read_numbers("costs", [1, 2], 2)
        array([1., 2.])
    """
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise OptionError(
            f"{name} is {given!r}, which gives no numbers ({problem}); give one per head"
        ) from problem
    read: NDArray[Any] = np.where(np.isfinite(numbers), numbers, 0.0).astype(kind)
    if numbers.shape != (total,) or (read != numbers).any():
        raise OptionError(
            f"{name} has the shape {numbers.shape} and begins with {numbers.ravel()[:5].tolist()}; it must "
            f"be ({total},) finite {np.dtype(kind).name} numbers, one per head"
        )
    return read
