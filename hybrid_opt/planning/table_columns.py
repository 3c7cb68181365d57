"""One column of a table: what it may hold, and how one cell of it is read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from numbers import Real
from typing import Any, Literal

import numpy as np

from .table_cells import is_blank
from .table_numbers import MISSING, PercentCell, split_number
from .table_styles import PLAIN, ColumnStyle

__all__ = ["Column"]

_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "1", "x", "\u2713", "\u2714", "verdadero", "wahr", "ja"), True),
    **dict.fromkeys(("s\u00ed", "si", "s", "j"), True),
    **dict.fromkeys(("false", "no", "n", "0", "-", "\u2013", "falso", "falsch", "nein"), False),
}
_NO_NAMES = frozenset(("-", "\u2013", "\u2014", "n/a", "#n/a", "n/d", "s/d"))


@dataclass(frozen=True)
class Column:
    """What a column may hold.

    Attributes:
        name: its name in the header, matched exactly.
        kind: ``"text"``, ``"money"`` (a number of at least 0), ``"number"`` or ``"flag"``
            (true/false, yes/no, sí/no, 1/0, x for true).
        required: the column must be there and no cell of it blank.
        default: what a blank cell or a missing column stands for; NaN for numbers, ``""`` for text and
            False for flags where None.
        minimum: smallest legal number.
        maximum: largest legal number.
        above: numbers must be larger than this.
        below: numbers must be smaller than this.
        unique: no value may appear twice.
        unit: what is counted, for messages and help, e.g. ``"money per week"``.
        help: what the column means, one line.

    Example:
        >>> Column("theta", "number", minimum=0, below=1).read("0.5")
        (0.5, None)
        >>> Column("theta", "number", minimum=0, below=1).read("1")[1]
        '1 is not below 1; legal are numbers from 0 to below 1'
    """

    name: str
    kind: Literal["text", "money", "number", "flag"]
    required: bool = True
    default: str | float | bool | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    unique: bool = False
    unit: str = ""
    help: str = ""

    def read(self, cell: Any, *, style: ColumnStyle = PLAIN) -> tuple[Any, str | None]:
        """Read one cell.

        Args:
            cell: text, number, flag or blank.
            style: how the numbers of the column are written.

        Returns:
            The value and None, or None and what is wrong with it.
        """
        if is_blank(cell) or (not self.required and self.stands_for_nothing(cell)):
            if self.required:
                return None, f"the cell is blank; fill in {self._legal()}"
            return self.blank, None
        if self.kind == "text":
            whole = isinstance(cell, Real) and not isinstance(cell, bool) and float(cell).is_integer()
            return (str(int(float(cell))) if whole else str(cell).strip()), None
        if self.kind == "flag":
            return self._flag(cell)
        return self._number(cell, style)

    def stands_for_nothing(self, cell: Any) -> bool:
        """Say whether a text such as "-" or "n/a" stands for a missing cell of this column."""
        # "NA" and "none" may be names: a group of North America.
        words = _NO_NAMES if self.kind == "text" else MISSING
        return self.kind != "flag" and isinstance(cell, str) and cell.strip().lower() in words

    @property
    def share(self) -> bool:
        """Whether the column holds shares of 1, which may be written in per cent."""
        return self.kind == "number" and (1 in (self.maximum, self.below) or self.unit.startswith("share"))

    @property
    def blank(self) -> str | float | bool:
        """What a blank cell stands for, where blank is legal."""
        if self.default is not None:
            return self.default
        if self.kind == "text":
            return ""
        return False if self.kind == "flag" else math.nan

    def _legal(self) -> str:
        if self.kind == "text":
            return "a name"
        if self.kind == "flag":
            return "true or false"
        low = self.minimum if self.minimum is not None else (0 if self.kind == "money" else None)
        parts = []
        if self.above is not None:
            parts.append(f"above {self.above:g}")
        elif low is not None:
            parts.append(f"from {low:g}")
        if self.below is not None:
            parts.append(f"to below {self.below:g}")
        elif self.maximum is not None:
            parts.append(f"to {self.maximum:g}")
        return " ".join(["numbers", *parts]) + (f" ({self.unit})" if self.unit else "")

    def _flag(self, cell: Any) -> tuple[bool | None, str | None]:
        if isinstance(cell, (bool, np.bool_)):
            return bool(cell), None
        word = f"{float(cell):g}" if isinstance(cell, Real) else str(cell).strip().lower()
        if word in _FLAGS:
            return _FLAGS[word], None
        return None, f"{cell!r} is neither true nor false; write true/false, yes/no, sí/no, 1/0 or x"

    def _number(self, cell: Any, style: ColumnStyle) -> tuple[float | None, str | None]:
        if isinstance(cell, (bool, np.bool_)):
            return None, f"{cell} is a flag where a number is needed; write {self._legal()}"
        text, percent = str(cell).strip(), style.unit.percent
        number: Decimal | None
        if isinstance(cell, (Real, Decimal)):
            value = _as_float(cell)
            if not math.isfinite(value):
                return None, f"{cell} is not finite; legal are {self._legal()}"
            number = Decimal(repr(value))
            # A rate that a workbook shows as 45 % is the number 0.45; only an amount cannot be one.
            if isinstance(cell, PercentCell) and (self.share or self.kind == "money"):
                percent, number = True, number * 100
        else:
            parts = split_number(text)
            number = None if parts is None else parts.value(style.mark)
            if parts is None or number is None:
                return None, self._no_number(cell, text)
            percent = percent or parts.percent
            if parts.thousand and style.scale != 1:
                return None, (
                    f"{text!r} has its own thousands where the label says {style.unit.text!r}; write one of"
                    " them only"
                )
        if percent and not self.share:
            return None, f"{text!r} is in per cent where {self.unit or 'an amount'} is needed; convert it"
        scaled = number * style.scale / (100 if percent else 1)
        value = float(scaled)
        if not math.isfinite(value):
            return None, f"{cell} is not finite; legal are {self._legal()}"
        return self._within(value, text)

    def _no_number(self, cell: Any, text: str) -> str:
        if text.lower().lstrip("+-") in ("inf", "infinity"):
            return f"{text!r} is not finite; legal are {self._legal()}"
        if text.lower() in MISSING:
            return f"{text!r} stands for a missing number; fill in {self._legal()}"
        if text.startswith("#"):
            return f"{text!r} is the error of a formula; correct it in the workbook"
        if isinstance(cell, (date, time)):
            return f"{text!r} is a date where a number is needed; retype it as a number"
        return f"{text!r} is text where a number is needed; write digits and a decimal point, e.g. 1250.5"

    def _within(self, value: float, text: str) -> tuple[float | None, str | None]:
        if self.kind == "money" and value < 0:
            return None, f"{text} is negative; money is 0 or more"
        wrong = ""
        if self.above is not None and value <= self.above:
            wrong = f"not above {self.above:g}"
        elif self.minimum is not None and value < self.minimum:
            wrong = f"less than {self.minimum:g}"
        elif self.below is not None and value >= self.below:
            wrong = f"not below {self.below:g}"
        elif self.maximum is not None and value > self.maximum:
            wrong = f"more than {self.maximum:g}"
        return (None, f"{text} is {wrong}; legal are {self._legal()}") if wrong else (value, None)


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf
