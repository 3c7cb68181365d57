"""Posts into slots under fatigue, by branch and bound over sets of slots.

What a post loses depends on which slots are used, not on which post stands there. For a set S of P slots, one
post each, the best placement is therefore an assignment with values

    c_pt(S) = v_pt - u_pt F_t(S),      F_t(S) = sum over s in S, s != t, of f(t, s)

and no placement on S exceeds, with v_pt <= m_p a_t and u_pt >= m_p b_t for factors m_p > 0 of the posts,

    sum_k m_(k) (a - b F(S))_(k)       both sorted (rearrangement inequality; Hardy, Littlewood, Polya 1934).

Sets grow slot by slot, the best slots first. F only grows with the set, so that the slots chosen so far with
the best of those that may follow bound all larger sets. Sets whose bound beats the best placement so far are
assigned; topics and other limits on single posts are looked at there.

Shapes: N options of all posts together, T slots, P posts, S sets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ..errors import PlanError
from ..planning.lines import LevelQuestion
from ..planning.side_search import limit_rows

__all__ = ["search_slot_sets"]

MOST_SETS = 2_000_000
MOST_ASSIGNMENTS = 20_000
MOST_NODES = 500_000  # of the search over posts, all sets together
BEAM = 300
CHUNK = 20_000
ROUNDING = 1e-9


def search_slot_sets(
    question: LevelQuestion,
    at: NDArray[np.int64],
    owner: NDArray[np.int64],
    values: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> NDArray[np.int64] | None:
    """The proven best placement, where every slot holds one post and there are not too many sets.

    Args:
        question: one option per post, with its limits; its pairs are those of ``values`` and ``shares``.
        at: position of the slot of each option, shape (N,).
        owner: position of its post, shape (N,).
        values: engagement of each option of which fatigue takes a share, shape (N,).
        shares: share that a post in slot t loses by one in slot s, symmetric, shape (T, T).

    Returns:
        Units of the placement, shape (N,); None where this search is not for the question.

    Raises:
        PlanError: no placement keeps all limits.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> from hybrid_opt.planning.side_constraint import SideConstraint
        >>> lines = [Line(f"{p}{t}", [0, 1], [0.0, 9.0 - t], p) for p in "ab" for t in range(3)]
        >>> rooms = [SideConstraint(f"slot {t}", tuple([int(t == s) for s in range(3)] * 2), None, 1)
        ...          for t in range(3)]
        >>> question = LevelQuestion(lines, 2, caps={"a": 1, "b": 1}, sides=rooms)
        >>> at, owner, values = np.array([0, 1, 2] * 2), np.repeat([0, 1], 3), np.array([9.0, 8, 7] * 2)
        >>> shares = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
        >>> sorted(at[search_slot_sets(question, at, owner, values, shares) == 1].tolist())
        [0, 2]
    """
    search = _Search.of(question, at, owner, values, shares)
    if search is None or not search.run(BEAM) or not search.run(None):
        return None
    if search.best is None:
        names = ", ".join(side.label for side in question.sides)
        raise PlanError(f"no placement of all posts keeps all limits together ({names}); relax one of them")
    return search.best


@dataclass(eq=False)
class _Search:
    """The search; slots are numbered from the best one on.

    Attributes:
        worth: value of each post in each slot, minus infinity where it may not stand, shape (P, T).
        nominal: value of which fatigue takes its share, shape (P, T).
        option: option of each post and slot, shape (P, T).
        above: bound a_t, shape (T,).
        below: bound b_t, shape (T,).
        factor: m_p in falling order, shape (P,).
        shares: shape (T, T), zeros on the diagonal.
        slot_rows: limits on slots: weights, shape (T,), and the most of their sum.
        post_rows: limits on single posts: weights, shape (N,), and the most of their sum.
    """

    worth: NDArray[np.float64]
    nominal: NDArray[np.float64]
    option: NDArray[np.int64]
    above: NDArray[np.float64]
    below: NDArray[np.float64]
    factor: NDArray[np.float64]
    shares: NDArray[np.float64]
    slot_rows: list[tuple[NDArray[np.float64], float]]
    post_rows: list[tuple[NDArray[np.int64], int]]
    options: int
    best: NDArray[np.int64] | None = None
    value: float = -np.inf
    assigned: int = 0
    looked_at: int = 0
    nodes: int = 0
    seen: set[bytes] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        question: LevelQuestion,
        at: NDArray[np.int64],
        owner: NDArray[np.int64],
        values: NDArray[np.float64],
        shares: NDArray[np.float64],
    ) -> _Search | None:
        """Read the question; None where a slot may hold several posts."""
        slots, posts = len(shares), int(owner.max()) + 1
        worth, nominal = np.full((posts, slots), -np.inf), np.zeros((posts, slots))
        option = np.zeros((posts, slots), dtype=np.int64)
        lines = question.lines
        held = {int(owner[i]) for i, line in enumerate(lines) if line.spends[0] == 1}
        for i, line in enumerate(lines):
            p, t = int(owner[i]), int(at[i])
            if line.spends[-1] == 1 and (p not in held or line.spends[0] == 1):
                worth[p, t], nominal[p, t], option[p, t] = float(line.values[-1]), values[i], i
        slot_rows, post_rows, room = [], [], np.full(slots, np.inf)
        rows, rooms = limit_rows(question)
        for weights, most in zip(rows, rooms.tolist()):
            per_slot = np.zeros(slots)
            per_slot[at] = weights
            if (weights != per_slot[at]).any():
                post_rows.append((weights, int(most)))
                continue
            slot_rows.append((per_slot, float(most)))
            used = per_slot > 0
            if (per_slot >= 0).all():
                room[used] = np.minimum(room[used], np.floor(most / per_slot[used]))
        open_slots = np.isfinite(worth).any(axis=0)
        room = np.minimum(room, np.isfinite(worth).sum(axis=0))
        if (room[open_slots] > 1).any():
            return None
        met = np.isfinite(worth)
        # Factors from the values that fatigue refers to; slots with the best bound come first.
        top = np.where(met, nominal, -np.inf).max(axis=0)
        ratio = np.divide(nominal, top, out=np.zeros_like(nominal), where=met & (top > 0))
        factor = np.maximum(ratio.max(axis=1), 1e-9)
        above = np.where(met, worth / factor[:, None], -np.inf).max(axis=0)
        below = np.where(met, nominal / factor[:, None], np.inf).min(axis=0)
        order = np.argsort(-above, kind="stable")[: int(open_slots.sum())]
        apart = np.array(shares, dtype=np.float64)
        np.fill_diagonal(apart, 0.0)
        return cls(
            worth[:, order], nominal[:, order], option[:, order], above[order], below[order],
            -np.sort(-factor), apart[np.ix_(order, order)],
            [(weights[order], most) for weights, most in slot_rows], post_rows, len(lines),
        )  # fmt: skip

    def run(self, beam: int | None) -> bool:
        """Grow sets; with a beam only the best of each size, for a first placement.

        Returns:
            Whether the search came to its end.
        """
        posts = len(self.worth)
        sets = np.zeros((1, 0), dtype=np.int64)
        for size in range(1, posts + 1):
            grown, bounds = [np.zeros((0, size), dtype=np.int64)], [np.zeros(0)]
            for begin in range(0, len(sets), CHUNK // 10):
                own, found = self._grow(sets[begin : begin + CHUNK // 10], size)
                keep = found > self._least()
                grown.append(own[keep])
                bounds.append(found[keep])
                self.looked_at += len(own)
                if self.looked_at > MOST_SETS:
                    return False
            sets, bound = np.concatenate(grown), np.concatenate(bounds)
            if beam is not None and len(sets) > beam:
                first = np.argsort(-bound, kind="stable")[:beam]
                sets, bound = sets[first], bound[first]
        for k in np.argsort(-bound, kind="stable").tolist():
            if bound[k] <= self._least():
                break
            if sets[k].tobytes() not in self.seen:
                self.seen.add(sets[k].tobytes())
                self._assign(sets[k])
            if self.assigned > MOST_ASSIGNMENTS or self.nodes > MOST_NODES:
                return False
        return True

    def _least(self) -> float:
        """A set must promise more than this."""
        return self.value + ROUNDING * max(1.0, abs(self.value)) if np.isfinite(self.value) else -np.inf

    def _grow(self, sets: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """All sets with one more, later slot that may still keep the limits, and their bounds."""
        posts, slots = self.worth.shape
        last = sets[:, -1] if sets.shape[1] else np.full(len(sets), -1)
        row, slot = np.nonzero(np.arange(slots)[None, :] > last[:, None])
        kept = slot <= slots - 1 - (posts - size)
        grown = np.column_stack([sets[row[kept]], slot[kept]])
        taken = np.zeros((len(grown), slots))
        taken[np.arange(len(grown))[:, None], grown] = 1.0
        fine = np.ones(len(grown), dtype=bool)
        for weights, most in self.slot_rows:
            if size == posts or (weights >= 0).all():
                fine &= taken @ weights <= most + 0.5
        grown, taken = grown[fine], taken[fine]
        left = self.above - self.below * (taken @ self.shares)
        inside = np.take_along_axis(left, grown, axis=1)
        later = np.where(np.arange(slots)[None, :] > grown[:, -1:], left, -np.inf)
        rest = -np.sort(-later, axis=1)[:, : posts - size]
        both = -np.sort(-np.concatenate([inside, rest], axis=1), axis=1)
        return grown, both @ self.factor

    def _assign(self, chosen: NDArray[np.int64]) -> None:
        """The best placement on one set of slots, if it beats the best so far."""
        self.assigned += 1
        loss = self.shares[np.ix_(chosen, chosen)].sum(axis=1)
        values = self.worth[:, chosen] - self.nominal[:, chosen] * loss[None, :]
        try:
            posts, places = linear_sum_assignment(-values)
        except ValueError:  # some posts may stand in too few of these slots
            return
        total = float(values[posts, places].sum())
        if total <= self._least():
            return
        units = self._units(chosen[places])
        if all(int(weights @ units) <= most for weights, most in self.post_rows):
            self.best, self.value = units, total
            return
        self._by_posts(values, chosen)

    def _units(self, slots: NDArray[np.int64]) -> NDArray[np.int64]:
        units = np.zeros(self.options, dtype=np.int64)
        units[self.option[np.arange(len(slots)), slots]] = 1
        return units

    def _by_posts(self, values: NDArray[np.float64], chosen: NDArray[np.int64]) -> None:
        """Depth first over posts, where limits on single posts rule the plain assignment out."""
        posts = len(values)
        hope = np.concatenate([np.cumsum(values.max(axis=1)[::-1])[::-1], [0.0]])
        rows = [(weights, most) for weights, most in self.post_rows if (weights >= 0).all()]

        def place(p: int, free: list[int], taken: list[int], total: float) -> None:
            self.nodes += 1
            if self.nodes > MOST_NODES or total + hope[p] <= self._least():
                return
            if p == posts:
                units = self._units(chosen[taken])
                if all(int(weights @ units) <= most for weights, most in self.post_rows):
                    self.best, self.value = units, total
                return
            for k in sorted(free, key=lambda k: -values[p, k]):
                if np.isfinite(values[p, k]):
                    lines = [int(self.option[q, chosen[j]]) for q, j in enumerate([*taken, k])]
                    if all(int(weights[lines].sum()) <= most for weights, most in rows):
                        place(p + 1, [j for j in free if j != k], [*taken, k], total + float(values[p, k]))

        place(0, list(range(posts)), [], 0.0)
