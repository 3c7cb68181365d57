"""What is wrong with a table, collected: a user who has three typos hears of all three at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from ..errors import TableError

__all__ = ["Problems", "nearest"]

_SHOWN = 10


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like the given one, upper and lower case alike.

    Args:
        word: what was given.
        known: the legal words.

    Returns:
        The most similar one, or None where none is similar.

    Example:
        >>> nearest("Chanel", ["channel", "current"])
        'channel'
    """
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


class Problems:
    """Collects problems of one table, each with its place, and raises them as one error.

    Args:
        table: what the user calls the table, e.g. ``"plan table plan.csv"``.
        rows: how the user finds each row, e.g. ``["row 2", "row 3"]``; the header is row 1.
        labels: column -> its label in the file, where that differs; messages then show both.

    Example:
        >>> problems = Problems("plan table plan.csv", ["row 2"])
        >>> problems.add("-5 is negative; write 0 or more", row=0, column="min")
        >>> problems.messages
        ["row 2, column 'min': -5 is negative; write 0 or more"]
    """

    def __init__(
        self, table: str, rows: Sequence[str] = (), labels: Mapping[str, str] | None = None
    ) -> None:
        self._labels = labels or {}
        self.table = table
        self.messages: list[str] = []
        self._rows = rows

    def add(self, message: str, *, row: int | str | None = None, column: str | None = None) -> None:
        """Add a problem.

        Args:
            message: what was given, what is legal, what to change.
            row: position among ``rows``, or the place in words.
            column: name of the column.
        """
        place = [self._rows[row] if isinstance(row, int) else row] if row is not None else []
        if column is not None:
            label = self._labels.get(column)
            place.append(f"column {column!r}" if label is None else f"column {label!r} ({column})")
        self.messages.append(": ".join([", ".join(place), message]) if place else message)

    def raise_if_any(self) -> None:
        """Raise what was collected, the first ten in full.

        Raises:
            TableError: at least one problem was added.
        """
        if not self.messages:
            return
        if len(self.messages) == 1:
            joint = ", " if self.messages[0].startswith(("row ", "index ", "column ")) else ": "
            raise TableError(f"{self.table}{joint}{self.messages[0]}")
        lines = [f"{self.table} has {len(self.messages)} problems:"]
        lines += [f"- {message}" for message in self.messages[:_SHOWN]]
        more = len(self.messages) - _SHOWN
        lines += [f"- and {more} more"] if more > 0 else []
        raise TableError("\n".join(lines))
