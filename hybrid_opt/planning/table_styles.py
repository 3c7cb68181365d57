"""How the numbers of a table are written, decided for each column from all its cells, never cell by cell.

A column in which one cell can be read in only one way decides for its other cells. Where a column leaves it
open, the other columns of the file decide; where these do too, a file whose cells are separated by commas has
decimal points. Else the cell is refused: "1.234" is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .table_numbers import COMMA, MISSING, POINT, Mark, NumberText, PercentCell, split_number
from .table_problems import Problems
from .table_units import Unit

__all__ = ["PLAIN", "ColumnStyle", "column_styles"]

_NAMES: Mapping[Mark, str] = {POINT: "decimal points", COMMA: "decimal commas"}


@dataclass(frozen=True)
class ColumnStyle:
    """How the numbers of one column are written.

    Attributes:
        mark: what stands before the decimals; None where the column does not tell.
        unit: the unit in its label.
        notes: what was made of the cells, for the reader.
        currency: code of the currency of its label or cells, or None.
    """

    mark: Mark = POINT
    unit: Unit = field(default_factory=Unit)
    notes: tuple[str, ...] = ()
    currency: str | None = None

    @property
    def scale(self) -> Decimal:
        """Factor of every number of the column."""
        return self.unit.scale


PLAIN = ColumnStyle()
"""Decimal points, no unit."""


def column_styles(
    cells: Mapping[str, Sequence[Any]],
    units: Mapping[str, Unit],
    separator: str | None,
    problems: Problems,
) -> dict[str, ColumnStyle]:
    """Decide how each column of numbers is written.

    Args:
        cells: column -> its cells; only texts are looked at.
        units: column -> the unit in its label.
        separator: what stands between the cells of the file, or None.
        problems: takes contradictions within a column and what stays open.

    Returns:
        Column -> style.
    """
    texts = {name: _numbers(column) for name, column in cells.items()}
    own = {name: _own_mark(name, numbers, problems) for name, numbers in texts.items()}
    decided = {mark: name for name, mark in own.items() if mark is not None}
    styles = {}
    for name, numbers in texts.items():
        unit, mark = units.get(name, Unit()), own[name]
        doubtful = [(row, number) for row, number in numbers if number.doubtful]
        chosen = []
        if doubtful and mark is None:
            row, number = doubtful[0]
            if len(decided) == 1:
                ((mark, other),) = decided.items()
                why = f"as column {other!r} has {_NAMES[mark]}"
            elif not decided and separator == ",":
                mark, why = POINT, "as commas separate the cells of the file"
            else:
                problems.add(_open(number, bool(decided)), row=row, column=name)
                styles[name] = ColumnStyle(POINT, unit)
                continue
            chosen = [f"{number.text!r} is {number.value(mark):f}, {why}"]
        notes = [*chosen, *_read_so(numbers, unit, mark)]
        _check_currency(name, numbers, unit, problems)
        _check_percent(name, cells[name], numbers, problems)
        told = (number.currency for _, number in numbers if number.currency)
        styles[name] = ColumnStyle(mark or POINT, unit, tuple(notes), unit.currency or next(told, None))
    return styles


def _numbers(column: Sequence[Any]) -> list[tuple[int, NumberText]]:
    found = []
    for row, cell in enumerate(column):
        if isinstance(cell, str) and cell.strip().lower() not in MISSING:
            number = split_number(cell)
            if number is not None:
                found.append((row, number))
    return found


def _own_mark(name: str, numbers: Sequence[tuple[int, NumberText]], problems: Problems) -> Mark | None:
    """The only mark under which a cell can be read; a column that needs both is refused."""
    first: dict[Mark, tuple[int, NumberText]] = {}
    for row, number in numbers:
        if len(number.marks) == 1:
            first.setdefault(number.marks[0], (row, number))
    if len(first) == 2:
        (_, early), (row, late) = sorted(first.values(), key=lambda found: found[0])
        problems.add(
            f"{late.text!r} has {_NAMES[late.marks[0]]}, but {early.text!r} above has"
            f" {_NAMES[early.marks[0]]}; write the column in one way",
            row=row,
            column=name,
        )
        return POINT
    return next(iter(first), None)


def _open(number: NumberText, mixed: bool) -> str:
    point, comma = number.value(POINT), number.value(COMMA)
    high, low = sorted((point or Decimal(0), comma or Decimal(0)), key=abs, reverse=True)
    why = "the other columns are written in both ways" if mixed else "no cell of the table tells which"
    plain = format(low.normalize(), "f")
    return (
        f"{number.text!r} can mean {high:f} or {plain}, and {why}; write it without a thousands separator and"
        " without closing zeros, or one amount of the column with its decimals"
    )


def _read_so(numbers: Sequence[tuple[int, NumberText]], unit: Unit, mark: Mark | None) -> list[str]:
    """What is worth saying of the cells of a column."""
    notes = []
    if mark == COMMA:
        notes.append("decimal commas")
    for _, number in numbers:
        forms = {
            "thousands separators": _grouped(number, mark or POINT),
            "brackets or a closing minus as negative": _bracketed(number),
            "'k' as thousands": number.thousand,
            "per cent as shares": number.percent,
        }
        notes += [words for words, so in forms.items() if so and words not in notes]
    currency = next((number.currency for _, number in numbers if number.currency), None)
    return [*notes, f"amounts in {currency}"] if currency and unit.currency is None else notes


def _bracketed(number: NumberText) -> bool:
    return number.negative and number.text.strip()[0] not in "-\u2212"


def _grouped(number: NumberText, mark: Mark) -> bool:
    signs = ",' " if mark == POINT else ".' "
    return number.value(mark) is not None and any(sign in number.digits for sign in signs)


def _check_currency(
    name: str, numbers: Sequence[tuple[int, NumberText]], unit: Unit, problems: Problems
) -> None:
    known = unit.currency
    for row, number in numbers:
        if number.currency and known and number.currency != known:
            problems.add(
                f"{number.text!r} is in {number.currency}, the column in {known}; convert it to one currency",
                row=row,
                column=name,
            )
            return
        known = known or number.currency


def _check_percent(
    name: str, column: Sequence[Any], numbers: Sequence[tuple[int, NumberText]], problems: Problems
) -> None:
    """Refuse a column in which some cells have a percent sign and others, beside zeros, do not."""
    signed = {row for row, number in numbers if number.percent}
    signed |= {row for row, cell in enumerate(column) if isinstance(cell, PercentCell)}
    bare = [row for row, number in numbers if row not in signed and number.value(number.marks[0])]
    bare += [
        row
        for row, cell in enumerate(column)
        if isinstance(cell, (int, float)) and not isinstance(cell, bool) and row not in signed and cell
        and cell == cell
    ]  # fmt: skip
    if signed and bare:
        problems.add(
            f"{column[min(bare)]!r} has no percent sign, other cells of the column have one; write all in"
            " one way",
            row=min(bare),
            column=name,
        )
