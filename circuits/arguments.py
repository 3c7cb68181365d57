"""Arguments as callers give them: NumPy arrays or torch tensors, whole numbers.

Torch is not imported where nobody uses it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import CircuitError

__all__ = ["is_torch", "real_number", "to_floats", "whole_number"]


def is_torch(value: Any) -> bool:
    """Whether a value is a torch tensor (a parameter or another subclass of it included).

    Args:
        value: anything.

    Returns:
        True for torch tensors.

    Example:
        >>> is_torch(np.zeros(2))
        False
    """
    # Without importing torch: no tensor can exist where it was never imported.
    return any(base.__module__ == "torch" and base.__name__ == "Tensor" for base in type(value).__mro__)


def to_floats(values: Any, like: Any, name: str) -> Any:
    """Numbers as float64, NumPy or torch.

    Args:
        values: a tensor, an array, or nested sequences of numbers.
        like: a tensor if a tensor on its device is wanted, else None.
        name: of the values, for messages.

    Returns:
        A float64 tensor (differentiable with respect to ``values`` if that is one) or NumPy array.

    Raises:
        CircuitError: complex numbers, or no numbers.

    Example:
        >>> to_floats([1, 2], None, "inputs")
        array([1., 2.])
    """
    if like is not None and is_torch(values):
        if values.is_complex():
            raise CircuitError(f"{name} have dtype {values.dtype}; they must be real numbers")
        return values.double()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise CircuitError(f"{name} are no array of numbers: {error}") from error
    if array.dtype.kind not in "fiub":
        raise CircuitError(f"{name} have dtype {array.dtype}; they must be real numbers")
    array = array.astype(np.float64, copy=False)
    if like is None:
        return array
    import torch

    return torch.tensor(array, device=like.device)


def whole_number(name: str, value: object, least: int) -> int:
    """An integer within its range.

    Args:
        name: of the argument, for messages.
        value: what was given.
        least: the smallest legal value.

    Returns:
        The value.

    Raises:
        CircuitError: no integer, or below the least.

    Example:
        >>> whole_number("n_qubits", np.int64(3), 1)
        3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise CircuitError(f"{name} is {value!r}; it must be an integer of at least {least}")
    return int(value)


def real_number(name: str, value: object, least: float = -np.inf, *, above: bool = False) -> float:
    """A finite number within its range.

    Args:
        name: of the argument, for messages.
        value: what was given.
        least: lower end of the range.
        above: whether the end itself is illegal.

    Returns:
        The value.

    Raises:
        CircuitError: no number, infinite, NaN, or out of range.

    Example:
        >>> real_number("first_step", 0.1, 0, above=True)
        0.1
    """
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value < least or (above and value == least):  # type: ignore[call-overload, operator]
        legal = "" if least == -np.inf else f" {'above' if above else 'of at least'} {least:g}"
        raise CircuitError(f"{name} is {value!r}; it must be a finite number{legal}")
    return float(value)  # type: ignore[arg-type]
