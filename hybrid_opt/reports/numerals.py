"""Numbers as text: a comma per thousand, a point for decimals, ``n/a`` where there is none.

A negative number has a plain hyphen, so that it can be pasted into a spreadsheet.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

__all__ = [
    "MISSING",
    "aligned",
    "cell",
    "money",
    "number",
    "percent",
    "probability",
    "readable",
    "short",
    "tick_labels",
]

MISSING = "n/a"
_UNITS = ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k"), (1.0, ""))


def _known(value: float | None) -> float | None:
    """The number, or None where there is none to show (None, NaN, a missing table entry)."""
    try:
        result = None if value is None else float(value)
    except TypeError:  # pandas.NA
        return None
    return None if result is None or math.isnan(result) else result


def _written(value: float, digits: int, signed: bool, *, prefix: str = "", suffix: str = "") -> str:
    """Fixed decimals with thousands commas, sign before the prefix, and no minus before a zero."""
    if math.isinf(value):
        body = "inf"
    else:
        value = round(value, digits)
        body = f"{abs(value):,.{digits}f}"
    sign = "-" if value < 0 else "+" if signed and value > 0 else ""
    return f"{sign}{prefix}{body}{suffix}"


def _decimals(value: float, significant: int) -> int:
    """Decimals that show `significant` digits of `value`; zero for large values."""
    if value == 0 or math.isinf(value):
        return 0
    return max(0, significant - 1 - math.floor(math.log10(abs(value))))


def number(value: float | None, digits: int = 0, *, signed: bool = False) -> str:
    """Write a number with thousands commas.

    Args:
        value: the number; None and NaN read ``n/a``.
        digits: decimals shown.
        signed: show a plus before positive numbers.

    Returns:
        The text.

    Example:
        >>> number(1234567), number(-0.4), number(3, signed=True), number(None)
        ('1,234,567', '0', '+3', 'n/a')
    """
    known = _known(value)
    return MISSING if known is None else _written(known, digits, signed)


def money(value: float | None, currency: str = "", digits: int = 0, *, signed: bool = False) -> str:
    """Write an amount of money; a symbol stands before the number, a code such as EUR behind it.

    Args:
        value: the amount; None and NaN read ``n/a``.
        currency: a symbol ("$", "€"), a code ("EUR"), or nothing.
        digits: decimals shown.
        signed: show a plus before positive amounts.

    Returns:
        The text.

    Example:
        >>> money(-1234.5, "$", 2), money(1234567, "EUR"), money(90)
        ('-$1,234.50', '1,234,567 EUR', '90')
    """
    known = _known(value)
    if known is None:
        return MISSING
    behind = currency[:1].isalpha()
    prefix, suffix = ("", f" {currency}") if behind else (currency, "")
    return _written(known, digits, signed, prefix=prefix, suffix=suffix)


def percent(share: float | None, digits: int = 1, *, signed: bool = False) -> str:
    """Write a share as a percentage.

    Args:
        share: 0.12 for 12 %; None and NaN read ``n/a``.
        digits: decimals shown.
        signed: show a plus before positive percentages.

    Returns:
        The text.

    Example:
        >>> percent(0.1234), percent(0.05, 0, signed=True)
        ('12.3 %', '+5 %')
    """
    known = _known(share)
    return MISSING if known is None else _written(100 * known, digits, signed, suffix=" %")


def probability(value: float | None) -> str:
    """Write a probability as a percentage that never rounds a small one to zero, nor a large one to all.

    Args:
        value: between 0 and 1; None and NaN read ``n/a``.

    Returns:
        Two significant digits of the probability or, above one half, of its distance to 1.

    Example:
        >>> probability(0.1234), probability(0.0000123), probability(0.99964), probability(0), probability(1)
        ('12 %', '0.0012 %', '99.964 %', '0 %', '100 %')
    """
    known = _known(value)
    if known is None:
        return MISSING
    if abs(known) < 1e-6 and known != 0:
        return f"{100 * known:.1e} %"
    distance = known if known <= 0.5 else 1 - known
    text = _written(100 * known, _decimals(100 * distance, 2) if distance > 1e-12 else 0, False)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def short(value: float | None, significant: int = 2, *, signed: bool = False) -> str:
    """Write a number in short form, for axes and headlines.

    Args:
        value: the number; None and NaN read ``n/a``.
        significant: digits kept; whole digits before the point are never dropped.
        signed: show a plus before positive numbers.

    Returns:
        The text, with k, M, B (10^9) or T (10^12).

    Example:
        >>> short(1234567), short(354105, 3), short(999999), short(0.0123), short(-2500)
        ('1.2 M', '354 k', '1 M', '0.012', '-2.5 k')
    """
    known = _known(value)
    if known is None:
        return MISSING
    if math.isinf(known):
        return _written(known, 0, signed)
    if known != 0:
        known = (
            round(known, significant - 1 - math.floor(math.log10(abs(known)))) if abs(known) < 1e15 else known
        )
    scale, unit = next(((scale, unit) for scale, unit in _UNITS if abs(known) >= scale), _UNITS[-1])
    scaled = known / scale
    text = _written(scaled, _decimals(scaled, significant), signed)
    return (text.rstrip("0").rstrip(".") if "." in text else text) + unit


def readable(value: float | None, *, signed: bool = False) -> str:
    """Write a number whose size is not known beforehand: whole above 1,000, else four significant digits.

    Args:
        value: the number; None and NaN read ``n/a``.
        signed: show a plus before positive numbers.

    Returns:
        The text.

    Example:
        >>> readable(12345.678), readable(0.123456), readable(12.5), readable(3, signed=True)
        ('12,346', '0.1235', '12.5', '+3')
    """
    known = _known(value)
    if known is None:
        return MISSING
    if known != 0 and (abs(known) < 1e-6 or abs(known) >= 1e15):
        return f"{known:+.2e}" if signed else f"{known:.2e}"
    text = _written(known, 0 if abs(known) >= 1000 else _decimals(known, 4), signed)
    return text.rstrip("0").rstrip(".") if "." in text else text


def aligned(values: Sequence[float | None], *, signed: bool = False) -> list[str]:
    """Write the numbers of one column with the same decimals: none where one reaches 1,000.

    Args:
        values: the numbers; None and NaN read ``n/a``.
        signed: show a plus before positive numbers.

    Returns:
        One text per number, with at most four significant digits of the largest.

    Example:
        >>> aligned([1369, -334.5]), aligned([0.5, 12]), aligned([3, None])
        (['1,369', '-334'], ['0.5', '12.0'], ['3', 'n/a'])
    """
    known = [_known(value) for value in values]
    largest = max((abs(value) for value in known if value is not None), default=0.0)
    if 0 < largest < 1e-6 or largest >= 1e15:
        return [readable(value, signed=signed) for value in known]
    most = 0 if largest >= 1000 else _decimals(largest, 4)
    shown = [round(value, most) for value in known if value is not None]
    digits = next(k for k in range(most + 1) if k == most or all(round(value, k) == value for value in shown))
    return [number(value, digits, signed=signed) for value in known]


def cell(value: object) -> str:
    """Write one table entry: text as it is, numbers by `readable`, truth values as yes and no.

    Args:
        value: text, number, truth value or None.

    Returns:
        The text.

    Example:
        >>> cell("TV"), cell(1234), cell(None), cell(True)
        ('TV', '1,234', 'n/a', 'yes')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return MISSING
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return "yes" if value else "no"
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if isinstance(value, (numbers.Real, Decimal)):
        return readable(float(value))
    return MISSING if type(value).__name__ in ("NAType", "NaTType") else str(value)


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Write the ticks of one axis in one unit, with the decimals their spacing needs.

    Args:
        ticks: positions in rising order.

    Returns:
        One text per tick.

    Example:
        >>> tick_labels([0, 500000, 1000000]), tick_labels([341200, 341400])
        (['0', '0.5 M', '1.0 M'], ['341.2 k', '341.4 k'])
    """
    if not len(ticks):
        return []
    largest = max(abs(float(tick)) for tick in ticks)
    if largest >= 1e15 or 0 < largest < 1e-6:
        return [f"{tick:.3g}" for tick in ticks]
    scale, unit = next(((scale, unit) for scale, unit in _UNITS if largest >= scale), _UNITS[-1])
    step = min((abs(b - a) for a, b in pairwise(ticks)), default=largest) / scale
    digits = 0
    while digits < 9 and step > 0 and abs(round(step, digits) - step) > 1e-6 * step:
        digits += 1
    return ["0" if tick == 0 else _written(tick / scale, digits, False, suffix=unit) for tick in ticks]
