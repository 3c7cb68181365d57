"""Attention that computes with one of several metrics, and passes a gradient to the choice among all.

Shapes: B batch, H heads, T query tokens, D head width, K metrics to choose among.

The layer's output is sum_k w_k attention_k with w one-hot, the chosen metric; backward, w counts as the
probabilities p of the metrics (straight-through: Y. Bengio, N. Leonard, A. Courville, "Estimating or
Propagating Gradients Through Stochastic Neurons for Conditional Computation", arXiv 1308.3432). So p_k gets
the inner product of attention_k with the gradient at the output, and queries, keys, values and lambda get
the gradient of the chosen metric alone: the others have the weight 0. They are therefore computed forward
only, and only in training while the choice is learned: K forward passes through attention instead of one, one
backward pass, and K outputs (B, H, T, D) kept for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .attention_function import distance_attention
from .attention_layer import DistanceAttention
from .attention_scale import start_scales
from .chosen_metric import read_candidates
from .errors import AttentionError

__all__ = ["ChoosingAttention"]


class ChoosingAttention(DistanceAttention):
    """Attention with one out of K metrics, the same for all heads; `choose` sets which.

    Everything of `DistanceAttention` describes the metric chosen at present: ``metrics``, ``start_scale``,
    `effective_scale`. All metrics share the projections and the learned ratio of each head,
    lambda / lambda0; lambda0 is each metric's own.

    Args:
        hidden_size: C.
        num_heads: H.
        candidates: K different names.
        metric: the one to start with.
        **settings: as of `DistanceAttention`.

    Attributes:
        candidates: the K names.
        candidate_scales: lambda0 of each metric and head.
        chosen: number of the metric chosen at present.

    Raises:
        ComponentError: fewer than two candidates, an unknown or repeated one.
        AttentionError: a metric to start with that is no candidate, a learned exponent for "lp" among them,
            or what `DistanceAttention` refuses.

    Example:
        >>> layer = ChoosingAttention(8, 2, candidates=["l1", "cosine"], metric="l1")
        >>> layer.choose(1)
        >>> layer.metrics, tuple(layer(torch.randn(1, 3, 8))[0].shape)
        (('cosine', 'cosine'), (1, 3, 8))
    """

    def __init__(
        self, hidden_size: int, num_heads: int, *, candidates: Sequence[str], metric: Any, **settings: Any
    ) -> None:
        names = read_candidates("ChoosingAttention", {"metrics": candidates})
        if not isinstance(metric, str) or metric not in names:
            raise AttentionError(
                f"metric is {metric!r}; a layer that chooses starts with one of its candidates, "
                f"{', '.join(names)}"
            )
        if settings.get("learn_p") and "lp" in names:
            raise AttentionError(
                'learn_p is on and "lp" is a candidate: an exponent would get no gradient while another '
                "metric is chosen; switch learn_p off, or leave lp out"
            )
        super().__init__(hidden_size, num_heads, metric=metric, **settings)
        self.candidates = names
        self.candidate_scales = tuple(
            start_scales((name,) * num_heads, self.start_p, self.head_dim, *self.start_settings)
            for name in names
        )
        self.chosen = names.index(metric)
        self._learning: Tensor | None = None

    def choose(self, index: int) -> None:
        """Compute with another metric from now on.

        Args:
            index: its number among the candidates.

        Raises:
            AttentionError: no such number.
        """
        whole = isinstance(index, int) and not isinstance(index, bool)
        if not whole or not 0 <= index < len(self.candidates):
            raise AttentionError(
                f"index is {index!r}; the {len(self.candidates)} metrics have numbers from 0 on"
            )
        self.chosen = index
        self.metrics = (self.candidates[index],) * self.num_heads
        self.start_scale = self.candidate_scales[index]

    def forward(
        self, hidden: Tensor, *, metric_probabilities: Tensor | None = None, **call: Any
    ) -> tuple[Tensor, Tensor | None]:
        """Attend with the chosen metric.

        Args:
            hidden: (B, T, C).
            metric_probabilities: (K,), with a gradient, while the choice is learned; None computes the
                chosen metric alone.
            **call: as of `DistanceAttention.forward`.

        Returns:
            The output, (B, T, C), and the weights of the chosen metric or None.

        Raises:
            AttentionError: not one probability per metric.
        """
        given = metric_probabilities
        if given is not None and tuple(given.shape) != (len(self.candidates),):
            raise AttentionError(
                f"metric_probabilities has the shape {tuple(given.shape)}; it must be "
                f"({len(self.candidates)},), one number per candidate"
            )
        self._learning = given
        try:
            return super().forward(hidden, **call)
        finally:
            self._learning = None

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, **settings: Any) -> Tensor:
        """Attention with the chosen metric; the others for the gradient of their probabilities."""
        attended = super()._attend(query, key, value, **settings)
        probabilities = self._learning
        if probabilities is None:
            return attended
        # Exactly 0, so that the output is exactly that of the chosen metric.
        nothing = probabilities - probabilities.detach()
        mixed = attended
        for index, name in enumerate(self.candidates):
            other = attended.detach()
            if index != self.chosen:
                with torch.no_grad():
                    other = distance_attention(query, key, value, **self._with_metric(index, name, settings))
            mixed = mixed + (nothing[index] * other.to(nothing.dtype)).to(mixed.dtype)
        return mixed

    def _with_metric(self, index: int, name: str, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings of a call for another metric: its lambda0, and the exponent only where it has one."""
        start, present = self.candidate_scales[index], self.start_scale
        ratio = settings["scale"].new_tensor([new / old for new, old in zip(start, present, strict=True)])
        p = None
        if name == "lp":
            p = self.start_p[0] if len(set(self.start_p)) == 1 else self.effective_p()
        return {**settings, "metric": name, "scale": settings["scale"].detach() * ratio, "p": p}

    def extra_repr(self) -> str:
        """What `print` shows of the layer."""
        return f"{super().extra_repr()}, candidates={list(self.candidates)}"
