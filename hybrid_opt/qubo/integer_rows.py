"""Rows with whole numbers: ``sum of w_i(state_i) <= rhs`` or ``== rhs``, every weight a non-negative step.

A violated row of whole numbers is violated by at least one, which is what every penalty rule rests on.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import floor, gcd, lcm
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InfeasibleModelError, UnsupportedModelError
from .problem import Problem, Row, Variable

__all__ = ["IntegerRow", "integer_row"]

MAX_DENOMINATOR = 10**6
ROUNDING = 1e-14  # of a row's largest number: what adding up decimals can leave of a coefficient
RHS_ROUNDING = 1e-13  # of the right side or of 1: what a constant moved across can leave of it
MOST_UNITS = 2**40  # of one variable in a row; far beyond what a penalty can hold in double precision


@dataclass(frozen=True, eq=False)
class IntegerRow:
    """A row in its own smallest unit.

    Attributes:
        label: the user's name.
        sense: "<=" or "==" (">=" was turned around).
        rhs: right-hand side in units.
        slopes: variable index -> units per state, where equal for all states.
        tables: variable index -> units per state otherwise, shape (size,), first entry 0.
        unit: size of one unit in the user's numbers.
        rounded: True if weights were rounded up to a coarser unit on request, which can cut off feasible
            assignments but never lets an infeasible one in.
    """

    label: Hashable
    sense: Literal["<=", "=="]
    rhs: int
    slopes: Mapping[int, int]
    tables: Mapping[int, NDArray[np.int64]]
    unit: float
    rounded: bool
    sizes: Mapping[int, int]

    @property
    def members(self) -> list[int]:
        """Variables whose state matters to the row."""
        return sorted([*self.slopes, *self.tables])

    def weights(self, i: int) -> NDArray[np.int64]:
        """Units of every state of variable i relative to state 0, shape (size,)."""
        if i in self.tables:
            return self.tables[i]
        return self.slopes[i] * np.arange(self.sizes[i], dtype=np.int64)

    def _ends(self, i: int) -> tuple[int, int]:
        if i in self.tables:
            return int(self.tables[i].min()), int(self.tables[i].max())
        end = self.slopes[i] * (self.sizes[i] - 1)
        return min(0, end), max(0, end)

    @cached_property
    def smallest(self) -> int:
        """Smallest left side over all assignments."""
        return sum(self._ends(i)[0] for i in self.members)

    @cached_property
    def largest(self) -> int:
        """Largest left side over all assignments."""
        return sum(self._ends(i)[1] for i in self.members)

    @property
    def slack_range(self) -> int:
        """Largest slack a feasible assignment can need; 0 for an equality."""
        return 0 if self.sense == "==" else self.rhs - self.smallest

    def steps(self, i: int) -> NDArray[np.int64]:
        """Change of the left side per step up of variable i, shape (size - 1,), or its one slope."""
        if i in self.tables:
            return np.diff(self.tables[i])
        return np.array([self.slopes[i]], dtype=np.int64)


def _fraction(number: float, row: Row, tolerance: float) -> Fraction:
    """The decimal fraction the user wrote, free of binary rounding noise."""
    exact = Fraction(float(number)).limit_denominator(MAX_DENOMINATOR)
    if abs(float(exact) - number) > tolerance:
        raise UnsupportedModelError(
            f"constraint {row.label!r} has the coefficient {number!r}, which is no fraction with a "
            f"denominator up to {MAX_DENOMINATOR:,}; slack needs a unit. Round the coefficients of that row"
        )
    return exact


def _differences(variable: Variable, term: float | NDArray[np.float64], row: Row) -> list[Fraction]:
    """Weight of each state minus that of state 0; a single slope for a plain coefficient."""
    tolerance = ROUNDING * max(float(np.abs(t).max()) for t in row.terms.values())
    if isinstance(term, np.ndarray):
        first = _fraction(float(term[0]), row, tolerance)
        return [_fraction(float(w), row, tolerance) - first for w in term]
    return [_fraction(float(term), row, tolerance) * variable.step]


def integer_row(problem: Problem, row: Row, coarse_unit: float | None = None) -> IntegerRow:
    """Write a row in whole units of its greatest common divisor.

    Args:
        problem: the problem the row belongs to.
        row: the row.
        coarse_unit: None for the exact unit; otherwise each weight is rounded up to a multiple of it
            (for "<=" rows whose weights grow with the state only).

    Returns:
        The same feasible set; with ``coarse_unit`` a subset of it.

    Raises:
        UnsupportedModelError: coefficients without a common unit, or a coarse unit where rounding is unsafe.
        InfeasibleModelError: an equality whose right side is no multiple of the unit.
    """
    sign = -1 if row.sense == ">=" else 1
    parts: dict[int, list[Fraction]] = {}
    rhs = _fraction(row.rhs, row, RHS_ROUNDING * max(1.0, abs(row.rhs)))
    for i, term in row.terms.items():
        variable = problem.variables[i]
        differences = _differences(variable, term, row)
        if isinstance(term, np.ndarray):
            rhs -= _fraction(float(term[0]), row, np.inf)
        else:
            rhs -= differences[0] / variable.step * variable.lower
        if variable.size > 1 and any(differences):
            parts[i] = [sign * d for d in differences]
    rhs *= sign
    if coarse_unit is not None:
        return _coarse(problem, row, parts, rhs, coarse_unit)

    numbers = [d for differences in parts.values() for d in differences]
    denominator = lcm(*[d.denominator for d in numbers]) if numbers else 1
    divisor = gcd(*[int(d * denominator) for d in numbers]) if numbers else 1
    unit = Fraction(divisor, denominator) if divisor else Fraction(1)
    scaled = rhs / unit
    if row.sense == "==" and scaled.denominator != 1:
        raise InfeasibleModelError(
            f"constraint {row.label!r} can never hold: its left side moves in steps of {float(unit):g} and "
            f"never equals {row.rhs:g}"
        )
    return _build(problem, row, parts, unit, floor(scaled), rounded=False)


def _coarse(
    problem: Problem, row: Row, parts: dict[int, list[Fraction]], rhs: Fraction, coarse_unit: float
) -> IntegerRow:
    growing = all(
        all(b >= a for a, b in pairwise(d)) if len(d) > 1 else d[0] >= 0 for d in parts.values()
    )
    if row.sense == "==" or not growing or not 0 < coarse_unit < np.inf:
        raise UnsupportedModelError(
            f"constraint {row.label!r} cannot be rounded to a unit of {coarse_unit!r}: rounding up keeps "
            "answers feasible only for a '<=' row with non-negative weights and a positive unit"
        )
    unit = _fraction(coarse_unit, row, ROUNDING * coarse_unit)
    rounded = {i: [unit * -floor(-d / unit) for d in differences] for i, differences in parts.items()}
    return _build(problem, row, rounded, unit, floor(rhs / unit), rounded=True)


def _build(
    problem: Problem, row: Row, parts: dict[int, list[Fraction]], unit: Fraction, rhs: int, *, rounded: bool
) -> IntegerRow:
    slopes: dict[int, int] = {}
    tables: dict[int, NDArray[np.int64]] = {}
    for i, differences in parts.items():
        whole = [int(d / unit) for d in differences]
        steps = problem.variables[i].size - 1 if not isinstance(row.terms[i], np.ndarray) else 1
        if max(abs(w) for w in whole) * steps > MOST_UNITS:
            raise UnsupportedModelError(
                f"constraint {row.label!r} has only {float(unit):g} as a common unit of its coefficients, "
                "too small beside its largest ones for slack bits. Round the coefficients of that row, or "
                "use method='milp'"
            )
        if not isinstance(row.terms[i], np.ndarray):
            slopes[i] = whole[0]
        elif len({b - a for a, b in pairwise(whole)}) == 1:
            slopes[i] = whole[1] - whole[0]
        else:
            tables[i] = np.array(whole, dtype=np.int64)
    return IntegerRow(
        row.label,
        "==" if row.sense == "==" else "<=",
        rhs,
        {i: s for i, s in slopes.items() if s},
        tables,
        float(unit),
        rounded,
        {i: problem.variables[i].size for i in parts},
    )
