"""The trunk all three models share: embeddings, blocks, final norm.

Shapes: B batch, H heads, L layers, T query tokens, S all tokens including cached ones, C hidden size.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .blocks import TransformerBlock
from .chosen_metric import ChosenMetric, chosen_metrics
from .configuration import DistanceTransformerConfig
from .embeddings import InputEmbeddings
from .input_checks import check_head_gates, check_positions, one_input, read_mask
from .model_outputs import DistanceModelOutput
from .positions import positions_of_tokens

__all__ = ["TransformerStack"]


class TransformerStack(nn.Module):
    """Embeddings, L blocks with a norm before each part, and a final norm.

    Args:
        config: the configuration.
        causal: whether a token sees no later one.
        across: whether blocks also attend to an encoder.
        num_layers: L; `num_hidden_layers` by default.
        with_tokens: whether there is a table of tokens; without one the stack is given embeddings.

    Example:
        >>> config = DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_attention_heads=2)
        >>> output = TransformerStack(config, causal=True)(input_ids=torch.tensor([[1, 2, 8]]))
        >>> tuple(output.last_hidden_state.shape)
        (1, 3, 8)
    """

    def __init__(
        self,
        config: DistanceTransformerConfig,
        *,
        causal: bool,
        across: bool = False,
        num_layers: int | None = None,
        with_tokens: bool = True,
    ) -> None:
        super().__init__()
        self.num_heads = config.num_attention_heads
        self.embeddings = InputEmbeddings(config, with_tokens=with_tokens)
        layers = config.num_hidden_layers if num_layers is None else num_layers
        self.blocks = nn.ModuleList(
            TransformerBlock(config, index, causal=causal, across=across) for index in range(layers)
        )
        self.final_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.metric_candidates = config.metric_candidates
        self.metric_choice: nn.Module | None = None
        if config.metric_choice is not None:
            from .components import build_component

            start = [config.layer_metric(index) for index in range(layers)]
            self.metric_choice = build_component(
                "metric_choice", config.metric_choice, num_layers=layers, start_metrics=start
            )

    def choose_metrics(self) -> list[ChosenMetric]:
        """Let each layer have the metric that `metric_choice` gives it; every pass does this first.

        Returns:
            The choice of each layer; none where the model has no `metric_choice`.
        """
        if self.metric_choice is None:
            return []
        count, names = len(self.blocks), len(self.metric_candidates)
        choices = chosen_metrics(self.metric_choice(), count, names, learning=self.training)
        blocks: Any = self.blocks
        for block, choice in zip(blocks, choices, strict=True):
            block.attention.choose(choice.number)
        return choices

    def forward(
        self,
        *,
        input_ids: Tensor | None = None,
        input_values: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Any = None,
        cross_past_key_values: Any = None,
        encoder_hidden: Tensor | None = None,
        encoder_mask: Tensor | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool = False,
        output_hidden_states: bool = False,
    ) -> DistanceModelOutput:
        """Run the trunk.

        Args:
            input_ids: (B, T).
            input_values: (B, T, value_width), for models of continuous inputs.
            inputs_embeds: (B, T, C).
            attention_mask: (B, S) of 0 and 1, or boolean (B, T, S) or (B, 1, T, S).
            position_ids: (B, T) or (1, T); counted over the mask by default.
            past_key_values: cache of a decoder.
            cross_past_key_values: cache of the attention across.
            encoder_hidden: (B, S of the encoder, C).
            encoder_mask: (B, S of the encoder) of 0 and 1.
            head_gates: (L, H) or (L, B, H).
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.

        Returns:
            The output; `past_key_values` is the cache that was given.
        """
        given = one_input(input_ids, input_values, inputs_embeds)
        batch, length = given.shape[:2]
        past_length = 0 if past_key_values is None else int(past_key_values.get_seq_length())
        mask = read_mask(attention_mask, batch, past_length + length)
        flat_mask = mask if mask is not None and mask.dim() == 2 else None
        # Plain counting has a known end; positions from a mask or from the caller must be looked at.
        highest = past_length + length if flat_mask is None and position_ids is None else None
        if position_ids is None:
            position_ids = positions_of_tokens(flat_mask, length, past_length, given.device)
        else:
            check_positions(position_ids, batch, length)
        hidden = self.embeddings(
            position_ids,
            input_ids=input_ids,
            input_values=input_values,
            inputs_embeds=inputs_embeds,
            length=highest,
        )
        check_head_gates(head_gates, len(self.blocks), batch, self.num_heads)
        if encoder_hidden is not None:
            encoder_mask = read_mask(encoder_mask, batch, encoder_hidden.shape[1])
        states: list[Tensor] = []
        weights, cross_weights, losses = [], [], []
        blocks: Any = self.blocks
        # Once per pass, outside of the blocks: one that is computed again for its gradient gets the same.
        choices = self.choose_metrics()
        for index, block in enumerate(blocks):
            if block.control is not None and self.training:
                block.control.advance()
            if output_hidden_states:
                states.append(hidden)
            hidden, loss, layer_weights, layer_cross_weights = block(
                hidden,
                encoder_hidden,
                mask=mask,
                encoder_mask=encoder_mask,
                token_mask=None if flat_mask is None else flat_mask[:, -length:],
                positions=position_ids,
                head_gates=None if head_gates is None else head_gates[index],
                past_key_values=past_key_values,
                cross_past_key_values=cross_past_key_values,
                metric_choice=choices[index] if choices else None,
                output_attentions=output_attentions,
            )
            weights.append(layer_weights)
            cross_weights.append(layer_cross_weights)
            if loss is not None:
                losses.append(loss)
        hidden = self.final_norm(hidden)
        across = output_attentions and encoder_hidden is not None
        return DistanceModelOutput(
            last_hidden_state=hidden,
            past_key_values=past_key_values,
            hidden_states=(*states, hidden) if output_hidden_states else None,
            attentions=tuple(weights) if output_attentions else None,
            cross_attentions=tuple(cross_weights) if across else None,
            aux_loss=torch.stack(losses).sum() if losses else None,
        )
