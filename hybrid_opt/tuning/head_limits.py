"""Whether a question about heads has an answer at all, told before anything is solved.

Shapes: N heads of the model, L layers, H heads of a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import OptionError
from ..solvers.settings import check_whole

if TYPE_CHECKING:
    from .head_question import HeadQuestion

__all__ = ["check_limits"]


def check_limits(question: HeadQuestion) -> None:
    """Raise unless some mask keeps the number of heads or the budget, every layer, and the fixed heads.

    Args:
        question: with its arrays read.

    Raises:
        OptionError: no such mask; what is legal is named.
    """
    layers = question.statistics.layers
    held, most = [], []
    for layer, part in enumerate(np.split(question.fixed_bits, np.cumsum(layers)[:-1])):
        held.append(int((part == 1).sum()))
        most.append(int((part != 0).sum()))
        if not most[-1]:
            raise OptionError(f"fixed takes all heads of layer {layer} away; each layer keeps at least one")
    least = [max(1, count) for count in held]
    fixed = "" if question.fixed is None else " with these fixed heads"
    if isinstance(question.keep, tuple):
        _check_layers(question.keep, layers, least, most, fixed)
    elif question.keep is not None:
        check_whole("keep", question.keep)
        if not sum(least) <= question.keep <= sum(most):
            raise OptionError(
                f"keep is {question.keep}; the model has {sum(layers)} heads in {len(layers)} layers, and "
                f"each layer keeps at least one: legal are {sum(least)} to {sum(most)}{fixed}"
            )
    else:
        _check_budget(question, fixed)


def _check_layers(
    keep: tuple[int, ...], layers: Sequence[int], least: list[int], most: list[int], fixed: str
) -> None:
    if len(keep) != len(layers):
        raise OptionError(
            f"keep names {len(keep)} layers; the model has {len(layers)}, with {list(layers)} heads"
        )
    for layer, kept in enumerate(keep):
        check_whole(f"keep of layer {layer}", kept, least=0)
        if not least[layer] <= kept <= most[layer]:
            raise OptionError(
                f"keep asks for {kept} heads of layer {layer}, which has {layers[layer]}; legal are "
                f"{least[layer]} to {most[layer]}{fixed}"
            )


def _check_budget(question: HeadQuestion, fixed: str) -> None:
    """Whether the budget pays for the heads that must stay and the cheapest of every other layer."""
    costs, budget, total = question.costs, question.budget, sum(question.statistics.layers)
    if costs is None or not (costs > 0).all():
        raise OptionError(f"a budget needs costs: ({total},) positive numbers, one per head")
    number = isinstance(budget, int | float | np.number) and not isinstance(budget, bool)
    if budget is None or not number or not np.isfinite(budget):
        raise OptionError(f"budget is {budget!r}; it must be a finite number, in the unit of costs")
    ends = np.cumsum(question.statistics.layers)[:-1]
    least = 0.0
    for part, bits in zip(np.split(costs, ends), np.split(question.fixed_bits, ends), strict=True):
        least += float(part[bits == 1].sum() if (bits == 1).any() else part[bits != 0].min())
    if float(budget) < least:
        raise OptionError(
            f"the budget {float(budget):g} does not pay for the cheapest head of every layer, {least:g}"
            f"{fixed}; all heads cost {float(costs.sum()):g}"
        )
