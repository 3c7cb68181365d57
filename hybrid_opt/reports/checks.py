"""Checks on what charts, tables and pages are given, so that a mistake is named before anything is drawn."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError

__all__ = ["checked_names", "checked_number", "checked_numbers", "checked_range", "checked_texts", "clean"]

_LARGEST = 1e100  # beyond, the arithmetic of an axis overflows

_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


def clean(text: object) -> str:
    r"""Text on one line, without the control characters that XML cannot hold.

    Args:
        text: anything; it is turned into text.

    Returns:
        The text with every run of control characters and white space made one space.

    Example:
        >>> clean("TV\n spots")
        'TV spots'
    """
    return " ".join(_UNWRITABLE.sub(" ", str(text)).split())


def checked_texts(name: str, values: Iterable[object]) -> list[str]:
    """Labels as clean text; at least one.

    Args:
        name: what the labels are called in an error.
        values: one label per row; not a single string.

    Returns:
        The labels.

    Raises:
        OptionError: a single string was given, or nothing.

    Example:
        >>> checked_texts("labels", ["TV", 7])
        ['TV', '7']
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise OptionError(f"{name} is {values!r}; give a list of labels, one per row")
    labels = [clean(value) for value in values]
    if not labels:
        raise OptionError(f"{name} is empty; give at least one label")
    return labels


def checked_names(names: tuple[str, str]) -> tuple[str, str]:
    """What the two things that a chart compares are called.

    Args:
        names: two labels for the legend.

    Returns:
        The labels, clean.

    Raises:
        OptionError: not two labels, or one that is empty or begins with an underscore (legends leave it out).

    Example:
        >>> checked_names(("Today", "Plan"))
        ('Today', 'Plan')
    """
    labels = [] if isinstance(names, str) else [clean(name) for name in names]
    if len(labels) != 2 or any(label[:1] in ("", "_") for label in labels):
        raise OptionError(f"names is {names!r}; give two labels, not empty, no underscore first")
    return labels[0], labels[1]


def checked_number(name: str, value: Any) -> float:
    """One finite number.

    Args:
        name: what the number is called in an error.
        value: anything that float() takes.

    Returns:
        The number.

    Raises:
        OptionError: not a number, NaN or infinite.

    Example:
        >>> checked_number("total", 3)
        3.0
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise OptionError(f"{name} is {value!r}; give a finite number") from None
    if not math.isfinite(result) or abs(result) > _LARGEST or isinstance(value, str):
        raise OptionError(f"{name} is {value!r}; give a finite number, at most {_LARGEST:g} in size")
    return result


def checked_numbers(name: str, values: Any, length: int | None = None) -> NDArray[np.float64]:
    """A list of finite numbers.

    Args:
        name: what the list is called in an error.
        values: list, tuple, array or pandas column of numbers.
        length: how many there must be; None takes any.

    Returns:
        The numbers, float64 of shape (length,).

    Raises:
        OptionError: not a flat list of finite numbers, or of another length.

    Example:
        >>> checked_numbers("plan", [1, 2], 2)
        array([1., 2.])
    """
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise OptionError(f"{name} is {values!r}; give a list of finite numbers")
    result = np.array(
        [checked_number(f"{name}[{i}]", value) for i, value in enumerate(values)], dtype=np.float64
    )
    if length is not None and len(result) != length:
        raise OptionError(
            f"{name} has {len(result)} numbers, but {length} are needed: one per row, in the same order"
        )
    return result


def checked_range(
    lower: Any, upper: Any, length: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The allowed range of every row.

    Args:
        lower: least amount per row, or None.
        upper: greatest amount per row, or None.
        length: how many rows there are.

    Returns:
        Both ends, shape (length,) each, or None where neither was given.

    Raises:
        OptionError: only one end was given, a list holds no finite numbers, or a range is upside down.

    Example:
        >>> checked_range([0, 1], [2, 2], 2)
        (array([0., 1.]), array([2., 2.]))
    """
    if lower is None and upper is None:
        return None
    if lower is None or upper is None:
        raise OptionError(
            "only one of lower and upper is given; give both ends of the allowed range, or neither"
        )
    low, high = checked_numbers("lower", lower, length), checked_numbers("upper", upper, length)
    if (low > high).any():
        i = int(np.argmax(low > high))
        raise OptionError(f"lower[{i}] = {low[i]:g} is above upper[{i}] = {high[i]:g}; swap or correct them")
    return low, high
