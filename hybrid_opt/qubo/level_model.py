"""A model of ordered levels with value tables, which a dimod model cannot hold.

A dimod objective is at most quadratic in an integer; a response curve sampled at seven budgets is not. Here
every variable has levels 0..U, a cost per level and a number of units per level (money, hours, pieces);
constraints are linear in the units.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ModelError
from .problem import Pair, Problem, Row, Variable

__all__ = ["LevelModel"]


@dataclass(frozen=True, eq=False)
class _Level:
    label: Hashable
    costs: NDArray[np.float64]
    units: NDArray[np.float64]


def _finite(values: ArrayLike, what: str, shape: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{what} is {values!r}; it must be a list of numbers") from error
    if shape is not None and array.shape != shape:
        raise ModelError(f"{what} has shape {array.shape}; it must have shape {shape}, one entry per level")
    if not np.isfinite(array).all():
        raise ModelError(f"{what} holds NaN or infinity; every entry must be a finite number")
    return array


def _number(value: Any, what: str) -> float:
    number = _finite(value, what)
    if number.ndim:
        raise ModelError(f"{what} is {value!r}; it must be a single number")
    return float(number)


class LevelModel:
    """Minimize costs of levels, plus pair terms, subject to linear constraints on units.

    Example:
        >>> model = LevelModel()
        >>> model.add_variable("tv", costs=[0, -5, -8, -9])
        'tv'
        >>> model.add_variable("search", costs=[0, -4, -5], units=[0, 1, 2])
        'search'
        >>> model.add_constraint({"tv": 1, "search": 1}, "==", 3, label="budget")
        'budget'
        >>> model.objective({"tv": 2, "search": 1})
        -12.0
    """

    def __init__(self) -> None:
        self._levels: dict[Hashable, _Level] = {}
        self._products: dict[tuple[Hashable, Hashable], NDArray[np.float64]] = {}
        self._rows: dict[Hashable, tuple[dict[Hashable, NDArray[np.float64]], str, float]] = {}
        self.offset = 0.0

    @property
    def variables(self) -> list[Hashable]:
        """Labels in the order they were added; variable i is wire i of a circuit on levels."""
        return list(self._levels)

    @property
    def constraints(self) -> list[Hashable]:
        """Labels of the constraints."""
        return list(self._rows)

    def costs(self, label: Hashable) -> NDArray[np.float64]:
        """Cost of each level of a variable, shape (levels,)."""
        return self._level(label).costs.copy()

    def units(self, label: Hashable) -> NDArray[np.float64]:
        """Units of each level of a variable, shape (levels,)."""
        return self._level(label).units.copy()

    def _level(self, label: Hashable) -> _Level:
        if label not in self._levels:
            raise ModelError(f"there is no variable {label!r}; the model has {self.variables!r}")
        return self._levels[label]

    def add_variable(
        self, label: Hashable, costs: ArrayLike, *, units: ArrayLike | None = None
    ) -> Hashable:
        """Add a variable with one level per entry of ``costs``.

        Args:
            label: a new name.
            costs: cost of each level (lower is better), shape (levels,).
            units: strictly increasing units of each level, shape (levels,); 0, 1, 2, ... if left out.

        Returns:
            The label.

        Raises:
            ModelError: the name is taken, a table is empty, of the wrong shape or not finite, or the units
                do not increase.
        """
        if label in self._levels:
            raise ModelError(f"variable {label!r} exists already; every label must be new")
        table = _finite(costs, f"costs of {label!r}")
        if table.ndim != 1 or len(table) == 0:
            raise ModelError(f"costs of {label!r} must be a non-empty list of numbers, one per level")
        default = np.arange(len(table), dtype=np.float64)
        steps = default if units is None else _finite(units, f"units of {label!r}", table.shape)
        if (np.diff(steps) <= 0).any():
            raise ModelError(f"units of {label!r} are {steps.tolist()}; they must strictly increase")
        self._levels[label] = _Level(label, table, steps)
        return label

    def add_pair(
        self,
        first: Hashable,
        second: Hashable,
        *,
        table: ArrayLike | None = None,
        per_unit: float = 0.0,
    ) -> None:
        """Add a cost that depends on two variables at once.

        Args:
            first: label of a variable.
            second: label of another variable.
            table: cost per pair of levels, shape (levels of first, levels of second).
            per_unit: cost per unit of first times unit of second.

        Raises:
            ModelError: unknown or equal labels, or a table of the wrong shape.
        """
        if first == second:
            raise ModelError(f"a pair needs two different variables, both are {first!r}")
        a, b = self._level(first), self._level(second)
        cost = _number(per_unit, "per_unit") * np.outer(a.units, b.units)
        if table is not None:
            shape = (len(a.costs), len(b.costs))
            cost = cost + _finite(table, f"pair table of {first!r} and {second!r}", shape)
        key, cost = ((first, second), cost) if (second, first) not in self._products else (
            (second, first),
            cost.T,
        )
        self._products[key] = self._products.get(key, np.zeros(cost.shape)) + cost

    def add_constraint(
        self,
        weights: Mapping[Any, float | Sequence[float]],
        sense: Literal["<=", ">=", "=="],
        rhs: float,
        *,
        label: Hashable | None = None,
    ) -> Hashable:
        """Add a linear constraint.

        Args:
            weights: label -> factor of that variable's units, or a weight per level.
            sense: "<=", ">=" or "==".
            rhs: right-hand side.
            label: a new name; the first free one of ``"c0"``, ``"c1"``, ... if left out.

        Returns:
            The label.

        Raises:
            ModelError: unknown variable or sense, a label already taken, a number that is not finite.
        """
        if sense not in ("<=", ">=", "=="):
            raise ModelError(f"sense is {sense!r}; legal are '<=', '>=' and '=='")
        if label is None:
            label = next(name for k in count() if (name := f"c{k}") not in self._rows)
        if label in self._rows:
            raise ModelError(f"constraint {label!r} exists already; every label must be new")
        terms = {}
        for name, weight in weights.items():
            level = self._level(name)
            what = f"weight of {name!r} in constraint {label!r}"
            array = _finite(weight, what)
            terms[name] = array * level.units if array.ndim == 0 else _finite(array, what, level.costs.shape)
        self._rows[label] = (terms, sense, _number(rhs, f"rhs of constraint {label!r}"))
        return label

    def objective(self, sample: Mapping[Any, int]) -> float:
        """Cost of one choice of levels.

        Args:
            sample: label -> level.

        Returns:
            The cost, constraints not looked at.

        Raises:
            ModelError: a variable is missing or has no such level.
        """
        problem = self.to_problem()
        return float(problem.objective(problem.to_states(sample)[None, :])[0])

    def to_problem(self) -> Problem:
        """The common internal form, see ``hybrid_opt.qubo.problem``."""
        index = {label: i for i, label in enumerate(self._levels)}
        variables = [
            Variable(label, "level", size=len(level.costs), table=level.costs)
            for label, level in self._levels.items()
        ]
        pairs = []
        for (first, second), cost in self._products.items():
            i, j = index[first], index[second]
            pairs.append(Pair(i, j, table=cost) if i < j else Pair(j, i, table=cost.T))
        rows: list[Any] = [
            Row(label, sense, rhs, {index[name]: weight for name, weight in terms.items()})  # type: ignore[arg-type]
            for label, (terms, sense, rhs) in self._rows.items()
        ]
        return Problem(variables, pairs, rows, _number(self.offset, "the offset"), model=self)
