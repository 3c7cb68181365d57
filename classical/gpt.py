"""The decoder: predicts each next token, or each next value of a continuous series, and generates.

Shapes: B batch, H heads, L layers, T query tokens, S all tokens including cached ones, C hidden size, V
vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .auto_classes import register_auto_classes
from .configuration import DistanceTransformerConfig
from .errors import ConfigurationError
from .input_checks import check_cache
from .losses import add_auxiliary_loss, token_loss
from .model_outputs import DistanceLanguageOutput, DistanceModelOutput
from .pretrained_model import DistancePreTrainedModel
from .stack import TransformerStack
from .transformers_import import DynamicCache, GenerationMixin, can_return_tuple

__all__ = ["DistanceGPT", "DistanceGPTModel"]


class DistanceGPTModel(DistancePreTrainedModel):
    """The decoder without a head: hidden states of each token, which sees itself and those before it.

    Args:
        config: the configuration.

    Example:
        >>> config = DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_attention_heads=2)
        >>> output = DistanceGPTModel(config)(input_ids=torch.tensor([[1, 2, 8]]))
        >>> tuple(output.last_hidden_state.shape)
        (1, 3, 8)
    """

    def __init__(self, config: DistanceTransformerConfig) -> None:
        super().__init__(config)
        self.stack = TransformerStack(config, causal=True)
        self.post_init()

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: Tensor | None = None,
        input_values: Tensor | None = None,
        use_cache: bool | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
    ) -> DistanceModelOutput:
        """Run the decoder.

        Args:
            input_ids: (B, T).
            attention_mask: (B, S) of 0 and 1; padding may stand on either side.
            position_ids: (B, T); counted over the mask by default.
            past_key_values: a cache of transformers with the tokens before these.
            inputs_embeds: (B, T, C) instead of ids.
            input_values: (B, T, value_width) instead of ids, for models of continuous inputs.
            use_cache: return keys and values; by default as configured, and never in training.
            head_gates: (L, H) or (L, B, H), multiplies the output of each head.
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.

        Returns:
            The output.
        """
        if self.training and use_cache is None:
            use_cache = False
        check_cache(past_key_values)
        if past_key_values is None and self.flag("use_cache", use_cache):
            past_key_values = DynamicCache(config=self.config)
        return self.stack(  # type: ignore[no-any-return]
            input_ids=input_ids,
            input_values=input_values,
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            head_gates=head_gates,
            output_attentions=self.flag("output_attentions", output_attentions),
            output_hidden_states=self.flag("output_hidden_states", output_hidden_states),
        )


class DistanceGPT(DistancePreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """The decoder with its head: a language model, or with `value_width` a forecaster of the next values.

    Args:
        config: the configuration.

    Raises:
        ConfigurationError: the configuration of an encoder-decoder.

    Example:
        >>> config = DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_attention_heads=2)
        >>> model = DistanceGPT(config)
        >>> tokens = torch.tensor([[1, 2, 8]])
        >>> tuple(model(input_ids=tokens, labels=tokens).logits.shape)
        (1, 3, 9)
        >>> tuple(model.generate(tokens, max_new_tokens=2, do_sample=False, pad_token_id=0).shape)
        (1, 5)
    """

    _tied_weights_keys: dict[str, str] | None = {"lm_head.weight": "model.stack.embeddings.tokens.weight"}  # noqa: RUF012

    def __init__(self, config: DistanceTransformerConfig) -> None:
        super().__init__(config)
        if config.is_encoder_decoder:
            raise ConfigurationError("is_encoder_decoder is on; build DistanceSeq2Seq, or switch it off")
        self.loss_type: str | None = "ForCausalLM"  # tells the Trainer that labels are shifted here
        self.model = DistanceGPTModel(config)
        width = config.vocab_size if config.value_width is None else config.value_width
        self.lm_head = nn.Linear(config.hidden_size, width, bias=False)
        if config.value_width is not None:
            self._tied_weights_keys = None
            # Series have no label to ignore that a Trainer could count; plain means over batches are exact.
            self.loss_type, self.accepts_loss_kwargs = None, False
        self.post_init()

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Any = None,
        inputs_embeds: Tensor | None = None,
        input_values: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        num_items_in_batch: Tensor | int | None = None,
    ) -> DistanceLanguageOutput:
        """Predict, and with labels compute the loss.

        Args:
            input_ids: (B, T).
            attention_mask: (B, S) of 0 and 1; padding may stand on either side.
            position_ids: (B, T); counted over the mask by default.
            past_key_values: a cache of transformers with the tokens before these.
            inputs_embeds: (B, T, C) instead of ids.
            input_values: (B, T, value_width) instead of ids, for models of continuous inputs.
            labels: (B, T), usually the input itself: the shift by one happens here; -100 is not predicted.
                For continuous inputs numbers (B, T, value_width).
            use_cache: return keys and values; by default as configured, and never in training.
            head_gates: (L, H) or (L, B, H), multiplies the output of each head.
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.
            logits_to_keep: compute logits of the last tokens only, or of these indices; 0 for all.
            num_items_in_batch: number of labels in all batches of an accumulated step.

        Returns:
            The output; the loss is the mean over labels plus the auxiliary loss of experts.
        """
        output = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            input_values=input_values,
            use_cache=use_cache,
            head_gates=head_gates,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(output.last_hidden_state[:, kept])
        loss = None
        if labels is not None:
            if self.config.value_width is None:
                loss = token_loss(logits, labels, shift=True, num_items_in_batch=num_items_in_batch)
            else:
                loss = next_value_loss(logits, labels, attention_mask)
            loss = add_auxiliary_loss(loss, output.aux_loss, labels[:, 1:], num_items_in_batch)
        return DistanceLanguageOutput(
            loss=loss,
            logits=logits,
            past_key_values=output.past_key_values,
            hidden_states=output.hidden_states,
            attentions=output.attentions,
            aux_loss=output.aux_loss,
        )

    def generate(self, *inputs: Any, **settings: Any) -> Any:
        """Continue token ids, as `GenerationMixin.generate` does: greedy, sampling, beams, with a cache.

        Args:
            *inputs: as there.
            **settings: as there.

        Returns:
            Token ids, (B, T + new tokens), or what `return_dict_in_generate` asks for.

        Raises:
            ConfigurationError: a model of continuous inputs has no tokens; use `forecast`.
        """
        if self.config.value_width is not None:
            raise ConfigurationError("a model of continuous inputs (value_width) has no tokens; use forecast")
        return super().generate(*inputs, **settings)

    @torch.no_grad()
    def forecast(self, input_values: Tensor, steps: int) -> Tensor:
        """Continue a continuous series, each prediction fed back as the next input.

        Args:
            input_values: (B, T, value_width).
            steps: how many values to append, 1 or more.

        Returns:
            The predicted values, (B, steps, value_width).

        Raises:
            ConfigurationError: a model of tokens, or no step.

        Example:
            >>> config = DistanceTransformerConfig(value_width=2, hidden_size=8, num_attention_heads=2)
            >>> tuple(DistanceGPT(config).forecast(torch.zeros(1, 5, 2), steps=3).shape)
            (1, 3, 2)
        """
        if self.config.value_width is None or steps < 1:
            raise ConfigurationError(
                f"forecast needs a model with value_width, not {self.config.value_width}, and steps of 1 or "
                f"more, "
                f"not {steps}"
            )
        training, cache, predicted = self.training, DynamicCache(config=self.config), []
        try:
            self.eval()
            for _ in range(steps):
                output = self(input_values=input_values, past_key_values=cache, logits_to_keep=1)
                input_values = output.logits
                predicted.append(input_values)
        finally:
            self.train(training)
        return torch.cat(predicted, dim=1)


def next_value_loss(predicted: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """Mean squared error of each next value, over values that are no padding."""
    if values.shape != predicted.shape:
        raise ConfigurationError(
            f"labels have the shape {tuple(values.shape)}; with value_width it must be "
            f"{tuple(predicted.shape)}"
        )
    errors = functional.mse_loss(predicted[:, :-1].float(), values[:, 1:].float(), reduction="none")
    if mask is None:
        return errors.mean()
    real = (mask[:, 1:] != 0).unsqueeze(-1).expand_as(errors)
    return (errors * real).sum() / real.sum().clamp(min=1)


register_auto_classes()
