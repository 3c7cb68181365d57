"""Pairs of lines that help each other, or get in each other's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .table import CheckedTable, Column, TableSource, nearest, read_table
from .vocabulary import CHANNELS, Vocabulary

__all__ = ["LineSynergy", "read_links", "read_pairs", "read_synergies", "synergy_columns"]


def synergy_columns(words: Vocabulary = CHANNELS) -> tuple[Column, ...]:
    """Columns of the synergy table."""
    return (
        Column(words.line, "text", help=f"a {words.line} of the plan"),
        Column("other", "text", help=f"another {words.line} of the plan"),
        Column("strength", "number", unit=words.strength, help=words.product),
    )


@dataclass(frozen=True)
class LineSynergy:
    """An extra value proportional to the product of two amounts; negative where the lines compete.

    A budget plan divides the product by the budget, a resource plan takes it as it is.

    Attributes:
        channel: name of one line, such as a channel.
        other: name of the other one.
        strength: the factor.
    """

    channel: str
    other: str
    strength: float


def read_synergies(
    source: TableSource | None, channels: Sequence[str], words: Vocabulary = CHANNELS
) -> list[LineSynergy]:
    """Read a synergy table; None is an empty one.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame, with the columns channel (or what the task
            calls its lines), other and strength.
        channels: names of the lines of the plan.
        words: what the task calls its lines.

    Returns:
        One entry per row.

    Raises:
        TableError: unknown or equal lines, a pair twice, anything wrong in the table.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame({"channel": ["tv"], "other": ["search"], "strength": [0.2]})
        >>> read_synergies(table, ["tv", "search"])
        [LineSynergy(channel='tv', other='search', strength=0.2)]
    """
    if source is None:
        return []
    pairs = read_pairs(source, channels, words, synergy_columns(words)[2], name="synergy table")
    return [LineSynergy(*pair) for pair in pairs]


def read_pairs(
    source: TableSource, labels: Sequence[str], words: Vocabulary, number: Column, *, name: str
) -> list[tuple[str, str, float]]:
    """Read a table of pairs of lines with a number for each.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.
        labels: names of the lines of the plan.
        words: what the task calls its lines.
        number: the column of the number.
        name: what messages call the table.

    Returns:
        One line, the other one and the number, per row.

    Raises:
        TableError: unknown or equal lines, a pair twice, anything wrong in the table.
    """
    table = read_table(source, (*synergy_columns(words)[:2], number), name=name)
    return _read(table, labels, words, "other", table.column(number.name))


def read_links(
    source: TableSource | None, labels: Sequence[str], words: Vocabulary, second: str, *, name: str
) -> list[tuple[str, str]]:
    """Read a table of pairs of lines without a number: lines that exclude or need each other.

    Args:
        source: path of a .csv or .xlsx file, a DataFrame, or None for no pair.
        labels: names of the lines of the plan.
        words: what the task calls its lines.
        second: column of the second line, e.g. ``"other"`` or ``"needs"``.
        name: what messages call the table.

    Returns:
        One line and the other one, per row.

    Raises:
        TableError: unknown or equal lines, a pair twice, anything wrong in the table.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame({"channel": ["tv"], "other": ["search"]})
        >>> read_links(table, ["tv", "search"], CHANNELS, "other", name="exclusions")
        [('tv', 'search')]
    """
    if source is None:
        return []
    columns = (synergy_columns(words)[0], Column(second, "text", help=f"another {words.line} of the plan"))
    table = read_table(source, columns, name=name)
    found = _read(table, labels, words, second, [0.0] * len(table.frame))
    return [(first, other) for first, other, _ in found]


def _read(
    table: CheckedTable, labels: Sequence[str], words: Vocabulary, second: str, numbers: Sequence[float]
) -> list[tuple[str, str, float]]:
    problems = table.problems()
    found: list[tuple[str, str, float]] = []
    seen: set[frozenset[str]] = set()
    rows = zip(table.column(words.line), table.column(second), numbers)
    for i, (label, other, amount) in enumerate(rows):
        for column, line in ((words.line, label), (second, other)):
            if line not in labels:
                near = nearest(line, labels)
                hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(labels)}"
                problems.add(f"{line!r} is no {words.line} of the plan; {hint}", row=i, column=column)
        if label == other:
            problems.add(f"{label!r} is paired with itself; name two {words.lines}", row=i, column=second)
        if frozenset((label, other)) in seen:
            problems.add(f"the pair of {label!r} and {other!r} stands in the table twice", row=i)
        seen.add(frozenset((label, other)))
        found.append((label, other, amount))
    problems.raise_if_any()
    return found
