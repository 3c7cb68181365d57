"""Fairness: the levels of two departments, each as a share of its need, may differ by so much and no more.

    | level_d / need_d - level_e / need_e | <= delta

Without a column "need" every need is 1, and the levels themselves are compared.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np

from ..errors import OptionError, TableError
from ..planning.line_side import LineSide
from ..planning.line_table import LineTable
from ..planning.money import exact
from ..planning.pair_table import read_pairs
from ..planning.table import Column, TableSource
from .resource_columns import DEPARTMENTS

__all__ = ["fairness_sides"]

_DELTA = Column("delta", "number", minimum=0, help="most that the two may differ")


def fairness_sides(table: LineTable, fairness: TableSource | float | None) -> list[LineSide]:
    """The fairness limits.

    Args:
        table: the department table; its column need is filled in for all departments or for none.
        fairness: one number for every pair of departments, or a table (department, other, delta), or None.

    Returns:
        One two-sided limit per pair; each is moved by the smallest step of either department.

    Raises:
        OptionError: a number that is not finite or negative.
        TableError: a wrong table, or needs that are filled in for some departments only.
    """
    if fairness is None:
        return []
    needs = _needs(table)
    labels = table.labels
    if isinstance(fairness, (int, float, np.number)):
        if isinstance(fairness, bool) or not math.isfinite(fairness) or fairness < 0:
            raise OptionError(f"fairness is {fairness!r}; give a finite number of at least 0, or a table")
        pairs = [(first, second, float(fairness)) for first, second in combinations(labels, 2)]
    else:
        pairs = read_pairs(fairness, labels, DEPARTMENTS, _DELTA, name="fairness table")
    sides = []
    for first, second, delta in pairs:
        i, j = labels.index(first), labels.index(second)
        weights = [Fraction(0)] * len(labels)
        weights[i], weights[j] = 1 / needs[i], -1 / needs[j]
        steps = [table.lines[k].grid.step / needs[k] for k in (i, j)]
        label = f"fairness of {first} and {second}"
        sides.append(LineSide(label, "fairness", tuple(weights), exact(delta), min(steps), both=True))
    return sides


def _needs(table: LineTable) -> list[Fraction]:
    """Need of each department; all 1 where the table has none."""
    given = [float(line.extra["need"]) for line in table.lines]
    blank = [line for line, need in zip(table.lines, given) if math.isnan(need)]
    if len(blank) == len(given):
        return [Fraction(1)] * len(given)
    if blank:
        raise TableError(
            f"{table.name}, {blank[0].place}, column 'need': the cell is blank while other departments have "
            "a need; fill it in for all departments or for none"
        )
    return [exact(need) for need in given]
