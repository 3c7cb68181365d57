"""``hybrid-opt plan posts``: which slots to use, or which post in which slot, with proof and reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_output import Json, Report, Seed, TimeLimit
from .cli_plan import (
    Depth,
    Draws,
    Excel,
    Method,
    Quantum,
    Qubits,
    Shots,
    Tolerance,
    Train,
    check_files,
    number_or_path,
    solve_plan,
)
from .errors import OptionError

__all__ = ["register_posting"]

Mixer = Annotated[str | None, typer.Option(help="QAOA's mixer: xy-exact, xy-trotter, grover or x.")]
WhatIf = Annotated[
    list[str] | None, typer.Option(help="A post to hold in each slot, or a slot; may be repeated.")
]


def register_posting(app: typer.Typer) -> None:
    """Enter the command.

    Args:
        app: ``hybrid-opt plan``.
    """
    app.command()(posts)


def posts(
    slots: Annotated[
        Path | None, typer.Argument(help="Table: day, hour, engagement, error, capacity, ...")
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="Instead of slots: past posts, timestamp and engagement.")
    ] = None,
    block_hours: Annotated[int, typer.Option(help="Hours of a slot that is estimated.")] = 1,
    timezone: Annotated[
        str | None, typer.Option(help="Zone of the plan, e.g. Europe/Madrid, for past posts with offsets.")
    ] = None,
    posts: Annotated[
        Path | None, typer.Option(help="Posts to place: post, topic, multiplier, days, slot, current.")
    ] = None,
    multipliers: Annotated[Path | None, typer.Option(help="Table post, day, hour, multiplier.")] = None,
    choose: Annotated[int | None, typer.Option(help="Without posts: how many slots to choose.")] = None,
    at_most: Annotated[bool, typer.Option("--at-most", help="Fewer may be chosen.")] = False,
    weeks: Annotated[int, typer.Option(help="How many weeks are planned.")] = 1,
    every_week: Annotated[bool, typer.Option("--every-week", help="The plan is repeated.")] = False,
    capacity: Annotated[int, typer.Option(help="Most posts in a slot.")] = 1,
    fatigue: Annotated[
        str, typer.Option(help="Share that each of two simultaneous posts loses, or a table hours, share.")
    ] = "0",
    fatigue_hours: Annotated[float, typer.Option(help="Hours after which nothing is lost.")] = 24.0,
    min_gap: Annotated[float, typer.Option(help="Fewest hours between two posts.")] = 0.0,
    topic_gap: Annotated[float, typer.Option(help="Fewest hours between two posts of a topic.")] = 0.0,
    topic_per_day: Annotated[int | None, typer.Option(help="Most posts of a topic on a day.")] = None,
    max_per_day: Annotated[int | None, typer.Option(help="Most posts on a day.")] = None,
    min_per_day: Annotated[int | None, typer.Option(help="Fewest posts on a day.")] = None,
    weekend: Annotated[str | None, typer.Option(help="Posts on a weekend, LEAST:MOST: 1:2, :2.")] = None,
    days: Annotated[Path | None, typer.Option(help="Table day, at_least, at_most.")] = None,
    equal_split: Annotated[str | None, typer.Option(help="Equally many over 'days' or 'weeks'.")] = None,
    method: Method = "auto",
    quantum: Quantum = False,
    qubits: Qubits = 20,
    depth: Depth = 3,
    shots: Shots = 1000,
    train: Train = 0,
    mixer: Mixer = None,
    tolerance: Tolerance = 0.01,
    draws: Draws = 0,
    what_if: WhatIf = None,
    report: Report = None,
    excel: Excel = None,
    seed: Seed = None,
    time_limit: TimeLimit = 60.0,
    as_json: Json = False,
) -> None:
    """Choose slots for posting, or put posts into slots."""
    from .marketing import PostingPlanner

    check_files(report, excel)
    rules: dict[str, Any] = {"min_gap": min_gap, "topic_gap": topic_gap, "topic_per_day": topic_per_day}
    rules |= {"max_per_day": max_per_day, "min_per_day": min_per_day, "weekend": _ends(weekend)}
    planner = PostingPlanner.from_csv(
        slots,
        history=history,
        block_hours=block_hours,
        timezone=timezone,
        posts=posts,
        multipliers=multipliers,
        choose=choose,
        at_most=at_most,
        weeks=weeks,
        every_week=every_week,
        capacity=capacity,
        fatigue=number_or_path(fatigue),
        fatigue_hours=fatigue_hours,
        days=days,
        equal_split=equal_split,
        **rules,
    )
    options: dict[str, Any] = {"quantum": quantum, "qubits": qubits, "depth": depth, "shots": shots}
    options |= {"mixer": mixer, "max_evaluations": train, "tolerance": tolerance, "draws": draws}
    solve_plan(
        planner, method, {**options, "what_if": what_if or ()}, report, excel, seed, time_limit, as_json
    )


def _ends(text: str | None) -> tuple[int | None, int | None]:
    """LEAST:MOST as two numbers, an empty side is open.

    Raises:
        OptionError: a text of another form.
    """
    if text is None:
        return None, None
    low, colon, high = text.partition(":")
    try:
        ends = tuple(int(part) if part.strip() else None for part in (low, high))
    except ValueError:
        ends = ()
    if not colon or len(ends) != 2:
        raise OptionError(f"--weekend is {text!r}; write LEAST:MOST, e.g. 1:2, or :2 for at most two")
    return ends[0], ends[1]
