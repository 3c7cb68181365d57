"""The true reach of audiences that overlap, from who belongs to which of them.

People with the same memberships are one pattern. A selection reaches a pattern if it holds one of its
segments; where segments are worth different amounts, a person counts with the most valuable chosen one:

    reach(x) = sum over patterns p of weight_p * max over chosen segments i in p of v_i

A pattern with values t_1 < t_2 < ... is split into patterns {i in p: v_i >= t_k} of weight
weight_p * (t_k - t_(k-1)), so that only the question "does the selection hold one of them" is left.

Shapes: N segments, P patterns; a pattern is a whole number whose bit i says whether segment i is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..planning.lines import LevelQuestion
from ..planning.true_score import subset_sums
from .coverage_program import cover_most

__all__ = ["Coverage"]


@dataclass(frozen=True, eq=False)
class Coverage:
    """Weighted patterns of segments.

    Attributes:
        patterns: which segments each pattern holds, 0 or 1, shape (P, N).
        weights: weight of each, shape (P,), above zero.
        reached: what the total is called, e.g. ``"true reach"``.
        costs: cost of each segment that is subtracted, shape (N,), or None.

    Example:
        >>> people = Coverage.of([[1, 0], [1, 1], [0, 1]], [5, 3, 2])
        >>> people.values([[1, 0], [0, 1], [1, 1]]).tolist()
        [8.0, 5.0, 10.0]
    """

    patterns: NDArray[np.int64]
    weights: NDArray[np.float64]
    reached: str = "true reach"
    costs: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, members: ArrayLike, people: ArrayLike, values: ArrayLike | None = None) -> Coverage:
        """Gather people into patterns.

        Args:
            members: 0 or 1, shape (rows, N).
            people: how many people each row stands for, shape (rows,).
            values: value of a person of each segment, shape (N,), zero or more; 1 where None.

        Returns:
            One pattern per set of segments, in rising order.
        """
        rows = np.asarray(members, dtype=np.int64)
        counts = np.asarray(people, dtype=np.float64)
        worth = np.ones(rows.shape[1]) if values is None else np.asarray(values, dtype=np.float64)
        split, weights, below = [], [], 0.0
        for level in np.unique(worth[worth > 0]):
            split.append(rows * (worth >= level))
            weights.append(counts * (level - below))
            below = float(level)
        everything = np.concatenate(split) if split else rows[:0]
        patterns, where = np.unique(everything, axis=0, return_inverse=True)
        total = np.bincount(
            where.reshape(-1), np.concatenate(weights) if weights else counts[:0], minlength=len(patterns)
        )
        kept = patterns.any(axis=1) & (total > 0)
        return cls(patterns[kept], total[kept].astype(np.float64))

    @property
    def name(self) -> str:
        """What the total is called."""
        return self.reached

    def values(self, chosen: ArrayLike) -> NDArray[np.float64]:
        """Reach of selections: 0 or 1 per segment, shape (..., N), to shape (...)."""
        taken = np.asarray(chosen, dtype=np.int64)
        flat = taken.reshape(-1, taken.shape[-1])
        reached = np.zeros(len(flat))
        # Blocks keep the table of hits, selections times patterns, small.
        size = max(1, 2**24 // max(1, len(self.patterns)))
        for begin in range(0, len(flat), size):
            hit = flat[begin : begin + size] @ self.patterns.T > 0
            reached[begin : begin + size] = hit @ self.weights
        if self.costs is not None:
            reached -= flat @ self.costs
        return reached.reshape(taken.shape[:-1])

    @cached_property
    def _all(self) -> NDArray[np.float64]:
        n = self.patterns.shape[1]
        inside = np.bincount(self.patterns @ (1 << np.arange(n)), self.weights, minlength=2**n)
        # After the loop inside[s] is the weight of all patterns within s (the zeta transform over subsets).
        for i in range(n):
            pairs = inside.reshape(-1, 2, 2**i)
            pairs[:, 1] += pairs[:, 0]
        reached = inside[-1] - inside[::-1]  # patterns within the complement are missed
        return np.asarray(reached if self.costs is None else reached - subset_sums(self.costs))

    def all_values(self) -> NDArray[np.float64]:
        """Reach of all selections, shape (2**N,): all but what lies in the complement."""
        return self._all

    def singles(self) -> NDArray[np.float64]:
        """Reach of each segment alone, costs aside, shape (N,)."""
        return self.weights @ self.patterns

    def overlaps(self) -> NDArray[np.float64]:
        """Weight that two segments share, shape (N, N)."""
        return (self.patterns * self.weights[:, None]).T @ self.patterns

    def program(self, question: LevelQuestion, time_limit: float) -> tuple[NDArray[np.int64], float]:
        """The best selection by maximum coverage as a mixed-integer program, and its bound."""
        return cover_most(
            question, self.patterns, self.weights, costs=self.costs, time_limit=time_limit
        )

    def program_name(self) -> str:
        """What that program is called."""
        return f"maximum coverage over {len(self.patterns):,} patterns (MILP, HiGHS)"
