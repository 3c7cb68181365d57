"""A search space as a grid: each parameter is a group of levels, of which exactly one is chosen.

An Optuna distribution becomes a list of values: a categorical one its choices, an integer or stepped one its
values where they are few, anything else evenly spaced values from end to end, on the logarithmic axis where
the distribution says so. The groups stand side by side as columns of 0/1 features (one-hot); a value between
two levels, as an enqueued trial or a refined one has it, shares its 1 between both in proportion.

Shapes: n trials, N parameters, L levels of a parameter, C columns (the sum of all L).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from ..errors import OptionError
from ..solvers.settings import check_whole

__all__ = ["LevelSpace", "ParameterLevels", "check_levels", "level_space"]

KEPT = 2  # integers and stepped floats keep every value up to this many times the level setting
ON_LEVEL = 1e-9  # of the distance of two levels: nearer than that is the level itself

Numeric = FloatDistribution | IntDistribution


@dataclass(frozen=True, eq=False)
class ParameterLevels:
    """The levels of one parameter.

    Attributes:
        name: Optuna's name of the parameter.
        distribution: Optuna's distribution.
        values: value of each level, as an objective sees it, L of them.
        positions: place of each level on the (logarithmic) axis, 0 to 1, shape (L,); None for choices, which
            have no order.
    """

    name: str
    distribution: BaseDistribution
    values: tuple[Any, ...]
    positions: NDArray[np.float64] | None

    @property
    def size(self) -> int:
        """Number of levels, L."""
        return len(self.values)

    @property
    def complete(self) -> bool:
        """Whether the levels are all values the distribution has."""
        return self.positions is None or len(self.values) == _count(self.distribution)

    def features(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Shares of the levels in some values, shape (n, L); every row sums to 1."""
        shares = np.zeros((len(values), self.size))
        rows = np.arange(len(values))
        if self.positions is None:
            shares[rows, [int(self.distribution.to_internal_repr(value)) for value in values]] = 1.0
            return shares
        place = axis_positions(self.distribution, np.array(values, dtype=np.float64))
        upper = np.clip(np.searchsorted(self.positions, place), 1, self.size - 1)
        low, high = self.positions[upper - 1], self.positions[upper]
        share = np.clip((place - low) / (high - low), 0.0, 1.0)
        share = np.where(np.abs(share - np.rint(share)) < ON_LEVEL, np.rint(share), share)
        shares[rows, upper - 1] = 1.0 - share
        shares[rows, upper] = share
        return shares


def axis_positions(distribution: BaseDistribution, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places of numbers between the ends of a numeric distribution, 0 to 1, on its (logarithmic) axis."""
    low, high = float(distribution.low), float(distribution.high)  # type: ignore[attr-defined]
    if distribution.log:  # type: ignore[attr-defined]
        return np.asarray(np.log(values / low) / np.log(high / low))
    return np.asarray((values - low) / (high - low))


def axis_value(distribution: BaseDistribution, position: float) -> int | float:
    """The legal value of a numeric distribution nearest to a place between its ends, 0 to 1."""
    if not isinstance(distribution, FloatDistribution | IntDistribution):
        raise OptionError(f"{distribution!r} has no axis; only numbers have a place between two ends")
    low, high = float(distribution.low), float(distribution.high)
    if distribution.log:
        value = math.exp(math.log(low) + position * math.log(high / low))
    else:
        value = low + position * (high - low)
    if distribution.step is not None:
        value = low + round((value - low) / distribution.step) * distribution.step
    value = min(max(value, low), high)
    return round(value) if isinstance(distribution, IntDistribution) else value


def _count(distribution: BaseDistribution) -> float:
    """Number of values of a distribution; infinite for a continuous one."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    if not isinstance(distribution, FloatDistribution | IntDistribution):
        raise OptionError(
            f"{distribution!r} is no distribution that is known here; legal are Optuna's float, int and "
            "categorical ones"
        )
    if distribution.step is None:
        return math.inf if distribution.high > distribution.low else 1
    return round((distribution.high - distribution.low) / distribution.step) + 1


def _numeric_levels(name: str, distribution: Numeric, wanted: int, forced: bool) -> ParameterLevels:
    count = _count(distribution)
    if count <= (wanted if forced else KEPT * wanted):
        wanted = int(count)
        steps: float = distribution.step or 0.0
        values = [distribution.low + k * steps for k in range(wanted)]
        if isinstance(distribution, FloatDistribution):
            values = [min(value, distribution.high) for value in values]
    else:
        values = [axis_value(distribution, k / (wanted - 1)) for k in range(wanted)]
        # Two places may round to the same integer or step.
        values = sorted(set(values))
    return ParameterLevels(name, distribution, tuple(values), axis_positions(distribution, np.array(values)))


def check_levels(levels: Any) -> None:
    """Raise unless a level setting is legal.

    Args:
        levels: whole number from 2 on, or a mapping of parameter name to one.

    Raises:
        OptionError: anything else.

    Example:
        >>> check_levels(1)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: levels is 1; it must be a whole number of at least 2 and at most 1,000
    """
    if not isinstance(levels, Mapping):
        check_whole("levels", levels, least=2, most=1000)
        return
    for name, number in levels.items():
        check_whole(f"levels[{name!r}]", number, least=2, most=1000)


@dataclass(frozen=True, eq=False)
class LevelSpace:
    """Parameters with their levels, side by side; build one with ``level_space``.

    Attributes:
        parameters: those with more than one level, in order of their names.
    """

    parameters: tuple[ParameterLevels, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Levels of each parameter, N numbers."""
        return tuple(parameter.size for parameter in self.parameters)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """First column of each parameter, and C at the end, shape (N + 1,)."""
        return np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)

    @property
    def n_columns(self) -> int:
        """Number of columns, C."""
        return int(self.starts[-1])

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """Parameter that each column belongs to, shape (C,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def n_bits(self) -> int:
        """Bits of the QUBO: a group of more than two levels takes one each, two levels are one bit."""
        return sum(size if size > 2 else 1 for size in self.sizes)

    @property
    def n_penalty_bits(self) -> int:
        """Bits of the QUBO where groups are not kept: one less per group (domain walls)."""
        return sum(size - 1 for size in self.sizes)

    @property
    def n_points(self) -> int:
        """Number of points of the grid."""
        return math.prod(self.sizes)

    def features(self, params: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Shares of all levels in some settings.

        Args:
            params: parameter name -> value, one mapping per trial; other names are not looked at.

        Returns:
            Shape (n, C).
        """
        blocks = [p.features([values[p.name] for values in params]) for p in self.parameters]
        return np.hstack([np.zeros((len(params), 0)), *blocks])

    def states(self, features: NDArray[np.float64]) -> NDArray[np.int64]:
        """Level of each parameter where a setting lies on the grid, -1 where it lies between two levels.

        Args:
            features: shares of the levels, shape (n, C).

        Returns:
            Shape (n, N).
        """
        states = np.full((len(features), len(self.sizes)), -1, dtype=np.int64)
        for i, (start, stop) in enumerate(zip(self.starts, self.starts[1:])):
            block = features[:, start:stop]
            states[:, i] = np.where(block.max(axis=1, initial=0.0) == 1.0, block.argmax(axis=1), -1)
        return states

    def one_hot(self, states: NDArray[np.int64]) -> NDArray[np.float64]:
        """Features of points of the grid: (n, N) levels to (n, C)."""
        features = np.zeros((len(states), self.n_columns))
        features[np.arange(len(states))[:, None], states + self.starts[:-1]] = 1.0
        return features

    def params(self, states: NDArray[np.int64]) -> dict[str, Any]:
        """Parameter name -> value of one point of the grid of shape (N,)."""
        return {p.name: p.values[int(state)] for p, state in zip(self.parameters, states)}


def level_space(
    distributions: Mapping[str, BaseDistribution], levels: int | Mapping[str, int] = 9
) -> LevelSpace:
    """Divide a search space into levels.

    Args:
        distributions: parameter name -> Optuna distribution; those with a single value are left out.
        levels: levels of a continuous parameter, or parameter name -> levels (9 for those not named). Choices
            are never thinned out, integers and stepped floats only where they have more than twice as many
            values; a number given by name holds for them too.

    Returns:
        The space, its parameters sorted by name; it may be empty.

    Raises:
        OptionError: fewer than two levels, a number for choices, or an unknown kind of distribution.

    Example:
        >>> space = level_space({
        ...     "metric": CategoricalDistribution(["l1", "l2"]),
        ...     "rate": FloatDistribution(1e-4, 1e-2, log=True),
        ... }, levels=3)
        >>> [[f"{value:g}" for value in space.parameters[1].values], space.n_points, space.n_bits]
        [['0.0001', '0.001', '0.01'], 6, 4]
    """
    check_levels(levels)
    named: Mapping[str, int] = levels if isinstance(levels, Mapping) else {}
    default = 9 if isinstance(levels, Mapping) else levels
    parameters = []
    for name in sorted(distributions):
        distribution = distributions[name]
        if _count(distribution) <= 1:
            continue
        if isinstance(distribution, CategoricalDistribution):
            if name in named:
                raise OptionError(
                    f"levels names {name!r}, which has {len(distribution.choices)} choices; choices have no "
                    "order to thin them out along. Leave it out, or give fewer choices"
                )
            parameters.append(ParameterLevels(name, distribution, tuple(distribution.choices), None))
        elif isinstance(distribution, FloatDistribution | IntDistribution):
            wanted = int(named.get(name, default))
            parameters.append(_numeric_levels(name, distribution, wanted, name in named))
    return LevelSpace(tuple(parameters))
