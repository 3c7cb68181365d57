"""Distance attention behind the interface of `torch.nn.MultiheadAttention`, for models that call that.

Shapes: B batch, H heads, T query tokens, S key tokens, C embedding width, D head width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .attention_layer import DistanceAttention
from .errors import AttentionError, ConfigurationError, MaskTypeError

__all__ = ["DistanceMultiheadAttention"]


class DistanceMultiheadAttention(nn.Module):
    """A `DistanceAttention` that is called, masked and answered like `torch.nn.MultiheadAttention`.

    Masks mean what they mean there: a boolean mask is True where a key may **not** be attended, a mask of
    floats is 0 where it may and minus infinity where not. Other floats, which would shift logits, are
    refused. A row that may attend nothing gives 0, not NaN.

    Args:
        attention: the layer that computes.
        batch_first: whether inputs are (B, T, C), otherwise (T, B, C).

    Example:
        >>> layer = DistanceMultiheadAttention(DistanceAttention(8, 2))
        >>> x = torch.randn(1, 5, 8)
        >>> output, weights = layer(x, x, x)
        >>> tuple(output.shape), tuple(weights.shape)
        ((1, 5, 8), (1, 5, 5))
    """

    def __init__(self, attention: DistanceAttention, *, batch_first: bool = True) -> None:
        super().__init__()
        self.attention = attention
        self.batch_first = batch_first
        # torch.nn.TransformerEncoderLayer reads these, and with them leaves its fused path, which would
        # compute dot products of its own.
        self.embed_dim = attention.hidden_size
        self.in_proj_weight = self.in_proj_bias = None
        self._qkv_same_embed_dim = False

    @property
    def num_heads(self) -> int:
        """H, as many as the attention has left."""
        return self.attention.num_heads

    @classmethod
    def from_multihead(
        cls,
        multihead: nn.MultiheadAttention,
        metric: str | Sequence[str] = "l1",
        *,
        p: float | Sequence[float] = 2.0,
        learn_scale: bool = True,
        window: int | None = None,
        backend: str = "auto",
    ) -> DistanceMultiheadAttention:
        """The same projections with another way to compare queries and keys.

        Heads of metric "dot" start with lambda 1, which is the attention that was there: with
        ``metric="dot"`` outputs are the same. Other heads start with the calibrated lambda for the spread of
        queries and keys that the weights give under inputs of unit variance; `DistanceAttention.calibrate`
        fits it to data.

        Args:
            multihead: whose weights, biases, dropout, mode, device and precision are taken over, as copies.
            metric: one name or one per head.
            p: exponent of "lp".
            learn_scale: whether lambda is learned.
            window: as in `DistanceAttention`.
            backend: as in `distance_attention`.

        Returns:
            The layer.

        Raises:
            ConfigurationError: keys or values of another width, extra keys (``add_bias_kv``,
                ``add_zero_attn``), or no `torch.nn.MultiheadAttention`.

        Example:
            >>> _ = torch.manual_seed(0)
            >>> before = nn.MultiheadAttention(8, 2, batch_first=True)
            >>> after = DistanceMultiheadAttention.from_multihead(before, "dot")
            >>> x = torch.randn(1, 5, 8)
            >>> bool(torch.allclose(before(x, x, x)[0], after(x, x, x)[0], atol=1e-6))
            True
        """
        _check_multihead(multihead)
        width, weight = multihead.embed_dim, multihead.in_proj_weight
        spread = float(weight[: 2 * width].detach().double().square().mean()) ** 0.5 * math.sqrt(width)
        attention = DistanceAttention(
            width,
            multihead.num_heads,
            metric=metric,
            p=p,
            learn_scale=learn_scale,
            window=window,
            dropout=multihead.dropout,
            bias=multihead.in_proj_bias is not None,
            backend=backend,
            projection_std=spread if spread > 0 else None,
        )
        attention.to(device=weight.device, dtype=weight.dtype)
        names = ("query_projection", "key_projection", "value_projection")
        with torch.no_grad():
            for index, name in enumerate(names):
                projection, part = getattr(attention, name), slice(index * width, (index + 1) * width)
                projection.weight.copy_(weight[part])
                if multihead.in_proj_bias is not None:
                    projection.bias.copy_(multihead.in_proj_bias[part])
            attention.output_projection.load_state_dict(multihead.out_proj.state_dict())
            for head, name in enumerate(attention.metrics):
                if name == "dot":
                    attention.log_scale_ratio[head] = -math.log(attention.start_scale[head])
        _carry_requires_grad(multihead, attention, names)
        swapped = cls(attention, batch_first=multihead.batch_first)
        return swapped.train(multihead.training)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend; the arguments are those of `torch.nn.MultiheadAttention.forward`.

        Args:
            query: (B, T, C), or (T, B, C), or (T, C).
            key: (B, S, C), and so on.
            value: the same tensor as ``key``, or one that is equal to it.
            key_padding_mask: (B, S), or (S,).
            need_weights: whether to return the weights.
            attn_mask: (T, S) or (B * H, T, S).
            average_attn_weights: whether to return their mean over heads.
            is_causal: that ``attn_mask`` is causal; without ``attn_mask`` it is refused, as there.

        Returns:
            The output, of the shape of the query, and weights (B, T, S), (B, H, T, S) or None.

        Raises:
            AttentionError: values that are not the keys, ``is_causal`` alone, masks of another shape.
            MaskTypeError: a mask of floats other than 0 and minus infinity, or of integers.
        """
        if value is not key and not (value.shape == key.shape and torch.equal(value, key)):
            raise AttentionError(
                "values differ from keys; distance attention takes both from the same tokens, so give one "
                "tensor as key and as value"
            )
        if is_causal and attn_mask is None:
            raise AttentionError("is_causal says what attn_mask is and does not replace it; give attn_mask")
        among_themselves, single = key is query, query.dim() == 2
        states = [self._batched(tensor) for tensor in (query, key)]
        hidden, source = states[0], None if among_themselves else states[1]
        batch, queries, keys = len(hidden), hidden.shape[1], states[1].shape[1]
        mask = self._mask(key_padding_mask, attn_mask, batch, queries, keys)
        output, weights = self.attention(
            hidden, key_value_hidden=source, mask=mask, output_attentions=need_weights
        )
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if single:
            return output[0], None if weights is None else weights[0]
        return output if self.batch_first else output.transpose(0, 1), weights

    def _batched(self, tokens: Tensor) -> Tensor:
        """As (B, T, C)."""
        if tokens.dim() == 2:
            return tokens[None]
        return tokens if self.batch_first else tokens.transpose(0, 1)

    def _mask(
        self, padding: Tensor | None, pairs: Tensor | None, batch: int, queries: int, keys: int
    ) -> Tensor | None:
        """Both masks as one that is True where a key may be attended."""
        padding = _allowed("key_padding_mask", padding)
        pairs = _allowed("attn_mask", pairs)
        if padding is not None:
            padding = padding[None] if padding.dim() == 1 else padding
            _check_shape("key_padding_mask", padding, (batch, keys))
        if pairs is None:
            return padding
        if pairs.dim() == 2:
            _check_shape("attn_mask", pairs, (queries, keys))
            pairs = pairs[None, None]
        else:
            _check_shape("attn_mask", pairs, (batch * self.num_heads, queries, keys))
            pairs = pairs.reshape(batch, self.num_heads, queries, keys)
        return pairs if padding is None else pairs & padding[:, None, None]


def _check_multihead(multihead: Any) -> None:
    """Refuse what distance attention cannot stand in for."""
    if not isinstance(multihead, nn.MultiheadAttention):
        raise ConfigurationError(f"{type(multihead).__name__} is no torch.nn.MultiheadAttention")
    if not multihead._qkv_same_embed_dim:
        raise ConfigurationError(
            f"keys of width {multihead.kdim} and values of width {multihead.vdim} beside queries of "
            f"{multihead.embed_dim} cannot be taken over; all three must have one width"
        )
    if multihead.bias_k is not None or multihead.bias_v is not None or multihead.add_zero_attn:
        raise ConfigurationError(
            "extra keys (add_bias_kv, add_zero_attn) have no place in distance attention"
        )


def _carry_requires_grad(
    multihead: nn.MultiheadAttention, attention: DistanceAttention, names: Sequence[str]
) -> None:
    """Frozen weights stay frozen."""
    for name in names:
        projection = getattr(attention, name)
        projection.weight.requires_grad_(multihead.in_proj_weight.requires_grad)
        if multihead.in_proj_bias is not None:
            projection.bias.requires_grad_(multihead.in_proj_bias.requires_grad)
    for new, old in zip(attention.output_projection.parameters(), multihead.out_proj.parameters()):
        new.requires_grad_(old.requires_grad)


def _allowed(name: str, mask: Tensor | None) -> Tensor | None:
    """A mask of `torch.nn.MultiheadAttention` turned round: True where a key may be attended."""
    if mask is None:
        return None
    if mask.dtype == torch.bool:
        return ~mask
    if not mask.is_floating_point():
        raise MaskTypeError(f"{name} is {mask.dtype}; give a boolean mask, True where nothing is attended")
    allowed = mask == 0
    if not bool((allowed | (mask == float("-inf"))).all()):
        raise MaskTypeError(
            f"{name} holds floats other than 0 and minus infinity; distance attention has no logits to add "
            "them to, give a boolean mask, True where nothing is attended"
        )
    return allowed


def _check_shape(name: str, mask: Tensor, legal: tuple[int, ...]) -> None:
    if tuple(mask.shape) != legal:
        raise AttentionError(f"{name} has the shape {tuple(mask.shape)}; it must be {legal}")
