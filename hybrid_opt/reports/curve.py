"""One response curve as it is given to the chart, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .checks import checked_number, checked_numbers, clean

__all__ = ["Curve", "checked_curve"]

_NEEDED = frozenset({"label", "spend", "response"})
_POSSIBLE = _NEEDED | {"lo", "hi", "today", "plan", "grid_min", "grid_max"}


@dataclass(frozen=True)
class Curve:
    """One response curve.

    Attributes:
        label: what it belongs to.
        spend: rising amounts, shape (S,).
        response: what they bring, shape (S,).
        band: lower and upper end of the response, shape (S,) each, or None.
        today: amount now, or None.
        plan: amount planned, or None.
        allowed: least and greatest amount allowed, or None.
    """

    label: str
    spend: NDArray[np.float64]
    response: NDArray[np.float64]
    band: tuple[NDArray[np.float64], NDArray[np.float64]] | None
    today: float | None
    plan: float | None
    allowed: tuple[float, float] | None

    def at(self, spend: float) -> float:
        """Response at a spend, linear between rows."""
        return float(np.interp(spend, self.spend, self.response))


def _pair(where: str, curve: Mapping[str, Any], first: str, second: str) -> tuple[Any, Any] | None:
    """Two entries that come together or not at all."""
    low, high = curve.get(first), curve.get(second)
    if (low is None) != (high is None):
        raise OptionError(f"{where} has only one of {first} and {second}; give both, or neither")
    return None if low is None else (low, high)


def checked_curve(curve: Mapping[str, Any], i: int) -> Curve:
    """Read one curve.

    Args:
        curve: its entries, as `response_curves` takes them.
        i: its place among all curves, for errors.

    Returns:
        The curve.

    Raises:
        OptionError: missing or unknown keys, lengths that differ, numbers that are not finite, spends that
            do not rise, or a mark beyond the ends of its curve.

    Example:
        >>> checked_curve({"label": "TV", "spend": [0, 50], "response": [0, 30]}, 0).at(25)
        15.0
    """
    where = f"curves[{i}]"
    if not set(curve) >= _NEEDED or set(curve) - _POSSIBLE:
        raise OptionError(
            f"{where} has the keys {sorted(map(str, curve))}; needed: {sorted(_NEEDED)}, "
            f"possible besides: {sorted(_POSSIBLE - _NEEDED)}"
        )
    where = f"{where} ({clean(curve['label'])})"
    spend = checked_numbers(f"{where} spend", curve["spend"])
    response = checked_numbers(f"{where} response", curve["response"], len(spend))
    if len(spend) < 2 or (np.diff(spend) <= 0).any():
        raise OptionError(
            f"{where} spend must rise from row to row and have at least two rows; sort it, drop doubles"
        )
    lohi, grid = _pair(where, curve, "lo", "hi"), _pair(where, curve, "grid_min", "grid_max")
    band = None
    if lohi is not None:
        low = checked_numbers(f"{where} lo", lohi[0], len(spend))
        high = checked_numbers(f"{where} hi", lohi[1], len(spend))
        band = (low, high)
        if (low > high).any():
            raise OptionError(f"{where} has lo above hi; swap or correct them")
    allowed = None
    if grid is not None:
        allowed = (checked_number(f"{where} grid_min", grid[0]), checked_number(f"{where} grid_max", grid[1]))
        if allowed[0] > allowed[1]:
            raise OptionError(
                f"{where} has grid_min {allowed[0]:g} above grid_max {allowed[1]:g}; swap or correct them"
            )
    points: dict[str, float | None] = {}
    for name in ("today", "plan"):
        given = curve.get(name)
        points[name] = value = None if given is None else checked_number(f"{where} {name}", given)
        slack = 1e-9 * max(abs(spend[0]), abs(spend[-1]))
        if value is not None and not spend[0] - slack <= value <= spend[-1] + slack:
            raise OptionError(
                f"{where} has {name} = {value:g}, but its rows run from {spend[0]:g} to {spend[-1]:g}; "
                "add rows of the curve that reach it"
            )
    return Curve(clean(curve["label"]), spend, response, band, points["today"], points["plan"], allowed)
