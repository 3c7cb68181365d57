"""One internal form for every model: variables with finitely many states, pair terms, linear rows.

A dimod ``BinaryQuadraticModel`` or ``ConstrainedQuadraticModel`` and our ``LevelModel`` are all read into a
``Problem``; compiler, enumeration, MILP and the checks of an answer then have a single thing to understand.

A *state* is an index 0..size-1. The *value* of state s is ``lower + step * s``: 0/1 for a binary variable,
-1/+1 for a spin (lower -1, step 2), lower..upper for an integer, the level itself for a level variable.

Shapes: S states (rows of an array), N variables, R constraint rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError, ModelTooLargeError

__all__ = ["Pair", "Problem", "Row", "Variable"]

Sense = Literal["<=", ">=", "=="]
TABLE_LIMIT = 2**16  # states of one variable that may be written out as a table
ROW_NOISE = 1e-13  # of the sum of a row's magnitudes: what adding up decimals can leave
PROOF_NOISE = 1e-9  # of the objective's variation: how close a bound must come to prove an optimum


@dataclass(frozen=True, eq=False)
class Variable:
    """One variable with states 0..size-1 and its own cost.

    Attributes:
        label: the user's name for it.
        kind: "binary", "spin", "integer" or "level".
        size: number of states, at least 1.
        lower: value of state 0.
        step: value difference of neighbouring states (2 for a spin, else 1).
        linear: cost per value.
        square: cost per squared value.
        table: cost per state, added to the two above; None where there is none. Shape (size,).
    """

    label: Hashable
    kind: Literal["binary", "spin", "integer", "level"]
    size: int
    lower: int = 0
    step: int = 1
    linear: float = 0.0
    square: float = 0.0
    table: NDArray[np.float64] | None = None

    @property
    def upper(self) -> int:
        """Value of the last state."""
        return self.lower + self.step * (self.size - 1)

    def values(self) -> NDArray[np.float64]:
        """Value of every state, shape (size,).

        Raises:
            ModelTooLargeError: the variable has too many states to be written out.
        """
        if self.size > TABLE_LIMIT:
            raise ModelTooLargeError(
                f"variable {self.label!r} has {self.size} states; at most {TABLE_LIMIT} can be written out "
                "one by one. Use a coarser unit, tighter bounds, or method='milp' with linear costs"
            )
        return self.lower + self.step * np.arange(self.size, dtype=np.float64)

    def costs(self) -> NDArray[np.float64]:
        """Cost of every state, shape (size,)."""
        values = self.values()
        costs = self.linear * values + self.square * values**2
        return costs if self.table is None else costs + self.table


@dataclass(frozen=True, eq=False)
class Pair:
    """A cost that depends on two variables: ``coefficient * value_i * value_j`` plus an optional table.

    Attributes:
        first: index of the first variable, smaller than ``second``.
        second: index of the second variable.
        coefficient: factor of the product of the two values.
        table: cost per pair of states, shape (size_first, size_second), or None.
    """

    first: int
    second: int
    coefficient: float = 0.0
    table: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Row:
    """A linear constraint: the sum of its terms compared with ``rhs``.

    Attributes:
        label: the user's name for it.
        sense: "<=", ">=" or "==".
        rhs: right-hand side, constants already moved here.
        terms: variable index -> coefficient of the value, or a weight per state (shape (size,)).
    """

    label: Hashable
    sense: Sense
    rhs: float
    terms: Mapping[int, float | NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Problem:
    """Minimize variable costs plus pair costs plus ``offset`` subject to linear rows.

    Build one with ``read_model``; the attributes are never changed afterwards.

    Attributes:
        variables: in the order of the user's model; variable i is wire i.
        pairs: each pair of variables at most once.
        rows: the constraints.
        offset: constant cost.
        model: the object it was read from.
    """

    variables: Sequence[Variable]
    pairs: Sequence[Pair] = ()
    rows: Sequence[Row] = ()
    offset: float = 0.0
    model: Any = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """What pickling keeps: everything but the user's model, which dimod may not let be pickled."""
        kept = {name: value for name, value in self.__dict__.items() if name != "model"}
        return {**kept, "model": None}

    @cached_property
    def index(self) -> dict[Hashable, int]:
        """Position of each variable label."""
        return {variable.label: i for i, variable in enumerate(self.variables)}

    @cached_property
    def n_states(self) -> int:
        """Number of assignments, feasible or not."""
        return prod(variable.size for variable in self.variables)

    @cached_property
    def _tolerances(self) -> dict[Hashable, float]:
        return {row.label: self._row_noise(row) for row in self.rows}

    def tolerance(self, row: Row) -> float:
        """Violation of a row that may be rounding noise: none for whole numbers, else 1e-13 of its size."""
        return self._tolerances[row.label]

    def _row_noise(self, row: Row) -> float:
        size, whole = abs(row.rhs), float(row.rhs).is_integer()
        for i, term in row.terms.items():
            if isinstance(term, np.ndarray):
                size += float(np.abs(term).max())
                whole = whole and bool((term == np.rint(term)).all())
            else:
                variable = self.variables[i]
                size += abs(term) * max(abs(variable.lower), abs(variable.upper))
                whole = whole and float(term).is_integer()
        # Sums of whole numbers are exact in double precision wherever a plan of them makes sense.
        return 0.0 if whole else ROW_NOISE * size

    @cached_property
    def proof_tolerance(self) -> float:
        """Difference of two objectives that counts as none: relative to what the objective can vary by.

        The offset counts only with its own rounding error, so a large one hides nothing.
        """
        size = 0.0
        for v in self.variables:
            end = max(abs(v.lower), abs(v.upper))
            size += abs(v.linear) * end + abs(v.square) * end**2
            size += 0.0 if v.table is None else float(np.ptp(v.table))
        for pair in self.pairs:
            first, second = self.variables[pair.first], self.variables[pair.second]
            ends = max(abs(first.lower), abs(first.upper)) * max(abs(second.lower), abs(second.upper))
            size += abs(pair.coefficient) * ends
            size += 0.0 if pair.table is None else float(np.ptp(pair.table))
        return PROOF_NOISE * size + 2.0**-50 * abs(self.offset)

    def pair_table(self, pair: Pair) -> NDArray[np.float64]:
        """Cost of a pair term for every pair of states, shape (size_first, size_second)."""
        first, second = self.variables[pair.first], self.variables[pair.second]
        table = pair.coefficient * np.outer(first.values(), second.values())
        return table if pair.table is None else table + pair.table

    def weights(self, row: Row, i: int) -> NDArray[np.float64]:
        """Contribution of variable i to a row for each of its states, shape (size,)."""
        term = row.terms[i]
        if isinstance(term, np.ndarray):
            return term
        return float(term) * self.variables[i].values()

    def values(self, states: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Values of states, both of shape (S, N)."""
        lower = np.array([v.lower for v in self.variables], dtype=np.float64)
        step = np.array([v.step for v in self.variables], dtype=np.float64)
        return np.asarray(lower + step * states, dtype=np.float64)

    def objective(self, states: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Cost of assignments.

        Args:
            states: state indices, shape (S, N).

        Returns:
            Objective of each row, shape (S,); penalties play no part in it.
        """
        states = np.asarray(states)
        values = self.values(states)
        linear = np.array([v.linear for v in self.variables])
        square = np.array([v.square for v in self.variables])
        total = self.offset + values @ linear + values**2 @ square
        for i, variable in enumerate(self.variables):
            if variable.table is not None:
                total = total + variable.table[states[:, i]]
        products = [p for p in self.pairs if p.coefficient]
        if products:
            first = np.array([p.first for p in products])
            second = np.array([p.second for p in products])
            coefficient = np.array([p.coefficient for p in products])
            # Blocks keep the (S, pairs) product below about 64 MB.
            block = max(1, 2**23 // len(products))
            for start in range(0, len(states), block):
                part = values[start : start + block]
                total[start : start + block] += (part[:, first] * part[:, second]) @ coefficient
        for pair in self.pairs:
            if pair.table is not None:
                total = total + pair.table[states[:, pair.first], states[:, pair.second]]
        return np.asarray(total, dtype=np.float64)

    def excess(self, states: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """How far each row is violated.

        Args:
            states: state indices, shape (S, N).

        Returns:
            Non-negative amounts in the row's own unit, shape (S, R); exactly 0 where satisfied.
        """
        states = np.asarray(states)
        values = self.values(states)
        amounts = np.zeros((len(states), len(self.rows)))
        for r, row in enumerate(self.rows):
            left = np.zeros(len(states))
            for i, term in row.terms.items():
                left += term[states[:, i]] if isinstance(term, np.ndarray) else term * values[:, i]
            gap = left - row.rhs
            amount = {"<=": gap, ">=": -gap, "==": np.abs(gap)}[row.sense]
            amounts[:, r] = np.where(amount > self.tolerance(row), amount, 0.0)
        return amounts

    def feasible(self, states: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Whether each assignment of shape (S, N) satisfies every row, shape (S,)."""
        return np.asarray(~self.excess(states).any(axis=1))

    def to_sample(self, states: NDArray[np.integer[Any]]) -> dict[Hashable, int]:
        """Turn one assignment of shape (N,) into the user's labels and values."""
        return {v.label: int(v.lower + v.step * int(s)) for v, s in zip(self.variables, states)}

    def to_states(self, sample: Mapping[Any, float]) -> NDArray[np.int64]:
        """Turn the user's labels and values into one assignment of shape (N,).

        Raises:
            ModelError: a variable is missing, or a value is not one of its states.
        """
        states = np.zeros(len(self.variables), dtype=np.int64)
        unknown = [label for label in sample if label not in self.index]
        if unknown:
            raise ModelError(f"the sample has values for {unknown[:5]!r}, which the model does not have")
        for i, variable in enumerate(self.variables):
            if variable.label not in sample:
                raise ModelError(f"the sample has no value for variable {variable.label!r}")
            try:
                state = (float(sample[variable.label]) - variable.lower) / variable.step
            except (TypeError, ValueError):
                state = np.nan  # no number, hence no state; refused below
            if not (0 <= state < variable.size and state == round(state)):
                raise ModelError(
                    f"variable {variable.label!r} is {sample[variable.label]!r} in the sample; legal are "
                    f"{variable.lower} to {variable.upper} in steps of {variable.step}"
                )
            states[i] = int(state)
        return states
