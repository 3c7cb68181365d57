"""Penalty weights by rules with a proof, one per constraint, each with its preconditions checked.

Rows split the variables into components that share no row. In every component the argument is a repair: any
bit string that breaks something can be changed, inside the component, into one that breaks less and has a
lower energy. First come the components under ``range`` and all invalid bit strings, then the rows under
``removal`` and ``unit step``, whose losses suppose that all other variables have a value. Each repair stays
inside its component, so the arguments add up. Row units are whole numbers (``integer_rows``), so a broken
row costs at least its weight.

Validity of bit strings (domain-wall, one-hot), repaired before the rows:

``sorting``  Domain-wall, all rows of the variable affine in its state. Moving the ones to the front keeps
    their number, hence every row. Weight > max over k of (cost of state k) - (k cheapest increments).
``clearing`` Domain-wall or one-hot in a ``removal`` component. Clearing an unsupported block of ones (or a
    surplus one-hot bit, or setting the lowest one) never raises the left side of a row.

Rows:

``removal``  All rows of the component are ``<=`` rows whose left side grows with every state of every
    member, or precedences x_i <= x_j between binaries. Lowering a member of a broken row by one state
    (with a precedence: switching off i and everything that needs i) breaks no other row and lowers this
    one's penalty by at least 1, the slack having its full range. Weight > the largest loss of such a move.
``unit step`` The component has a single row, in which every state step counts exactly one unit, and its
    variables need no validity penalty or one by ``sorting``. A step towards the right side always exists.
    Weight > the largest loss of such a step. This is why "spend exactly B" needs little weight when all
    steps are equal.
``range``    Otherwise: replacing all of the component by a feasible assignment changes the objective by at
    most the span of the terms it touches. Weight > that span. Always valid, usually loose.

The one-unit and knapsack weights are known from the QUBO literature for single constraints; the joint repair
arguments and their preconditions are spelled out here because weights proven row by row do not add up.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .encodings import Encoding
from .integer_rows import IntegerRow
from .objective_bits import PairBits, cost_span, pair_bits, pair_span, step_changes
from .problem import Problem

__all__ = ["Bound", "penalty_bounds"]


@dataclass(frozen=True)
class Bound:
    """A weight must be strictly larger than ``value``; the rule says why, given what was checked."""

    value: float
    rule: str
    preconditions: tuple[str, ...]


def penalty_bounds(
    problem: Problem, encodings: Sequence[Encoding], rows: Sequence[IntegerRow]
) -> tuple[dict[Hashable, Bound], dict[int, Bound]]:
    """Bounds for the weights of all rows and of all encodings that have invalid strings.

    Args:
        problem: the presolved problem.
        encodings: one per variable, positions as in the QUBO.
        rows: its rows in whole units.

    Returns:
        Row label -> bound, and variable index -> bound (only where ``always_valid`` is False).
    """
    if not rows and all(encoding.always_valid for encoding in encodings):
        return {}, {}
    down, up = step_changes(problem)
    pairs = [pair_bits(problem, pair, encodings) for pair in problem.pairs]
    pairs_of: list[list[int]] = [[] for _ in problem.variables]
    for k, pair in enumerate(problem.pairs):
        pairs_of[pair.first].append(k)
        pairs_of[pair.second].append(k)
    row_bounds: dict[Hashable, Bound] = {}
    validity: dict[int, Bound] = {}
    for members, own in _components(problem, rows):
        view = _Component(problem, encodings, members, own, pairs, pairs_of, down, up)
        rows_here, validity_here = view.bounds()
        row_bounds.update(rows_here)
        validity.update(validity_here)
    return row_bounds, validity


def _components(
    problem: Problem, rows: Sequence[IntegerRow]
) -> list[tuple[list[int], list[IntegerRow]]]:
    parent = list(range(len(problem.variables)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for row in rows:
        for i in row.members[1:]:
            parent[root(i)] = root(row.members[0])
    found: dict[int, tuple[list[int], list[IntegerRow]]] = {}
    for i in range(len(problem.variables)):
        found.setdefault(root(i), ([], []))[0].append(i)
    for row in rows:
        found[root(row.members[0])][1].append(row)
    return list(found.values())


def _is_precedence(problem: Problem, row: IntegerRow) -> bool:
    return (
        row.sense == "<="
        and row.rhs == 0
        and not row.tables
        and sorted(row.slopes.values()) == [-1, 1]
        and all(problem.variables[i].size == 2 for i in row.slopes)
    )


def _grows(row: IntegerRow) -> bool:
    return row.sense == "<=" and all(bool((row.steps(i) > 0).all()) for i in row.members)


@dataclass(frozen=True, eq=False)
class _Component:
    """Variables that share rows, with everything needed to bound their weights."""

    problem: Problem
    encodings: Sequence[Encoding]
    members: list[int]
    rows: list[IntegerRow]
    pairs: list[PairBits]
    pairs_of: list[list[int]]
    down: NDArray[np.float64]
    up: NDArray[np.float64]

    def bounds(self) -> tuple[dict[Hashable, Bound], dict[int, Bound]]:
        invalid = [i for i in self.members if not self.encodings[i].always_valid]
        affine = {i: all(i not in row.tables for row in self.rows) for i in self.members}
        sortable = {
            i: self.encodings[i].name == "domain-wall" and affine[i] for i in invalid
        }
        precedences = [row for row in self.rows if _is_precedence(self.problem, row)]
        growing = [row for row in self.rows if row not in precedences and _grows(row)]
        # Clearing a bit of a needed variable could break a precedence, so those need always-valid strings.
        clearable = not any(i in row.slopes for row in precedences for i in invalid)
        removal = clearable and len(precedences) + len(growing) == len(self.rows)
        unit = (
            len(self.rows) == 1
            and not self.rows[0].tables
            and all(abs(slope) == 1 for slope in self.rows[0].slopes.values())
            and all(sortable.values())
        )
        validity = {i: self._sorting(i) for i in invalid if sortable[i]}
        if removal:
            validity |= {i: self._clearing(i) for i in invalid if not sortable[i]}
            return self._removal(precedences, growing), validity
        if unit:
            return {self.rows[0].label: self._unit_step(self.rows[0])}, validity
        span = self._range()
        validity |= {i: span for i in invalid if not sortable[i]}
        return {row.label: span for row in self.rows}, validity

    def _touching(self, i: int) -> list[tuple[PairBits, bool]]:
        """Pair terms of variable i and whether i is the first of the pair."""
        return [(self.pairs[k], self.problem.pairs[k].first == i) for k in self.pairs_of[i]]

    def _sorting(self, i: int) -> Bound:
        increments = np.diff(self.problem.variables[i].costs())

        def spread(values: NDArray[np.float64]) -> float:
            return float(np.maximum(np.cumsum(values) - np.cumsum(np.sort(values)), 0.0).max())

        value = spread(increments)
        for bits, first in self._touching(i):
            own = bits.first if first else bits.second
            products = bits.products if first else bits.products.T
            value += spread(own) + sum(spread(column) for column in products.T)
        return Bound(value, "sorting", ("every row of the variable is affine in its state",))

    def _clearing(self, i: int) -> Bound:
        costs = self.problem.variables[i].costs()
        one_hot = self.encodings[i].name == "one-hot"
        if one_hot:
            # Weights are cost - min >= 0, so clearing a surplus bit loses nothing; setting bit 0 may.
            value = float(costs[0] - costs.min())
        else:
            # Clearing the block of bits a+1..b changes the cost from state b back to state a.
            value = float(np.maximum(np.maximum.accumulate(costs) - costs, 0.0).max())
        for bits, first in self._touching(i):
            own = bits.first if first else bits.second
            products = bits.products if first else bits.products.T
            loss = np.maximum(-own, 0.0) + np.maximum(-products, 0.0).sum(axis=1)
            gain = np.maximum(own, 0.0) + np.maximum(products, 0.0).sum(axis=1)
            value += max(float(loss.max()), float(gain[0])) if one_hot else float(loss.sum())
        return Bound(
            value,
            "clearing",
            ("every row of the component is a '<=' row whose left side grows with each state",),
        )

    def _removal(self, precedences: list[IntegerRow], growing: list[IntegerRow]) -> dict[Hashable, Bound]:
        needed_by: dict[int, set[int]] = {i: set() for i in self.members}
        for row in precedences:
            dependent, needed = sorted(row.slopes, key=lambda i: -row.slopes[i])
            needed_by[needed].add(dependent)
        loss = {i: sum(self.down[k] for k in _closure(needed_by, i)) for i in self.members}
        conditions = ["every row is a '<=' row whose left side grows with each state, its slack sufficient"]
        if precedences:
            conditions.append("or a precedence between binaries; losses include all that depends on it")
        checked = tuple(conditions)
        bounds = {
            row.label: Bound(float(max(loss[i] for i in row.members)), "removal", checked) for row in growing
        }
        for row in precedences:
            dependent = next(i for i, slope in row.slopes.items() if slope == 1)
            bounds[row.label] = Bound(float(loss[dependent]), "removal", checked)
        return bounds

    def _unit_step(self, row: IntegerRow) -> Bound:
        value = 0.0
        for i, slope in row.slopes.items():
            lowers, raises = (self.down[i], self.up[i]) if slope > 0 else (self.up[i], self.down[i])
            value = max(value, float(lowers), float(raises) if row.sense == "==" else 0.0)
        return Bound(
            value,
            "unit step",
            (
                "no other row touches its variables",
                "every state step counts exactly one unit, without gaps",
                "every bit string is valid, or is repaired by sorting",
            ),
        )

    def _range(self) -> Bound:
        value = sum(cost_span(self.problem.variables[i], self.encodings[i]) for i in self.members)
        for k in {k for i in self.members for k in self.pairs_of[i]}:
            value += pair_span(self.problem, self.problem.pairs[k], self.encodings, self.pairs[k])
        return Bound(float(value), "range", ("none: the span of all terms that touch its component",))


def _closure(needed_by: dict[int, set[int]], start: int) -> set[int]:
    """``start`` and everything that needs it, directly or not."""
    seen, stack = {start}, [start]
    while stack:
        for dependent in needed_by[stack.pop()] - seen:
            seen.add(dependent)
            stack.append(dependent)
    return seen
