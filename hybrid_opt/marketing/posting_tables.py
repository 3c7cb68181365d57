"""A posting plan as tables and pictures for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ..planning.plan_figures import Figures, share_text
from ..reports import Drawing, Table
from ..reports.week_calendar import calendar_chart
from .posting_slots import DAYS, hour_text

if TYPE_CHECKING:
    from .posting_plan import PostingPlan

__all__ = ["MOST_WEEKS_DRAWN", "calendar_drawings", "post_table"]

MOST_WEEKS_DRAWN = 8


def post_table(plan: PostingPlan) -> Table:
    """When to post what, and what fatigue takes."""
    figures, frame, given = Figures.of(plan), plan.schedule(), plan.placing
    placed, topics = given.posts is not None, bool((frame["topic"] != "").any())
    within = "" if plan.near is None else f"within {share_text(plan.near.tolerance)}"
    header = ["slot", "post", "topic", "alone", "lost to fatigue", "engagement", "hours since", within]
    kept = [True, placed, topics, True, True, True, True, plan.near is not None]
    right: list[Literal["left", "right"]] = ["right"] * 4
    ends: list[Literal["left", "right"]] = ["left", "left", "left", *right, "left"]
    rows = []
    for row in frame.to_dict("records"):
        gap = "" if np.isnan(row["gap"]) else f"{row['gap']:g}"
        alone_text, rest = (figures.response(row[name]) for name in ("alone", "engagement"))
        numbers = [alone_text, _loss(figures, row["lost"]), rest, gap]
        rows.append([row["slot"], row["post"], row["topic"], *numbers, row["near"]])
    alone, lost = float(frame["alone"].sum()), float(frame["lost"].sum())
    totals = [figures.response(alone), _loss(figures, lost), figures.response(alone - lost)]
    rows.append(["total", "", "", *totals, "", ""])
    note = "hours since: since the post before; lost: what close posts take, their shares added up"
    return Table(
        [name for name, keep in zip(header, kept) if keep],
        [[cell for cell, keep in zip(row, kept) if keep] for row in rows],
        title=plan.words.what if not placed else "Which post when",
        align=[end for end, keep in zip(ends, kept) if keep],
        strong=[-1],
        note=note if plan.interacts else "hours since: since the post before; no post touches another one",
    )


def _loss(figures: Figures, lost: float) -> str:
    return figures.response(-lost, signed=True) if lost > 0 else "0"


def calendar_drawings(plan: PostingPlan) -> list[Drawing]:
    """A calendar per week: engagement as color, chosen posts written in."""
    given, slots, frame = plan.placing, plan.placing.slots, plan.schedule()
    times = np.unique(slots.hour).tolist()
    top = float(slots.engagement.max())
    drawings = []
    for week in range(1, min(slots.weeks, MOST_WEEKS_DRAWN) + 1):
        here = slots.week == week
        values = np.full((len(times), len(DAYS)), np.nan)
        for day, hour, value in zip(slots.day[here], slots.hour[here].tolist(), slots.engagement[here]):
            values[times.index(hour), int(day)] = value
        marks: dict[tuple[int, int], str] = {}
        for row in frame[frame["week"] == week].to_dict("records"):
            place = ([hour_text(hour) for hour in times].index(row["time"]), DAYS.index(row["day"]))
            name = row["post"] or "post"
            marks[place] = f"{marks[place]}, {name}" if place in marks else name
        picture = calendar_chart(
            [hour_text(hour) for hour in times], DAYS, values, marks, value_title="Engagement", top=top
        )
        which = f" in week {week}" if slots.weeks > 1 else ""
        what = "the chosen slots" if given.posts is None else "the posts"
        words = f"Expected engagement by day and hour{which}, darker is more; framed are {what}."
        drawings.append(Drawing(picture, words))
    return drawings
