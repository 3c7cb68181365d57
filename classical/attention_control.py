"""What a controller of attention is fed with: statistics of each head, kept in training, read a step later.

Shapes: B batch, H heads, K heads left by pruning (H without it), T query tokens, S key tokens, R chosen query
rows, C hidden size, D head width.

A controller sees what the layer did in the step before, never the present one. With gradient checkpointing a
block runs twice in one step; were its own statistics used at once, the second run would see other numbers
than the first.

A controller is built for H heads and keeps them: of heads that have been pruned it goes on seeing the last
statistics, and what it answers for them is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .components import build_component
from .control_signals import ControlSignal, check_control_signal
from .weights_on_request import attention_distances, attention_weights

__all__ = ["AttentionControl"]

_MOST_ROWS = 64


class AttentionControl(nn.Module):
    """A controller, and the statistics (H, 3) of the layer it steers.

    The columns: entropy of the weights over its largest value, mean distance over the first one seen that was
    not 0 (1 until then; products of the metric "dot" have a sign, and so has their ratio), and norm of the
    loss gradient at the output of the head. They are taken from at most 64 query rows, without gradient, in
    training only, and saved with the model.

    Args:
        spec: the controller, {"name": ..., settings}.
        num_heads: H.
        layer_index: index of the layer.

    Example:
        >>> control = AttentionControl({"name": "constant"}, num_heads=2, layer_index=0)
        >>> control.signal().scale_factor.tolist()
        [1.0, 1.0]
    """

    attention_statistics: Tensor
    latest_statistics: Tensor
    first_distance: Tensor

    def __init__(self, spec: dict[str, Any], num_heads: int, layer_index: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.controller = build_component("controller", spec, num_heads=num_heads, layer_index=layer_index)
        self.register_buffer("attention_statistics", torch.empty(num_heads, 3))
        self.register_buffer("latest_statistics", torch.empty(num_heads, 3))
        self.register_buffer("first_distance", torch.empty(num_heads))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Statistics of a layer that has seen nothing: even weights, no distance yet, no gradient."""
        for statistics in (self.attention_statistics, self.latest_statistics):
            nn.init.ones_(statistics)
            with torch.no_grad():
                statistics[:, 2] = 0.0
        nn.init.zeros_(self.first_distance)

    def signal(self, heads: Sequence[int] | None = None) -> ControlSignal:
        """What the controller answers to the statistics of the step before.

        Args:
            heads: the K heads that are left, whose factors to return; all H by default.

        Returns:
            Factors on lambda (K,), and on dropout ().
        """
        answer = self.controller(self.attention_statistics.detach().clone())
        scale_factor, dropout_factor = check_control_signal(answer, self.num_heads)
        return ControlSignal(scale_factor[self._index(heads)], dropout_factor)

    @torch.no_grad()
    def advance(self) -> None:
        """Show the controller the latest statistics; called once per forward pass of a model."""
        self.attention_statistics.copy_(self.latest_statistics)

    @torch.no_grad()
    def observe(
        self,
        query: Tensor,
        key: Tensor,
        metric: str | Sequence[str],
        *,
        heads: Sequence[int] | None = None,
        **settings: Any,
    ) -> None:
        """Take entropy and distances of some query rows.

        Args:
            query: (B, K, T, D), after positions.
            key: (B, Hkv, S, D), after positions.
            metric: name, or name per head.
            heads: which of the H heads these K are; all by default.
            **settings: `scale`, `p`, `causal`, `window` and `mask` of the call.
        """
        rows = _spread_rows(query.shape[2], query.device)
        weights = attention_weights(query, key, metric, rows=rows, **settings).float()
        distances = attention_distances(query, key, metric, p=settings["p"], rows=rows).float()
        visible = weights > 0
        counts = visible.sum(-1)
        entropy = -torch.where(visible, weights * weights.clamp(min=1e-30).log(), 0.0).sum(-1)
        # A row that sees one key has entropy 0 out of 0, and says nothing.
        telling = counts > 1
        share = torch.where(telling, entropy / counts.clamp(min=2).log(), 0.0)
        mean_share = share.sum((0, 2)) / telling.sum((0, 2)).clamp(min=1)
        seen = counts.sum((0, 2)).clamp(min=1)
        mean_distance = distances.masked_fill(~visible, 0.0).sum((0, 2, 3)) / seen
        # Head by head: equal tokens have distance 0, and a ratio to it would be no number.
        index = self._index(heads)
        first = self.first_distance[index]
        first = torch.where(first == 0, mean_distance, first)
        self.first_distance[index] = first
        self.latest_statistics[index, 0] = mean_share
        self.latest_statistics[index, 1] = torch.where(first == 0, 1.0, mean_distance / first)

    def watch_gradient(self, head_outputs: Tensor, heads: Sequence[int] | None = None) -> None:
        """Note the gradient of each head's output when it arrives.

        Args:
            head_outputs: (B, K, T, D), a tensor of the graph.
            heads: which of the H heads these K are; all by default.
        """
        if not head_outputs.requires_grad:
            return

        def note(gradient: Tensor) -> None:
            norms = gradient.detach().float().square().sum((0, 2, 3)).sqrt()
            self.latest_statistics[self._index(heads), 2] = norms.to(self.latest_statistics.dtype)

        head_outputs.register_hook(note)  # type: ignore[no-untyped-call]

    def _index(self, heads: Sequence[int] | None) -> Any:
        """The rows of some heads; a slice where it is all, which costs no copy of an index to the device."""
        return slice(None) if heads is None or len(heads) == self.num_heads else list(heads)


def _spread_rows(length: int, device: torch.device) -> Tensor:
    """Indices of at most 64 rows, evenly over the sequence; the same for the same length."""
    if length <= _MOST_ROWS:
        return torch.arange(length, device=device)
    return torch.linspace(0, length - 1, _MOST_ROWS, device=device).round().long()
