"""Amounts of money that a user gives to the budget task, checked and without the noise of adding them up."""

from __future__ import annotations

import math

import numpy as np

from ..errors import OptionError

__all__ = ["check_reference", "without_noise"]


def check_reference(reference: float | None) -> None:
    """Check the money by which the products of synergies are divided.

    Args:
        reference: an amount, or None.

    Raises:
        OptionError: no finite amount above 0.

    Example:
        >>> check_reference(70_000)
    """
    number = isinstance(reference, (int, float, np.number)) and not isinstance(reference, bool)
    if reference is not None and not (number and math.isfinite(reference) and reference > 0):
        raise OptionError(f"reference is {reference!r}; legal is a finite amount of money above 0, or None")


def without_noise(budget: float) -> float:
    """A budget that was added up in floating point, without the last digits: 0.1 + 0.2 is 0.3.

    Args:
        budget: an amount; what is no number is returned as it is, for the check that follows.

    Returns:
        The amount.

    Example:
        >>> without_noise(0.1 + 0.2)
        0.3
    """
    if isinstance(budget, bool) or not isinstance(budget, (int, float, np.number)):
        return budget
    rounded = round(float(budget), 6)
    return rounded if abs(rounded - float(budget)) <= 1e-12 * max(1.0, abs(rounded)) else float(budget)
