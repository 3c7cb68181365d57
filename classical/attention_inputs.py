"""The arguments of attention, checked once and brought to one form for every path.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width, V value width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .attention_masks import Visibility, check_mask, check_window
from .errors import AttentionError
from .metrics import metrics_of_heads
from .scales import calibrated_scales

__all__ = ["AttentionInputs", "Scale", "check_dropout", "check_gates", "check_query_key", "read_inputs"]

Scale = float | Tensor
"""A scale or an exponent: one number for all heads, or a tensor of shape () or (H,)."""


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
        return _compute_dtype(self.query)


def _compute_dtype(tensor: Tensor) -> torch.dtype:
    """float64 stays; float32 and half precision are computed in float32."""
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32


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
    _check_tensor("value", value)
    if value.shape[:3] != key.shape[:3]:
        raise AttentionError(
            f"value {tuple(value.shape)} and key {tuple(key.shape)} must agree in batch, heads and tokens"
        )
    if value.device != query.device:
        raise AttentionError(f"query is on {query.device}, value on {value.device}; bring them to one device")
    common = torch.promote_types(torch.promote_types(query.dtype, key.dtype), value.dtype)
    query, key, value = query.to(common), key.to(common), value.to(common)
    metrics = metrics_of_heads(metric, heads)
    exponent = _read_exponent(p, metrics, query)
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise AttentionError(f"seed is {seed!r}; give an integer, or None for torch's default generator")
    return AttentionInputs(
        query=query,
        key=key,
        value=value,
        metrics=metrics,
        scale=_read_scale(scale, metrics, exponent, query),
        p=exponent,
        visibility=Visibility(
            queries,
            keys,
            bool(causal),
            check_window(window),
            _on_device(check_mask(mask, batch, heads, queries, keys), query),
        ),
        dropout=check_dropout(dropout),
        gates=check_gates(head_gates, batch, heads),
        seed=seed,
    )


def check_query_key(query: Tensor, key: Tensor) -> None:
    """Query and key fit each other.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D), H a multiple of K.

    Raises:
        AttentionError: if they are no floating point tensors of these shapes on one device.

    Example:
        >>> check_query_key(torch.zeros(1, 4, 2, 8), torch.zeros(1, 2, 3, 8))
    """
    _check_tensor("query", query)
    _check_tensor("key", key)
    if query.device != key.device:
        raise AttentionError(f"query is on {query.device}, key on {key.device}; bring them to one device")
    if query.shape[0] != key.shape[0] or query.shape[3] != key.shape[3]:
        raise AttentionError(
            f"query {tuple(query.shape)} and key {tuple(key.shape)} must agree in batch (first) and width "
            "(last)"
        )
    if query.shape[1] % key.shape[1]:
        raise AttentionError(
            f"{query.shape[1]} query heads are no multiple of {key.shape[1]} key-value heads; each key-value "
            "head "
            "serves the same number of query heads"
        )


def _check_tensor(name: str, tensor: object) -> None:
    """A floating point tensor of four dimensions, none of them empty."""
    if not isinstance(tensor, Tensor):
        raise AttentionError(
            f"{name} is {type(tensor).__name__}; give a tensor (batch, heads, tokens, width)"
        )
    if tensor.dim() != 4 or 0 in tensor.shape:
        raise AttentionError(
            f"{name} has shape {tuple(tensor.shape)}; legal is (batch, heads, tokens, width), each at least 1"
        )
    if not tensor.is_floating_point():
        raise AttentionError(f"{name} is of {tensor.dtype}; legal are float64, float32, bfloat16 and float16")


def check_dropout(dropout: object) -> float:
    """A probability below 1.

    Args:
        dropout: a number.

    Returns:
        The same as a float.

    Raises:
        AttentionError: if it is no number in [0, 1).

    Example:
        >>> check_dropout(0.1)
        0.1
    """
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise AttentionError(f"dropout is {dropout!r}; it must be a number of at least 0 and below 1")
    return float(dropout)


def check_gates(gates: object, batch: int, heads: int) -> Tensor | None:
    """Head gates as a tensor that broadcasts to (B, H, 1, 1).

    Args:
        gates: None, or a tensor (H,) or (B, H).
        batch: B.
        heads: H.

    Returns:
        A view of four dimensions, or None.

    Raises:
        AttentionError: for another shape or type.

    Example:
        >>> check_gates(torch.ones(3), 2, 3).shape
        torch.Size([1, 3, 1, 1])
    """
    if gates is None:
        return None
    if not isinstance(gates, Tensor) or tuple(gates.shape) not in ((heads,), (batch, heads)):
        given = tuple(gates.shape) if isinstance(gates, Tensor) else type(gates).__name__
        raise AttentionError(f"head_gates is {given}; legal is a tensor ({heads},) or ({batch}, {heads})")
    return gates.reshape(-1, heads, 1, 1)


def _on_device(mask: Tensor | None, query: Tensor) -> Tensor | None:
    """The mask, which must lie where the query does."""
    if mask is not None and mask.device != query.device:
        raise AttentionError(f"query is on {query.device}, mask on {mask.device}; bring them to one device")
    return mask


def _read_exponent(p: Scale | None, metrics: tuple[str, ...], query: Tensor) -> float | Tensor | None:
    """The exponent of ``lp``: a number, or one per head where a tensor was given."""
    if "lp" not in metrics:
        if p is not None:
            raise AttentionError(f"p = {p!r} was given, but no head uses the metric 'lp'; leave p out")
        return None
    if p is None:
        return 2.0
    if isinstance(p, Tensor):
        per_head = _per_head("p", p, len(metrics), query)
        if not bool(((per_head >= 1) & per_head.isfinite()).all()):
            raise AttentionError(f"p is {p.detach().tolist()}; lp needs finite exponents of at least 1")
        return per_head
    if isinstance(p, bool) or not isinstance(p, int | float) or not (math.isfinite(p) and p >= 1):
        raise AttentionError(f"p is {p!r}; lp needs a finite p of at least 1 (p = infinity is 'chebyshev')")
    return float(p)


def _read_scale(
    scale: Scale | None, metrics: tuple[str, ...], p: float | Tensor | None, query: Tensor
) -> Tensor:
    """One scale per head."""
    if scale is None:
        exponents = p.detach().tolist() if isinstance(p, Tensor) else 2.0 if p is None else p
        values = calibrated_scales(metrics, query.shape[3], exponents)
        return torch.tensor(values, dtype=_compute_dtype(query), device=query.device)
    if isinstance(scale, Tensor):
        per_head = _per_head("scale", scale, len(metrics), query)
        # A look at the values would make a GPU wait; a scale that is learned is kept positive by its owner.
        if scale.device.type == "cpu" and not bool(((per_head > 0) & per_head.isfinite()).all()):
            raise AttentionError(f"scale is {scale.detach().tolist()}; it must be positive and finite")
        return per_head
    if (
        isinstance(scale, bool)
        or not isinstance(scale, int | float)
        or not (math.isfinite(scale) and scale > 0)
    ):
        raise AttentionError(f"scale is {scale!r}; give a positive number, a tensor () or (H,), or None")
    return query.new_full((len(metrics),), float(scale), dtype=_compute_dtype(query))


def _per_head(name: str, given: Tensor, heads: int, query: Tensor) -> Tensor:
    """A tensor () or (H,) as (H,) where the query lies, in the type of the computation."""
    if tuple(given.shape) not in ((), (heads,)) or not given.is_floating_point():
        raise AttentionError(
            f"{name} is a tensor {tuple(given.shape)} of {given.dtype}; legal is a floating point () or "
            f"({heads},)"
        )
    return given.to(device=query.device, dtype=_compute_dtype(query)).expand(heads)
