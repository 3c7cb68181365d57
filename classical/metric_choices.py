"""Components that choose the metric of each layer from a few: learned by a softmax, or given.

Shapes: L layers, K metrics to choose among.

A component of kind "metric_choice" returns probabilities (L, K); each layer computes with its most likely
metric, and in training the probabilities get the gradient of the mixture of all (`choosing_attention`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .bin_controllers import START_PROBABILITY
from .chosen_metric import read_candidates, read_start
from .component_settings import read_settings
from .errors import ComponentError

__all__ = ["FixedMetricChoice", "SoftmaxMetricChoice", "build_fixed_metric", "build_softmax_metric"]


class SoftmaxMetricChoice(nn.Module):
    """Each layer chooses one of K metrics by K learnable logits.

    K L parameters. At the start the metric that the configuration names has the probability 0.6, and the
    others have the same.

    Args:
        start: number of the metric each of the L layers starts with, 0 to K - 1.
        num_metrics: K.

    Example:
        >>> SoftmaxMetricChoice([1, 0], 2)().argmax(-1).tolist()
        [1, 0]
    """

    # Decay would pull every choice to even odds.
    no_decay_parameters = ("metric_logits",)

    def __init__(self, start: Sequence[int], num_metrics: int) -> None:
        super().__init__()
        self.start = tuple(start)
        self.metric_logits = nn.Parameter(torch.empty(len(self.start), num_metrics))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the logits to those of the start."""
        nn.init.zeros_(self.metric_logits)
        odds = START_PROBABILITY / (1.0 - START_PROBABILITY)
        for layer, index in enumerate(self.start):
            nn.init.constant_(self.metric_logits[layer, index], math.log(odds * (self.num_metrics - 1)))

    @property
    def num_metrics(self) -> int:
        """K."""
        return self.metric_logits.shape[1]

    def forward(self) -> Tensor:
        """Probabilities of the metrics, (L, K)."""
        precise = torch.promote_types(self.metric_logits.dtype, torch.float32)
        return torch.softmax(self.metric_logits.to(precise), -1)


class FixedMetricChoice(nn.Module):
    """Each layer has the metric that is given: one step of an exhaustive search over K^L choices.

    The choices are a buffer of whole numbers, saved with the model; write into ``choices`` to change them.
    Nothing is trained, and nothing but the chosen metric is computed. A configuration that names the metrics
    in ``metric`` needs no component for the same model; this one lets a model change them.

    Args:
        choices: L numbers from 0 to K - 1.
        num_metrics: K.

    Example:
        >>> FixedMetricChoice([1, 0], 2)().tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """

    choices: Tensor

    def __init__(self, choices: Sequence[int], num_metrics: int) -> None:
        super().__init__()
        self.first_choices, self.num_metrics = tuple(choices), num_metrics
        self.register_buffer("choices", torch.empty(len(self.first_choices), dtype=torch.long))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the choices to those given at construction."""
        with torch.no_grad():
            self.choices.copy_(torch.tensor(self.first_choices, device="cpu"))

    def forward(self) -> Tensor:
        """1 for the metric of each layer and 0 for others, (L, K)."""
        return (self.choices[:, None] == torch.arange(self.num_metrics, device=self.choices.device)).float()


def build_softmax_metric(
    settings: dict[str, Any], *, num_layers: int, start_metrics: Sequence[str], **context: Any
) -> SoftmaxMetricChoice:
    """Builder of metric choice "softmax_metric".

    Args:
        settings: ``metrics``, the K names to choose among.
        num_layers: L.
        start_metrics: name of the metric each layer starts with.
        context: not used.

    Returns:
        The component.

    Raises:
        ComponentError: settings that are not legal, or a layer that starts with none of the metrics.

    Example:
        >>> spec = {"metrics": ["l1", "l2", "cosine"]}
        >>> build_softmax_metric(spec, num_layers=2, start_metrics=["l1", "l1"]).metric_logits.shape
        torch.Size([2, 3])
    """
    component = "metric_choice 'softmax_metric'"
    candidates = read_candidates(component, read_settings(component, settings, {"metrics": None}))
    return SoftmaxMetricChoice(read_start(component, candidates, num_layers, start_metrics), len(candidates))


def build_fixed_metric(
    settings: dict[str, Any], *, num_layers: int, start_metrics: Sequence[str], **context: Any
) -> FixedMetricChoice:
    """Builder of metric choice "fixed_metric".

    Args:
        settings: ``metrics``, the K names to choose among; ``choices``, one of them for all layers or a list
            of one per layer, those the layers start with where not given.
        num_layers: L.
        start_metrics: name of the metric each layer starts with.
        context: not used.

    Returns:
        The component.

    Raises:
        ComponentError: settings that are not legal.

    Example:
        >>> spec = {"metrics": ["l1", "l2"], "choices": ["l2", "l1"]}
        >>> build_fixed_metric(spec, num_layers=2, start_metrics=["l1", "l1"]).choices.tolist()
        [1, 0]
    """
    component = "metric_choice 'fixed_metric'"
    known = read_settings(component, settings, {"metrics": None, "choices": None})
    candidates = read_candidates(component, known)
    first = read_start(component, candidates, num_layers, start_metrics)
    choices = known["choices"]
    if choices is not None:
        names = [choices] * num_layers if isinstance(choices, str) else choices
        whole = isinstance(names, list | tuple) and len(names) == num_layers
        if not whole or not all(isinstance(name, str) and name in candidates for name in names):
            raise ComponentError(
                f"choices of {component} are {num_layers} names out of {', '.join(candidates)}, one per "
                f"layer, or one name for all, not {choices!r}"
            )
        first = tuple(candidates.index(name) for name in names)
    return FixedMetricChoice(first, len(candidates))
