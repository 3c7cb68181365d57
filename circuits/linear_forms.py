"""Angles as linear forms in the columns of a table.

A gate may need half an angle, or the sum of two. Aer would evaluate an expression of parameters in Python
once per row; instead each linear form is one parameter, whose column NumPy computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Form", "columns_of", "scaled", "value_of"]

Form = tuple[tuple[int, float], ...]
"""An angle as a linear form in the columns of the table: pairs (slot, coefficient)."""


def value_of(form: Form, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """A linear form in every row.

    Args:
        form: pairs (slot, coefficient).
        table: shape (B, S).

    Returns:
        Shape (B,).

    Example:
        >>> value_of(((0, 0.5), (2, 1.0)), np.array([[1.0, 2.0, 3.0]])).tolist()
        [3.5]
    """
    if len(form) == 1 and form[0][1] == 1.0:
        return table[:, form[0][0]]
    slots, coefficients = zip(*form)
    value: NDArray[np.float64] = table[:, slots] @ np.array(coefficients)
    return value


def columns_of(parameters: Mapping[Form, Any], table: NDArray[np.float64]) -> dict[Any, list[float]]:
    """The columns that Aer binds.

    Args:
        parameters: the parameter of each linear form.
        table: shape (B, S).

    Returns:
        B values for each parameter.

    Example:
        >>> columns_of({((1, 2.0),): "a"}, np.array([[0.0, 0.5]]))
        {'a': [1.0]}
    """
    return {parameter: value_of(form, table).tolist() for form, parameter in parameters.items()}


def scaled(angle: Any, factor: float) -> Any:
    """A multiple of an angle.

    Args:
        angle: a number or a linear form.
        factor: what it is multiplied with.

    Returns:
        The same kind of thing.

    Example:
        >>> scaled(((0, 1.0), (2, -1.0)), 0.5)
        ((0, 0.5), (2, -0.5))
    """
    if isinstance(angle, tuple):
        return tuple((slot, factor * coefficient) for slot, coefficient in angle)
    return factor * angle
