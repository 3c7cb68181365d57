"""Look into the attention of a model: one call, one batch, every layer and head.

Shapes: B batch, H heads, T query tokens, S key tokens, D head width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .attention_accumulator import AttentionAccumulator
from .attention_capture import AttentionCall, attention_layers, hear_attention, undisturbed
from .attention_findings import AttentionReport
from .attention_tiles import attention_tiles
from .errors import ConfigurationError
from .head_similarity import HeadSimilarity
from .layer_attention import LayerAttention
from .model_calls import call_model

__all__ = ["attention_report"]


def attention_report(
    model: nn.Module,
    batch: Any,
    *,
    max_rows: int | None = None,
    map_items: int = 1,
    tokens: Sequence[str] | None = None,
) -> AttentionReport:
    """Run a model once and report on every `DistanceAttention` in it.

    Weights are recomputed a few query rows at a time, so memory stays linear in the length. The model runs in
    evaluation mode without gradients, and is as it was afterwards: modes of its parts, random numbers,
    gradients. Padding is left out, of keys and of queries, where the model hands its attention a mask (B, S)
    of keys; for attention to another sequence also where the batch has ``decoder_attention_mask``. Heads are
    counted among those that are there: in a pruned model ``kept_heads`` of a layer gives their old numbers.

    Args:
        model: any torch model with `DistanceAttention` somewhere in it.
        batch: what to call it with: a mapping of named arguments, a tuple of positional ones, or a tensor.
        max_rows: query rows to look at in each layer, spread evenly over the sequence; None for all. Time
            grows with rows times keys: a few hundred rows are enough for means over a long sequence.
        map_items: sequences of the batch whose queries and keys are kept for ``map``, from the first.
        tokens: text of the tokens of the first sequence, for labels.

    Returns:
        The report.

    Raises:
        ConfigurationError: no distance attention, a batch that does not fit, keys in a cache, ``max_rows``
            below 1, ``map_items`` below 0, as many tokens as no layer has.

    Example:
        >>> from .attention_layer import DistanceAttention
        >>> _ = torch.manual_seed(0)
        >>> report = attention_report(DistanceAttention(8, 2, causal=True), torch.randn(1, 6, 8))
        >>> report.table()[["layer", "head", "metric", "rows"]].values.tolist()
        [[0, 0, 'l1', 6], [0, 1, 'l1', 6]]
        >>> report.map(0, 1, rows=[0]).to_numpy().tolist()
        [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    for name, value, least in (("max_rows", max_rows, 1), ("map_items", map_items, 0)):
        optional = name == "max_rows" and value is None
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not optional and (not whole or int(value or 0) < least):
            raise ConfigurationError(f"{name} must be a whole number from {least}; {value!r} was given")
    layers: list[LayerAttention] = []
    lengths: list[int] = []
    sizes: list[tuple[int, int]] = []

    def visit(call: AttentionCall) -> None:
        layers.append(_analyze(call, max_rows, map_items))
        if not call.across:
            lengths.append(call.inputs.query.shape[2])
        sizes.append((len(call.inputs.query), call.inputs.query.shape[3]))

    attention_layers(model)
    with undisturbed(model), hear_attention(model, visit, across_rows=_decoder_rows(batch)):
        call_model(model, batch)
    if not layers:
        raise ConfigurationError("the model ran, but none of its attention layers was called on this batch")
    if tokens is not None and len(tokens) not in lengths:
        raise ConfigurationError(
            f"{len(tokens)} tokens were given; the first sequence has {max(lengths, default=0)} positions"
        )
    texts = None if tokens is None else tuple(str(token) for token in tokens)
    width = max(width for _, width in sizes)
    return AttentionReport(type(model).__name__, tuple(layers), sizes[0][0], width, texts)


def _analyze(call: AttentionCall, max_rows: int | None, map_items: int) -> LayerAttention:
    """The numbers of one call of one layer."""
    inputs = call.inputs
    heads, queries, keys = inputs.query.shape[1], inputs.query.shape[2], inputs.key.shape[2]
    rows = None
    if max_rows is not None and max_rows < queries:
        rows = torch.linspace(0, queries - 1, max_rows).round().long().to(inputs.query.device)
    gather = AttentionAccumulator(heads, keys, offset=None if call.across else keys - queries)
    value = inputs.value
    if value is None:
        raise ConfigurationError("a layer without values has no head outputs to compare")
    shared = heads // value.shape[1]
    alike = HeadSimilarity(heads, value.shape[-1])
    for tile in attention_tiles(inputs, rows):
        real = call.real[:, tile.rows]
        gather.add(tile, real, call.first_key)
        grouped = tile.weights.view(len(value), -1, shared, *tile.weights.shape[2:]).to(value.dtype)
        alike.add((grouped @ value[:, :, None]).flatten(1, 2), real)
    return LayerAttention(
        name=call.name,
        metrics=call.layer.metrics,
        across=call.across,
        scale=_numbers(inputs.scale),
        start_scale=np.asarray(call.layer.start_scale, dtype=np.float64),
        p=np.where([name == "lp" for name in call.layer.metrics], _numbers(call.layer.effective_p()), np.nan),
        gates=_numbers(call.gates),
        statistics=gather.result(),
        similarity=alike.matrix().numpy(),
        map_inputs=inputs.sequences(0, map_items) if map_items else None,
    )


def _numbers(values: Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.detach().cpu().double().numpy()
    return found


def _decoder_rows(batch: Any) -> Tensor | None:
    """Which tokens of a decoder are no padding, where the batch says so."""
    mask = batch.get("decoder_attention_mask") if isinstance(batch, Mapping) else None
    return mask.bool() if isinstance(mask, Tensor) and mask.dim() == 2 else None
