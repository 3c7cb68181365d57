"""The encoder without a head: each token sees all others.

Shapes: B batch, H heads, L layers, T tokens, C hidden size.
"""

from __future__ import annotations

from torch import Tensor

from .auto_classes import register_auto_classes
from .configuration import DistanceTransformerConfig
from .model_outputs import DistanceModelOutput
from .pretrained_model import DistancePreTrainedModel
from .stack import TransformerStack
from .transformers_import import can_return_tuple

__all__ = ["DistanceEncoder"]


class DistanceEncoder(DistancePreTrainedModel):
    """Bidirectional trunk for text, patches, series or tables; heads stand in `encoder_heads`.

    Args:
        config: the configuration.

    Example:
        >>> import torch
        >>> config = DistanceTransformerConfig(value_width=5, hidden_size=8, num_attention_heads=2)
        >>> output = DistanceEncoder(config)(input_values=torch.zeros(1, 3, 5))
        >>> tuple(output.last_hidden_state.shape)
        (1, 3, 8)
    """

    def __init__(self, config: DistanceTransformerConfig) -> None:
        super().__init__(config)
        layers = config.num_encoder_layers if config.is_encoder_decoder else None
        self.stack = TransformerStack(config, causal=False, num_layers=layers)
        self.post_init()

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        input_values: Tensor | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
    ) -> DistanceModelOutput:
        """Run the encoder.

        Args:
            input_ids: (B, T).
            attention_mask: (B, T) of 0 and 1; padding may stand on either side.
            position_ids: (B, T); counted over the mask by default.
            inputs_embeds: (B, T, C) instead of ids.
            input_values: (B, T, value_width) instead of ids, for models of continuous inputs.
            head_gates: (L, H) or (L, B, H), multiplies the output of each head.
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.

        Returns:
            The output.
        """
        return self.stack(  # type: ignore[no-any-return]
            input_ids=input_ids,
            input_values=input_values,
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            head_gates=head_gates,
            output_attentions=self.flag("output_attentions", output_attentions),
            output_hidden_states=self.flag("output_hidden_states", output_hidden_states),
        )


register_auto_classes()
