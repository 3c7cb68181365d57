"""How the tables of the room write numbers and place columns."""

from __future__ import annotations

import math

from ..reports.table import Align

__all__ = ["figure", "to_the_right"]


def figure(value: float | None, digits: int = 4, *, signed: bool = False) -> str:
    """A number, or a dash where there is none.

    Args:
        value: the number.
        digits: behind the point.
        signed: with a sign.

    Returns:
        Text.

    Example:
        >>> figure(0.12345), figure(0.5, 1, signed=True), figure(None)
        ('0.1235', '+0.5', '-')
    """
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:{'+' if signed else ''}.{digits}f}"


def to_the_right(columns: int) -> list[Align]:
    """The alignment of so many columns of figures.

    Args:
        columns: how many.

    Returns:
        "right" for each.

    Example:
        >>> to_the_right(2)
        ['right', 'right']
    """
    return ["right"] * columns
