"""The best split of whole units among several takers, each of whose value is known at every number of units.

    best(i, b) = max over k of value_i(k) + best(i - 1, b - k)

This is the resource allocation recursion of R. Bellman, Dynamic Programming (1957), chapter I; it needs
neither concave nor rising values. Shapes: G amounts from 0 units on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_split"]


def best_split(values: Sequence[NDArray[np.float64]], units: int) -> tuple[list[int], float] | None:
    """Split at most so many units.

    Args:
        values: value of each taker at 0, 1, 2, ... units, shape (G,) each; minus infinity where the taker
            cannot do with that amount.
        units: how many there are.

    Returns:
        Units of each taker and the sum of the values, the least units among equal splits; None where the
        takers cannot be served together.

    Example:
        >>> best_split([np.array([0.0, 5.0, 6.0]), np.array([0.0, 3.0, 7.0])], 2)
        ([1, 1], 8.0)
    """
    best = np.zeros(units + 1)
    choices = []
    for own in values:
        reach = min(len(own), units + 1)
        table = np.full((reach, units + 1), -np.inf)
        for k in range(reach):
            table[k, k:] = own[k] + best[: units + 1 - k]
        choice = table.argmax(axis=0)
        choices.append(choice)
        best = np.take_along_axis(table, choice[None], axis=0)[0]
    # ``best`` rises with the units, as it starts from zeros; among equal values the fewest units are kept.
    if best[units] == -np.inf:
        return None
    left, split = units, []
    for choice in reversed(choices):
        split.append(int(choice[left]))
        left -= split[-1]
    return split[::-1], float(best[units])
