"""How well the quadratic model of the loss predicts: random masks, measured and predicted.

A rank correlation does not see a factor, so the factor on the quadratic term that fits the measurements best
(least squares, the linear term held) is reported beside it:

    scale = sum q_i (d_i - l_i) / sum q_i^2,   d measured change, l linear, q quadratic part.

Shapes: M masks, N heads of the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from ..solvers.settings import check_whole
from .head_question import HeadQuestion
from .labelled_batches import LabelledBatches
from .random_heads import random_mask

__all__ = ["SurrogateCheck", "check_surrogate"]


@dataclass(frozen=True, eq=False)
class SurrogateCheck:
    """Predicted against measured changes of the loss.

    Attributes:
        masks: (M, N).
        predicted: (M,), in nats per item, with the factor on the quadratic term that the question has.
        measured: (M,).
        spearman: rank correlation of the two; NaN where one of them does not vary.
        scale: the factor on the quadratic term as measured that fits best; NaN where that term is 0.
    """

    masks: NDArray[np.int64]
    predicted: NDArray[np.float64]
    measured: NDArray[np.float64]
    spearman: float
    scale: float


def check_surrogate(
    model: nn.Module,
    batches: LabelledBatches,
    question: HeadQuestion,
    *,
    masks: int = 200,
    seed: int = 0,
    progress: Progress = silent,
) -> SurrogateCheck:
    """Measure the loss under random masks and compare with what the statistics predict.

    Args:
        model: the model.
        batches: data to measure on.
        question: number of heads, and statistics at the center that predictions start from.
        masks: how many.
        seed: of the masks.
        progress: called with the share done.

    Returns:
        The comparison.

    Raises:
        OptionError: fewer than 3 masks, a budget instead of a number of heads, fixed heads, or a loss that is
            not finite.
    """
    from scipy.stats import spearmanr

    check_whole("masks", masks, least=3)  # a rank correlation of two says nothing
    rng = np.random.default_rng(child_seed(resolve_seed(seed), "masks to check"))
    drawn = np.stack([random_mask(question, rng) for _ in range(masks)])
    statistics = question.statistics
    base = batches.mean_loss(model, statistics.center)
    measured = np.empty(masks)
    for number, mask in enumerate(drawn):
        measured[number] = batches.mean_loss(model, mask) - base
        progress((number + 1) / masks, "measuring masks")
    if not (np.isfinite(measured).all() and np.isfinite(base)):
        raise OptionError("the loss under some of the masks is not finite; nothing can be fitted to it")
    linear, predicted = statistics.change(drawn, scale=0.0), statistics.change(drawn, scale=question.scale)
    quadratic = statistics.change(drawn) - linear
    varies = np.ptp(predicted) > 0 and np.ptp(measured) > 0
    spearman = float(spearmanr(predicted, measured).statistic) if varies else float("nan")
    power = float(quadratic @ quadratic)
    scale = float(quadratic @ (measured - linear)) / power if power > 0 else float("nan")
    return SurrogateCheck(drawn, predicted, measured, spearman, scale)
