"""Multiply the output of every head by a gate while a block of code runs, whatever model the heads are in.

transformers has had no head mask since version 5. The gates act where all kinds of attention agree: on the
concatenated outputs of the heads, just before the projection to the hidden size. A gate of 0 there is the
same as removing the head.

Shapes: B batch, H heads of a layer, N heads of the model, T tokens, D head width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .errors import ConfigurationError
from .head_sites import HeadSite, find_head_sites

__all__ = ["masked_heads"]


@contextmanager
def masked_heads(model: nn.Module, gates: Any) -> Iterator[None]:
    """Multiply head outputs by gates inside the ``with`` block.

    The model is not changed: hooks are set on the output projections and taken away at the end, also after
    an error. Blocks may be nested, gates are then multiplied. Gates may require gradients; with one row per
    example, one backward pass of a summed loss gives the gradient of each example's own loss in its row. With
    gradient checkpointing the backward pass has to run inside the block, since it runs layers again; outside
    it torch finds other tensors than before and raises (reentrant checkpointing does not notice). The
    model's own gates, such as those of `set_head_mask`, act besides.

    Args:
        model: a model `find_head_sites` knows; before `torch.compile`.
        gates: (N,), or (B, N) with one row per entry of the first dimension of what the projections are
            given: per example where that is the batch. Truth values, integers or floats, in the order of
            `find_head_sites`; 1 keeps a head as it is, 0 takes it out. Finite outputs of a head with gate 0
            add exactly 0.

    Yields:
        Nothing.

    Raises:
        ConfigurationError: no attention known, a compiled model, gates of another shape or kind or not
            finite; and from the model's call, gates per example whose number is not that of the batch.

    Example:
        >>> from .attention_layer import DistanceAttention
        >>> layer, x = DistanceAttention(4, 2, bias=False), torch.ones(1, 3, 4)
        >>> with masked_heads(layer, [False, False]):
        ...     bool((layer(x)[0] == 0).all())
        True
    """
    sites = find_head_sites(model)
    _check_uncompiled(model)
    read = _read_gates(gates, sum(site.num_heads for site in sites))
    handles: list[Any] = []
    first = 0
    try:
        for site in sites:
            hook = partial(_multiply, site, read, first)
            handles.append(site.projection.register_forward_pre_hook(hook))
            first += site.num_heads
        yield
    finally:
        for handle in handles:
            handle.remove()


def _multiply(site: HeadSite, gates: Tensor, first: int, module: nn.Module, inputs: tuple[Any, ...]) -> Any:
    """The inputs of an output projection with each head's part multiplied by its gate."""
    states: Tensor = inputs[0]
    if states.shape[-1] != site.num_heads * site.head_width:
        raise ConfigurationError(
            f"{site.name or 'the attention'} had {site.num_heads} heads of width {site.head_width} when the "
            f"block began, and now hands {states.shape[-1]} numbers to its projection; prune outside the "
            "block"
        )
    own = gates[..., first : first + site.num_heads].to(device=states.device, dtype=states.dtype)
    factors = own.unsqueeze(-1).expand(*own.shape, site.head_width).flatten(-2)
    if factors.dim() == 2:
        if len(factors) != len(states):
            raise ConfigurationError(
                f"gates have {len(factors)} rows, but {site.name or 'the attention'} was called on states of "
                f"shape {tuple(states.shape)}; give one row per entry of their first dimension, or one row "
                "for all (N,)"
            )
        factors = factors.view(len(factors), *([1] * (states.dim() - 2)), -1)
    return (states * factors, *inputs[1:])


def _read_gates(gates: Any, heads: int) -> Tensor:
    """The gates as a tensor of a legal shape and kind."""
    try:
        read = torch.as_tensor(gates)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise ConfigurationError(
            f"gates are {type(gates).__name__}, which is no tensor of numbers ({problem}); give ({heads},) "
            f"or (batch, {heads})"
        ) from problem
    if read.is_complex() or read.dim() not in (1, 2) or read.shape[-1] != heads:
        raise ConfigurationError(
            f"gates are {read.dtype} of shape {tuple(read.shape)}; give truth values, integers or floats of "
            f"shape ({heads},), one for each head of the model, or (batch, {heads})"
        )
    if not bool(torch.isfinite(read).all()):
        raise ConfigurationError("gates are not all finite; 0 takes a head out, 1 keeps it as it is")
    return read


def _check_uncompiled(model: nn.Module) -> None:
    """Refuse compiled models: they ignore hooks that are set after compilation, without a word."""
    for name, part in model.named_modules():
        compiled = getattr(part, "_compiled_call_impl", None) is not None
        if compiled or isinstance(getattr(part, "_orig_mod", None), nn.Module):
            raise ConfigurationError(
                f"{name or type(model).__name__} is compiled, and compiled code does not see gates; mask the "
                "model before torch.compile"
            )
