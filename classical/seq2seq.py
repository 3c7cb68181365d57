"""The encoder-decoder: reads one sequence, writes another, attending across to the first by distance.

Shapes: B batch, H heads, S tokens read, T tokens written, C hidden size, V vocabulary, L layers of encoder
and decoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from .auto_classes import register_auto_classes
from .configuration import DistanceTransformerConfig
from .encoder import DistanceEncoder
from .errors import ConfigurationError
from .input_checks import check_cache, check_head_gates, check_token_ids
from .losses import IGNORED_LABEL, add_auxiliary_loss, token_loss
from .model_outputs import DistanceModelOutput, DistanceSeq2SeqOutput
from .pretrained_model import DistancePreTrainedModel
from .stack import TransformerStack
from .transformers_import import DynamicCache, EncoderDecoderCache, GenerationMixin, can_return_tuple

__all__ = ["DistanceSeq2Seq"]


class DistanceSeq2Seq(DistancePreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """Encoder and decoder over one vocabulary, with one table of embeddings.

    Args:
        config: the configuration; `is_encoder_decoder` is switched on in a copy where it is off. The decoder
            starts with `decoder_start_token_id`, or else with `bos_token_id`.

    Raises:
        ConfigurationError: continuous inputs; the decoder writes tokens.

    Example:
        >>> sizes = {"vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2}
        >>> model = DistanceSeq2Seq(DistanceTransformerConfig(**sizes, bos_token_id=1))
        >>> read, written = torch.tensor([[3, 4, 5, 6]]), torch.tensor([[7, 8]])
        >>> tuple(model(input_ids=read, labels=written).logits.shape)
        (1, 2, 9)
        >>> tuple(model.eval().generate(read, max_new_tokens=3, do_sample=False, pad_token_id=0).shape)
        (1, 4)
    """

    _tied_weights_keys = {"lm_head.weight": "encoder.stack.embeddings.tokens.weight"}  # noqa: RUF012

    def __init__(self, config: DistanceTransformerConfig) -> None:
        if not config.is_encoder_decoder:
            config = deepcopy(config)
            config.is_encoder_decoder = True
        super().__init__(config)
        if config.value_width is not None:
            raise ConfigurationError("an encoder-decoder reads and writes token ids; take value_width out")
        self.encoder = DistanceEncoder(config)
        self.decoder = TransformerStack(config, causal=True, across=True, with_tokens=False)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: Any = None,
        past_key_values: Any = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        head_gates: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        num_items_in_batch: Tensor | int | None = None,
    ) -> DistanceSeq2SeqOutput:
        """Read, write, and with labels compute the loss.

        Args:
            input_ids: tokens to read, (B, S).
            attention_mask: (B, S) of 0 and 1.
            decoder_input_ids: tokens written so far, (B, T); by default the labels, shifted to the right.
            decoder_attention_mask: (B, T, cached tokens included) of 0 and 1.
            encoder_outputs: output of the encoder, if it has run already.
            past_key_values: an `EncoderDecoderCache` of transformers.
            labels: (B, T), what is to be written, -100 where nothing is to be predicted.
            use_cache: return keys and values; by default as configured, and never in training.
            head_gates: (L, H) or (L, B, H), layers of the encoder first, multiplies the heads of attention
                among a sequence's own tokens.
            output_attentions: also return attention weights, recomputed.
            output_hidden_states: also return the states between blocks.
            logits_to_keep: compute logits of the last tokens only, or of these indices; 0 for all.
            num_items_in_batch: number of labels in all batches of an accumulated step.

        Returns:
            The output; the loss is the mean over labels plus the auxiliary loss of experts.

        Raises:
            ConfigurationError: nothing to write, or inputs that do not fit.
        """
        if decoder_input_ids is None:
            if labels is None:
                raise ConfigurationError(
                    "give labels, or decoder_input_ids; an encoder-decoder must write something"
                )
            decoder_input_ids = self.prepare_decoder_input_ids_from_labels(labels)
        recorded: dict[str, Any] = {
            "output_attentions": self.flag("output_attentions", output_attentions),
            "output_hidden_states": self.flag("output_hidden_states", output_hidden_states),
        }
        layers = len(self.encoder.stack.blocks)
        check_head_gates(
            head_gates,
            layers + len(self.decoder.blocks),
            len(decoder_input_ids),
            self.config.num_attention_heads,
        )
        if encoder_outputs is None:
            encoder_outputs = self.encoder(
                input_ids=input_ids,
                attention_mask=attention_mask,
                head_gates=None if head_gates is None else head_gates[:layers],
                return_dict=True,
                **recorded,
            )
        elif isinstance(encoder_outputs, (tuple, list)):
            encoder_outputs = DistanceModelOutput(last_hidden_state=encoder_outputs[0])
        cache = self._cache(past_key_values, use_cache)
        embeddings = self.get_input_embeddings()
        check_token_ids(decoder_input_ids, self.config.vocab_size)
        decoded = self.decoder(
            inputs_embeds=embeddings(decoder_input_ids),
            attention_mask=decoder_attention_mask,
            past_key_values=None if cache is None else cache.self_attention_cache,
            cross_past_key_values=None if cache is None else cache.cross_attention_cache,
            encoder_hidden=encoder_outputs.last_hidden_state,
            encoder_mask=attention_mask,
            head_gates=None if head_gates is None else head_gates[layers:],
            **recorded,
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(decoded.last_hidden_state[:, kept])
        parts = [part for part in (encoder_outputs.get("aux_loss"), decoded.aux_loss) if part is not None]
        auxiliary = torch.stack(parts).sum() if parts else None
        loss = None
        if labels is not None:
            loss = token_loss(logits, labels, num_items_in_batch=num_items_in_batch)
            loss = add_auxiliary_loss(loss, auxiliary, labels, num_items_in_batch)
        return DistanceSeq2SeqOutput(
            loss=loss,
            logits=logits,
            past_key_values=cache,
            decoder_hidden_states=decoded.hidden_states,
            decoder_attentions=decoded.attentions,
            cross_attentions=decoded.cross_attentions,
            encoder_last_hidden_state=encoder_outputs.last_hidden_state,
            encoder_hidden_states=encoder_outputs.get("hidden_states"),
            encoder_attentions=encoder_outputs.get("attentions"),
            aux_loss=auxiliary,
        )

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """What the decoder is given so that it learns to write the labels: they, one place to the right.

        Args:
            labels: (B, T), -100 where nothing is to be predicted.

        Returns:
            (B, T), the start token first; padding stands where labels were -100.

        Raises:
            ConfigurationError: the configuration names no start token.
        """
        start, padding = self.config.decoder_start_token_id, self.config.pad_token_id
        if start is None:
            start = self.config.bos_token_id
        if start is None:
            raise ConfigurationError(
                "the decoder needs a first token; set decoder_start_token_id or bos_token_id in the "
                "configuration"
            )
        shifted = torch.cat([labels.new_full((labels.shape[0], 1), start), labels[:, :-1]], dim=1)
        return shifted.masked_fill(shifted == IGNORED_LABEL, start if padding is None else padding)

    def calibrate(self, batch: Mapping[str, Any]) -> None:
        """Set lambda of all heads from data, that of the attention across included; see the base class.

        Args:
            batch: input_ids with labels or decoder_input_ids, and masks.
        """
        inputs = dict(batch)
        if inputs.get("decoder_input_ids") is None and inputs.get("labels") is not None:
            inputs["decoder_input_ids"] = self.prepare_decoder_input_ids_from_labels(inputs["labels"])
        super().calibrate(inputs)

    def _cache(self, given: Any, use_cache: bool | None) -> Any:
        """The cache of a call: the given one, a new one, or None."""
        check_cache(given)
        if given is None and self.flag(
            "use_cache", False if self.training and use_cache is None else use_cache
        ):
            return EncoderDecoderCache(DynamicCache(config=self.config), DynamicCache(config=self.config))
        return given


register_auto_classes()
