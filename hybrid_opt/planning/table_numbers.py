"""Numbers as people write them: "1,234.5", "1.234,5", "1 234,5", "€ 1,200", "(1,200)", "45 %", "5k".

A text such as "1.234" is a number with a decimal point or one with a thousands separator; which of them is
not decided here, but for a whole column, see ``table_styles``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .table_units import CURRENCY, currency_of

__all__ = ["COMMA", "MISSING", "POINT", "Mark", "NumberText", "PercentCell", "split_number"]

Mark = Literal["point", "comma"]
"""What stands before the decimals."""
POINT: Mark = "point"
COMMA: Mark = "comma"

MISSING = frozenset(
    (
        "nan", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "–", "—", "?", ".", "n.a.",
        "n.d.", "s/d", "n/d", "k.a.", "tbd",
    )
)
"""What people write where a number is missing, in lower case."""

_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007"), " ")
_SHAPE = re.compile(
    rf"(?P<outer>{CURRENCY}(?=\s*\())?\s*(?P<open>\()?\s*(?P<sign>[+-])?\s*"
    rf"(?P<before>{CURRENCY})?\s*(?P<later>[+-])?\s*"
    r"(?P<digits>\d(?:[\d.,' ]*[\d.,])?|[.,]\d+)(?P<power>[eE][+-]?\d{1,4})?\s*(?P<thousand>[kK])?\s*"
    rf"(?P<after>{CURRENCY})?\s*(?P<percent>%)?\s*(?P<last>-)?\s*(?P<close>\))?\s*"
    rf"(?P<end>(?<=[)\s]){CURRENCY})?",
    re.IGNORECASE,
)
_LONGEST = 60
_TORN = re.compile(r"\d {2,}\d")
_PLACES = ("outer", "before", "after", "end")
_DECIMAL = {POINT: re.compile(r"(\d+(\.\d*)?|\.\d+)"), COMMA: re.compile(r"(\d+(,\d*)?|,\d+)")}
_GROUPED = {
    POINT: re.compile(r"[1-9]\d{0,2}(?P<mark>[,' ])\d{3}((?P=mark)\d{3})*(\.\d+)?"),
    COMMA: re.compile(r"[1-9]\d{0,2}(?P<mark>[.' ])\d{3}((?P=mark)\d{3})*(,\d+)?"),
}


class PercentCell(float):
    """A number that a workbook shows with a percent sign: 0.45 shown as 45 %."""


@dataclass(frozen=True)
class NumberText:
    """A text that looks like a number.

    Attributes:
        text: as it was written.
        digits: the digits with their separators.
        power: an exponent such as ``"e3"``, or ``""``.
        negative: whether a minus or brackets say so.
        percent: whether a percent sign follows.
        thousand: whether "k" follows.
        currency: code of the currency beside it, or None.
    """

    text: str
    digits: str
    power: str = ""
    negative: bool = False
    percent: bool = False
    thousand: bool = False
    currency: str | None = None

    def value(self, mark: Mark) -> Decimal | None:
        """What the digits say under one decimal mark, sign and "k" included, the percent sign not.

        Args:
            mark: what stands before the decimals.

        Returns:
            The number, or None where it cannot be written so.
        """
        if _DECIMAL[mark].fullmatch(self.digits):
            plain = self.digits.replace(",", ".")
        elif not self.power and _GROUPED[mark].fullmatch(self.digits):
            plain = re.sub(r"[,' ]" if mark == POINT else r"[.' ]", "", self.digits).replace(",", ".")
        else:
            return None
        number = Decimal(plain + self.power) * (1000 if self.thousand else 1)
        return -number if self.negative else number

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The decimal marks under which it is a number."""
        return tuple(mark for mark in (POINT, COMMA) if self.value(mark) is not None)

    @property
    def doubtful(self) -> bool:
        """Whether the two decimal marks give two different numbers."""
        return len(self.marks) == 2 and self.value(POINT) != self.value(COMMA)


def split_number(text: str) -> NumberText | None:
    """Take sign, currency, per cent and digits apart.

    Args:
        text: a cell.

    Returns:
        The parts, or None where the text is no number under any decimal mark.

    Example:
        >>> split_number("(1.234,50 €)").value("comma"), split_number("1,2,3")
        (Decimal('-1234.50'), None)
        >>> split_number("1.234").doubtful, split_number("0.234").doubtful
        (True, False)
    """
    spread = text.translate(_SPACES).replace("\u2212", "-").replace("\u2019", "'").strip()
    if _TORN.search(spread):
        return None
    # One space at most: the pattern allows spaces in many places, and runs of them could be shared out in
    # very many ways.
    spread = re.sub(r"\s+", " ", spread)
    found = _SHAPE.fullmatch(spread) if len(spread) <= _LONGEST else None
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    signs = [sign for sign in (found["sign"], found["later"], found["last"]) if sign]
    marks = [mark for mark in map(found.group, _PLACES) if mark]
    if len(signs) + bool(found["open"]) > 1 or len(marks) > 1:
        return None
    number = NumberText(
        text,
        found["digits"].strip(),
        found["power"] or "",
        bool(found["open"]) or "-" in signs,
        bool(found["percent"]),
        bool(found["thousand"]),
        currency_of(marks[0]) if marks else None,
    )
    return number if number.marks else None
