"""Head masks that people compare with, each on the same calibration data.

- ``random``: uniform among legal masks.
- ``magnitude``: heads with the largest norm of their part of the output projection stay.
- ``michel``: heads with the largest mean |d loss / d gate| over sequences stay, each layer's scores divided
  by their Euclidean norm: Michel, Levy, Neubig 2019, arXiv 1905.10650, section 4.1. ``michel iterative``
  measures again after every tenth of the heads; norms are over all heads of a layer, those already gone
  too, whose gate of 0 has a gradient as any other.
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
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..classical.head_sites import find_head_sites
from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from .head_question import HeadQuestion
from .labelled_batches import LabelledBatches
from .loss_statistics import HeadStatistics, head_statistics
from .mask_rearrangement import lightest_removal
from .random_heads import random_mask

__all__ = ["HEAD_BASELINES", "BaselineMask", "greedy_path", "head_baseline", "random_mask"]

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
        OptionError: no such rule; a question with a budget or with fixed heads, which these rules do not
            know; statistics that were not measured at all heads; or a loss that is not finite.

    Example:
        >>> head_baseline("best", None, None, None)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: there is no rule 'best' for heads; legal are random, magnitude, \
michel, michel iterative, kwon diagonal, kwon, greedy loss
    """
    if not isinstance(name, str) or name not in HEAD_BASELINES:
        raise OptionError(f"there is no rule {name!r} for heads; legal are {', '.join(HEAD_BASELINES)}")
    _check_counted(name, question)
    if (question.statistics.center != 1).any():
        raise OptionError(
            f"the rule {name!r} begins with all heads, but the statistics were measured at other gates; give "
            "those of head_statistics without center"
        )
    return HEAD_BASELINES[name](_Case(model, batches, question, seed, progress))


def _check_counted(name: str, question: HeadQuestion) -> None:
    """Refuse what a rule for a number of heads would pass over in silence."""
    if question.budget is not None:
        raise OptionError(f"the rule {name!r} keeps a number of heads; it does not know budgets")
    if question.fixed is not None:
        raise OptionError(f"the rule {name!r} takes any head; it does not know fixed ones")


def _random(case: _Case) -> BaselineMask:
    rng = np.random.default_rng(child_seed(resolve_seed(case.seed), "random heads"))
    return BaselineMask(random_mask(case.question, rng))


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
        mask[part] = 1 - lightest_removal(block, heads - int(mask[part].sum()))
        start += heads
    return BaselineMask(mask, gradients=1)


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

    Raises:
        OptionError: a question with a budget or with fixed heads, or a loss that is not finite.
    """
    _check_counted("greedy loss", question)
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
                if loss < lowest:
                    best, lowest = int(head), loss
            mask[head] = 1
        if best < 0:
            raise OptionError(
                f"no loss with one of {int(mask.sum())} heads less is finite; take a model whose losses are, "
                "or a rule that needs none"
            )
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
