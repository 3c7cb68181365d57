"""Checks of the tensors that attention takes: each says what was given, what is legal, and what to do.

Shapes: B batch, H query heads, K key-value heads, T query tokens, S key tokens, D head width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .errors import AttentionError

__all__ = ["check_device", "check_gates", "check_query_key", "check_tensor"]

FLOATING_TYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
"""What attention computes with; the 8-bit types of torch have no arithmetic."""


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
    check_tensor("query", query)
    check_tensor("key", key)
    check_device("key", key, query)
    if query.shape[0] != key.shape[0] or query.shape[3] != key.shape[3]:
        raise AttentionError(
            f"query {tuple(query.shape)} and key {tuple(key.shape)} must agree in batch (first) and width "
            "(last)"
        )
    if query.shape[1] % key.shape[1]:
        raise AttentionError(
            f"{query.shape[1]} query heads are no multiple of {key.shape[1]} key-value heads; each key-value "
            "head serves the same number of query heads"
        )


def check_tensor(name: str, tensor: object) -> None:
    """A floating point tensor of four dimensions, none of them empty.

    Args:
        name: what the argument is called.
        tensor: what a user gave.

    Raises:
        AttentionError: for anything else.

    Example:
        >>> check_tensor("value", torch.zeros(1, 4, 2, 8))
    """
    if not isinstance(tensor, Tensor):
        raise AttentionError(
            f"{name} is {type(tensor).__name__}; give a tensor (batch, heads, tokens, width)"
        )
    if tensor.dim() != 4 or 0 in tensor.shape:
        raise AttentionError(
            f"{name} has shape {tuple(tensor.shape)}; legal is (batch, heads, tokens, width), each at least 1"
        )
    if tensor.dtype not in FLOATING_TYPES:
        raise AttentionError(f"{name} is of {tensor.dtype}; legal are float64, float32, bfloat16 and float16")


def check_device(name: str, tensor: Tensor, query: Tensor) -> None:
    """A tensor lies where the query does.

    Args:
        name: what the argument is called.
        tensor: the argument.
        query: the query.

    Raises:
        AttentionError: if not.

    Example:
        >>> check_device("mask", torch.ones(2), torch.zeros(1, 1, 2, 3))
    """
    if tensor.device != query.device:
        raise AttentionError(
            f"query is on {query.device}, {name} on {tensor.device}; bring them to one device"
        )


def check_gates(gates: object, query: Tensor) -> Tensor | None:
    """Head gates as a tensor that broadcasts to (B, H, 1, 1).

    Args:
        gates: None, or a floating point tensor (H,) or (B, H) where the query lies.
        query: (B, H, T, D).

    Returns:
        A view of four dimensions, or None.

    Raises:
        AttentionError: for another shape, type or device.

    Example:
        >>> check_gates(torch.ones(3), torch.zeros(2, 3, 5, 4)).shape
        torch.Size([1, 3, 1, 1])
    """
    if gates is None:
        return None
    batch, heads = query.shape[:2]
    legal = f"legal is a floating point tensor ({heads},) or ({batch}, {heads})"
    if not isinstance(gates, Tensor):
        raise AttentionError(f"head_gates is {type(gates).__name__}; {legal}")
    if tuple(gates.shape) not in ((heads,), (batch, heads)) or not gates.is_floating_point():
        raise AttentionError(f"head_gates is a tensor {tuple(gates.shape)} of {gates.dtype}; {legal}")
    check_device("head_gates", gates, query)
    return gates.reshape(-1, heads, 1, 1)
