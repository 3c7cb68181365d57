"""Attention by distance: softmax(-scale * distance(query, key) / sqrt(D)) value.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width, V value width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .attention_inputs import AttentionInputs, read_inputs
from .attention_paths import attend_in_tiles
from .backend_choice import BackendChoice, check_backend, choose_backend
from .head_factors import Scale
from .metrics import HeadGroup, group_heads
from .sdpa_attention import sdpa_attention

__all__ = ["distance_attention", "explain_backend"]


def distance_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    metric: str | Sequence[str] = "l1",
    *,
    scale: Scale | None = None,
    p: Scale | None = None,
    causal: bool = False,
    window: int | None = None,
    mask: Tensor | None = None,
    dropout: float = 0.0,
    head_gates: Tensor | None = None,
    backend: str = "auto",
    seed: int | None = None,
) -> Tensor:
    """Attention with a metric in place of the dot product.

    Args:
        query: (B, H, T, D), floating point.
        key: (B, K, S, D), H a multiple of K; query head h uses key-value head h // (H // K).
        value: (B, K, S, V).
        metric: a name out of ``metrics.METRICS`` (which has the formulas and subgradients), or one per head.
        scale: factor of the distance, positive: None (``calibrated_scale`` for unit normal queries and keys),
            a number, or a tensor () or (H,), to which gradients flow.
        p: exponent of ``lp``, at least 1: None (2), a number, or a tensor () or (H,), to which gradients
            flow.
        causal: no query attends a key after its own position; query t stands at position S - T + t.
        window: None, or w >= 1: only keys fewer than w steps away, with ``causal`` only backward.
        mask: bool, True where a key may be attended: (B, S), (B, T, S), or four dimensions that broadcast to
            (B, H, T, S). A query that may attend nothing gets 0, and gives no gradient.
        dropout: probability in [0, 1) with which a weight is set to 0, the others growing by 1 / (1 -
            dropout).
        head_gates: None, (H,) or (B, H): factors of the output of each head.
        backend: ``"auto"``, ``"sdpa"`` (squared_l2, cosine, dot), ``"tiled"``, ``"kernel"`` (l1, lp,
            chebyshev) or ``"dense"``; ``explain_backend`` says what auto takes.
        seed: of dropout; None draws one number from torch's default generator.

    Returns:
        (B, H, T, V) in the common floating type of query, key and value.

    Raises:
        AttentionError: for arguments that are not as described.
        MaskTypeError: if the mask is no bool tensor.

    Example:
        >>> query = torch.tensor([[0.0], [1.0]]).expand(1, 1, 2, 1)
        >>> distance_attention(query, query, query, "l1", scale=1000.0).flatten().tolist()
        [0.0, 1.0]
    """
    check_backend(backend)
    inputs = read_inputs(
        query,
        key,
        value,
        metric,
        scale=scale,
        p=p,
        causal=causal,
        window=window,
        mask=mask,
        dropout=dropout,
        head_gates=head_gates,
        seed=seed,
    )
    # Half precision enters and leaves; in between the paths choose their own precision.
    with torch.autocast(query.device.type, enabled=False):
        output = _attend(inputs, backend)
    return output if inputs.gates is None else output * inputs.gates.to(output.dtype)


def explain_backend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    metric: str | Sequence[str] = "l1",
    *,
    scale: Scale | None = None,
    p: Scale | None = None,
    causal: bool = False,
    window: int | None = None,
    mask: Tensor | None = None,
    dropout: float = 0.0,
    head_gates: Tensor | None = None,
    backend: str = "auto",
    seed: int | None = None,
) -> BackendChoice:
    """What ``distance_attention`` would use for the same arguments, and why; nothing is computed.

    Args:
        query: as in ``distance_attention``, and so for all others.
        key: (B, K, S, D).
        value: (B, K, S, V).
        metric: one name or one per head.
        scale: None, number or tensor.
        p: None, number or tensor.
        causal: whether order matters.
        window: None or at least 1.
        mask: None or bool.
        dropout: probability.
        head_gates: None, (H,) or (B, H).
        backend: the request.
        seed: None or an integer.

    Returns:
        Name and reason.

    Raises:
        AttentionError: for arguments that ``distance_attention`` refuses, or a backend that cannot serve.
        MaskTypeError: if the mask is no bool tensor.

    Example:
        >>> tokens = torch.zeros(1, 1, 4, 8)
        >>> explain_backend(tokens, tokens, tokens, backend="dense").name
        'dense'
    """
    check_backend(backend)
    inputs = read_inputs(
        query,
        key,
        value,
        metric,
        scale=scale,
        p=p,
        causal=causal,
        window=window,
        mask=mask,
        dropout=dropout,
        head_gates=head_gates,
        seed=seed,
    )
    choices = [choose_backend(name, inputs, backend) for name in dict.fromkeys(inputs.metrics)]
    names = "+".join(dict.fromkeys(choice.name for choice in choices))
    return BackendChoice(names, "; ".join(choice.reason for choice in choices))


def _attend(inputs: AttentionInputs, backend: str) -> Tensor:
    """Every group of heads by its path, put together in the order of the heads."""
    groups = group_heads(inputs.metrics, inputs.key.shape[1])
    seed = inputs.seed
    if seed is None and inputs.dropout:
        seed = int(torch.randint(2**62, ()))
    outputs = [_attend_group(inputs, group, backend, seed or 0) for group in groups]
    if len(groups) == 1:
        return outputs[0]
    order = [head for group in groups for head in group.query_heads]
    places = torch.tensor(sorted(range(len(order)), key=order.__getitem__), device=inputs.query.device)
    return torch.cat(outputs, 1).index_select(1, places)


def _attend_group(inputs: AttentionInputs, group: HeadGroup, backend: str, seed: int) -> Tensor:
    """The heads of one metric, by the path chosen for them."""
    choice = choose_backend(group.metric, inputs, backend)
    query, key, value, scale, p = inputs.query, inputs.key, inputs.value, inputs.scale, inputs.p
    sight = inputs.visibility
    if len(group.query_heads) != query.shape[1]:
        heads = torch.tensor(group.query_heads, device=query.device)
        owners = torch.tensor(group.key_value_heads, device=query.device)
        query, scale = query.index_select(1, heads), scale[heads]
        key, value = key.index_select(1, owners), value.index_select(1, owners)
        p = p[heads] if isinstance(p, Tensor) else p
        sight = sight.of_heads(group.query_heads)
    if choice.name == "sdpa":
        return sdpa_attention(query, key, value, group.metric, scale, sight.order_matters, inputs.dropout)
    output = attend_in_tiles(
        query.to(inputs.compute_dtype),
        key.to(inputs.compute_dtype),
        value.to(inputs.compute_dtype),
        group.metric,
        scale,
        p if group.metric == "lp" else None,
        sight,
        dropout=inputs.dropout,
        # Other groups count their tiles from 0 too, and must not drop the same weights.
        seed=seed + 1000003 * group.query_heads[0],
        path=choice.name,
    )
    return output.to(inputs.query.dtype)
