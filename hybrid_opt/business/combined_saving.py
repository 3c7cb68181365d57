"""What improvements save together: two that attack the same cost do not add up.

An improvement that saves the share p_i of the cost C_a of its area leaves 1 - p_i of it, and the next one
saves its share of what is left:

    saving(x) = sum over areas a of C_a * (1 - prod over chosen i in a of (1 - p_i))

Its terms of first and second order, C_a p_i and -C_a p_i p_j, are the model with pairs.

Shapes: N improvements, A areas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..planning.lines import LevelQuestion
from .saving_program import save_most

__all__ = ["CombinedSaving"]


@dataclass(frozen=True, eq=False)
class CombinedSaving:
    """Savings of improvements in areas.

    Attributes:
        shares: share that each saves of its area, 0 to below 1, shape (N,).
        areas: position of its area, shape (N,).
        costs: cost of each area, shape (A,).

    Example:
        >>> two = CombinedSaving(np.array([0.5, 0.25]), np.array([0, 0]), np.array([100.0]))
        >>> two.values([[1, 0], [0, 1], [1, 1]]).tolist()
        [50.0, 25.0, 62.5]
    """

    shares: NDArray[np.float64]
    areas: NDArray[np.int64]
    costs: NDArray[np.float64]

    @property
    def name(self) -> str:
        """What the value is."""
        return "combined saving"

    def by_area(self, chosen: ArrayLike) -> NDArray[np.float64]:
        """Savings of a selection, 0 or 1 per improvement, shape (..., N), by area, shape (..., A)."""
        taken = np.asarray(chosen, dtype=np.float64)
        saved = []
        for area, cost in enumerate(self.costs.tolist()):
            own = self.areas == area
            saved.append(cost * (1.0 - np.prod(1.0 - self.shares[own] * taken[..., own], axis=-1)))
        return np.stack(saved, axis=-1)

    def values(self, chosen: ArrayLike) -> NDArray[np.float64]:
        """Savings of selections: 0 or 1 per improvement, shape (..., N), to shape (...)."""
        return np.asarray(self.by_area(chosen).sum(axis=-1))

    def all_values(self) -> NDArray[np.float64]:
        """Savings of all selections, shape (2**N,)."""
        total = np.zeros(2 ** len(self.shares))
        for area, cost in enumerate(self.costs.tolist()):
            left = np.ones(1)
            for share, own in zip(self.shares.tolist(), (self.areas == area).tolist()):
                left = np.concatenate([left, left * (1.0 - share) if own else left])
            total = total + cost * (1.0 - left)
        return np.asarray(total)

    def singles(self) -> NDArray[np.float64]:
        """What each saves alone, shape (N,)."""
        return np.asarray(self.costs[self.areas] * self.shares)

    def overlaps(self) -> NDArray[np.float64]:
        """What two lose together, to second order, symmetric with zero diagonal, shape (N, N)."""
        same = self.areas[:, None] == self.areas
        lost = same * np.outer(self.singles(), self.shares)
        np.fill_diagonal(lost, 0.0)
        return np.asarray(lost)

    def program(self, question: LevelQuestion, time_limit: float) -> tuple[NDArray[np.int64], float]:
        """The best selection by outer approximation, and its bound."""
        return save_most(question, self.shares, self.areas, self.costs, time_limit=time_limit)

    def program_name(self) -> str:
        """What that program is called."""
        return "outer approximation of the combined saving (MILP, HiGHS)"
