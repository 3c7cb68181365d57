"""A quadratic model of the loss that learns from measured masks, beginning from the Fisher matrix.

Where a model fits its data almost perfectly, gradients vanish and F says next to nothing about what happens
when half of the heads go. Measurements say it. With z = 1 - m, the heads that are taken away,

    L(z) - L(0) = sum_n w_n z_n + a * sum_{i<j} F_ij z_i z_j + sum_{i<j} w_ij z_i z_j + noise

is Bayesian linear regression: w_n is normal around the measured change of taking head n away alone, a
around 1, w_ij around 0. A draw from the posterior is a question like any other (`HeadQuestion`); its answer
is measured and added (Thompson sampling on pairs: Baptista and Poloczek 2018, "Bayesian optimization of
combinatorial structures", arXiv 1806.08838). Masks far above the best count less: the model has to be right
where the good ones are.

Shapes: N heads of the model, E measured masks, P = N + 1 + N (N - 1) / 2 weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed
from ..solvers.greedy import Greedy
from ..solvers.solve import solve
from .head_question import HeadQuestion
from .loss_journal import LossJournal
from .loss_statistics import HeadStatistics

__all__ = ["MeasuredHeads", "measure_heads"]

# Standard deviation of the factor on F, of draws against the posterior's, and of noise in units of the mean
# change of one head; the last for every unit that a mask lies above the median.
_FACTOR_SPREAD, _DRAW, _NOISE, _FAR = 10.0, 0.5, 0.05, 0.3

Mask = NDArray[np.int64]


@dataclass(eq=False)
class MeasuredHeads:
    """Measured masks, and the quadratic model they give.

    Attributes:
        statistics: measured at all heads, where the model begins.
        singles: (N,), change of the loss without each head alone.
        masks: masks measured besides, each (N,).
        changes: change of the loss of each.
        interrupted: whether ctrl-C ended the search.
    """

    statistics: HeadStatistics
    singles: NDArray[np.float64]
    masks: list[Mask] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    interrupted: bool = False

    @property
    def evaluations(self) -> int:
        """Losses measured."""
        return len(self.singles) + len(self.masks)

    def best(self) -> tuple[Mask, float]:
        """The measured mask with the lowest loss, and its change.

        Raises:
            OptionError: none was measured.
        """
        if not self.masks:
            raise OptionError("no mask was measured; evaluations must be more than the number of heads")
        number = int(np.argmin(self.changes))
        return self.masks[number], self.changes[number]

    def model(self, rng: np.random.Generator | None = None) -> HeadStatistics:
        """The quadratic model as statistics around all heads.

        Args:
            rng: where a draw from the posterior comes from; None gives its mean.

        Returns:
            Statistics whose gradient is -w_n and whose matrix is a F_ij + w_ij off the diagonal.
        """
        weights = self._weights(rng)
        total = len(self.singles)
        first, second = np.triu_indices(total, 1)
        pairs = weights[total] * self.statistics.fisher[first, second] + weights[total + 1 :]
        matrix = np.zeros((total, total))
        matrix[first, second] = matrix[second, first] = pairs
        return replace(self.statistics, center=np.ones(total), gradient=-weights[:total], fisher=matrix)

    def _features(self) -> NDArray[np.float64]:
        """(E, P): heads taken away, the Fisher term, pairs taken away."""
        away = 1.0 - np.stack(self.masks)
        first, second = np.triu_indices(away.shape[1], 1)
        pairs = away[:, first] * away[:, second]
        return np.hstack([away, (pairs @ self.statistics.fisher[first, second])[:, None], pairs])

    def _weights(self, rng: np.random.Generator | None) -> NDArray[np.float64]:
        """Mean of the posterior, or a draw: prior draws corrected by the data (Matheron's rule)."""
        total = len(self.singles)
        unit = float(np.abs(self.singles).mean()) or 1.0
        count = total * (total - 1) // 2
        mean = np.concatenate([self.singles, [1.0], np.zeros(count)])
        spread = np.concatenate([np.full(total, unit), [_FACTOR_SPREAD], np.full(count, unit)])
        drawn = np.zeros(len(mean)) if rng is None else _DRAW * rng.normal(size=len(mean))
        if not self.masks:
            return mean + spread * drawn
        changes = np.array(self.changes)
        noise = _NOISE * unit + _FAR * np.maximum(changes - np.median(changes), 0.0)
        features = self._features()
        scaled = features * spread / noise[:, None]
        error = np.zeros(len(changes)) if rng is None else _DRAW * rng.normal(size=len(changes))
        rest = (changes - features @ mean) / noise - scaled @ drawn - error
        correction = scaled.T @ np.linalg.solve(scaled @ scaled.T + np.eye(len(changes)), rest)
        return np.asarray(mean + spread * (drawn + correction))


def measure_heads(
    losses: LossJournal,
    question: HeadQuestion,
    evaluations: int,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> MeasuredHeads:
    """Spend evaluations of the loss on masks that answer draws of the question.

    Args:
        losses: measures; ctrl-C ends the search early and keeps what was measured.
        question: which masks are legal; its statistics are those at all heads.
        evaluations: losses to measure in all; the first N are those without one head each.
        seed: of draws.
        progress: called with the share done.

    Returns:
        What was measured.

    Raises:
        OptionError: no more evaluations than heads.
    """
    total = sum(question.statistics.layers)
    if evaluations <= total:
        raise OptionError(
            f"evaluations is {evaluations}; measuring needs more than the {total} heads, or 0 for the Fisher "
            "matrix alone"
        )
    rng = np.random.default_rng(child_seed(seed, "measured heads"))
    base = losses.loss(np.ones(total))
    singles = np.empty(total)
    for head in range(total):
        singles[head] = losses.loss(1 - np.eye(total, dtype=np.int64)[head]) - base
        progress((head + 1) / evaluations, "measuring heads one by one")
    measured = MeasuredHeads(question.statistics, singles)
    seen: set[bytes] = set()
    try:
        while measured.evaluations < evaluations:
            mask = _proposal(question, measured, rng, seen)
            if mask is None:
                break
            seen.add(mask.tobytes())
            measured.changes.append(losses.loss(mask) - base)
            measured.masks.append(mask)
            progress(measured.evaluations / evaluations, "measuring masks")
    except KeyboardInterrupt:
        if not measured.changes:
            raise
        measured.interrupted = True
    return measured


def _proposal(
    question: HeadQuestion, measured: MeasuredHeads, rng: np.random.Generator, seen: set[bytes]
) -> Mask | None:
    """The answer to a draw of the question; where that has been measured, a swap away from the best mask."""
    drawn = replace(question, statistics=measured.model(rng), redundancy=0.0)
    answer = solve(drawn.to_cqm(), Greedy(restarts=4), seed=int(rng.integers(2**31)))
    mask: Mask = drawn.mask(answer.sample or {})
    if answer.feasible and mask.tobytes() not in seen:
        return mask
    for number in np.argsort(measured.changes, kind="stable"):
        around = measured.masks[number]
        swaps = [(i, j) for i in np.flatnonzero(around == 1) for j in np.flatnonzero(around == 0)]
        for swap in rng.permutation(len(swaps)):
            near: Mask = around.copy()
            near[list(swaps[swap])] = 0, 1
            if near.tobytes() not in seen and question.feasible(near):
                return near
    return None


def read_evaluations(evaluations: Any, heads: int) -> int:
    """The number of evaluations: None stands for four per head.

    Raises:
        OptionError: neither None nor a whole number of at least 0.
    """
    if evaluations is None:
        return 4 * heads
    whole = isinstance(evaluations, int | np.integer) and not isinstance(evaluations, bool)
    if not whole or evaluations < 0:
        raise OptionError(f"evaluations is {evaluations!r}; it must be a whole number of at least 0, or None")
    return int(evaluations)
