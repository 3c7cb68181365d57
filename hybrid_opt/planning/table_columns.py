"""One column of a table: what it may hold, and how one cell of it is read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import Any, Literal

import numpy as np

from .table_source import is_blank

__all__ = ["Column"]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(
    r"[+-]?[1-9]\d{0,2}(?P<mark>[,. '\u00a0\u202f])\d{3}((?P=mark)\d{3})*([.,]\d+)?", re.ASCII
)
_POINT_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_ONE_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_NO_NUMBER = {"nan", "na", "n/a", "null", "none", "-"}
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Column:
    """What a column may hold.

    Attributes:
        name: its name in the header, matched exactly.
        kind: ``"text"``, ``"money"`` (a number of at least 0), ``"number"`` or ``"flag"``
            (true/false, yes/no, 1/0).
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

    def read(self, cell: Any, *, separator: str | None = None) -> tuple[Any, str | None]:
        """Read one cell.

        Args:
            cell: text, number, flag or blank.
            separator: what stands between the cells of the file; with ``";"`` a point may mean thousands.

        Returns:
            The value and None, or None and what is wrong with it.
        """
        if is_blank(cell):
            if self.required:
                return None, f"the cell is blank; fill in {self._legal()}"
            return self.blank, None
        if self.kind == "text":
            whole = isinstance(cell, Real) and not isinstance(cell, bool) and float(cell).is_integer()
            return (str(int(float(cell))) if whole else str(cell).strip()), None
        if self.kind == "flag":
            return self._flag(cell)
        return self._number(cell, separator)

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
        return None, f"{cell!r} is neither true nor false; write true/false, yes/no or 1/0"

    def _number(self, cell: Any, separator: str | None) -> tuple[float | None, str | None]:
        if isinstance(cell, (bool, np.bool_)):
            return None, f"{cell} is a flag where a number is needed; write {self._legal()}"
        if isinstance(cell, (Real, Decimal)):
            value = _as_float(cell)
        else:
            text = str(cell).strip()
            problem = self._not_a_number(text, separator)
            if problem:
                return None, problem
            value = float(text)
        if not math.isfinite(value):
            return None, f"{cell} is not finite; legal are {self._legal()}"
        return self._within(value, str(cell).strip())

    def _not_a_number(self, text: str, separator: str | None) -> str | None:
        if text.lower().lstrip("+-") in ("inf", "infinity"):
            return f"{text!r} is not finite; legal are {self._legal()}"
        if text.lower() in _NO_NUMBER:
            cure = f"fill in {self._legal()}" if self.required else "leave the cell empty"
            return f"{text!r} stands for a missing number; {cure}"
        if self.kind == "money" and separator == ";" and _POINT_THOUSANDS.fullmatch(text):
            return (
                f"{text!r} can mean {text.replace('.', '')} or {float(text):g};"
                " write it without a thousands separator and without closing zeros"
            )
        if _NUMBER.fullmatch(text):
            return None
        grouped = _THOUSANDS.fullmatch(text)
        if grouped:
            plain = text.replace(grouped["mark"], "").replace(",", ".")
            either = f" (or {text.replace(',', '.')} where it is a decimal comma)"
            either = either if _ONE_COMMA.fullmatch(text) else ""
            return f"{text!r} has thousands separators; write {plain}{either}"
        if _ONE_COMMA.fullmatch(text):
            return f"{text!r} has a decimal comma; write {text.replace(',', '.')}"
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
