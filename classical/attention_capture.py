"""Hear every `DistanceAttention` of a model while it runs: what it is given, before it computes.

Shapes: B batch, H heads, T query tokens, S key tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .attention_layer import DistanceAttention
from .attention_masks import check_mask
from .attention_tiles import WeightInputs
from .errors import ConfigurationError

__all__ = ["AttentionCall", "attention_layers", "hear_attention", "undisturbed"]


@dataclass(frozen=True, eq=False)
class AttentionCall:
    """One call of one layer.

    Attributes:
        name: of the layer in the model; with ``" (2)"`` and so on where it is called again.
        layer: the layer.
        inputs: all that its weights depend on.
        across: whether keys and values come from another sequence than the queries.
        real: which query rows are no padding, boolean, (B, T).
        first_key: index of the first key of each sequence that is no padding, (B,).
        gates: what each head's output is multiplied with, mean over the batch, (H,).
    """

    name: str
    layer: DistanceAttention
    inputs: WeightInputs
    across: bool
    real: Tensor
    first_key: Tensor
    gates: Tensor


def attention_layers(model: nn.Module) -> dict[str, DistanceAttention]:
    """The distance attention of a model.

    Args:
        model: any torch model.

    Returns:
        Name -> layer, at least one.

    Raises:
        ConfigurationError: no torch model, or one without distance attention.

    Example:
        >>> list(attention_layers(nn.Sequential(nn.Linear(4, 4), DistanceAttention(4, 2))))
        ['1']
    """
    if not isinstance(model, nn.Module):
        raise ConfigurationError(f"model must be a torch.nn.Module; {type(model).__name__} was given")
    layers = {name: part for name, part in model.named_modules() if isinstance(part, DistanceAttention)}
    if not layers:
        raise ConfigurationError(
            f"{type(model).__name__} has no DistanceAttention layer, so there is nothing to report; other "
            "attention has to be replaced by it first"
        )
    return layers


@contextmanager
def hear_attention(
    model: nn.Module, visit: Callable[[AttentionCall], None], *, across_rows: Tensor | None = None
) -> Iterator[None]:
    """Show every call of every distance attention to a function while the block runs.

    Args:
        model: any torch model.
        visit: called before the layer computes; what it returns is ignored.
        across_rows: which queries of attention to another sequence are no padding, boolean, (B, T): such a
            layer is told the padding of its keys alone.

    Yields:
        Nothing.

    Raises:
        ConfigurationError: the model has no distance attention, or brings keys from a cache.
    """
    calls: dict[str, int] = {}

    def before(name: str, layer: DistanceAttention, arguments: Any, keywords: dict[str, Any]) -> None:
        calls[name] = calls.get(name, 0) + 1
        shown = name if calls[name] == 1 else f"{name} ({calls[name]})"
        visit(_read_call(shown, layer, arguments, keywords, across_rows))

    handles = [
        layer.register_forward_pre_hook(partial(before, name), with_kwargs=True)
        for name, layer in attention_layers(model).items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _read_call(
    name: str, layer: DistanceAttention, arguments: Any, given: dict[str, Any], across_rows: Tensor | None
) -> AttentionCall:
    """What a call of a layer means, from its arguments."""
    hidden: Tensor = arguments[0] if arguments else given["hidden"]
    source, cache = given.get("key_value_hidden"), given.get("past_key_values")
    if cache is not None and int(cache.get_seq_length(given.get("layer_index", 0))):
        raise ConfigurationError(
            f"{name} was given keys of earlier tokens in a cache; report on whole sequences, without "
            "past_key_values"
        )
    query, key, value = layer.project(hidden, source, given.get("positions"))
    scale = layer.effective_scale()
    if given.get("control") is not None:
        scale = scale * given["control"].signal(layer.kept_heads).scale_factor
    batch, heads, queries, _ = query.shape
    mask = check_mask(given.get("mask"), batch, heads, queries, key.shape[2])
    inputs = WeightInputs(
        query,
        key,
        value,
        layer.metrics,
        scale,
        p=layer.effective_p() if "lp" in layer.metrics else None,
        causal=layer.causal,
        window=layer.window,
        mask=mask,
    )
    across = source is not None and source is not hidden
    real = torch.ones(batch, queries, dtype=torch.bool, device=query.device)
    if across and across_rows is not None and tuple(across_rows.shape) == (batch, queries):
        real = across_rows.to(query.device)
    if not across and mask is not None and mask.shape[1] == mask.shape[2] == 1:
        real = mask[:, 0, 0].expand(batch, -1)  # a mask of keys alone says which tokens are padding
    first_key = torch.zeros(batch, dtype=torch.long, device=query.device)
    if mask is not None:
        first_key = mask.flatten(1, 2).any(1).int().argmax(-1).expand(batch)
    gates = layer.head_mask
    if given.get("head_gates") is not None:
        gates = gates * given["head_gates"].reshape(-1, heads).mean(0)
    return AttentionCall(name, layer, inputs, across, real, first_key, gates)


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Run a model for a look: evaluation mode, no gradients, and afterwards everything as it was before.

    Args:
        model: any torch model.

    Yields:
        Nothing.

    Example:
        >>> model = nn.Dropout(0.5).train()
        >>> with undisturbed(model):
        ...     model.training, torch.is_grad_enabled()
        (False, False)
        >>> model.training
        True
    """
    modes = [(part, part.training) for part in model.modules()]
    tensors = [*model.parameters(), *model.buffers()]
    devices = sorted({tensor.get_device() for tensor in tensors if tensor.device.type == "cuda"})
    try:
        with torch.random.fork_rng(devices=devices), torch.no_grad():
            model.eval()
            yield
    finally:
        for part, training in modes:
            part.training = training
