"""A ``Problem`` as a mixed-integer linear program: columns, rows and the way back to states.

Column layout, per variable:

* one state: no column;
* linear cost, scalar row terms, no pair term: one integer column counting states, whatever its size;
* anything else: one 0/1 column per state but state 0, with a sum of at most 1; costs and row weights are
  relative to state 0. A binary variable or a spin is the case of a single column. Leaving state 0 out is a
  linear substitution in the one-hot form, so the relaxation is equally strong.

Products of columns are added by ``linear_products``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..errors import ModelTooLargeError
from ..qubo.problem import Problem, Row

__all__ = ["COLUMN_LIMIT", "COUNT_LIMIT", "Layout", "LinearForm", "LinearRow", "Program", "lay_out"]

COLUMN_LIMIT = 2**20  # columns in all; HiGHS would not get past presolve beyond
COUNT_LIMIT = 2**30  # states of a counted variable; HiGHS rounds integers to 1e-6 absolute


@dataclass(frozen=True, eq=False)
class LinearRow:
    """A constraint of the model on columns: ``lower <= coefficients @ x[columns] <= upper``."""

    columns: NDArray[np.int64]
    coefficients: NDArray[np.float64]
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class LinearForm:
    """Minimize ``cost @ x + offset`` with ``row_lower <= matrix @ x <= row_upper``, ``0 <= x <= upper``.

    Attributes:
        cost: shape (C,).
        upper: shape (C,); every column starts at 0.
        integrality: 1 for an integer column, 0 for a product, shape (C,).
        matrix: sparse, shape (R, C).
        row_lower: shape (R,), minus infinity where there is none.
        row_upper: shape (R,), infinity where there is none.
        offset: constant.
        whole: whether the objective less the offset is a whole number at every assignment.
        layout: which columns belong to which variable.
    """

    cost: NDArray[np.float64]
    upper: NDArray[np.float64]
    integrality: NDArray[np.int64]
    matrix: Any
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    offset: float
    whole: bool
    layout: Layout

    def states(self, solution: NDArray[np.float64]) -> NDArray[np.int64]:
        """Nearest states of a point of shape (C,), shape (N,)."""
        return self.layout.states(solution)


class Program:
    """Columns and rows of a linear program while it is put together."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.upper: list[float] = []
        self.integrality: list[int] = []
        self.offset = 0.0
        self.whole = True
        self._columns: list[NDArray[np.int64]] = []
        self._coefficients: list[NDArray[np.float64]] = []
        self._lower: list[float] = []
        self._upper: list[float] = []

    def add_columns(self, count: int, *, upper: float = 1.0, integer: bool = False) -> int:
        """Add columns between 0 and ``upper`` without cost and return the index of the first.

        Raises:
            ModelTooLargeError: the program would have more than ``COLUMN_LIMIT`` columns.
        """
        first = len(self.cost)
        if first + count > COLUMN_LIMIT:
            raise ModelTooLargeError(
                f"the linear form needs more than {COLUMN_LIMIT:,} columns; use a coarser step or fewer "
                "pair terms, or method='anneal'"
            )
        self.cost.extend([0.0] * count)
        self.upper.extend([upper] * count)
        self.integrality.extend([int(integer)] * count)
        return first

    def add_row(
        self,
        columns: Sequence[int] | NDArray[np.int64],
        coefficients: Sequence[float] | NDArray[np.float64],
        lower: float,
        upper: float,
    ) -> None:
        """Add ``lower <= sum(coefficients * columns) <= upper``."""
        self._columns.append(np.asarray(columns, dtype=np.int64))
        self._coefficients.append(np.asarray(coefficients, dtype=np.float64))
        self._lower.append(lower)
        self._upper.append(upper)

    def finish(self, layout: Layout) -> LinearForm:
        """The arrays HiGHS is given."""
        lengths = [len(columns) for columns in self._columns]
        empty_columns, empty_coefficients = np.zeros(0, dtype=np.int64), np.zeros(0)
        matrix = csr_array(
            (
                np.concatenate([empty_coefficients, *self._coefficients]),
                np.concatenate([empty_columns, *self._columns]),
                np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
            ),
            shape=(len(lengths), len(self.cost)),
        )
        cost = np.array(self.cost, dtype=np.float64)
        return LinearForm(
            cost,
            np.array(self.upper, dtype=np.float64),
            np.array(self.integrality, dtype=np.int64),
            matrix,
            np.array(self._lower, dtype=np.float64),
            np.array(self._upper, dtype=np.float64),
            self.offset,
            self.whole and bool((cost == np.round(cost)).all()),
            layout,
        )


@dataclass(frozen=True, eq=False)
class Layout:
    """Which columns stand for which variable.

    Attributes:
        problem: the model.
        first: index of the first column of each variable, shape (N,).
        counted: whether the variable is one integer column, shape (N,).
    """

    problem: Problem
    first: NDArray[np.int64]
    counted: NDArray[np.bool_]

    def columns(self, i: int) -> NDArray[np.int64]:
        """Columns of the states 1, 2, ... of variable i, or its one integer column."""
        width = 1 if self.counted[i] else self.problem.variables[i].size - 1
        return np.arange(self.first[i], self.first[i] + width, dtype=np.int64)

    def states(self, solution: NDArray[np.float64]) -> NDArray[np.int64]:
        """Nearest states of a point of shape (C,), shape (N,)."""
        states = np.zeros(len(self.problem.variables), dtype=np.int64)
        for i, variable in enumerate(self.problem.variables):
            part = solution[self.columns(i)]
            if self.counted[i]:
                states[i] = min(max(round(float(part[0])), 0), variable.size - 1)
            elif len(part):
                # State 0 has what the others leave of 1.
                states[i] = int(np.argmax(np.concatenate([[1.0 - part.sum()], part])))
        return states

    def row(self, row: Row) -> LinearRow:
        """A constraint in terms of columns, scaled up where its numbers are below 1."""
        columns, coefficients, constant = [], [], 0.0
        for i, term in row.terms.items():
            variable = self.problem.variables[i]
            if self.counted[i]:
                constant += float(term) * variable.lower
                columns.append(self.columns(i))
                coefficients.append(np.array([float(term) * variable.step]))
            else:
                weights = self.problem.weights(row, i)
                constant += float(weights[0])
                columns.append(self.columns(i))
                coefficients.append(weights[1:] - weights[0])
        column = np.concatenate([np.zeros(0, dtype=np.int64), *columns])
        coefficient = np.concatenate([np.zeros(0), *coefficients])
        column, coefficient = column[coefficient != 0], coefficient[coefficient != 0]
        rest = row.rhs - constant
        largest = float(np.abs(coefficient).max()) if len(coefficient) else 1.0
        # HiGHS allows 1e-6 absolute in a row; a power of two changes no digit.
        scale = 2.0 ** -np.floor(np.log2(largest)) if largest < 1 else 1.0
        lower = -np.inf if row.sense == "<=" else rest * scale
        upper = np.inf if row.sense == ">=" else rest * scale
        return LinearRow(column, coefficient * scale, float(lower), float(upper))


def lay_out(problem: Problem, program: Program) -> tuple[Layout, list[LinearRow]]:
    """Add the columns of all variables with their costs, and all constraints.

    Args:
        problem: the model.
        program: receives columns and rows.

    Returns:
        The layout and the constraints on columns (those with at least one column).

    Raises:
        ModelTooLargeError: a variable has too many states.
    """
    pairs = [pair for pair in problem.pairs if pair.coefficient or pair.table is not None]
    needed = {i for pair in pairs for i in (pair.first, pair.second)}
    needed |= {i for row in problem.rows for i, term in row.terms.items() if isinstance(term, np.ndarray)}
    n = len(problem.variables)
    first, counted = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
    for i, variable in enumerate(problem.variables):
        plain = variable.table is None and variable.square == 0 and i not in needed
        counted[i] = plain and variable.size > 2
        if counted[i]:
            if variable.size > COUNT_LIMIT:
                raise ModelTooLargeError(
                    f"variable {variable.label!r} has {variable.size:,} states; 'milp' takes at most "
                    f"{COUNT_LIMIT:,}. Give it tighter bounds or a coarser unit"
                )
            first[i] = program.add_columns(1, upper=variable.size - 1, integer=True)
            program.cost[-1] = variable.linear * variable.step
            program.offset += variable.linear * variable.lower
            continue
        costs = variable.costs()
        first[i] = program.add_columns(variable.size - 1, integer=True)
        program.cost[first[i] :] = (costs[1:] - costs[0]).tolist()
        program.offset += float(costs[0])
        if variable.size > 2:
            columns = np.arange(first[i], first[i] + variable.size - 1)
            program.add_row(columns, np.ones(variable.size - 1), -np.inf, 1.0)
    program.offset += problem.offset
    layout = Layout(problem, first, counted)
    rows = []
    violated = problem.excess(np.zeros((1, n), dtype=np.int64))[0] > 0
    for row, broken in zip(problem.rows, violated):
        linear = layout.row(row)
        if len(linear.columns):
            rows.append(linear)
        elif not broken:
            continue  # a row without columns that does not hold stays: nothing is feasible
        program.add_row(linear.columns, linear.coefficients, linear.lower, linear.upper)
    return layout, rows
