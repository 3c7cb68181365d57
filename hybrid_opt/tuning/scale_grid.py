"""One factor per layer on the attention scales lambda of a trained model, on a grid: search or all points.

lambda of every head of layer l becomes lambda * f_l, by adding log f_l to the layer's ``log_scale_ratio``;
the factors are powers between 1 / span and span. Nothing is trained again.

Shapes: L layers, K levels, N = K ** L points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from time import perf_counter
from typing import Any

import torch
from torch import nn

from ..classical.head_sites import find_head_sites
from ..errors import OptionError
from ..progress import Progress, silent
from ..solvers.base import Solver
from ..solvers.settings import check_whole
from .labelled_batches import LabelledBatches

__all__ = ["ScaleAnswer", "ScaleGrid", "expected_best"]

MOST_POINTS = 10_000


@dataclass(frozen=True)
class ScaleAnswer:
    """What a search over factors found.

    Attributes:
        factors: one per layer.
        loss: calibration loss there.
        losses: of all points that were looked at, in order.
        found_at: number of the first look that had this loss, from 1.
        seconds: wall time.
    """

    factors: tuple[float, ...]
    loss: float
    losses: tuple[float, ...]
    found_at: int
    seconds: float


class ScaleGrid:
    """Factors on a grid, and the calibration loss at each point.

    Args:
        model: a distance-attention model; its scales now are those at factor 1.
        batches: calibration data.
        levels: K, odd, so that factor 1 is among them.
        span: largest factor; the smallest is its inverse.

    Attributes:
        factors: the K levels.

    Raises:
        OptionError: an even or too small number of levels, more than 10,000 points, a span of 1 or less, or a
            model without scales of its own.
        ConfigurationError: a model without known attention.
    """

    def __init__(
        self, model: nn.Module, batches: LabelledBatches, levels: int = 5, span: float = 2.0
    ) -> None:
        check_whole("levels", levels, least=3)
        if levels % 2 == 0:
            raise OptionError(f"levels is {levels}; give an odd number, so that factor 1 is among them")
        number = isinstance(span, int | float) and not isinstance(span, bool)
        if not number or not 1 < span < math.inf:
            raise OptionError(f"span is {span!r}; it must be a finite number above 1, the largest factor")
        sites = find_head_sites(model)
        if any(site.family != "distance" for site in sites):
            raise OptionError(f"{type(model).__name__} has no scales lambda; give a distance-attention model")
        if levels ** len(sites) > MOST_POINTS:
            raise OptionError(
                f"{levels} levels for each of {len(sites)} layers are {levels ** len(sites):,} points; at "
                f"most {MOST_POINTS:,} are looked at, give fewer levels"
            )
        self._model, self._batches = model, batches
        parts: list[Any] = [site.attention for site in sites]
        self._ratios: list[torch.Tensor] = [part.log_scale_ratio for part in parts]
        self._start = [ratio.detach().clone() for ratio in self._ratios]
        middle = levels // 2
        self.factors = tuple(float(span) ** ((level - middle) / middle) for level in range(levels))

    @property
    def layers(self) -> int:
        """Layers that have a factor, L."""
        return len(self._ratios)

    @property
    def n_points(self) -> int:
        """Points of the grid, N."""
        return int(len(self.factors) ** self.layers)

    def set(self, factors: tuple[float, ...]) -> None:
        """Put factors into the model; (1, ..., 1) puts back what was there at the start.

        Args:
            factors: one per layer, above 0.
        """
        with torch.no_grad():
            for ratio, start, factor in zip(self._ratios, self._start, factors, strict=True):
                ratio.copy_(start + math.log(factor))

    def loss(self, factors: tuple[float, ...]) -> float:
        """The calibration loss with factors, which stay in the model.

        Args:
            factors: one per layer.

        Returns:
            Nats per item.
        """
        self.set(factors)
        return self._batches.mean_loss(self._model)

    def look_at_all(self, *, progress: Progress = silent) -> ScaleAnswer:
        """Measure every point: the exact answer on this grid.

        Args:
            progress: called with the share done.

        Returns:
            The best point; its factors are in the model.
        """
        begin = perf_counter()
        points = list(product(self.factors, repeat=self.layers))
        losses = []
        for number, point in enumerate(points):
            losses.append(self.loss(point))
            progress((number + 1) / len(points), "every point")
        return self._answer(points, losses, begin)

    def search(
        self, solver: str | Solver, trials: int, *, seed: int, progress: Progress = silent
    ) -> ScaleAnswer:
        """An Optuna study with `QuboSampler`; factor 1 everywhere is looked at first.

        Args:
            solver: who minimizes the quadratic surrogate.
            trials: points to look at.
            seed: of the sampler.
            progress: called with the share done.

        Returns:
            The best point; its factors are in the model.

        Raises:
            OptionError: fewer than one trial.
            MissingDependencyError: Optuna is not installed.
        """
        check_whole("trials", trials)
        from .._optional import require

        optuna = require("optuna", "tuning")
        from .optuna_log import quiet_optuna
        from .qubo_sampler import QuboSampler

        low, high, last = self.factors[0], self.factors[-1], len(self.factors) - 1
        names = [f"layer {layer}" for layer in range(self.layers)]
        space = {name: optuna.distributions.FloatDistribution(low, high, log=True) for name in names}
        sampler = QuboSampler(solver=solver, levels=len(self.factors), search_space=space, seed=seed)
        points: list[tuple[float, ...]] = []
        losses: list[float] = []

        def objective(trial: Any) -> float:
            given = [trial.suggest_float(name, low, high, log=True) for name in names]
            # Levels of the sampler are these factors up to rounding; the same point is the same number here.
            points.append(tuple(self.factors[round(last * math.log(f / low, high / low))] for f in given))
            losses.append(self.loss(points[-1]))
            progress(len(losses) / trials, f"trial {len(losses)}")
            return losses[-1]

        begin = perf_counter()
        with quiet_optuna():
            study = optuna.create_study(sampler=sampler)
            study.enqueue_trial(dict.fromkeys(names, 1.0))
            study.optimize(objective, n_trials=trials)
        return self._answer(points, losses, begin)

    def _answer(self, points: list[tuple[float, ...]], losses: list[float], begin: float) -> ScaleAnswer:
        best = min(range(len(losses)), key=losses.__getitem__)
        self.set(points[best])
        return ScaleAnswer(points[best], losses[best], tuple(losses), best + 1, perf_counter() - begin)


def expected_best(losses: tuple[float, ...], drawn: int) -> float:
    """Expected lowest loss among different points drawn at random.

    The i-th lowest of N is the lowest drawn with chance C(N - i, n - 1) / C(N, n).

    Args:
        losses: of all N points.
        drawn: n, from 1 to N.

    Returns:
        The expectation.

    Raises:
        OptionError: more points than there are, or none.

    Example:
        >>> expected_best((3.0, 1.0, 2.0), 3), round(expected_best((3.0, 1.0, 2.0), 2), 4)
        (1.0, 1.3333)
    """
    check_whole("drawn", drawn, most=len(losses))
    total = len(losses)
    chances = (math.comb(total - i - 1, drawn - 1) for i in range(total))
    ways = sum(loss * chance for loss, chance in zip(sorted(losses), chances, strict=True))
    return ways / math.comb(total, drawn)
