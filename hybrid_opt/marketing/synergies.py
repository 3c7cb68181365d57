"""Pairs of channels that help each other, or get in each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..planning.table import Column, TableSource, nearest, read_table

__all__ = ["SYNERGY_COLUMNS", "ChannelSynergy", "read_synergies"]

SYNERGY_COLUMNS = (
    Column("channel", "text", help="a channel of the plan"),
    Column("other", "text", help="another channel of the plan"),
    Column("strength", "number", unit="response per money", help="times spend * spend / budget"),
)
"""Columns of the synergy table."""


@dataclass(frozen=True)
class ChannelSynergy:
    """Extra response ``strength * spend(channel) * spend(other) / budget``; negative where they compete.

    Attributes:
        channel: one channel.
        other: the other one.
        strength: response per money.
    """

    channel: str
    other: str
    strength: float


def read_synergies(source: TableSource | None, channels: Sequence[str]) -> list[ChannelSynergy]:
    """Read a synergy table; None is an empty one.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame, with the columns channel, other and strength.
        channels: the channels of the plan.

    Returns:
        One entry per row.

    Raises:
        TableError: unknown or equal channels, a pair twice, anything wrong in the table.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame({"channel": ["tv"], "other": ["search"], "strength": [0.2]})
        >>> read_synergies(table, ["tv", "search"])
        [ChannelSynergy(channel='tv', other='search', strength=0.2)]
    """
    if source is None:
        return []
    table = read_table(source, SYNERGY_COLUMNS, name="synergy table")
    problems = table.problems()
    found: list[ChannelSynergy] = []
    seen: set[frozenset[str]] = set()
    rows = zip(table.column("channel"), table.column("other"), table.column("strength"))
    for i, (channel, other, strength) in enumerate(rows):
        for column, name in (("channel", channel), ("other", other)):
            if name not in channels:
                near = nearest(name, channels)
                hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(channels)}"
                problems.add(f"{name!r} is no channel of the plan; {hint}", row=i, column=column)
        if channel == other:
            problems.add(f"{channel!r} is paired with itself; name two channels", row=i, column="other")
        if frozenset((channel, other)) in seen:
            problems.add(f"the pair of {channel!r} and {other!r} stands in the table twice", row=i)
        seen.add(frozenset((channel, other)))
        found.append(ChannelSynergy(channel, other, strength))
    problems.raise_if_any()
    return found
