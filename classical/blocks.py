"""One block of a transformer: attention and feed-forward, each behind a norm and added to its input.

Components and mixtures of experts are imported where a configuration asks for them: a plain model loads
neither.

Shapes: B batch, H heads, T query tokens, S tokens to attend to, C hidden size.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from .attention_layer import DistanceAttention
from .attention_slices import distance_changes
from .choosing_attention import ChoosingAttention
from .chosen_metric import ChosenMetric
from .configuration import DistanceTransformerConfig
from .errors import ConfigurationError
from .feed_forward import DenseFeedForward
from .projection_slices import apply_changes
from .transformers_import import GradientCheckpointingLayer

__all__ = ["TransformerBlock", "attention_of"]


def attention_of(
    config: DistanceTransformerConfig, layer_index: int, *, causal: bool, across: bool = False
) -> DistanceAttention:
    """The attention a configuration asks for in one layer.

    Args:
        config: the configuration.
        layer_index: index of the layer.
        causal: whether a token sees no later one.
        across: attention to the tokens of an encoder: no window, no rotary positions.

    Returns:
        The layer, calibrated for inputs that a norm has brought to unit variance.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=32, num_attention_heads=2)
        >>> attention_of(config, 0, causal=True).metrics
        ('l1', 'l1')
    """
    settings: dict[str, Any] = {
        "num_key_value_heads": config.num_key_value_heads,
        "head_dim": config.head_dim,
        "metric": config.layer_metric(layer_index),
        "p": config.metric_p,
        "learn_p": config.learn_p,
        "learn_scale": config.learn_scale,
        "scale_init": config.scale_init,
        "scale_factor": config.layer_scale_factor(layer_index),
        "causal": causal,
        "window": None if across else config.layer_window(layer_index),
        "dropout": config.attention_dropout,
        "position": "rotary" if config.position == "rotary" and not across else "none",
        "rope_theta": config.rope_theta,
        "bias": config.attention_bias,
        "backend": config.attention_backend,
        # Entries of a projection of C unit-variance inputs with weights of this standard deviation.
        "projection_std": config.initializer_range * config.hidden_size**0.5,
    }
    layer: DistanceAttention
    if config.metric_candidates and not across:
        settings["candidates"] = config.metric_candidates
        layer = ChoosingAttention(config.hidden_size, config.num_attention_heads, **settings)
    else:
        layer = DistanceAttention(config.hidden_size, config.num_attention_heads, **settings)
    left = None if across else config.layer_kept_heads(layer_index, decoder=causal)
    if left is not None:
        apply_changes(distance_changes(layer, *left))
    return layer


def feed_forward_of(config: DistanceTransformerConfig, layer_index: int, *, causal: bool) -> nn.Module:
    """The feed-forward part a configuration asks for in one layer."""
    width = config.feed_forward_width
    if config.layer_feed_forward(layer_index) == "dense":
        return DenseFeedForward(config.hidden_size, width, config.hidden_act, config.hidden_dropout)
    from .moe_layer import MoELayer

    given = {"dropout": config.hidden_dropout, "initializer_std": config.initializer_range}
    settings = given | (config.moe or {})
    if causal and settings.get("balance") == "expert_choice":
        raise ConfigurationError(
            "moe has balance 'expert_choice', under which the experts of a token depend on later tokens; a "
            "causal model takes 'auxiliary', 'loss_free' or 'none'"
        )
    router = config.router[layer_index] if isinstance(config.router, list) else config.router
    if router is not None:
        settings["router"] = router
    return MoELayer(config.hidden_size, width, activation=config.hidden_act, **settings)


class TransformerBlock(GradientCheckpointingLayer):  # type: ignore[misc]
    """Attention, optionally attention across to an encoder, and feed-forward, each behind a norm.

    Args:
        config: the configuration.
        layer_index: index of the layer.
        causal: whether a token sees no later one.
        across: whether the block also attends to an encoder.

    Example:
        >>> import torch
        >>> config = DistanceTransformerConfig(hidden_size=32, num_attention_heads=2)
        >>> block = TransformerBlock(config, 0, causal=True)
        >>> tuple(block(torch.zeros(1, 3, 32))[0].shape)
        (1, 3, 32)
    """

    def __init__(
        self, config: DistanceTransformerConfig, layer_index: int, *, causal: bool, across: bool = False
    ) -> None:
        super().__init__()
        width, eps, heads = config.hidden_size, config.layer_norm_eps, config.num_attention_heads
        self.layer_index, self.num_heads = layer_index, heads
        self.attention_norm = nn.LayerNorm(width, eps=eps)
        self.attention: Any = attention_of(config, layer_index, causal=causal)
        if across:
            self.cross_attention_norm = nn.LayerNorm(width, eps=eps)
            self.cross_attention = attention_of(config, layer_index, causal=False, across=True)
        self.feed_forward_norm = nn.LayerNorm(width, eps=eps)
        self.feed_forward = feed_forward_of(config, layer_index, causal=causal)
        self.dropout = nn.Dropout(config.hidden_dropout)
        self.head_gate = self.control = None
        if config.head_gate is not None:
            from .components import build_component

            self.head_gate = build_component(
                "head_gate", config.head_gate, num_heads=heads, layer_index=layer_index, hidden_size=width
            )
        if config.controller is not None:
            from .attention_control import AttentionControl

            self.control = AttentionControl(config.controller, heads, layer_index)

    def forward(
        self,
        hidden: Tensor,
        encoder_hidden: Tensor | None = None,
        *,
        mask: Tensor | None = None,
        encoder_mask: Tensor | None = None,
        token_mask: Tensor | None = None,
        positions: Tensor | None = None,
        head_gates: Tensor | None = None,
        past_key_values: Any = None,
        cross_past_key_values: Any = None,
        metric_choice: ChosenMetric | None = None,
        output_attentions: bool = False,
    ) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
        """Apply the block.

        Args:
            hidden: (B, T, C).
            encoder_hidden: tokens of the encoder, (B, S, C), for a block that attends across.
            mask: which keys may be attended, boolean.
            encoder_mask: which tokens of the encoder may be attended, boolean, (B, S).
            token_mask: which of the T tokens are real, boolean, (B, T); a mixture of experts leaves others
                out.
            positions: (B, T) or (1, T).
            head_gates: (H,) or (B, H), multiplies the heads of the attention among the block's own tokens;
                H counts heads that have been pruned too.
            past_key_values: cache of the attention among the block's own tokens.
            cross_past_key_values: cache of the attention across.
            metric_choice: what a layer that chooses among metrics has chosen.
            output_attentions: also return attention weights.

        Returns:
            The output (B, T, C), the auxiliary loss of a mixture of experts or None, the attention weights
            and the weights across or None each.
        """
        normed = self.attention_norm(hidden)
        learning: dict[str, Any] = {}
        if metric_choice is not None:
            # Before the call, and not in it: who listens to calls of the layer finds the metric in use.
            self.attention.choose(metric_choice.number)
            if metric_choice.probabilities is not None:
                learning["metric_probabilities"] = metric_choice.probabilities
        attended, weights = self.attention(
            normed,
            mask=mask,
            past_key_values=past_key_values,
            layer_index=self.layer_index,
            positions=positions,
            head_gates=self._gates(normed, head_gates),
            output_attentions=output_attentions,
            control=self.control,
            **learning,
        )
        hidden = hidden + self.dropout(attended)
        cross_weights = None
        if encoder_hidden is not None:
            attended, cross_weights = self.cross_attention(
                self.cross_attention_norm(hidden),
                key_value_hidden=encoder_hidden,
                mask=encoder_mask,
                past_key_values=cross_past_key_values,
                layer_index=self.layer_index,
                output_attentions=output_attentions,
            )
            hidden = hidden + self.dropout(attended)
        output, auxiliary_loss = self.feed_forward(self.feed_forward_norm(hidden), mask=token_mask)
        return hidden + self.dropout(output), auxiliary_loss, weights, cross_weights

    def _gates(self, normed: Tensor, given: Tensor | None) -> Tensor | None:
        """Gates of the component times the given ones, of the heads that are left."""
        gates = given
        if self.head_gate is not None:
            from .head_gates import check_gates

            own = check_gates(self.head_gate(normed), self.num_heads, normed.shape[0])
            gates = own if given is None else own * given
        if gates is None or self.attention.num_heads == self.num_heads:
            return gates
        return gates[..., list(self.attention.kept_heads)]
