"""Posts into slots under fatigue, as a mixed-integer program that counts posts per slot, not pairs of posts.

What a post loses depends on which slots are used, not on which post stands there. With x_i for option i (post
p in slot t) and w_is for x_i times the number of other posts in slot s,

    maximize    sum_i v_i x_i - sum_i sum_s f(t, s) u_i w_is
    subject to  sum over the options of a post x_i = 1, and the limits on x
                sum_s w_is = (P - 1) x_i
                sum_s c_s w_is <= (h - c_t) x_i          for every limit sum_s c_s y_s <= h on slots
                sum_(i in t) w_is = sum_(j in s) w_jt    a pair of slots is a pair either way round
                w_is >= sum_(j in s, of other posts) x_j - room_s (1 - x_i)     where a slot holds several

x binary, w >= 0. The middle rows multiply the model's own rows by x_i, as in level-1 RLT (Sherali and Adams,
SIAM J. Discrete Math. 3, 1990), but summed over posts: N T products instead of one per pair of options.
With whole x the w are the counts: a slot without posts gets none by the symmetry, and where every slot holds
one post the sums leave no other choice; the last rows see to slots that hold several.

Shapes: N options of all posts together, T slots, R limits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from ..errors import PlanError
from ..planning.lines import LevelQuestion
from ..planning.side_search import limit_rows

__all__ = ["place_posts"]

LARGEST = 1e3  # keeps the solver's absolute tolerances at 1e-9 of the values
Entry = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def place_posts(
    question: LevelQuestion,
    at: NDArray[np.int64],
    owner: NDArray[np.int64],
    values: NDArray[np.float64],
    shares: NDArray[np.float64],
    *,
    time_limit: float = 60.0,
) -> tuple[NDArray[np.int64], float | None]:
    """The best placement under fatigue, and a bound.

    Args:
        question: one option per post, with its limits; its pairs are those of ``values`` and ``shares``.
        at: position of the slot of each option, shape (N,).
        owner: position of its post, shape (N,).
        values: engagement of each option of which fatigue takes a share, shape (N,).
        shares: share that a post in slot t loses by one in slot s, symmetric, shape (T, T).
        time_limit: seconds.

    Returns:
        Units of the placement, shape (N,), and the bound, None where none was proven.

    Raises:
        PlanError: no placement keeps all limits, or none was found in time.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(f"{p}{t}", [0, 1], [0.0, 9.0 - t], p) for p in "ab" for t in range(3)]
        >>> question = LevelQuestion(lines, 2, caps={"a": 1, "b": 1})
        >>> at, owner, values = np.array([0, 1, 2] * 2), np.repeat([0, 1], 3), np.array([9.0, 8, 7] * 2)
        >>> shares = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
        >>> units, bound = place_posts(question, at, owner, values, shares)
        >>> sorted(at[units == 1].tolist()), round(bound, 6)
        ([0, 2], 16.0)
    """
    n, slots = len(at), len(shares)
    low = np.array([float(line.spends[0]) for line in question.lines])
    high = np.array([float(line.spends[-1]) for line in question.lines])
    worth = np.array([float(line.values[-1]) if line.spends[-1] else 0.0 for line in question.lines])
    lost = shares[at] * values[:, None]
    rows, rooms = limit_rows(question)
    program = _Program(at, owner, slots)
    program.limits(rows.astype(np.float64), rooms.astype(np.float64))
    program.several(lost)
    scale = (float(np.abs(worth).max()) or 1.0) / LARGEST
    result = milp(
        np.concatenate([-worth, lost.ravel()]) / scale,
        integrality=np.concatenate([np.ones(n), np.zeros(n * slots)]),
        bounds=Bounds(
            np.concatenate([low, np.zeros(n * slots)]), np.concatenate([high, program.room[program.slot]])
        ),
        constraints=program.constraint(),
        options={"time_limit": float(time_limit), "mip_rel_gap": 0.0},
    )
    if result.status == 2:
        names = ", ".join(side.label for side in question.sides)
        raise PlanError(f"no placement of all posts keeps all limits together ({names}); relax one of them")
    if result.x is None:
        raise PlanError(f"no placement was found in {time_limit:g} s; allow more time, or fewer slots")
    dual = getattr(result, "mip_dual_bound", None)
    bound = None if dual is None or not np.isfinite(dual) else -float(dual) * scale
    return np.rint(result.x[:n]).astype(np.int64), bound


class _Program:
    """Rows of the program; its columns are x, shape (N,), then w, shape (N, T), row by row.

    Attributes:
        room: most posts in each slot, as far as the limits tell, shape (T,).
        option: option of each product, shape (N * T,).
        slot: other slot of each product, shape (N * T,).
    """

    def __init__(self, at: NDArray[np.int64], owner: NDArray[np.int64], slots: int) -> None:
        self.at, self.owner, self.n, self.slots = at, owner, len(at), slots
        self.posts = int(owner.max()) + 1
        self.room = np.full(slots, float(self.posts))
        self.option, self.slot = (grid.ravel() for grid in np.indices((self.n, slots)))
        self.line, self.product = np.arange(self.n), self.n + np.arange(self.n * slots)
        self._entries: list[Entry] = []
        self._lower: list[NDArray[np.float64]] = []
        self._upper: list[NDArray[np.float64]] = []
        self._count = 0
        one = np.ones(self.n)
        self._add([(owner, self.line, one)], np.ones(self.posts), np.ones(self.posts))
        # A post that is placed has P - 1 others.
        others = [self._products(np.ones(slots)), (self.line, self.line, one * (1 - self.posts))]
        self._add(others, 0.0 * one, 0.0 * one)
        self._symmetry()

    def _products(self, per_slot: NDArray[np.float64]) -> Entry:
        """Entries sum_s c_s w_is of a row for each option."""
        weights = per_slot[self.slot]
        used = weights != 0
        return self.option[used], self.product[used], weights[used]

    def _add(
        self, entries: list[Entry], lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> None:
        self._entries += [(row + self._count, column, weight) for row, column, weight in entries]
        self._lower.append(lower)
        self._upper.append(upper)
        self._count += len(lower)

    def _symmetry(self) -> None:
        """A pair of slots is the same pair either way round."""
        first, second = np.triu_indices(self.slots, 1)
        number = np.zeros((self.slots, self.slots), dtype=np.int64)
        number[first, second] = number[second, first] = np.arange(len(first))
        own = self.at[self.option]
        apart = own != self.slot
        sign = np.where(own < self.slot, 1.0, -1.0)[apart]
        nothing = np.zeros(len(first))
        self._add([(number[own, self.slot][apart], self.product[apart], sign)], nothing, nothing)

    def limits(self, rows: NDArray[np.float64], rooms: NDArray[np.float64]) -> None:
        """The limits, shape (R, N), and those on slots alone times every x_i."""
        row, column = np.nonzero(rows)
        self._add([(row, column, rows[row, column])], np.full(len(rows), -np.inf), rooms)
        for weights, most in zip(rows, rooms.tolist()):
            per_slot = np.zeros(self.slots)
            per_slot[self.at] = weights
            if (weights != per_slot[self.at]).any():
                continue  # a limit on some posts only says nothing about counts
            if (per_slot >= 0).all():
                used = per_slot > 0
                self.room[used] = np.minimum(self.room[used], np.floor(most / per_slot[used]))
            own = (self.line, self.line, per_slot[self.at] - most)
            self._add([self._products(per_slot), own], np.full(self.n, -np.inf), np.zeros(self.n))

    def several(self, lost: NDArray[np.float64]) -> None:
        """Counts from below where a slot may hold several posts and fatigue takes something."""
        wanted = np.flatnonzero((self.room[self.slot] > 1) & (lost.ravel() > 0))
        if not len(wanted):
            return
        option, slot, number = self.option[wanted], self.slot[wanted], np.arange(len(wanted))
        room = self.room[slot]
        entries: list[Entry] = [
            (number, self.product[wanted], np.ones(len(wanted))),
            (number, option, -room),
        ]
        for j in self.line.tolist():
            met = np.flatnonzero((slot == self.at[j]) & (self.owner[option] != self.owner[j]))
            entries.append((met, np.full(len(met), j), np.full(len(met), -1.0)))
        self._add(entries, -room, np.full(len(wanted), np.inf))

    def constraint(self) -> LinearConstraint:
        """All rows."""
        row, column, weight = (np.concatenate(part) for part in zip(*self._entries))
        matrix = coo_array((weight, (row, column)), shape=(self._count, self.n * (1 + self.slots)))
        return LinearConstraint(matrix.tocsr(), np.concatenate(self._lower), np.concatenate(self._upper))
