"""Head masks that people compare with, each on the same calibration data.

- ``random``: uniform among legal masks.
- ``magnitude``: heads with the largest norm of their part of the output projection stay.
- ``michel``: heads with the largest mean |d loss / d gate| over sequences stay, each layer's scores divided
  by their Euclidean norm: Michel, Levy, Neubig 2019, arXiv 1905.10650, section 4.1. ``michel iterative``
  measures again after every tenth of the heads.
- ``kwon diagonal``: heads with the largest diagonal of the Fisher matrix stay; ``kwon``: the same, then each
  layer's choice is rearranged under the Fisher block of the layer, its number of heads held: Kwon et al.
  2022, arXiv 2204.09656, sections 4.1 and 4.2, without their last step, which tunes the masks as numbers.
- ``greedy loss``: takes away, one after the other, the head whose removal raises the measured calibration
  loss least; about N^2 / 2 evaluations of the loss.

The number of heads is exact and every layer keeps one; a head that a rule would take but that is the last of
its layer stays, and the next one goes.

Shapes: N heads of the model, H heads of a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..classical.head_sites import find_head_sites
from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed
from .head_question import HeadQuestion
from .labelled_batches import LabelledBatches
from .loss_statistics import HeadStatistics, head_statistics

__all__ = ["HEAD_BASELINES", "BaselineMask", "greedy_path", "head_baseline", "random_mask"]

_MOST_ARRANGEMENTS = 200_000

Mask = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BaselineMask:
    """What a rule chose.

    Attributes:
        mask: (N,) of 0 and 1.
        losses: evaluations of the loss on the calibration data.
        gradients: passes over the calibration data with gradients.
    """

    mask: Mask
    losses: int = 0
    gradients: int = 0


@dataclass(frozen=True, eq=False)
class _Case:
    model: nn.Module
    batches: LabelledBatches
    question: HeadQuestion
    seed: int
    progress: Progress

    @property
    def statistics(self) -> HeadStatistics:
        return self.question.statistics


def head_baseline(
    name: str,
    model: nn.Module,
    batches: LabelledBatches,
    question: HeadQuestion,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> BaselineMask:
    """The mask of one rule.

    Args:
        name: one of `HEAD_BASELINES`.
        model: the model.
        batches: calibration data.
        question: how many heads stay, with statistics measured at all heads.
        seed: of "random".
        progress: called with the share done.

    Returns:
        The mask and what it took.

    Raises:
        OptionError: no such rule, or a question with a budget, which these rules do not know.

    Example:
        >>> head_baseline("best", None, None, None)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: there is no rule 'best' for heads; legal are random, magnitude, \
michel, michel iterative, kwon diagonal, kwon, greedy loss
    """
    if name not in HEAD_BASELINES:
        raise OptionError(f"there is no rule {name!r} for heads; legal are {', '.join(HEAD_BASELINES)}")
    if question.budget is not None:
        raise OptionError(f"the rule {name!r} keeps a number of heads; it does not know budgets")
    return HEAD_BASELINES[name](_Case(model, batches, question, seed, progress))


def _random(case: _Case) -> BaselineMask:
    rng = np.random.default_rng(child_seed(case.seed, "random heads"))
    return BaselineMask(random_mask(case.question, rng))


def random_mask(question: HeadQuestion, rng: np.random.Generator) -> Mask:
    """A mask drawn uniformly from those that keep the number of heads and one of every layer.

    Args:
        question: the number of heads.
        rng: where randomness comes from.

    Returns:
        (N,) of 0 and 1.
    """
    layers = question.statistics.layers
    total = sum(layers)
    starts = np.cumsum((0, *layers))
    while True:
        mask = np.zeros(total, dtype=np.int64)
        if isinstance(question.keep, tuple):
            for start, heads, kept in zip(starts, layers, question.keep):
                mask[start + rng.permutation(heads)[:kept]] = 1
            return mask
        mask[rng.permutation(total)[: question.keep]] = 1
        if all(part.any() for part in np.split(mask, starts[1:-1])):
            return mask
        if question.keep == len(layers):  # one of each layer: drawing until it happens could take for ever
            mask[:] = 0
            for start, heads in zip(starts, layers):
                mask[start + rng.integers(heads)] = 1
            return mask


def _magnitude(case: _Case) -> BaselineMask:
    norms: list[float] = []
    for site in find_head_sites(case.model):
        projection: Any = site.projection
        weight: Any = projection.weight.detach().double()
        # torch keeps (out, in), Conv1D of transformers (in, out); the inputs are the heads.
        inputs = weight if type(projection).__name__ == "Conv1D" else weight.T
        norms.extend(inputs.reshape(site.num_heads, -1).norm(dim=1).tolist())
    return BaselineMask(_keep_best(case.question, np.array(norms)))


def _michel(case: _Case) -> BaselineMask:
    return BaselineMask(_keep_best(case.question, _layer_scores(case.statistics)), gradients=1)


def _layer_scores(statistics: HeadStatistics) -> NDArray[np.float64]:
    parts = np.split(statistics.magnitudes, np.cumsum(statistics.layers)[:-1])
    return np.concatenate([part / (np.linalg.norm(part) or 1.0) for part in parts])


def _michel_iterative(case: _Case) -> BaselineMask:
    total, kept = sum(case.statistics.layers), _kept(case.question)
    step = max(1, round(total / 10))
    mask, statistics, passes = np.ones(total, dtype=np.int64), case.statistics, 1
    while int(mask.sum()) > kept:
        scores = np.where(mask == 1, _layer_scores(statistics), -np.inf)
        mask = _keep_best(case.question, scores, max(kept, int(mask.sum()) - step), within=mask)
        case.progress(1 - (mask.sum() - kept) / max(1, total - kept), "michel iterative")
        if int(mask.sum()) > kept:
            statistics = head_statistics(case.model, case.batches, center=mask)
            passes += 1
    return BaselineMask(mask, gradients=passes)


def _kwon_diagonal(case: _Case) -> BaselineMask:
    return BaselineMask(_keep_best(case.question, np.diag(case.statistics.fisher)), gradients=1)


def _kwon(case: _Case) -> BaselineMask:
    mask = _kwon_diagonal(case).mask.copy()
    start = 0
    for heads in case.statistics.layers:
        part = slice(start, start + heads)
        block = case.statistics.fisher[part, part]
        mask[part] = 1 - _lightest(block, heads - int(mask[part].sum()))
        start += heads
    return BaselineMask(mask, gradients=1)


def _lightest(block: NDArray[np.float64], removed: int) -> Mask:
    """The z with so many ones that makes z^T block z least; by swaps where there are too many to try all."""
    heads = len(block)
    z = np.zeros(heads, dtype=np.int64)
    if comb(heads, removed) <= _MOST_ARRANGEMENTS:
        choices = combinations(range(heads), removed)
        best = min(choices, key=lambda chosen: block[np.ix_(chosen, chosen)].sum())
        z[list(best)] = 1
        return z
    z[np.argsort(np.diag(block))[:removed]] = 1
    while True:
        pull = 2 * block @ z
        # Out with i, in with j: -pull_i + pull_j + block_ii + block_jj - 2 block_ij
        gain = np.full((heads, heads), np.inf)
        inside, outside = np.flatnonzero(z == 1), np.flatnonzero(z == 0)
        diagonal = np.diag(block)
        apart = (diagonal - pull)[inside, None] + (diagonal + pull)[None, outside]
        gain[np.ix_(inside, outside)] = apart - 2 * block[np.ix_(inside, outside)]
        i, j = np.unravel_index(np.argmin(gain), gain.shape)
        if gain[i, j] >= -1e-15 * np.abs(block).sum():
            return z
        z[i], z[j] = 0, 1


def _greedy_loss(case: _Case) -> BaselineMask:
    kept = _kept(case.question)
    masks, evaluations = greedy_path(case.model, case.batches, case.question, progress=case.progress)
    return BaselineMask(masks[kept], losses=evaluations[kept])


def greedy_path(
    model: nn.Module, batches: LabelledBatches, question: HeadQuestion, *, progress: Progress = silent
) -> tuple[dict[int, Mask], dict[int, int]]:
    """Take away, again and again, the head whose removal raises the measured loss least.

    Args:
        model: the model.
        batches: calibration data.
        question: where the path ends.
        progress: called with the share done.

    Returns:
        By number of heads that are left: the mask, and how many losses it took.
    """
    total, kept = sum(question.statistics.layers), _kept(question)
    mask, evaluations = np.ones(total, dtype=np.int64), 0
    masks, counts = {total: mask.copy()}, {total: 0}
    while int(mask.sum()) > kept:
        best, lowest = -1, np.inf
        for head in np.flatnonzero(mask):
            mask[head] = 0
            if _may_shrink_to(question, mask):
                loss = batches.mean_loss(model, mask)
                evaluations += 1
                if best < 0 or loss < lowest:
                    best, lowest = int(head), loss
            mask[head] = 1
        mask[best] = 0
        masks[int(mask.sum())], counts[int(mask.sum())] = mask.copy(), evaluations
        progress(1 - (mask.sum() - kept) / max(1, total - kept), "greedy on the loss")
    return masks, counts


def _kept(question: HeadQuestion) -> int:
    return sum(question.keep) if isinstance(question.keep, tuple) else int(question.keep or 0)


def _may_shrink_to(question: HeadQuestion, mask: Mask) -> bool:
    """Whether every layer still has as many heads as it must keep."""
    layers = question.statistics.layers
    least = question.keep if isinstance(question.keep, tuple) else (1,) * len(layers)
    return all(part.sum() >= k for part, k in zip(np.split(mask, np.cumsum(layers)[:-1]), least, strict=True))


def _keep_best(
    question: HeadQuestion, scores: NDArray[np.float64], kept: int | None = None, within: Mask | None = None
) -> Mask:
    """Take heads away from the lowest score on, as long as their layers can spare them."""
    mask = np.ones(len(scores), dtype=np.int64) if within is None else within.copy()
    goal = _kept(question) if kept is None else kept
    for head in np.argsort(scores, kind="stable"):
        if int(mask.sum()) <= goal:
            break
        if mask[head]:
            mask[head] = 0
            if not _may_shrink_to(question, mask):
                mask[head] = 1
    return mask


HEAD_BASELINES: dict[str, Callable[[_Case], BaselineMask]] = {
    "random": _random,
    "magnitude": _magnitude,
    "michel": _michel,
    "michel iterative": _michel_iterative,
    "kwon diagonal": _kwon_diagonal,
    "kwon": _kwon,
    "greedy loss": _greedy_loss,
}
"""Rules by name."""
