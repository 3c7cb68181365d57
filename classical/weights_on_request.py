"""Attention weights and distances of chosen query rows, recomputed; the attention paths keep none.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width, R chosen rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .attention_inputs import AttentionInputs, read_inputs
from .dense_attention import dense_distances, masked_weights
from .errors import AttentionError
from .head_factors import Scale

__all__ = ["attention_distances", "attention_weights", "visible_keys"]

Rows = Sequence[int] | Tensor
"""Indices of query rows."""

INDEX_TYPES = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
"""Tensors of these may name rows."""

PIECE = 2**22
"""Numbers in one block of differences q - k."""


def attention_weights(
    query: Tensor,
    key: Tensor,
    metric: str | Sequence[str] = "l1",
    *,
    scale: Scale | None = None,
    p: Scale | None = None,
    causal: bool = False,
    window: int | None = None,
    mask: Tensor | None = None,
    rows: Rows | None = None,
) -> Tensor:
    """softmax(-scale * distance / sqrt(D)) of chosen query rows, without dropout.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D).
        metric: one name or one per head, as in ``distance_attention``, and so for the rest.
        scale: None (calibrated), a number or a tensor () or (H,).
        p: exponent of ``lp``.
        causal: whether order matters.
        window: None or at least 1.
        mask: None or bool.
        rows: which queries, in 0..T-1; None for all.

    Returns:
        (B, H, R, S) in float32, in float64 for float64 inputs. Rows that see nothing are 0.

    Raises:
        AttentionError: for arguments that ``distance_attention`` refuses, and for rows outside.
        MaskTypeError: if the mask is no bool tensor.

    Example:
        >>> tokens = torch.tensor([[0.0], [1.0]]).expand(1, 1, 2, 1)
        >>> attention_weights(tokens, tokens, scale=1000.0, rows=[1])
        tensor([[[[0., 1.]]]])
    """
    inputs = _inputs(query, key, metric, scale, p, causal, window, mask)
    chosen = _read_rows(rows, query.shape[2], query.device)
    distances = _distances(inputs, chosen)
    visible = _rows_of(inputs.visibility.dense(query.device), chosen)
    return masked_weights(-inputs.scale[:, None, None] / query.shape[3] ** 0.5 * distances, visible)


def attention_distances(
    query: Tensor,
    key: Tensor,
    metric: str | Sequence[str] = "l1",
    *,
    p: Scale | None = None,
    rows: Rows | None = None,
) -> Tensor:
    """Distances of chosen query rows to all keys, as ``metrics`` defines them, masks left aside.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D).
        metric: one name or one per head.
        p: exponent of ``lp``.
        rows: which queries, in 0..T-1; None for all.

    Returns:
        (B, H, R, S) in float32, in float64 for float64 inputs.

    Raises:
        AttentionError: for arguments that ``distance_attention`` refuses, and for rows outside.

    Example:
        >>> tokens = torch.tensor([[0.0], [1.0]]).expand(1, 1, 2, 1)
        >>> attention_distances(tokens, tokens)
        tensor([[[[0., 1.],
                  [1., 0.]]]])
    """
    inputs = _inputs(query, key, metric, 1.0, p, False, None, None)
    return _distances(inputs, _read_rows(rows, query.shape[2], query.device))


def visible_keys(
    query: Tensor,
    key: Tensor,
    *,
    causal: bool = False,
    window: int | None = None,
    mask: Tensor | None = None,
    rows: Rows | None = None,
) -> Tensor | None:
    """Which keys chosen query rows may attend.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D).
        causal: whether order matters.
        window: None or at least 1.
        mask: None or bool.
        rows: which queries, in 0..T-1; None for all.

    Returns:
        A bool tensor that broadcasts to (B, H, R, S), or None where every key is visible.

    Raises:
        AttentionError: for arguments that ``distance_attention`` refuses, and for rows outside.
        MaskTypeError: if the mask is no bool tensor.

    Example:
        >>> tokens = torch.zeros(1, 1, 2, 1)
        >>> visible_keys(tokens, tokens, causal=True).tolist()
        [[[[True, False], [True, True]]]]
    """
    inputs = _inputs(query, key, "l1", 1.0, None, causal, window, mask)
    visible = inputs.visibility.dense(query.device)
    return _rows_of(visible, _read_rows(rows, query.shape[2], query.device))


def _rows_of(visible: Tensor | None, rows: Tensor) -> Tensor | None:
    """Chosen query rows of a mask whose rows may be one for all."""
    if visible is None or visible.shape[2] == 1:
        return visible
    return visible.index_select(2, rows)


def _inputs(
    query: Tensor,
    key: Tensor,
    metric: str | Sequence[str],
    scale: Scale | None,
    p: Scale | None,
    causal: bool,
    window: int | None,
    mask: Tensor | None,
) -> AttentionInputs:
    """Checked arguments; the key stands in for the value, which does not matter here."""
    absent = {"dropout": 0.0, "head_gates": None, "seed": None}
    given = {"scale": scale, "p": p, "causal": causal, "window": window, "mask": mask}
    return read_inputs(query, key, key, metric, **given, **absent)  # type: ignore[arg-type]


def _read_rows(rows: Rows | None, queries: int, device: torch.device) -> Tensor:
    """Row indices as a tensor."""
    if rows is None:
        return torch.arange(queries, device=device)
    try:
        chosen = torch.as_tensor(rows)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise AttentionError(f"rows is {rows!r}; give indices from 0 to {queries - 1}") from problem
    legal = chosen.dim() == 1 and chosen.numel() > 0 and chosen.dtype in INDEX_TYPES
    if not legal or int(chosen.min()) < 0 or int(chosen.max()) >= queries:
        raise AttentionError(f"rows is {rows!r}; give indices from 0 to {queries - 1}, at least one")
    return chosen.to(device=device, dtype=torch.long)


def _distances(inputs: AttentionInputs, rows: Tensor) -> Tensor:
    """Distances of chosen rows, head by head, in pieces that bound the memory for differences."""
    query = inputs.query.index_select(2, rows).to(inputs.compute_dtype)
    key = inputs.key.to(inputs.compute_dtype)
    served = query.shape[1] // key.shape[1]
    piece = max(1, PIECE // (query.shape[0] * key.shape[2] * key.shape[3]))
    heads = []
    for head, metric in enumerate(inputs.metrics):
        p = inputs.p[head] if isinstance(inputs.p, Tensor) else inputs.p
        parts = torch.split(query[:, head], piece, 1)
        own = key[:, head // served]
        heads.append(torch.cat([dense_distances(part, own, metric, p) for part in parts], 1))
    return torch.stack(heads, 1)
