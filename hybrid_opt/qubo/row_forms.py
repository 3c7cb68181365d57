"""Quadratic penalties: forms over bits that are 0 where a row holds and at least 1 where it does not.

Forms without slack bits come first: equalities, at most one, and every row over two bits. Any other
inequality gets a slack of exactly the range it can need, in binary with a truncated top coefficient.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .encodings import Encoding, bit_coefficients
from .integer_rows import IntegerRow
from .quadratic_form import QuadraticForm

__all__ = ["RowForm", "row_bits", "row_form"]


@dataclass(frozen=True, eq=False)
class RowForm:
    """The penalty of one row.

    Attributes:
        label: the row's label.
        form: at least 1 wherever the row is violated; 0 wherever it holds and the slack is right.
        slack: coefficients of the slack bits, shape (slack bits,); they follow ``first_slack``.
        first_slack: position of the first slack bit.
        kind: which form it is, words for the user.
    """

    label: Hashable
    form: QuadraticForm
    slack: NDArray[np.int64]
    first_slack: int
    kind: str


def row_bits(row: IntegerRow, encodings: Sequence[Encoding]) -> tuple[list[int], NDArray[np.int64], int]:
    """Left side of a row over bits.

    Returns:
        Bit positions, a whole-number weight for each, and the constant.
    """
    bits: list[int] = []
    weights: list[int] = []
    constant = 0
    for i in row.members:
        encoding = encodings[i]
        if i in row.slopes:
            at_zero, part = encoding.affine(0.0, float(row.slopes[i]))
        else:
            at_zero, part = encoding.linear(row.tables[i].astype(np.float64))
        constant += round(at_zero)
        for bit, weight in zip(encoding.bits, part):
            if weight:
                bits.append(bit)
                weights.append(round(float(weight)))
    return bits, np.array(weights, dtype=np.int64), constant


def row_form(
    row: IntegerRow, encodings: Sequence[Encoding], first_slack: int, slack_range: int | None = None
) -> RowForm:
    """Choose and build the penalty of a row.

    Args:
        row: the row in whole units.
        encodings: encoding of every variable.
        first_slack: position the first slack bit would get.
        slack_range: a smaller slack range that was proven sufficient, or None for the full one.

    Returns:
        The form and its slack bits.
    """
    bits, weights, constant = row_bits(row, encodings)
    rhs = row.rhs - constant
    none = np.zeros(0, dtype=np.int64)
    form = QuadraticForm()
    if row.sense == "==":
        form.add_square(bits, weights, -float(rhs))
        return RowForm(row.label, form, none, first_slack, "square, no slack")
    if len(bits) <= 2:
        _forbid_corners(form, bits, weights, rhs)
        return RowForm(row.label, form, none, first_slack, "forbidden corners, no slack")
    if rhs == 1 and (weights == 1).all():
        for k, first in enumerate(bits):
            for second in bits[k + 1 :]:
                form.add_product(first, second, 1.0)
        return RowForm(row.label, form, none, first_slack, "at most one, no slack")
    # The range over states: invalid strings may go below it, but those are penalized anyway.
    top = row.slack_range if slack_range is None else min(row.slack_range, slack_range)
    slack = bit_coefficients(top)
    slack_bits = list(range(first_slack, first_slack + len(slack)))
    form.add_square([*bits, *slack_bits], np.concatenate([weights, slack]), -float(rhs))
    kind = f"square with slack 0..{top} in {len(slack)} bits" if top else "square, slack range 0"
    return RowForm(row.label, form, slack, first_slack, kind)


def _forbid_corners(
    form: QuadraticForm, bits: Sequence[int], weights: NDArray[np.int64], rhs: int
) -> None:
    """Add 1 on each violating corner of at most two bits; exact because two bits have only products."""
    for corner in product((0, 1), repeat=len(bits)):
        if int(weights @ np.array(corner, dtype=np.int64)) <= rhs:
            continue
        # The indicator of a corner is the product of x where it is 1 and (1 - x) where it is 0.
        if len(bits) == 2:
            (i, j), (a, b) = bits, corner
            form.offset += (1 - a) * (1 - b)
            form.add_linear([i], [float((2 * a - 1) * (1 - b))])
            form.add_linear([j], [float((2 * b - 1) * (1 - a))])
            form.add_product(i, j, float((2 * a - 1) * (2 * b - 1)))
        elif len(bits) == 1:
            form.add_linear(bits, [float(2 * corner[0] - 1)], float(1 - corner[0]))
