"""What the models return: outputs of transformers, with the auxiliary loss of a mixture of experts beside.

Shapes: B batch, H heads, L layers, T tokens, S attended tokens, C hidden size, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .transformers_import import ModelOutput

__all__ = [
    "DistanceClassifierOutput",
    "DistanceLanguageOutput",
    "DistanceModelOutput",
    "DistanceSeq2SeqOutput",
]


@dataclass
class DistanceModelOutput(ModelOutput):  # type: ignore[misc]
    """Output of a model without a head.

    Args:
        last_hidden_state: (B, T, C), after the final norm.
        past_key_values: the cache, if one was used.
        hidden_states: L + 1 tensors (B, T, C) on request: the embeddings, the outputs of all blocks but the
            last, and the last one after the final norm.
        attentions: L tensors (B, H, T, S) on request.
        cross_attentions: L tensors (B, H, T, S) on request, of a decoder that attends to an encoder.
        aux_loss: sum of the auxiliary losses of all mixtures of experts, (); None without any.
    """

    last_hidden_state: Tensor | None = None
    past_key_values: Any = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None
    cross_attentions: tuple[Tensor, ...] | None = None
    aux_loss: Tensor | None = None


@dataclass
class DistanceLanguageOutput(ModelOutput):  # type: ignore[misc]
    """Output of a model that predicts tokens, or the next values of a continuous series.

    Args:
        loss: (), if labels were given; the auxiliary loss is in it.
        logits: (B, T, V), or (B, T, value_width) for continuous series.
        past_key_values: the cache, if one was used.
        hidden_states: as in `DistanceModelOutput`.
        attentions: as in `DistanceModelOutput`.
        aux_loss: as in `DistanceModelOutput`.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    past_key_values: Any = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None
    aux_loss: Tensor | None = None


@dataclass
class DistanceClassifierOutput(ModelOutput):  # type: ignore[misc]
    """Output of a classifier of sequences or tokens.

    Args:
        loss: (), if labels were given; the auxiliary loss is in it.
        logits: (B, number of labels), or (B, T, number of labels) for tokens.
        hidden_states: as in `DistanceModelOutput`.
        attentions: as in `DistanceModelOutput`.
        aux_loss: as in `DistanceModelOutput`.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor, ...] | None = None
    aux_loss: Tensor | None = None


@dataclass
class DistanceSeq2SeqOutput(ModelOutput):  # type: ignore[misc]
    """Output of an encoder-decoder.

    Args:
        loss: (), if labels were given; the auxiliary loss is in it.
        logits: (B, T, V).
        past_key_values: the cache, if one was used.
        decoder_hidden_states: as in `DistanceModelOutput`.
        decoder_attentions: as in `DistanceModelOutput`.
        cross_attentions: as in `DistanceModelOutput`.
        encoder_last_hidden_state: (B, S, C).
        encoder_hidden_states: as in `DistanceModelOutput`, of the encoder.
        encoder_attentions: as in `DistanceModelOutput`, of the encoder.
        aux_loss: sum over encoder and decoder.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    past_key_values: Any = None
    decoder_hidden_states: tuple[Tensor, ...] | None = None
    decoder_attentions: tuple[Tensor, ...] | None = None
    cross_attentions: tuple[Tensor, ...] | None = None
    encoder_last_hidden_state: Tensor | None = None
    encoder_hidden_states: tuple[Tensor, ...] | None = None
    encoder_attentions: tuple[Tensor, ...] | None = None
    aux_loss: Tensor | None = None
