"""The answer of the posting task: when to post what, and what fatigue takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..planning.plan_figures import Figures, share_text
from ..planning.plan_json import plain_rows
from ..planning.selection_plan import SelectionPlan
from ..reports import Drawing, Table
from .posting_options import PostingOptions
from .posting_slots import DAYS, hour_text
from .posting_tables import calendar_drawings, post_table

__all__ = ["PostingPlan"]


@dataclass(frozen=True, eq=False)
class PostingPlan(SelectionPlan):
    """A schedule with proof, reasons and alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        options: the slots, the posts and what they take from each other.
        looser: what each rule is worth one step looser; ``limits`` holds these rows too.
    """

    options: PostingOptions | None = None
    looser: pd.DataFrame | None = None

    @property
    def placing(self) -> PostingOptions:
        """The options.

        Raises:
            AttributeError: the plan does not come from ``PostingPlanner.solve``.
        """
        if self.options is None:
            raise AttributeError("this plan has no slots; it comes from PostingPlanner.solve")
        return self.options

    @property
    def interacts(self) -> bool:
        """Whether posts take engagement from each other; a question without needs no QUBO."""
        return bool(self.question.synergies)

    def worth_of(self, amounts: NDArray[np.float64]) -> float:
        """Engagement of a choice, 0 or 1 per option, shape (N,)."""
        given, taken = self.placing, np.asarray(amounts) > 0
        return float(np.subtract(given.values, given.lost(taken))[taken].sum())

    def schedule(self) -> pd.DataFrame:
        """One row per post, in time order.

        Returns:
            Columns week, day, time, slot, post and topic ("" where slots are chosen), alone (engagement
            without others), lost (to fatigue), engagement, gap (hours since the post before; NaN for the
            first), near (other slots it has in plans within the tolerance; "" where not looked for).
        """
        given, slots = self.placing, self.placing.slots
        taken = np.flatnonzero(self.spends() > 0)
        taken = taken[np.argsort(given.at[taken], kind="stable")]
        at, lost, names = given.at[taken], given.lost(self.spends())[taken], slots.names
        hours = slots.minutes[at] / 60.0
        posts = [given.posts.names[p] if given.posts is not None else "" for p in given.owner[taken].tolist()]
        return pd.DataFrame(
            {
                "week": slots.week[at],
                "day": [DAYS[day] for day in slots.day[at].tolist()],
                "time": [hour_text(hour) for hour in slots.hour[at].tolist()],
                "slot": [names[t] for t in at.tolist()],
                "post": posts,
                "topic": [given.topics[i] for i in taken.tolist()],
                "alone": given.values[taken],
                "lost": lost,
                "engagement": given.values[taken] - lost,
                "gap": np.concatenate([[np.nan], np.diff(hours)]) if len(hours) else [],
                "near": [self._near_slots(i) for i in taken.tolist()],
            }
        )

    def _near_slots(self, i: int) -> str:
        if self.near is None:
            return ""
        given, names = self.placing, self.placing.slots.names
        if given.posts is None:
            return self._near(i)
        own = np.flatnonzero((given.owner == given.owner[i]) & (self.near.ranges[:, 1] > 0))
        return ", ".join(names[t] for t in given.at[own].tolist())

    def placements(self) -> dict[str, str]:
        """Post -> slot; empty where slots are chosen."""
        frame = self.schedule()
        return {} if self.placing.posts is None else dict(zip(frame["post"], frame["slot"]))

    def calendar(self) -> pd.DataFrame:
        """Engagement and choice of every slot.

        Returns:
            Columns slot, week, day, time, engagement (expected, alone), posts (how many stand there).
        """
        given, slots = self.placing, self.placing.slots
        counts = np.bincount(given.at[self.spends() > 0], minlength=len(slots.rows))
        return pd.DataFrame(
            {
                "slot": slots.names,
                "week": slots.week,
                "day": [DAYS[day] for day in slots.day.tolist()],
                "time": [hour_text(hour) for hour in slots.hour.tolist()],
                "engagement": slots.engagement,
                "posts": counts,
            }
        )

    def lines(self) -> pd.DataFrame:
        """One row per option: its name, post, slot, today (where known) and plan (0 or 1), alone, near."""
        given, units, names = self.placing, self.spends(), self.placing.slots.names
        frame = pd.DataFrame({self.words.line: given.items.labels})
        if given.posts is not None:
            frame["post"] = [given.posts.names[p] for p in given.owner.tolist()]
            frame["slot"] = [names[t] for t in given.at.tolist()]
        if self.has_today:
            frame["today"] = self.current.astype(int)
        frame["plan"] = units.astype(int)
        frame["alone"] = given.values
        frame["near"] = [self._near(i) for i in range(len(units))]
        return frame

    def limit_words(self) -> str:
        """How many posts there are in how many slots."""
        return f"{int(self.spends().sum())} posts in {len(self.placing.slots.rows)} slots"

    def origin(self) -> str:
        """Where the values come from."""
        return "Engagement comes from the table of slots, or from past posts"

    def line_table(self) -> Table:
        """When to post what."""
        return post_table(self)

    def task_drawings(self) -> list[Drawing]:
        """The calendar, a picture per week, and the best plan of every size where it is known."""
        drawings = calendar_drawings(self)
        if self.by_count is not None and len(self.by_count) > 1:
            from ..planning.selection_tables import count_drawing

            drawings.append(count_drawing(self, self.by_count))
        return drawings

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """Schedule and calendar, and what every selection has."""
        return {"schedule": self.schedule(), "calendar": self.calendar(), **super().task_frames()}

    def task_values(self) -> dict[str, Any]:
        """The same as JSON values."""
        own = {"schedule": plain_rows(self.schedule()), "placements": self.placements()}
        return {**super().task_values(), **own, "interacts": self.interacts}

    def alternative_table(self) -> Table:
        """Plans almost as good: a row per plan; a column per post, or the slots in one."""
        figures, near, given = Figures.of(self), self.near, self.placing
        names, rows = given.slots.names, []
        posts = ["slots"] if given.posts is None else given.posts.names
        if near is not None:
            best = max(abs(float(near.values[0])), 1e-9)
            for k, (plan, value) in enumerate(zip(near.plans, near.values, strict=True)):
                taken = np.flatnonzero(self.question.money(plan) > 0)
                cells = [names[t] for t in given.at[taken].tolist()]
                cells = [", ".join(cells)] if given.posts is None else cells
                loss = (float(near.values[0]) - float(value)) / best
                rows.append([str(k + 1), *cells, figures.response(float(value)), f"{loss:.2%}"])
        left: list[Literal["left", "right"]] = ["left"] * (1 + len(posts))
        count, exactly = (0, "") if near is None else (near.count, "" if near.exact else "at least ")
        share = "" if near is None else share_text(near.tolerance)
        return Table(
            ["plan", *posts, self.words.value, "loss"],
            rows,
            title=f"Plans within {share} of the best: {exactly}{count:,}; some that differ most",
            align=[*left, "right", "right"],
        )
