"""Which column of a table each label of its header stands for.

A label that is the column's name stands for it; else one that is its name but for case, accents,
punctuation and a unit; else one of its other words, see ``table_words``. A label that fits two columns, and
two labels that fit one, are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .table_columns import Column
from .table_units import Unit, label_parts
from .table_words import plain, stands_for

__all__ = ["Label", "match_labels", "recognized"]


@dataclass(frozen=True)
class Label:
    """A label of a header.

    Attributes:
        text: as it was written.
        name: the column that it stands for, or the label itself where it stands for none.
        known: whether it stands for a column.
        unit: its unit.
        problem: why it cannot be used, or None.
    """

    text: str
    name: str
    known: bool = True
    unit: Unit = field(default_factory=Unit)
    problem: str | None = None

    @property
    def note(self) -> str:
        """How it was read, ``""`` where it is the column's own name."""
        if not self.known or (self.text == self.name and not self.unit.percent):
            return ""
        scale = f" (times {self.unit.scale:,f})" if self.unit.scale != 1 else ""
        return f"{self.text!r} as {self.name}{scale}{' (divided by 100)' if self.unit.percent else ''}"


def match_labels(labels: Sequence[str], columns: Sequence[Column]) -> list[Label]:
    """Match the labels of a header with the columns that the table may hold.

    Args:
        labels: labels, ``""`` where a column has none.
        columns: the columns.

    Returns:
        One entry per label.

    Example:
        >>> columns = [Column("channel", "text"), Column("max", "money")]
        >>> [label.note for label in match_labels(["Canal", "Gasto máximo (k€)"], columns)]
        ["'Canal' as channel", "'Gasto máximo (k€)' as max (times 1,000)"]
    """
    found: list[Label | None] = [None] * len(labels)
    exact = {column.name: column for column in columns}
    for i, text in enumerate(labels):
        if text in exact:
            found[i] = _with_unit(text, exact[text])
    for own in (True, False):
        taken = {label.name for label in found if label is not None and label.known}
        free = [column for column in columns if column.name not in taken]
        for i, text in enumerate(labels):
            if found[i] is None and text:
                found[i] = _matched(text, free, own)
    listed = [label or Label(text, text, known=False) for text, label in zip(labels, found)]
    return _without_doubles(listed)


def recognized(labels: Sequence[str], columns: Sequence[Column]) -> int:
    """How many labels stand for a column."""
    return sum(label.known for label in match_labels(labels, columns))


def _with_unit(text: str, column: Column) -> Label:
    """A label that is the column's name.

    A name that a user chose may hold a unit, in which the user's limits are given too, so that nothing is
    multiplied; only per cent of a column of shares is no unit of theirs.
    """
    _, unit = next(label_parts(text), (text, Unit()))
    counts = column.share and unit.percent
    return Label(text, text, unit=unit if counts else Unit())


def _matched(text: str, columns: Sequence[Column], own: bool) -> Label | None:
    for name, unit in label_parts(text):
        fits = [
            column
            for column in columns
            if (
                plain(name) == plain(column.name)
                if own
                else stands_for(name, column.name, flag=column.kind == "flag")
            )
        ]
        if len(fits) > 1:
            names = " or ".join(repr(column.name) for column in fits)
            return Label(text, text, unit=unit, problem=f"the label {text!r} can mean {names}; write which")
        if fits:
            column = fits[0]
            counts = column.kind in ("money", "number")
            problem = f"the unit of {text!r}: {unit.problem}" if counts and unit.problem else None
            return Label(text, column.name, unit=unit if counts else Unit(), problem=problem)
    return None


def _without_doubles(labels: list[Label]) -> list[Label]:
    """Where two labels stand for one column, the later one gets a problem."""
    first: dict[str, Label] = {}
    listed = []
    for label in labels:
        before = first.setdefault(label.name, label) if label.known else label
        if before is not label and label.problem is None and before.text != label.text:
            both = f"{before.text!r} and {label.text!r}"
            problem = f"the labels {both} both stand for {label.name!r}; keep one column"
            label = Label(label.text, label.text, unit=label.unit, problem=problem)
        listed.append(label)
    return listed
