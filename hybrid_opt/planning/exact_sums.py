"""Sums of whole numbers that stay exact: 64-bit integers wrap around, and floats round from 2**53 on.

Every limit of a question is a sum of whole weights times whole units. As long as all parts of such a sum and
its end together stay below 2**53, each way of adding it (64-bit integers, floats, subsets of it) is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from ..errors import ModelError

__all__ = ["MOST_EXACT", "advice_on_amounts", "check_exact", "fits_exactly"]

MOST_EXACT = 2**53
MOST_DECIMALS = 6  # more are no money that anybody counts


def fits_exactly(weights: Iterable[int], largest: Iterable[int], ends: Iterable[int | None]) -> bool:
    """Whether a limit can be added exactly whatever the plan.

    Args:
        weights: whole weight of each line's units, N of them.
        largest: most units of each line, N of them.
        ends: whole ends of the limit; None for one that is missing.

    Returns:
        Whether sum |weight| * units + |end| stays below 2**53.

    Example:
        >>> fits_exactly([3, -4], [1, 2], [None, 10]), fits_exactly([10**16], [1], [0])
        (True, False)
    """
    # Python's own integers: this sum is the one that must not wrap around.
    most = sum(abs(int(weight)) * int(units) for weight, units in zip(weights, largest, strict=True))
    return most + max((abs(int(end)) for end in ends if end is not None), default=0) < MOST_EXACT


def check_exact(
    label: str, weights: Iterable[int], largest: Iterable[int], ends: Iterable[int | None]
) -> None:
    """Do nothing if a limit can be added exactly whatever the plan.

    Args:
        label: name of the limit.
        weights: whole weight of each line's units, N of them.
        largest: most units of each line, N of them.
        ends: whole ends of the limit; None for one that is missing.

    Raises:
        ModelError: its sum reaches 2**53.
    """
    if not fits_exactly(weights, largest, ends):
        raise ModelError(
            f"the limit {label!r} reaches 2**53 units or more, which cannot be added exactly: its amounts "
            "have too many decimals or are too large; round them, take a coarser unit, or leave the limit "
            "out where it is none"
        )


def advice_on_amounts(
    weights: Sequence[Fraction], largest: Sequence[Fraction], end: Fraction, column: str | None
) -> str:
    """What makes a limit too large to add, and what to do about it.

    Args:
        weights: exact weight of each line's amount, N of them.
        largest: most of each line's amount, N of them.
        end: the limit.
        column: name of the column of the weights, or None.

    Returns:
        Half a sentence.

    Example:
        >>> costs = [Fraction("0.30000000000000004"), Fraction(90)]
        >>> advice_on_amounts(costs, [Fraction(1)] * 2, Fraction(100), "cost").split("; ")[1]
        "round the column 'cost' to 6 decimals or fewer"
    """
    finest = max(weights, key=lambda weight: weight.denominator)
    most = sum((abs(w) * amount for w, amount in zip(weights, largest, strict=True)), abs(end))
    room = [digits for digits in range(MOST_DECIMALS + 1) if most * 10**digits < MOST_EXACT]
    where = "its amounts" if column is None else f"the column {column!r}"
    if not room or 10**MOST_DECIMALS % finest.denominator == 0:
        return (
            f"its amounts and its end, {float(end):g}, are too large beside their decimals to be added "
            f"exactly; write {where} and the limit in a larger unit, or leave the limit out where it is none"
        )
    return (
        f"its amounts have more decimals than can be added exactly, e.g. {float(finest)!r}; round {where} to "
        f"{room[-1]} decimals or fewer"
    )
