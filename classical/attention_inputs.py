"""The arguments of attention, checked once and brought to one form for every path.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width, V value width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .attention_arguments import check_device, check_gates, check_query_key, check_tensor
from .attention_masks import Visibility, check_mask
from .attention_options import check_causal, check_dropout, check_seed, check_window
from .errors import AttentionError
from .head_factors import Scale, compute_dtype, read_exponent, read_scale
from .metrics import metrics_of_heads

__all__ = ["AttentionInputs", "read_inputs"]


@dataclass(frozen=True)
class AttentionInputs:
    """Checked arguments of one call.

    Attributes:
        query: (B, H, T, D).
        key: (B, K, S, D), H a multiple of K.
        value: (B, K, S, V).
        metrics: one name per query head.
        scale: (H,) in ``compute_dtype``, with the graph of the tensor it came from.
        p: one number, or (H,) in ``compute_dtype`` if a tensor was given; None without ``lp`` heads.
        visibility: causal order, window and mask.
        dropout: probability with which a weight is set to 0.
        gates: None, or a factor per head that broadcasts to (B, H, 1, 1).
        seed: None, or the seed of dropout.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    metrics: tuple[str, ...]
    scale: Tensor
    p: float | Tensor | None
    visibility: Visibility
    dropout: float
    gates: Tensor | None
    seed: int | None

    @property
    def compute_dtype(self) -> torch.dtype:
        """float64 for float64 inputs, float32 for all others."""
        return compute_dtype(self.query)


def read_inputs(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    metric: str | Sequence[str],
    *,
    scale: Scale | None,
    p: Scale | None,
    causal: bool,
    window: int | None,
    mask: Tensor | None,
    dropout: float,
    head_gates: Tensor | None,
    seed: int | None,
) -> AttentionInputs:
    """Check the arguments of ``distance_attention``, which documents them.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D).
        value: (B, K, S, V).
        metric: one name or one per head.
        scale: None, number, or tensor () or (H,).
        p: None, number, or tensor () or (H,).
        causal: whether order matters.
        window: None or at least 1.
        mask: None or bool tensor.
        dropout: in [0, 1).
        head_gates: None, (H,) or (B, H).
        seed: None or an integer.

    Returns:
        The checked inputs. Tensors of different floating types are brought to their common type.

    Raises:
        AttentionError: for everything that is not as said above.
        MaskTypeError: if the mask is no bool tensor.

    Example:
        >>> token = torch.zeros(1, 1, 2, 4)
        >>> inputs = read_inputs(token, token, token, "l1", scale=None, p=None, causal=True, window=None,
        ...                      mask=None, dropout=0.0, head_gates=None, seed=None)
        >>> inputs.metrics, inputs.visibility.causal
        (('l1',), True)
    """
    check_query_key(query, key)
    batch, heads, queries, _ = query.shape
    keys = key.shape[2]
    check_tensor("value", value)
    if value.shape[:3] != key.shape[:3]:
        raise AttentionError(
            f"value {tuple(value.shape)} and key {tuple(key.shape)} must agree in batch, heads and tokens"
        )
    check_device("value", value, query)
    common = torch.promote_types(torch.promote_types(query.dtype, key.dtype), value.dtype)
    query, key, value = query.to(common), key.to(common), value.to(common)
    metrics = metrics_of_heads(metric, heads)
    exponent = read_exponent(p, metrics, query)
    visible = check_mask(mask, batch, heads, queries, keys)
    if visible is not None:
        check_device("mask", visible, query)
    return AttentionInputs(
        query=query,
        key=key,
        value=value,
        metrics=metrics,
        scale=read_scale(scale, metrics, exponent, query),
        p=exponent,
        visibility=Visibility(queries, keys, check_causal(causal), check_window(window), visible),
        dropout=check_dropout(dropout),
        gates=check_gates(head_gates, query),
        seed=check_seed(seed),
    )
