"""Functions to tune whose optimum on the grid is known by looking at every point.

Every instance has a seed that moves the optimum to a random place: shifts, flipped bits, a fresh random
table. Methods that win only because the optimum lies in a corner or in the middle gain nothing here (as L.
Papenmeier et al., "Bounce", NeurIPS 2023, arXiv 2307.00618, found of several).

* rastrigin: 5 numbers from -4.8 to 4.8, 13 levels each, f = sum of 10 + z^2 - 10 cos(2 pi z), z = x - shift;
* hartmann: Hartmann's function of 6 numbers (L. Dixon, G. Szego 1978), 9 levels each, axes exchanged, moved
  around the unit torus;
* contamination: control along a food supply chain in 20 stages (Y. Hu et al., WSC 2010; a test of BOCS, arXiv
  1806.08838): cleaning a stage costs 1, and a stage costs the share of 100 random histories above 0.1; what 0
  and 1 mean is drawn per stage;
* nk: NK landscape, 20 bits, K = 3 neighbors: contributions of four bits at once, which no quadratic can hold;
* labs: low autocorrelation binary sequence of 20 bits, minus the merit factor, of fourth order;
* bqp: x'Qx of 20 bits, Q normal: exactly quadratic;
* transformer: validation loss of a small distance-attention transformer, see ``tabulate_transformer.py``: one
  table, the seed changes only what the samplers draw.

Shapes: S points, N parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial

__all__ = ["PROBLEMS", "TuningProblem", "make_problem"]

BITS = 20
BLOCK = 2**15
TABLE = Path(__file__).resolve().parents[2] / "docs" / "studies" / "transformer_table.json"


@dataclass(frozen=True, eq=False)
class TuningProblem:
    """A function of some numbers or bits, to be minimized.

    Attributes:
        name: one of ``PROBLEMS``.
        bounds: low and high end of every number; None for bits and other choices.
        levels: values per parameter, N of them.
        function: values of points (S, N), in the parameters' own units, shape (S,).
        ordered: which choices are levels of something, so that the grid has whole numbers for them.
    """

    name: str
    bounds: tuple[float, float] | None
    levels: tuple[int, ...]
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ordered: tuple[bool, ...] = ()

    @cached_property
    def names(self) -> list[str]:
        """Parameter names, in order."""
        return [f"x{i:02d}" for i in range(len(self.levels))]

    def distributions(self) -> dict[str, BaseDistribution]:
        """The grid: choices for bits, whole numbers for levels, stepped floats for numbers."""
        ordered = self.ordered or (False,) * len(self.levels)
        return {name: self._on_grid(*one) for name, one in zip(self.names, zip(self.levels, ordered))}

    def _on_grid(self, size: int, ordered: bool) -> BaseDistribution:
        if self.bounds is None and ordered:
            return IntDistribution(0, size - 1)
        if self.bounds is None:
            return CategoricalDistribution(list(range(size)))
        low, high = self.bounds
        return FloatDistribution(low, high, step=round((high - low) / (size - 1), 9))

    def on_grid(self, trial: Trial) -> float:
        """Objective on the grid."""
        values = [trial._suggest(name, kind) for name, kind in self.distributions().items()]
        return float(self.function(np.array([values], dtype=np.float64))[0])

    def on_own_space(self, trial: Trial) -> float:
        """Objective on continuous numbers, or on bits as integers."""
        if self.ordered:
            return self.on_grid(trial)
        if self.bounds is None:
            values: list[Any] = [trial.suggest_int(n, 0, k - 1) for n, k in zip(self.names, self.levels)]
        else:
            values = [trial.suggest_float(name, *self.bounds) for name in self.names]
        return float(self.function(np.array([values], dtype=np.float64))[0])

    def optimum(self) -> float:
        """Lowest value on the grid, by looking at every point."""
        total = int(np.prod(self.levels))
        if self.bounds is None:
            low, scale = 0.0, np.ones(len(self.levels))
        else:
            low, high = self.bounds
            scale = np.array([(high - low) / (size - 1) for size in self.levels])
        best = np.inf
        for start in range(0, total, BLOCK):
            numbers = np.arange(start, min(start + BLOCK, total))
            states = np.stack(np.unravel_index(numbers, self.levels), axis=1)
            best = min(best, float(self.function(low + states * scale).min()))
        return best


def _rastrigin(rng: np.random.Generator) -> TuningProblem:
    shift = rng.uniform(-4.0, 4.0, size=5)

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        z = x - shift
        return np.asarray((10.0 + z**2 - 10.0 * np.cos(2 * np.pi * z)).sum(axis=1))

    return TuningProblem("rastrigin", (-4.8, 4.8), (13,) * 5, function)


_HARTMANN_WIDTHS = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_HARTMANN_CENTERS = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
_HARTMANN_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])


def _hartmann(rng: np.random.Generator) -> TuningProblem:
    shift, order = rng.random(6), rng.permutation(6)

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        z = (x[:, order] + shift) % 1.0
        far = (_HARTMANN_WIDTHS * (z[:, None, :] - _HARTMANN_CENTERS) ** 2).sum(axis=2)
        return np.asarray(-np.exp(-far) @ _HARTMANN_HEIGHTS)

    return TuningProblem("hartmann", (0.0, 1.0), (9,) * 6, function)


def _contamination(rng: np.random.Generator, stages: int = BITS, draws: int = 100) -> TuningProblem:
    first = rng.beta(1.0, 30.0, size=draws)
    spread = rng.beta(1.0, 17.0 / 3.0, size=(stages, draws))
    cleaned = rng.beta(1.0, 3.0 / 7.0, size=(stages, draws))
    flipped = rng.integers(2, size=stages)

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        x = np.abs(x - flipped)
        share = np.broadcast_to(first, (len(x), draws))
        cost = 1.01 * x.sum(axis=1)  # a unit per cleaning, and an L1 penalty of 0.01
        for stage in range(stages):
            on = x[:, stage, None]
            share = spread[stage] * (1 - on) * (1 - share) + (1 - cleaned[stage] * on) * share
            cost = cost + (share > 0.1).mean(axis=1)
        return np.asarray(cost)

    return TuningProblem("contamination", None, (2,) * stages, function)


def _nk(rng: np.random.Generator, bits: int = BITS, neighbors: int = 3) -> TuningProblem:
    others = [rng.choice(np.delete(np.arange(bits), i), neighbors, replace=False) for i in range(bits)]
    wires = np.array([[i, *other] for i, other in enumerate(others)])
    tables = rng.random((bits, 2 ** (neighbors + 1)))

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        index = (x.astype(np.int64)[:, wires] << np.arange(neighbors + 1)).sum(axis=2)
        return np.asarray(-tables[np.arange(bits), index].mean(axis=1))

    return TuningProblem("nk", None, (2,) * bits, function)


def _labs(rng: np.random.Generator, bits: int = BITS) -> TuningProblem:
    flipped = rng.integers(2, size=bits)

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        spins = 2.0 * np.abs(x - flipped) - 1.0
        energy = sum((spins[:, :-k] * spins[:, k:]).sum(axis=1) ** 2 for k in range(1, bits))
        return np.asarray(-(bits**2) / (2.0 * energy))

    return TuningProblem("labs", None, (2,) * bits, function)


def _bqp(rng: np.random.Generator, bits: int = BITS) -> TuningProblem:
    table = rng.normal(size=(bits, bits))

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(((x @ table) * x).sum(axis=1))

    return TuningProblem("bqp", None, (2,) * bits, function)


def _transformer(rng: np.random.Generator) -> TuningProblem:
    content = json.loads(TABLE.read_text(encoding="utf-8"))
    axes = content["axes"]  # in the order of the table: pairs of name and values
    sizes = tuple(len(values) for _, values in axes)
    (_, first), (_, second), *_ = axes
    table = np.array([content["parts"][f"{a} | {b}"] for a in first for b in second]).reshape(sizes)

    def function(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(table[tuple(x.astype(np.int64).T)])

    ordered = tuple(name != "metric" for name, _ in axes)
    return TuningProblem("transformer", None, sizes, function, ordered)


_MAKERS: dict[str, Callable[[np.random.Generator], TuningProblem]] = {
    "rastrigin": _rastrigin,
    "hartmann": _hartmann,
    "contamination": _contamination,
    "nk": _nk,
    "labs": _labs,
    "bqp": _bqp,
    "transformer": _transformer,
}
PROBLEMS = tuple(_MAKERS)


def make_problem(name: str, seed: int) -> TuningProblem:
    """An instance.

    Args:
        name: one of ``PROBLEMS``.
        seed: where its optimum lies.
    """
    return _MAKERS[name](np.random.default_rng([PROBLEMS.index(name), seed]))
