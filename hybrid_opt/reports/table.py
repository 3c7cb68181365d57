"""One table, shown the same on a terminal and on a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import OptionError
from .checks import clean
from .style import MISSING, cell

if TYPE_CHECKING:
    import pandas

__all__ = ["Align", "Table"]

Align = Literal["left", "right", "center"]
_FIGURE = re.compile(r"[+\-−<>≥≤]?\s?[^\w\s]?\d")


@dataclass(frozen=True, init=False)
class Table:
    """Columns and rows of plain values, turned into text once.

    Text stands as given; a number is written by `style.readable`, a missing one as ``n/a``. Format money
    and percentages before, e.g. by `style.money`.

    Args:
        columns: one header per column.
        rows: one sequence per row, with one value per column.
        title: stands above.
        note: stands below.
        align: "left", "right" or "center" per column; None puts columns of figures right.
        strong: indices of rows in bold, such as totals; negative ones count from the end.

    Raises:
        OptionError: no column, a row of another length, an unknown alignment, or no such row to make bold.

    Example:
        >>> table = Table(["Channel", "Spend"], [["TV", 1200], ["Total", 1200]], strong=[-1])
        >>> table.rows, table.align, table.strong
        ((('TV', '1,200'), ('Total', '1,200')), ('left', 'right'), frozenset({1}))
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str
    note: str
    align: tuple[Align, ...]
    strong: frozenset[int]

    def __init__(
        self,
        columns: Iterable[object],
        rows: Iterable[Sequence[object]],
        *,
        title: str = "",
        note: str = "",
        align: Sequence[Align] | None = None,
        strong: Iterable[int] = (),
    ) -> None:
        headers = tuple(clean(column) for column in columns)
        if not headers:
            raise OptionError("a table has no column; give at least one header")
        texts = tuple(tuple(clean(cell(value)) for value in row) for row in rows)
        for i, row in enumerate(texts):
            if len(row) != len(headers):
                raise OptionError(
                    f"row {i} of a table has {len(row)} values, its columns are {len(headers)}: {headers}"
                )
        if align is not None and (len(align) != len(headers) or set(align) - {"left", "right", "center"}):
            raise OptionError(
                f"align is {align!r}; give 'left', 'right' or 'center' for each of {len(headers)} columns"
            )
        bold = [i + len(texts) if i < 0 else i for i in strong]
        if any(not 0 <= i < len(texts) for i in bold):
            raise OptionError(f"strong is {list(strong)!r}, but the table has {len(texts)} rows")
        sides = tuple(align) if align is not None else tuple(_side(texts, k) for k in range(len(headers)))
        for name, value in (
            ("columns", headers),
            ("rows", texts),
            ("title", clean(title)),
            ("note", clean(note)),
        ):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "align", sides)
        object.__setattr__(self, "strong", frozenset(bold))

    @classmethod
    def from_frame(cls, frame: pandas.DataFrame, *, title: str = "", note: str = "") -> Table:
        """Show a DataFrame; its index is left out.

        Args:
            frame: the table.
            title: stands above.
            note: stands below.

        Returns:
            The same table as text.

        Example:
            >>> import pandas
            >>> Table.from_frame(pandas.DataFrame({"channel": ["TV"], "spend": [1200.5]})).rows
            (('TV', '1,200'),)
        """
        return cls(
            list(frame.columns), list(frame.itertuples(index=False, name=None)), title=title, note=note
        )


def _side(rows: tuple[tuple[str, ...], ...], column: int) -> Align:
    """Right for a column whose entries are all figures."""
    entries = [row[column] for row in rows if row[column] not in ("", MISSING)]
    return "right" if entries and all(_FIGURE.match(entry) for entry in entries) else "left"
