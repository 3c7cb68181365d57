"""Multi-head attention by distance as a layer: weights = softmax(-lambda * distance(query, key) / sqrt(D)).

It stands wherever `torch.nn.MultiheadAttention` would; the models of this package are stacks of it.

Shapes: B batch, H heads, Hkv key and value heads, T query tokens, S key tokens, C hidden size, D head width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .attention_function import distance_attention
from .attention_options import check_causal, check_dropout, check_window
from .attention_scale import LARGEST_LOG_RATIO, bounded_ratio, excess_of_p, start_scales
from .backend_choice import check_backend
from .errors import AttentionError
from .head_factors import check_exponent
from .metrics import metrics_of_heads
from .positions import positions_of_tokens, rotary_turns, rotate_pairs
from .scale_measurement import measured_scale
from .weights_on_request import attention_weights

if TYPE_CHECKING:
    from .attention_control import AttentionControl

__all__ = ["DistanceAttention"]


class DistanceAttention(nn.Module):
    """Attention by distance between queries and keys, with projections, positions, cache and head gates.

    Args:
        hidden_size: C.
        num_heads: H.
        num_key_value_heads: Hkv, a divisor of H; H by default (no grouping).
        head_dim: D; C / H by default.
        metric: one of "l1" "l2" "squared_l2" "lp" "cosine" "chebyshev" "dot", or a sequence of H of them.
        p: exponent of "lp", at least 1; one number or H.
        learn_p: learn one exponent per head (it then starts above 1).
        learn_scale: learn one lambda per head.
        scale_init: "calibrated" (initial logits with unit standard deviation) or "unit" (lambda starts at 1).
        scale_factor: lambda starts at this multiple of what `scale_init` says, above 0.
        causal: each query sees no later key.
        window: how many positions a query sees, itself included; None for all.
        dropout: probability on attention weights in training.
        position: "none" or "rotary".
        rope_theta: base of rotary frequencies.
        bias: whether projections have one.
        backend: as in `distance_attention`.
        projection_std: standard deviation of the entries of queries and keys at the start, for the
            calibration; the default fits the initialization of `torch.nn.Linear` under inputs of unit
            variance.

    Raises:
        AttentionError: unknown metric, p below 1, heads that do not divide, wrong lengths, window below 1.

    Example:
        >>> layer = DistanceAttention(32, 4, metric=["l1", "l2", "cosine", "dot"], causal=True)
        >>> output, weights = layer(torch.randn(2, 5, 32), output_attentions=True)
        >>> tuple(output.shape), tuple(weights.shape)
        ((2, 5, 32), (2, 4, 5, 5))
    """

    head_mask: Tensor
    log_scale_ratio: Tensor

    def __init__(
        self,
        hidden_size: int,
        num_heads: int,
        *,
        num_key_value_heads: int | None = None,
        head_dim: int | None = None,
        metric: str | Sequence[str] = "l1",
        p: float | Sequence[float] = 2.0,
        learn_p: bool = False,
        learn_scale: bool = True,
        scale_init: str = "calibrated",
        scale_factor: float = 1.0,
        causal: bool = False,
        window: int | None = None,
        dropout: float = 0.0,
        position: str = "none",
        rope_theta: float = 10000.0,
        bias: bool = True,
        backend: str = "auto",
        projection_std: float | None = None,
    ) -> None:
        super().__init__()
        kv_heads = num_heads if num_key_value_heads is None else num_key_value_heads
        sizes = {"hidden_size": hidden_size, "num_heads": num_heads, "num_key_value_heads": kv_heads}
        for name, size in {**sizes, "head_dim": 1 if head_dim is None else head_dim}.items():
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise AttentionError(f"{name} is {size!r}; it must be a whole number, 1 or more")
        if num_heads % kv_heads:
            raise AttentionError(
                f"{num_heads} heads cannot share {kv_heads} key and value heads; it must divide them"
            )
        if head_dim is None and hidden_size % num_heads:
            raise AttentionError(
                f"hidden size {hidden_size} is no multiple of {num_heads} heads; give head_dim"
            )
        if position not in ("none", "rotary"):
            raise AttentionError(f'position is {position!r}; a layer knows "none" and "rotary"')
        self.hidden_size, self.num_heads, self.num_key_value_heads = hidden_size, num_heads, kv_heads
        # Pruning removes heads; these say which of those built here are left.
        self.kept_heads, self.kept_key_value_heads = tuple(range(num_heads)), tuple(range(kv_heads))
        self.head_dim = hidden_size // num_heads if head_dim is None else head_dim
        if position == "rotary" and self.head_dim % 2:
            raise AttentionError(f"rotary positions need an even head width, not {self.head_dim}")
        self.metrics = metrics_of_heads(_per_head(metric, num_heads, "metric"), num_heads)
        self.start_p = tuple(check_exponent(value) for value in _per_head(p, num_heads, "p"))
        self.causal, self.window = check_causal(causal), check_window(window)
        self.dropout, self.backend = check_dropout(dropout), check_backend(backend)
        self.position, self.rope_theta = position, rope_theta
        self.query_projection = nn.Linear(hidden_size, num_heads * self.head_dim, bias=bias)
        self.key_projection = nn.Linear(hidden_size, kv_heads * self.head_dim, bias=bias)
        self.value_projection = nn.Linear(hidden_size, kv_heads * self.head_dim, bias=bias)
        self.output_projection = nn.Linear(num_heads * self.head_dim, hidden_size, bias=bias)
        # nn.Linear starts uniform with variance 1 / (3 C): unit inputs give queries of variance 1 / 3.
        std = 3.0**-0.5 if projection_std is None else projection_std
        self.start_settings = (std, scale_init, scale_factor)
        self.start_scale = start_scales(self.metrics, self.start_p, self.head_dim, *self.start_settings)
        ratio = torch.zeros(num_heads)
        if learn_scale:
            self.log_scale_ratio = nn.Parameter(ratio)
        else:  # kept in checkpoints all the same: `calibrate` may set it
            self.register_buffer("log_scale_ratio", ratio)
        self.learn_p = learn_p and "lp" in self.metrics
        if self.learn_p:
            self.p_excess = nn.Parameter(excess_of_p(self.start_p))
        self.register_buffer("head_mask", torch.ones(num_heads))
        self._seen_mask: tuple[Tensor, int, bool] | None = None

    def effective_scale(self) -> Tensor:
        """Lambda of each head as it stands now, (H,), in float32 or wider."""
        ratio = bounded_ratio(_at_least_single(self.log_scale_ratio))
        if len(set(self.start_scale)) == 1:
            return ratio * self.start_scale[0]
        return ratio * ratio.new_tensor(self.start_scale)

    def effective_p(self) -> Tensor:
        """Exponent of each head as it stands now, (H,); it means something for heads with the metric "lp"."""
        if self.learn_p:
            return 1.0 + functional.softplus(_at_least_single(self.p_excess))
        return _at_least_single(self.log_scale_ratio).new_tensor(self.start_p)

    def project(
        self, hidden: Tensor, key_value_hidden: Tensor | None = None, positions: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, after positions.

        Args:
            hidden: (B, T, C).
            key_value_hidden: where keys and values come from, (B, S, C); the same tokens by default.
            positions: (B, T) or (1, T), for rotary embeddings; 0, 1, 2, ... by default.

        Returns:
            Queries (B, H, T, D), keys and values (B, Hkv, S, D).
        """
        source = hidden if key_value_hidden is None else key_value_hidden
        query = self._split(self.query_projection(hidden))
        key, value = self._split(self.key_projection(source)), self._split(self.value_projection(source))
        if self.position == "rotary" and key_value_hidden is None:
            if positions is None:
                positions = positions_of_tokens(None, hidden.shape[1], device=hidden.device)
            turns = rotary_turns(positions, self.head_dim, self.rope_theta)
            query, key = rotate_pairs(query, *turns), rotate_pairs(key, *turns)
        return query, key, value

    def forward(
        self,
        hidden: Tensor,
        *,
        key_value_hidden: Tensor | None = None,
        mask: Tensor | None = None,
        past_key_values: Any = None,
        layer_index: int = 0,
        positions: Tensor | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool = False,
        control: AttentionControl | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            hidden: (B, T, C).
            key_value_hidden: tokens to attend to, (B, S, C); the same tokens by default.
            mask: which keys may be attended, boolean, (B, S) or any shape of `distance_attention`.
            past_key_values: a cache with `update(keys, values, layer_index)` as transformers has; with
                `key_value_hidden` it is filled once and read afterwards.
            layer_index: this layer's place in the cache.
            positions: (B, T) or (1, T), for rotary embeddings.
            head_gates: (H,) or (B, H), multiplies each head's output, besides the layer's own `head_mask`.
            output_attentions: also return the weights, recomputed, (B, H, T, S).
            control: a controller; it multiplies lambda and dropout, and in training is told what the layer
                does.

        Returns:
            The output, (B, T, C), and the weights or None.
        """
        query, key, value = self._with_cache(
            hidden, key_value_hidden, positions, past_key_values, layer_index
        )
        if mask is not None and mask.dim() == 2 and mask.shape[1] > key.shape[2]:
            mask = mask[:, -key.shape[2] :]  # a cache that slides has dropped the first keys
        scale, dropout = self.effective_scale(), self.dropout if self.training else 0.0
        if control is not None:
            signal = control.signal(self.kept_heads)
            scale = scale * signal.scale_factor
            if dropout:
                dropout = min(max(dropout * float(signal.dropout_factor.detach()), 0.0), 0.99)
        settings: dict[str, Any] = {
            "scale": scale,
            "p": self._exponent(),
            "causal": self.causal,
            "window": self.window,
            "mask": mask,
        }
        gates, backend = self._gates(head_gates), self.backend
        call = {**settings, "dropout": dropout, "head_gates": gates, "backend": backend}
        attended = self._attend(query, key, value, metric=self._metric(), **call)
        if control is not None and self.training:
            control.observe(query, key, self._metric(), heads=self.kept_heads, **settings)
            control.watch_gradient(attended, self.kept_heads)
        weights = attention_weights(query, key, self._metric(), **settings) if output_attentions else None
        return self.output_projection(attended.transpose(1, 2).flatten(2)), weights

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, **settings: Any) -> Tensor:
        """The heads' outputs, (B, H, T, D), from the settings of `distance_attention`."""
        return distance_attention(query, key, value, **settings)

    @torch.no_grad()
    def calibrate(
        self,
        hidden: Tensor,
        *,
        key_value_hidden: Tensor | None = None,
        positions: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Set lambda so that the logits of each row have unit standard deviation on these tokens.

        Args:
            hidden: (B, T, C), what the layer is called with.
            key_value_hidden: (B, S, C), for attention across.
            positions: (B, T), for rotary embeddings.
            mask: which keys are real, boolean, (B, S).

        Returns:
            The new lambda of each head, (H,).
        """
        query, key, _ = self.project(hidden, key_value_hidden, positions)
        measured = measured_scale(
            query,
            key,
            self._metric(),
            p=self._exponent(),
            causal=self.causal,
            window=self.window,
            mask=mask,
        )
        ratio = torch.log(measured / measured.new_tensor(self.start_scale))
        self.log_scale_ratio.copy_(ratio.clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO))
        return self.effective_scale()

    def _with_cache(
        self, hidden: Tensor, source: Tensor | None, positions: Tensor | None, cache: Any, layer_index: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries of the new tokens; keys and values of all tokens the cache has seen."""
        if cache is None:
            return self.project(hidden, source, positions)
        past_length = int(cache.get_seq_length(layer_index))
        if source is not None:
            if past_length:  # keys across do not change while tokens are generated
                layer = cache.layers[layer_index]
                return self._split(self.query_projection(hidden)), layer.keys, layer.values
        elif positions is None:
            positions = positions_of_tokens(None, hidden.shape[1], past_length, hidden.device)
        query, key, value = self.project(hidden, source, positions)
        key, value = cache.update(key, value, layer_index)
        return query, key, value

    def _split(self, states: Tensor) -> Tensor:
        """(B, T, heads * D) -> (B, heads, T, D)."""
        return states.view(*states.shape[:-1], -1, self.head_dim).transpose(1, 2)

    def _metric(self) -> str | tuple[str, ...]:
        """One name where all heads share it: the function then needs no grouping."""
        return self.metrics[0] if len(set(self.metrics)) == 1 else self.metrics

    def _exponent(self) -> Tensor | float | None:
        """What `distance_attention` takes as p."""
        if "lp" not in self.metrics:
            return None
        return self.start_p[0] if not self.learn_p and len(set(self.start_p)) == 1 else self.effective_p()

    def _gates(self, given: Tensor | None) -> Tensor | None:
        """The layer's head mask times the given gates; None where both leave everything as it is."""
        mask = self.head_mask
        seen = self._seen_mask
        # Whether the mask is all ones is looked up once per change of it: on a GPU every look would wait.
        if mask.is_inference() or seen is None or seen[0] is not mask or seen[1] != mask._version:
            seen = (mask, 0 if mask.is_inference() else mask._version, bool((mask == 1).all()))
            self._seen_mask = seen
        if seen[2]:
            return given
        return mask if given is None else mask * given

    def extra_repr(self) -> str:
        """What `print` shows of the layer."""
        names = self._metric()
        return f"{self.num_heads} heads, metric={names!r}, causal={self.causal}, window={self.window}"


def _per_head(value: Any, num_heads: int, name: str) -> tuple[Any, ...]:
    """One entry per head."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (value,) * num_heads
    if len(value) != num_heads:
        raise AttentionError(
            f"{name} has {len(value)} entries for {num_heads} heads; give one, or one for each head"
        )
    return tuple(value)


def _at_least_single(values: Tensor) -> Tensor:
    """float32 where the model is in half precision: 8 bits are too coarse for a scale."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
