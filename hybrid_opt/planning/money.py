"""Exact money: amounts as fractions of the decimals that were written, so that a step of 0.1 is a tenth."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

__all__ = ["common_unit", "exact", "money_text"]


def exact(amount: float) -> Fraction:
    """Return the shortest decimal that reads back as this float, as a fraction.

    Args:
        amount: a finite amount of money.

    Returns:
        The exact decimal: 0.1 gives 1/10, not the binary number beside it.

    Example:
        >>> exact(0.1) * 3 == exact(0.3)
        True
    """
    return Fraction(repr(float(amount)))


def common_unit(amounts: Iterable[Fraction]) -> Fraction:
    """Return the largest amount of which all given ones are whole multiples.

    Args:
        amounts: exact amounts; zeros are skipped.

    Returns:
        The greatest common divisor; 1 where no amount differs from zero.

    Example:
        >>> common_unit([exact(0.6), exact(0.9)])
        Fraction(3, 10)
    """
    used = [amount for amount in amounts if amount]
    if not used:
        return Fraction(1)
    denominator = lcm(*(amount.denominator for amount in used))
    return Fraction(gcd(*(int(amount * denominator) for amount in used)), denominator)


def money_text(amount: float | Fraction) -> str:
    """Write an amount with thousands separators and only the decimals it has.

    Args:
        amount: an amount of money.

    Returns:
        Text for messages and tables.

    Example:
        >>> money_text(82000.0), money_text(0.5)
        ('82,000', '0.5')
    """
    value = float(amount)
    if value.is_integer():
        return f"{int(value):,}"
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text if float(text.replace(",", "")) == value else repr(value)
