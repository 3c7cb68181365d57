"""What a model refuses before it computes: ids outside the vocabulary, sequences too long, unusable masks.

Shapes: B batch, L layers, H heads, T query tokens, S all tokens including cached ones.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .errors import ConfigurationError, MaskTypeError

__all__ = [
    "check_cache",
    "check_head_gates",
    "check_length",
    "check_positions",
    "check_token_ids",
    "check_width",
    "one_input",
    "read_mask",
]


def check_cache(cache: Any) -> None:
    """Refuse a cache of fixed size: its empty places would count as positions.

    Args:
        cache: a cache of transformers, or None.

    Raises:
        ConfigurationError: it has a fixed size.

    Example:
        >>> check_cache(None)
    """
    if getattr(cache, "is_compileable", False):
        raise ConfigurationError(
            f"past_key_values is a {type(cache).__name__}, of fixed size; these models need one that grows: "
            'DynamicCache, in generate cache_implementation="dynamic"'
        )


def check_token_ids(token_ids: Tensor, vocab_size: int) -> None:
    """Refuse ids outside the vocabulary; on a CPU only, elsewhere looking would wait for the device.

    Args:
        token_ids: integers, (B, T).
        vocab_size: number of ids.

    Raises:
        ConfigurationError: no integers, or an id below 0 or from `vocab_size` on.

    Example:
        >>> check_token_ids(torch.tensor([[0, 9]]), 10)
    """
    if token_ids.dtype not in (torch.int64, torch.int32):
        raise ConfigurationError(f"token ids are {token_ids.dtype}; they must be torch.int64 or torch.int32")
    if token_ids.dim() != 2:
        raise ConfigurationError(
            f"token ids have the shape {tuple(token_ids.shape)}; it must be (batch, tokens)"
        )
    if token_ids.device.type != "cpu" or not token_ids.numel():
        return
    low, high = (int(bound) for bound in token_ids.aminmax())
    if low < 0 or high >= vocab_size:
        raise ConfigurationError(
            f"the largest token id is {high} and the smallest {low}, but the vocabulary has {vocab_size} "
            f"entries "
            f"(0 to {vocab_size - 1}); use the tokenizer the model was made for, or resize_token_embeddings"
        )


def check_length(length: int, longest: int) -> None:
    """Refuse a sequence longer than the table of learned positions.

    Args:
        length: tokens, cached ones included.
        longest: entries of the table.

    Raises:
        ConfigurationError: it is longer.

    Example:
        >>> check_length(10, 10)
    """
    if length > longest:
        raise ConfigurationError(
            f"the sequence has {length} tokens, but there are learned positions for {longest}; shorten it, "
            f"or build "
            'the model with a larger max_position_embeddings or position="rotary"'
        )


def one_input(input_ids: Any, input_values: Any, inputs_embeds: Any) -> Tensor:
    """The one of the three inputs that is given.

    Args:
        input_ids: (B, T).
        input_values: (B, T, value_width).
        inputs_embeds: (B, T, C).

    Returns:
        That input.

    Raises:
        ConfigurationError: not exactly one is given, or it is no tensor with sequences of at least one token.

    Example:
        >>> one_input(torch.zeros(1, 1), None, None)
        tensor([[0.]])
    """
    inputs = {"input_ids": input_ids, "input_values": input_values, "inputs_embeds": inputs_embeds}
    given = {name: value for name, value in inputs.items() if value is not None}
    if len(given) != 1:
        raise ConfigurationError(
            f"{' and '.join(given) or 'nothing'} given; give one of input_ids, input_values and inputs_embeds"
        )
    ((name, value),) = given.items()
    if not isinstance(value, Tensor):
        raise ConfigurationError(f"{name} is {type(value).__name__}; give a tensor (batch, tokens, ...)")
    if value.dim() < 2 or 0 in value.shape:
        raise ConfigurationError(
            f"{name} has the shape {tuple(value.shape)}; it must be (batch, tokens, ...), each at least 1"
        )
    return value


def check_width(name: str, vectors: Tensor, width: int) -> None:
    """Refuse vectors of another width.

    Args:
        name: what the argument is called.
        vectors: (B, T, width).
        width: what the model takes.

    Raises:
        ConfigurationError: another shape.

    Example:
        >>> check_width("inputs_embeds", torch.zeros(1, 3, 8), 8)
    """
    if vectors.dim() != 3 or vectors.shape[-1] != width:
        raise ConfigurationError(
            f"{name} has the shape {tuple(vectors.shape)}; it must be (batch, tokens, {width})"
        )


def check_positions(positions: Tensor, batch: int, length: int) -> None:
    """Refuse positions that are none; their signs on a CPU only, elsewhere looking would wait for the device.

    Args:
        positions: integers from 0, (B, T) or (1, T).
        batch: B.
        length: T.

    Raises:
        ConfigurationError: another shape, no integers, or one below 0.

    Example:
        >>> check_positions(torch.tensor([[0, 1, 2]]), batch=4, length=3)
    """
    if tuple(positions.shape) not in ((batch, length), (1, length)):
        raise ConfigurationError(
            f"position_ids has the shape {tuple(positions.shape)}; it must be ({batch}, {length}) or "
            f"(1, {length})"
        )
    if positions.dtype not in (torch.int64, torch.int32):
        raise ConfigurationError(
            f"position_ids are {positions.dtype}; they must be torch.int64 or torch.int32"
        )
    if positions.device.type == "cpu" and int(positions.min()) < 0:
        raise ConfigurationError(f"the smallest position is {int(positions.min())}; positions start at 0")


def read_mask(mask: Tensor | None, batch: int, length: int) -> Tensor | None:
    """A mask of zeros and ones as a boolean one; None where it hides nothing, so that faster paths stay open.

    Args:
        mask: (B, S) of integers or truth values, 1 for a real token; or a boolean mask (B, T, S) or (B, 1, T,
            S).
        batch: B.
        length: S.

    Returns:
        The boolean mask, or None.

    Raises:
        MaskTypeError: a mask of floats.
        ConfigurationError: a shape that does not fit.

    Example:
        >>> read_mask(torch.tensor([[1, 1, 0]]), 1, 3)
        tensor([[ True,  True, False]])
        >>> read_mask(torch.ones(1, 3, dtype=torch.long), 1, 3)
    """
    if mask is None:
        return None
    if mask.is_floating_point() or mask.is_complex():
        raise MaskTypeError(
            f"attention_mask is {mask.dtype}; give integers or truth values, 1 for a real token and 0 for "
            f"padding"
        )
    if mask.dim() not in (2, 3, 4) or mask.shape[0] not in (1, batch) or mask.shape[-1] != length:
        raise ConfigurationError(
            f"attention_mask has the shape {tuple(mask.shape)}; it must be ({batch}, {length}), cached "
            f"tokens included"
        )
    visible = mask if mask.dtype == torch.bool else mask != 0
    return None if bool(visible.all()) else visible.expand(batch, *visible.shape[1:])


def check_head_gates(head_gates: Tensor | None, layers: int, batch: int, heads: int) -> None:
    """Refuse head gates of a wrong shape.

    Args:
        head_gates: (L, H) or (L, B, H).
        layers: L.
        batch: B.
        heads: H.

    Raises:
        ConfigurationError: another shape.

    Example:
        >>> check_head_gates(torch.ones(2, 4), layers=2, batch=3, heads=4)
    """
    if head_gates is not None and tuple(head_gates.shape) not in ((layers, heads), (layers, batch, heads)):
        raise ConfigurationError(
            f"head_gates has the shape {tuple(head_gates.shape)}; it must be ({layers}, {heads}), one per "
            f"layer and "
            f"head, or ({layers}, {batch}, {heads}), for each sequence too"
        )
