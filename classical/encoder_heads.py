"""Heads on the encoder: fill in masked tokens, classify (or regress) sequences, classify tokens.

Shapes: B batch, L layers, H heads, T tokens, C hidden size, V vocabulary, K labels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .auto_classes import register_auto_classes
from .configuration import DistanceTransformerConfig
from .encoder import DistanceEncoder
from .errors import ConfigurationError
from .losses import add_auxiliary_loss, classification_loss, token_loss
from .model_outputs import DistanceClassifierOutput, DistanceLanguageOutput, DistanceModelOutput
from .pretrained_model import DistancePreTrainedModel
from .transformers_import import can_return_tuple

__all__ = [
    "DistanceEncoderForMaskedLM",
    "DistanceEncoderForSequenceClassification",
    "DistanceEncoderForTokenClassification",
]


class DistanceEncoderForMaskedLM(DistancePreTrainedModel):
    """The encoder with a head that predicts hidden tokens; output weights tied to the embeddings by default.

    Args:
        config: the configuration.

    Raises:
        ConfigurationError: a configuration of continuous inputs; there are no tokens to fill in.

    Example:
        >>> config = DistanceTransformerConfig(vocab_size=9, hidden_size=8, num_attention_heads=2)
        >>> output = DistanceEncoderForMaskedLM(config)(input_ids=torch.tensor([[1, 2, 8]]))
        >>> tuple(output.logits.shape)
        (1, 3, 9)
    """

    _tied_weights_keys = {"lm_head.weight": "model.stack.embeddings.tokens.weight"}  # noqa: RUF012

    def __init__(self, config: DistanceTransformerConfig) -> None:
        super().__init__(config)
        if config.value_width is not None:
            raise ConfigurationError("a masked language model needs token ids; take value_width out")
        self.model = DistanceEncoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        num_items_in_batch: Tensor | int | None = None,
    ) -> DistanceLanguageOutput:
        """Predict, and with labels compute the loss.

        Args:
            input_ids: (B, T).
            attention_mask: (B, T) of 0 and 1.
            position_ids: (B, T); counted over the mask by default.
            inputs_embeds: (B, T, C) instead of ids.
            labels: (B, T), the hidden tokens, -100 where nothing is to be predicted.
            head_gates: (L, H) or (L, B, H), multiplies the output of each head.
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.
            num_items_in_batch: number of labels in all batches of an accumulated step.

        Returns:
            The output; the loss is the mean over labels plus the auxiliary loss of experts.
        """
        output = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            head_gates=head_gates,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        logits, loss = self.lm_head(output.last_hidden_state), None
        if labels is not None:
            loss = token_loss(logits, labels, num_items_in_batch=num_items_in_batch)
            loss = add_auxiliary_loss(loss, output.aux_loss, labels, num_items_in_batch)
        return DistanceLanguageOutput(
            loss=loss,
            logits=logits,
            hidden_states=output.hidden_states,
            attentions=output.attentions,
            aux_loss=output.aux_loss,
        )


class _Classifier(DistancePreTrainedModel):
    """The encoder with a linear classifier behind dropout."""

    def __init__(self, config: DistanceTransformerConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.model = DistanceEncoder(config)
        self.dropout = nn.Dropout(config.hidden_dropout)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def _encode(self, **inputs: Any) -> tuple[Tensor, DistanceModelOutput]:
        """Hidden states of the trunk, (B, T, C), and all it returns."""
        output = self.model(**inputs, return_dict=True)
        return output.last_hidden_state, output

    @staticmethod
    def _answer(logits: Tensor, loss: Tensor | None, output: DistanceModelOutput) -> DistanceClassifierOutput:
        """The output of a classifier."""
        return DistanceClassifierOutput(
            loss=loss,
            logits=logits,
            hidden_states=output.hidden_states,
            attentions=output.attentions,
            aux_loss=output.aux_loss,
        )


class DistanceEncoderForSequenceClassification(_Classifier):
    """One prediction per sequence: a class, several labels, or numbers (`problem_type="regression"`).

    It reads the mean over real tokens, or the first or the last of them (`classifier_pooling`).

    Args:
        config: the configuration, with `num_labels`.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=8, num_attention_heads=2, num_labels=3)
        >>> model = DistanceEncoderForSequenceClassification(config)
        >>> tuple(model(input_ids=torch.tensor([[1, 2, 8]]), labels=torch.tensor([2])).logits.shape)
        (1, 3)
    """

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        input_values: Tensor | None = None,
        labels: Tensor | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        num_items_in_batch: Tensor | int | None = None,
    ) -> DistanceClassifierOutput:
        """Predict, and with labels compute the loss.

        Args:
            input_ids: (B, T).
            attention_mask: (B, T) of 0 and 1.
            position_ids: (B, T); counted over the mask by default.
            inputs_embeds: (B, T, C) instead of ids.
            input_values: (B, T, value_width) instead of ids, for models of continuous inputs.
            labels: (B,) or (B, K), see `classification_loss`.
            head_gates: (L, H) or (L, B, H), multiplies the output of each head.
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.
            num_items_in_batch: number of labels in all batches of an accumulated step.

        Returns:
            The output; the loss is the mean over labels plus the auxiliary loss of experts.
        """
        hidden, output = self._encode(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            input_values=input_values,
            head_gates=head_gates,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
        )
        pooled = pool_tokens(hidden, attention_mask, self.config.classifier_pooling)
        logits, loss = self.classifier(self.dropout(pooled)), None
        if labels is not None:
            loss = classification_loss(
                logits, labels, self.config.problem_type, num_items_in_batch=num_items_in_batch
            )
            loss = add_auxiliary_loss(loss, output.aux_loss, labels, num_items_in_batch)
        return self._answer(logits, loss, output)


class DistanceEncoderForTokenClassification(_Classifier):
    """One class per token.

    Args:
        config: the configuration, with `num_labels`.

    Example:
        >>> config = DistanceTransformerConfig(hidden_size=8, num_attention_heads=2, num_labels=3)
        >>> model = DistanceEncoderForTokenClassification(config)
        >>> tuple(model(input_ids=torch.tensor([[1, 2, 8]])).logits.shape)
        (1, 3, 3)
    """

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        input_values: Tensor | None = None,
        labels: Tensor | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        num_items_in_batch: Tensor | int | None = None,
    ) -> DistanceClassifierOutput:
        """Predict, and with labels compute the loss.

        Args:
            input_ids: (B, T).
            attention_mask: (B, T) of 0 and 1.
            position_ids: (B, T); counted over the mask by default.
            inputs_embeds: (B, T, C) instead of ids.
            input_values: (B, T, value_width) instead of ids, for models of continuous inputs.
            labels: (B, T) of class indices, -100 where nothing is to be predicted.
            head_gates: (L, H) or (L, B, H), multiplies the output of each head.
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.
            num_items_in_batch: number of labels in all batches of an accumulated step.

        Returns:
            The output; the loss is the mean over labels plus the auxiliary loss of experts.
        """
        hidden, output = self._encode(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            input_values=input_values,
            head_gates=head_gates,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
        )
        logits, loss = self.classifier(self.dropout(hidden)), None
        if labels is not None:
            loss = token_loss(logits, labels, num_items_in_batch=num_items_in_batch)
            loss = add_auxiliary_loss(loss, output.aux_loss, labels, num_items_in_batch)
        return self._answer(logits, loss, output)


def pool_tokens(hidden: Tensor, mask: Tensor | None, pooling: str) -> Tensor:
    """One vector per sequence, from real tokens only.

    Args:
        hidden: (B, T, C).
        mask: (B, T), 1 for a real token; None where all are.
        pooling: "mean", "first" or "last".

    Returns:
        (B, C).
    """
    if mask is None or mask.dim() != 2:
        return {"mean": hidden.mean(1), "first": hidden[:, 0], "last": hidden[:, -1]}[pooling]
    real = mask != 0
    if pooling == "mean":
        # Padded states are multiplied by 0, not skipped: they are finite, their queries saw what was visible.
        return (hidden * real.unsqueeze(-1)).sum(1) / real.sum(1, keepdim=True).clamp(min=1)
    order = torch.arange(hidden.shape[1], device=hidden.device)
    chosen = real.long().argmax(1) if pooling == "first" else (real * order).argmax(1)
    return hidden[torch.arange(hidden.shape[0], device=hidden.device), chosen]


register_auto_classes()
