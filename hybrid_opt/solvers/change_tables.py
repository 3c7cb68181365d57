"""What changing one variable or two costs and does to the rows, for all changes of a point at once.

A problem is written over *features* of an assignment: the value of every variable, and for variables with
pair or row tables one feature per state, 1 for the state that is taken. Pair costs are then x . C x / 2 and
left sides B' x over features x, so that a change of one variable moves at most three features. A point keeps
C x and B' x; the costs of all changes follow without looking at the pairs again.

Shapes: N variables, F features (one more that is always 0), R rows, K changes, S of them chosen.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..qubo.problem import Problem

__all__ = ["ChangeTables", "Point"]

DENSE_NUMBERS = 2**22  # of a matrix; with more it is sparse
EVERY_STATE = 64  # variables of so many states can go to each of them, others move by powers of two

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class ChangeTables:
    """The changes that a problem allows, and its matrices.

    Args:
        problem: the model.

    Attributes:
        problem: as given.
        variable: which variable each change is of, shape (K,).
        low: least left side of each row, rounding allowed for, shape (R,); minus infinity for none.
        high: largest left side, shape (R,); infinity for none.
        scale: largest number of each row, shape (R,).

    Example:
        >>> import dimod
        >>> from hybrid_opt.qubo.reading import read_model
        >>> bqm = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {"ab": 4.0}, 0.0, "BINARY")
        >>> point = Point(ChangeTables(read_model(bqm)), np.array([0, 1]))
        >>> point.costs.tolist(), point.joint_costs(np.arange(2)).tolist()
        ([3.0, 2.0], [[inf, 1.0], [1.0, inf]])
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        variables, rows = problem.variables, problem.rows
        self.sizes = np.array([v.size for v in variables], dtype=np.int64)
        self.lower = np.array([v.lower for v in variables], dtype=np.float64)
        self.step = np.array([v.step for v in variables], dtype=np.float64)
        self.linear = np.array([v.linear for v in variables], dtype=np.float64)
        self.square = np.array([v.square for v in variables], dtype=np.float64)
        self._read_tables()
        self._read_features()
        self._read_changes()
        # Feature 0 . . N - 1 are values; the last one, always 0, stands for states without a feature.
        self.couplings = _matrix(self._pair_entries(), (self.n_features + 1, self.n_features + 1))
        self.rows = _matrix(self._row_entries(), (self.n_features + 1, len(rows)))
        limits = np.array([row.rhs for row in rows], dtype=np.float64)
        tolerances = np.array([problem.tolerance(row) for row in rows], dtype=np.float64)
        below = np.array([row.sense == ">=" for row in rows], dtype=np.bool_)
        above = np.array([row.sense == "<=" for row in rows], dtype=np.bool_)
        self.low = np.where(above, -np.inf, limits - tolerances)
        self.high = np.where(below, np.inf, limits + tolerances)
        numbers = [[1e-12, abs(r.rhs), *(float(np.abs(t).max()) for t in r.terms.values())] for r in rows]
        self.scale = np.array([max(sizes) for sizes in numbers], dtype=np.float64)

    @property
    def noise(self) -> float:
        """Change of the objective that rounding can make."""
        return 1e-3 * self.problem.proof_tolerance

    def _read_tables(self) -> None:
        """Costs per state in one array that starts with a 0 for variables without a table."""
        tables, position = [np.zeros(1)], 1
        self.table_at = np.zeros(len(self.sizes), dtype=np.int64)
        for i, variable in enumerate(self.problem.variables):
            if variable.table is not None:
                tables.append(variable.table)
                self.table_at[i], position = position, position + variable.size
        self.tables = np.concatenate(tables)

    def _read_features(self) -> None:
        tables = [pair for pair in self.problem.pairs if pair.table is not None]
        spelled = {i for pair in tables for i in (pair.first, pair.second)}
        for row in self.problem.rows:
            spelled |= {i for i, term in row.terms.items() if isinstance(term, np.ndarray)}
        self.spelled = bool(spelled)
        self.feature_at = np.full(len(self.sizes), -1, dtype=np.int64)
        self.n_features = len(self.sizes)
        for i in sorted(spelled):
            self.feature_at[i] = self.n_features
            self.n_features += int(self.sizes[i])

    def _read_changes(self) -> None:
        variable, shift = [], []
        for i, size in enumerate(self.sizes.tolist()):
            if size <= EVERY_STATE:
                shifts = list(range(1, size))
            else:
                powers = [2**k for k in range((size - 1).bit_length())]
                shifts = [*powers, *(-power for power in powers)]
            variable += [i] * len(shifts)
            shift += shifts
        self.variable = np.array(variable, dtype=np.int64)
        self._shift = np.array(shift, dtype=np.int64)
        self._wide = self.sizes[self.variable] > EVERY_STATE

    def targets(self, here: Indices) -> Indices:
        """State that each change leads to, from the states ``here`` of its variables, both of shape (K,)."""
        sizes, moved = self.sizes[self.variable], here + self._shift
        return np.asarray(np.where(self._wide, np.clip(moved, 0, sizes - 1), moved % sizes))

    def features_at(self, variable: Indices, states: Indices) -> Indices:
        """Feature of a state of a variable; the empty one where its states have none."""
        first = self.feature_at[variable]
        return np.where(first < 0, self.n_features, first + states)

    def features(self, states: Indices) -> Floats:
        """Features of an assignment of shape (N,), shape (F + 1,)."""
        features = np.zeros(self.n_features + 1)
        features[: len(states)] = self.lower + self.step * states
        if self.spelled:
            features[self.features_at(np.arange(len(states)), states)] = 1.0
            features[-1] = 0.0
        return features

    def pairs_of_changes(self, chosen: Indices) -> tuple[Floats, Indices]:
        """Coefficients between the variables of every two of some changes.

        Args:
            chosen: numbers of changes, shape (S,).

        Returns:
            Shape (S, S), and the places, in that array laid flat, of two changes of one variable.
        """
        if len(chosen) == len(self.variable):
            return self._all_pairs
        return self._pairs(self.variable[chosen])

    @cached_property
    def _all_pairs(self) -> tuple[Floats, Indices]:
        return self._pairs(self.variable)

    def _pairs(self, variable: Indices) -> tuple[Floats, Indices]:
        same = np.flatnonzero(variable[:, None] == variable[None, :])
        return block(self.couplings, variable, variable), same

    def _pair_entries(self) -> list[tuple[Any, Any, Any]]:
        products = [pair for pair in self.problem.pairs if pair.coefficient]
        first = np.array([pair.first for pair in products], dtype=np.int64)
        second = np.array([pair.second for pair in products], dtype=np.int64)
        weight = np.array([pair.coefficient for pair in products], dtype=np.float64)
        entries = [(first, second, weight), (second, first, weight)]
        for pair in self.problem.pairs:
            if pair.table is not None:
                one, two = np.indices(pair.table.shape)
                one, two = one + self.feature_at[pair.first], two + self.feature_at[pair.second]
                flat = (one.ravel(), two.ravel(), pair.table.ravel())
                entries += [flat, (flat[1], flat[0], flat[2])]
        return entries

    def _row_entries(self) -> list[tuple[Any, Any, Any]]:
        entries: list[tuple[Any, Any, Any]] = []
        for r, row in enumerate(self.problem.rows):
            plain = [i for i, term in row.terms.items() if not isinstance(term, np.ndarray)]
            entries.append((plain, [r] * len(plain), [row.terms[i] for i in plain]))
            for i, term in row.terms.items():
                if isinstance(term, np.ndarray):
                    first = int(self.feature_at[i])
                    entries.append((range(first, first + len(term)), [r] * len(term), term))
        return entries


class Point:
    """An assignment with what all changes of it cost.

    Args:
        tables: the changes.
        states: the assignment, shape (N,); it is copied.

    Attributes:
        tables: as given.
        states: the assignment, shape (N,).
        costs: rise of the objective by each change, shape (K,).
        left: left side of each row, shape (R,).
    """

    def __init__(self, tables: ChangeTables, states: Indices) -> None:
        self.tables = tables
        self.states = np.array(states, dtype=np.int64)
        self._field = np.asarray(tables.couplings @ tables.features(self.states)).ravel()
        self._look()

    def _look(self) -> None:
        tables, variable = self.tables, self.tables.variable
        self.left = np.asarray(tables.rows.T @ tables.features(self.states)).ravel()
        here = self.states[variable]
        self._targets = tables.targets(here)
        value = tables.lower[variable] + tables.step[variable] * here
        self._rise = tables.step[variable] * (self._targets - here)
        slope = tables.linear[variable] + self._field[variable]
        slope += tables.square[variable] * (2 * value + self._rise)
        self.costs = self._rise * slope
        at = tables.table_at[variable]
        own = tables.tables[np.where(at, at + self._targets, 0)] - tables.tables[np.where(at, at + here, 0)]
        self.costs += own
        if tables.spelled:
            self._old = tables.features_at(variable, here)
            self._new = tables.features_at(variable, self._targets)
            self.costs += self._field[self._new] - self._field[self._old]

    def row_changes(self, chosen: Indices) -> Floats:
        """What changes do to the left sides.

        Args:
            chosen: numbers of changes, shape (S,).

        Returns:
            Shape (S, R).
        """
        rows = self.tables.rows
        moved = self._rise[chosen, None] * picked(rows, self.tables.variable[chosen])
        if self.tables.spelled:
            moved += picked(rows, self._new[chosen]) - picked(rows, self._old[chosen])
        return moved

    def joint_costs(self, chosen: Indices) -> Floats:
        """Rise of the objective by every two changes together; infinite for two of one variable.

        Args:
            chosen: numbers of changes, shape (S,).

        Returns:
            Shape (S, S), symmetric.
        """
        tables, rise, costs = self.tables, self._rise[chosen], self.costs[chosen]
        couplings, same = tables.pairs_of_changes(chosen)
        joint = couplings * rise[:, None]
        joint *= rise
        if tables.spelled:
            new, old = self._new[chosen], self._old[chosen]
            joint += block(tables.couplings, new, new) + block(tables.couplings, old, old)
            crossed = block(tables.couplings, new, old)
            joint -= crossed + crossed.T
        joint += costs[:, None]
        joint += costs
        joint.ravel()[same] = np.inf
        return joint

    def apply(self, chosen: Indices) -> None:
        """Make changes of different variables.

        Args:
            chosen: their numbers, shape (S,).
        """
        tables, variable = self.tables, self.tables.variable[chosen]
        field = self._rise[chosen] @ picked(tables.couplings, variable)
        if tables.spelled:
            field += picked(tables.couplings, self._new[chosen]).sum(axis=0)
            field -= picked(tables.couplings, self._old[chosen]).sum(axis=0)
        self._field += field
        self.states[variable] = self._targets[chosen]
        self._look()


def _matrix(entries: list[tuple[Any, Any, Any]], shape: tuple[int, int]) -> Any:
    """Entries summed in a matrix, sparse if it is large."""
    from scipy.sparse import coo_array

    rows, columns, values = (
        np.concatenate([np.zeros(0, dtype=kind), *(np.asarray(entry[k], dtype=kind) for entry in entries)])
        for k, kind in enumerate((np.int64, np.int64, np.float64))
    )
    if shape[0] * shape[1] > DENSE_NUMBERS:
        return coo_array((values, (rows, columns)), shape=shape).tocsr()
    dense = np.zeros(shape)
    np.add.at(dense, (rows, columns), values)
    return dense


def picked(matrix: Any, rows: Indices) -> Floats:
    """Rows of a matrix, dense or sparse, as an array."""
    part = matrix[rows]
    return np.asarray(part if isinstance(part, np.ndarray) else part.toarray(), dtype=np.float64)


def block(matrix: Any, rows: Indices, columns: Indices) -> Floats:
    """Some rows and columns of a matrix, dense or sparse, as an array."""
    if isinstance(matrix, np.ndarray):
        return np.asarray(matrix[np.ix_(rows, columns)], dtype=np.float64)
    return np.asarray(matrix[rows][:, columns].toarray(), dtype=np.float64)
