"""The metric a layer has chosen out of a few, as a number and as probabilities that pass a gradient on.

Shapes: L layers, K metrics to choose among.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from .errors import ComponentError
from .metrics import METRICS

__all__ = ["ChosenMetric", "chosen_metrics", "read_candidates", "read_start"]


class ChosenMetric(NamedTuple):
    """What one layer has chosen.

    Attributes:
        number: of the chosen metric, 0 to K - 1.
        probabilities: of the metrics, (K,), with a gradient, where the choice is still being learned; else
            None, and nothing but the chosen metric has to be computed.
    """

    number: int
    probabilities: Tensor | None


def chosen_metrics(
    probabilities: object, num_layers: int, num_metrics: int, *, learning: bool
) -> list[ChosenMetric]:
    """The most likely metric of each layer (the first where two are equal).

    Args:
        probabilities: what a component of kind "metric_choice" returned, (L, K).
        num_layers: L.
        num_metrics: K.
        learning: whether to hand on probabilities that have a gradient.

    Returns:
        One choice per layer.

    Raises:
        ComponentError: no floating point tensor (L, K), or numbers that are not finite.

    Example:
        >>> import torch
        >>> [choice.number for choice in chosen_metrics(torch.eye(2).flip(0), 2, 2, learning=True)]
        [1, 0]
    """
    legal = isinstance(probabilities, Tensor) and probabilities.is_floating_point()
    if not isinstance(probabilities, Tensor) or not legal or probabilities.shape != (num_layers, num_metrics):
        given = (
            f"{probabilities.dtype} of shape {tuple(probabilities.shape)}"
            if isinstance(probabilities, Tensor)
            else type(probabilities).__name__
        )
        raise ComponentError(
            f"a metric_choice returned {given}; it must return a floating point tensor of shape "
            f"{(num_layers, num_metrics)}, one probability per layer and metric"
        )
    if probabilities.is_meta:  # without numbers there is no best one
        numbers = [0] * num_layers
    else:
        # One transfer for both questions: on a GPU each of them would wait.
        values = probabilities.detach().cpu()
        if not bool(values.isfinite().all()):
            raise ComponentError(
                f"a metric_choice returned {values.tolist()}; probabilities must be finite, which parameters "
                "that have diverged are not"
            )
        numbers = values.argmax(-1).tolist()
    told: list[Tensor | None] = [None] * num_layers
    if learning and probabilities.requires_grad:
        told = list(probabilities)
    return [ChosenMetric(number, row) for number, row in zip(numbers, told, strict=True)]


def read_candidates(component: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The metrics to choose among, the setting ``metrics`` of every component of kind "metric_choice".

    Args:
        component: what messages call it, such as "metric_choice 'softmax_metric'".
        settings: its settings.

    Returns:
        K names, in the order given.

    Raises:
        ComponentError: no list of two or more different names out of ``METRICS``.

    Example:
        >>> read_candidates("metric_choice 'softmax_metric'", {"metrics": ["l1", "cosine"]})
        ('l1', 'cosine')
    """
    given = settings.get("metrics")
    names: Sequence[Any] = given if isinstance(given, list | tuple) else ()
    known = all(isinstance(name, str) and name in METRICS for name in names)
    if len(names) < 2 or not known or len(set(names)) < len(names):
        raise ComponentError(
            f"metrics of {component} is a list of at least two different names out of {', '.join(METRICS)}, "
            f"not {given!r}"
        )
    return tuple(names)


def read_start(component: str, candidates: Sequence[str], num_layers: int, start: object) -> tuple[int, ...]:
    """The metrics that a choice starts with, as numbers.

    Args:
        component: what messages call it.
        candidates: K names.
        num_layers: L.
        start: L names.

    Returns:
        L numbers from 0 to K - 1.

    Raises:
        ComponentError: another number of names, or one that is no candidate.

    Example:
        >>> read_start("metric_choice 'softmax_metric'", ("l1", "l2"), 2, ["l2", "l1"])
        (1, 0)
    """
    names = start if isinstance(start, list | tuple) else ()
    if len(names) != num_layers or not all(name in candidates for name in names):
        raise ComponentError(
            f"{component} chooses for {num_layers} layers among {', '.join(candidates)} and starts with one "
            f"of these names per layer, not with {start!r}"
        )
    return tuple(candidates.index(name) for name in names)
