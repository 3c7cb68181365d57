"""Slots, or posts in slots, as options of a plan, with what they bring and take from each other.

Shapes: N options, T slots, P posts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import TableError
from ..planning.selection_items import ItemTable, read_items
from ..planning.stability import NINETY
from ..planning.vocabulary import Vocabulary
from .posting_fatigue import Fatigue
from .posting_posts import Posts
from .posting_slots import Slots

__all__ = ["PLACES", "SLOTS", "PostingOptions"]

SLOTS = Vocabulary(
    title="Posting plan",
    line="slot",
    lines="slots",
    amount="choice",
    amounts="choices",
    amount_unit="0 or 1",
    measure="posts",
    value="engagement",
    period="",
    what="When to post",
    strength="engagement",
    product="taken off where both are chosen",
    total="the number of posts",
    choice=True,
)
PLACES = Vocabulary(
    **{**SLOTS.__dict__, "line": "option", "lines": "options", "fixed_caps": True, "fixed_total": True}
)


@dataclass(frozen=True, eq=False)
class PostingOptions:
    """The options of a posting plan.

    Attributes:
        slots: the slots.
        posts: the posts, None where slots are chosen.
        items: the options as items of a selection; the group of an option is its post.
        at: position of the slot of each option, shape (N,).
        owner: position of its post, shape (N,); zeros where slots are chosen.
        values: engagement of each alone, shape (N,).
        errors: standard error of each, shape (N,); None where no slot has one.
        shares: share that two posts in two slots lose each, shape (T, T).
        own: share that each loses to its own copies, where the plan is repeated.
    """

    slots: Slots
    posts: Posts | None
    items: ItemTable
    at: NDArray[np.int64]
    owner: NDArray[np.int64]
    values: NDArray[np.float64]
    errors: NDArray[np.float64] | None
    shares: NDArray[np.float64]
    own: float = 0.0

    @classmethod
    def of(cls, slots: Slots, posts: Posts | None, fatigue: Fatigue) -> PostingOptions:
        """Options of slots alone, or of posts in the slots that each may have.

        Raises:
            TableError: columns that belong to the other form of the question.
            OptionError: the copies of a repeated plan leave nothing of a post.
        """
        _check_form(slots, posts)
        if posts is None:
            at, owner = np.arange(len(slots.rows)), np.zeros(len(slots.rows), dtype=np.int64)
            factor = np.ones(len(at))
        else:
            owner, at = (found.astype(np.int64) for found in np.nonzero(posts.allowed))
            factor = posts.factor[owner, at]
        values, errors = factor * slots.engagement[at], factor * slots.error[at]
        return cls(
            slots, posts, _items(slots, posts, at, owner), at, owner, values,
            None if np.isnan(errors).all() else errors, fatigue.between(slots.minutes, slots.period),
            fatigue.own(slots.period),
        )  # fmt: skip

    @property
    def topics(self) -> list[str]:
        """Topic of each option's post, "" for none."""
        if self.posts is None:
            return [""] * len(self.at)
        topics = self.posts.topics
        return [topics[p] for p in self.owner.tolist()]

    def kept(self) -> NDArray[np.float64]:
        """Engagement of each without other posts, but beside its own copies, shape (N,)."""
        return np.asarray((1.0 - self.own) * self.values)

    def ends(self) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Central 90 % range of what each option brings without other posts, or None twice."""
        if self.errors is None:
            return None, None
        reach, kept = NINETY * self.errors, 1.0 - self.own
        return kept * np.maximum(0.0, self.values - reach), kept * (self.values + reach)

    def losses(self) -> list[tuple[str, str, float]]:
        """Pairs of options with what both lose together to fatigue."""
        labels = self.items.labels
        first, second = np.triu_indices(len(self.at), 1)
        share = self.shares[self.at[first], self.at[second]]
        kept = share > 0
        if self.posts is not None:
            kept &= self.owner[first] != self.owner[second]
        first, second, share = first[kept], second[kept], share[kept]
        lost = share * (self.values[first] + self.values[second])
        rows = zip(first.tolist(), second.tolist(), lost.tolist())
        return [(labels[i], labels[j], loss) for i, j, loss in rows if loss > 0]

    def lost(self, units: ArrayLike) -> NDArray[np.float64]:
        """Fatigue of each option beside the taken ones: 0 or 1 each, shape (N,), to shape (N,)."""
        close = self.shares[self.at[:, None], self.at[None, :]] * (np.asarray(units) > 0)[None, :]
        np.fill_diagonal(close, 0.0)
        return np.asarray(self.values * (self.own + close.sum(axis=1)))

    def neighbors(self) -> int:
        """How many plans differ from one in one or two posts."""
        sizes = np.bincount(self.owner) - 1
        return int(sizes.sum() + (sizes.sum() ** 2 - (sizes**2).sum()) // 2)


def _check_form(slots: Slots, posts: Posts | None) -> None:
    """Columns of the table of slots that say nothing in this form of the question."""
    problems = slots.checked.problems()
    if posts is not None:
        for i, must in enumerate(slots.checked.column("must")):
            if must == "in":
                words = "'in' is for slots without posts; hold a post with the column slot of the posts"
                problems.add(words, row=i, column="must")
        if slots.has_today:
            raise TableError(
                f"{slots.checked.name}: the column 'current' is for slots without posts; say in the column "
                "current of the posts where they stand today"
            )
    problems.raise_if_any()


def _items(
    slots: Slots, posts: Posts | None, at: NDArray[np.int64], owner: NDArray[np.int64]
) -> ItemTable:
    names, places = slots.names, slots.places
    if posts is None:
        frame = pd.DataFrame({"slot": names})
        frame["must"] = [slots.checked.column("must")[row] for row in slots.rows.tolist()]
        if slots.has_today:
            frame["current"] = [slots.checked.column("current")[row] for row in slots.rows.tolist()]
        frame.index = pd.Index(places)
        return read_items(frame, SLOTS)
    labels = [f"{posts.names[p]} at {names[t]}" for p, t in zip(owner.tolist(), at.tolist())]
    frame = pd.DataFrame({"option": labels, "group": [posts.names[p] for p in owner.tolist()]})
    if posts.has_today:
        frame["current"] = posts.today[owner] == at
    frame.index = pd.Index([posts.checked.places[p] for p in owner.tolist()])
    return read_items(frame, PLACES).with_caps(dict.fromkeys(posts.names, 1.0))
