"""The rows and columns of the mixed-integer program, and its solution by HiGHS through SciPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from .lines import LevelQuestion, Synergy
from .side_constraint import SideConstraint
from .steps import Steps

__all__ = ["BreakpointModel", "Found"]

LARGEST_GAIN = 1e3
Columns = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Found:
    """What the solver returned: a plan of the question or None, and a bound on the kept levels."""

    choice: NDArray[np.int64] | None
    bound: float
    status: Literal["optimal", "feasible", "infeasible", "none_found"]
    note: str | None


class BreakpointModel:
    """A question cut to some of its levels; spends are counted in steps above the smallest.

    Args:
        question: the question.
        steps: ``in_steps(question)``.
        kept: positions of the levels to keep, per line.
    """

    def __init__(self, question: LevelQuestion, steps: Steps, kept: Sequence[NDArray[np.int64]]) -> None:
        self._question = question
        self._steps = steps
        self._kept = kept
        self._gains: list[float] = []
        self._highs: list[float] = []
        self._integer: list[int] = []
        self._rows: list[tuple[Columns, NDArray[np.float64], float, float]] = []
        self._spends = [spends[levels] for spends, levels in zip(steps.spends, kept)]
        self._largest = 0.0
        self._x = [self._add_line(i) for i in range(len(kept))]
        exactly = question.spend == "exactly"
        everything = list(range(len(kept)))
        self._add_total(everything, steps.budget if exactly else -np.inf, steps.budget)
        for group, cap in steps.caps.items():
            self._add_total(question.members(group), -np.inf, cap)
        for side in question.sides:
            self._add_side(side)
        for pair in question.synergies:
            self._add_synergy(pair)

    def _add_columns(self, gains: ArrayLike, high: ArrayLike, integer: int) -> Columns:
        values = np.asarray(gains, dtype=np.float64)
        start = len(self._gains)
        self._gains.extend(values.tolist())
        self._highs.extend(np.broadcast_to(np.asarray(high, dtype=np.float64), values.shape).tolist())
        self._integer.extend([integer] * len(values))
        return np.arange(start, len(self._gains))

    def _add_row(self, columns: Columns, weights: ArrayLike, low: float, high: float) -> None:
        self._rows.append((columns, np.asarray(weights, dtype=np.float64), low, high))

    def _add_line(self, i: int) -> Columns:
        values = self._question.lines[i].values[self._kept[i]]
        self._largest = max(self._largest, float(np.abs(values).max()))
        columns = self._add_columns(values, 1.0, integer=1)
        self._add_row(columns, np.ones(len(columns)), 1.0, 1.0)
        return columns

    def _add_total(self, members: list[int], low: float, high: float) -> None:
        columns = np.concatenate([self._x[i] for i in members])
        self._add_row(columns, np.concatenate([self._spends[i] for i in members]), low, high)

    def _add_side(self, side: SideConstraint) -> None:
        """A side constraint, divided by its largest coefficient: the solver's tolerances are absolute."""
        lines = [line.spends[kept] for line, kept in zip(self._question.lines, self._kept)]
        weights = np.concatenate([w * spends for w, spends in zip(side.weights, lines)]).astype(np.float64)
        scale = float(np.abs(weights).max()) or 1.0
        low = -np.inf if side.low is None else side.low / scale
        high = np.inf if side.high is None else side.high / scale
        self._add_row(np.concatenate(self._x), weights / scale, low, high)

    def _room(self, first: int, second: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least and most steps of line ``second`` once line ``first`` is at each of its levels."""
        spent = self._spends[first].astype(np.float64)
        rest = [s for i, s in enumerate(self._spends) if i not in (first, second)]
        left = self._steps.budget - spent
        high = np.minimum(self._spends[second][-1], left - sum(int(s[0]) for s in rest))
        low = np.full(len(spent), float(self._spends[second][0]))
        if self._question.spend == "exactly":
            low = np.maximum(low, left - sum(int(s[-1]) for s in rest))
        group = self._question.cap_of(first)
        if group is not None and group == self._question.cap_of(second):
            others = [i for i in self._question.members(group) if i not in (first, second)]
            held = sum(int(self._spends[i][0]) for i in others)
            high = np.minimum(high, self._steps.caps[group] - held - spent)
        return low, high

    def _add_synergy(self, pair: Synergy) -> None:
        first, second = sorted((pair.first, pair.second), key=lambda i: len(self._kept[i]))
        factor = self._question.product_value(pair)
        amounts = self._question.lines[first].spends[self._kept[first]].astype(np.float64)
        shift = float(self._question.lines[second].spends[0])
        most = float(self._question.lines[second].spends[-1])
        self._largest = max(self._largest, abs(factor) * float(amounts[-1]) * most)
        x = self._x[first]
        for column, amount in zip(x.tolist(), amounts.tolist()):
            self._gains[column] += factor * amount * shift
        low, high = self._room(first, second)
        z = self._add_columns(factor * amounts * self._steps.stride, np.maximum(high, 0.0), integer=0)
        columns = np.concatenate([z, self._x[second]])
        self._add_row(columns, np.concatenate([np.ones(len(z)), -self._spends[second]]), 0.0, 0.0)
        for k in range(len(x)):
            if low[k] > high[k]:
                self._highs[x[k]] = 0.0
            cell = np.array([z[k], x[k]])
            self._add_row(cell, [1.0, -max(high[k], 0.0)], -np.inf, 0.0)
            self._add_row(cell, [1.0, -min(low[k], max(high[k], 0.0))], 0.0, np.inf)

    def solve(self, time_limit: float) -> Found:
        """Run HiGHS until it has proven the optimum or the time is over.

        Args:
            time_limit: seconds.

        Returns:
            The best plan it found, checked on the question itself, and its bound.
        """
        # A largest gain of 1e3 keeps the solver's absolute tolerances (1e-6) at 1e-9 of the values.
        scale = self._largest / LARGEST_GAIN or 1.0
        starts = np.cumsum([0, *(len(row[0]) for row in self._rows)])
        columns = np.concatenate([row[0] for row in self._rows])
        weights = np.concatenate([row[1] for row in self._rows])
        matrix = csr_array((weights, columns, starts), shape=(len(self._rows), len(self._gains)))
        lows, highs = [row[2] for row in self._rows], [row[3] for row in self._rows]
        result = milp(
            -np.array(self._gains) / scale,
            integrality=np.array(self._integer),
            bounds=Bounds(np.zeros(len(self._gains)), np.array(self._highs)),
            constraints=LinearConstraint(matrix, lows, highs),
            options={"time_limit": float(time_limit), "mip_rel_gap": 0.0},
        )
        if result.status == 2:
            return Found(None, np.inf, "infeasible", None)
        dual = getattr(result, "mip_dual_bound", None)
        bound = np.inf if dual is None or not np.isfinite(dual) else -float(dual) * scale
        if result.x is None:
            return Found(None, bound, "none_found", str(result.message))
        choice = np.array([self._kept[i][np.argmax(result.x[x])] for i, x in enumerate(self._x)])
        if not self._question.feasible(choice):
            return Found(None, bound, "none_found", "the solver's plan breaks a row by its rounding")
        return Found(choice, bound, "optimal" if result.status == 0 else "feasible", None)
