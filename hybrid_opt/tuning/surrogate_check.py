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
from ..seeds import child_seed
from .head_baselines import random_mask
from .head_question import HeadQuestion
from .labelled_batches import LabelledBatches

__all__ = ["SurrogateCheck", "check_surrogate"]


@dataclass(frozen=True, eq=False)
class SurrogateCheck:
    """Predicted against measured changes of the loss.

    Attributes:
        masks: (M, N).
        predicted: (M,), in nats per item.
        measured: (M,).
        spearman: rank correlation of the two; NaN where one of them does not vary.
        scale: the factor on the quadratic term that fits best; NaN where that term is 0.
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
        OptionError: fewer than 3 masks, or a budget instead of a number of heads.
    """
    from scipy.stats import spearmanr

    if masks < 3:
        raise OptionError(f"masks is {masks}; a rank correlation needs at least 3")
    if question.budget is not None:
        raise OptionError("random masks are drawn for a number of heads, not for a budget; give keep")
    rng = np.random.default_rng(child_seed(seed, "masks to check"))
    drawn = np.stack([random_mask(question, rng) for _ in range(masks)])
    statistics = question.statistics
    base = batches.mean_loss(model, statistics.center)
    measured = np.empty(masks)
    for number, mask in enumerate(drawn):
        measured[number] = batches.mean_loss(model, mask) - base
        progress((number + 1) / masks, "measuring masks")
    linear, predicted = statistics.change(drawn, scale=0.0), statistics.change(drawn)
    quadratic = predicted - linear
    varies = np.ptp(predicted) > 0 and np.ptp(measured) > 0
    spearman = float(spearmanr(predicted, measured).statistic) if varies else float("nan")
    power = float(quadratic @ quadratic)
    scale = float(quadratic @ (measured - linear)) / power if power > 0 else float("nan")
    return SurrogateCheck(drawn, predicted, measured, spearman, scale)
