"""Put distance attention into a model that somebody else has built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from .errors import ConfigurationError
from .module_selection import select_modules
from .swapped_attention import DistanceMultiheadAttention

__all__ = ["replace_attention"]


def replace_attention(
    model: nn.Module,
    metric: str | Sequence[str] = "l1",
    *,
    modules: str | Sequence[str] | None = None,
    p: float | Sequence[float] = 2.0,
    learn_scale: bool = True,
    window: int | None = None,
    backend: str = "auto",
) -> list[str]:
    """Replace every `torch.nn.MultiheadAttention` in a model by distance attention, weights carried over.

    It works in place on what `torch.nn.TransformerEncoder`, ``TransformerDecoder`` and other models hold.
    With ``metric="dot"`` the model computes what it did before, which is a check; with another metric it has
    to be trained on, or calibrated on data. Parameters are new ones: make the optimizer afterwards.

    Args:
        model: any torch model.
        metric: one name or one per head.
        modules: names of the attention layers to replace, with wildcards; None for all.
        p: exponent of "lp".
        learn_scale: whether lambda is learned.
        window: how many positions a query sees, or None.
        backend: as in `distance_attention`.

    Returns:
        Names of what was replaced.

    Raises:
        ConfigurationError: no such layer, the model is itself one
            (`DistanceMultiheadAttention.from_multihead` makes a new one of it), or one that cannot be taken
            over. Nothing is replaced then.
        AttentionError: wrong metric, exponent or window. Nothing is replaced then.

    Example:
        >>> model = nn.TransformerEncoderLayer(8, 2, batch_first=True)
        >>> replace_attention(model, "l2")
        ['self_attn']
    """
    named = select_modules(model, "*" if modules is None else modules)
    found = {name: part for name, part in named.items() if isinstance(part, nn.MultiheadAttention)}
    if not found:
        raise ConfigurationError(
            f"{type(model).__name__} has no torch.nn.MultiheadAttention"
            + ("" if modules is None else f" named {modules!r}")
        )
    if "" in found:
        raise ConfigurationError(
            "the model is itself a torch.nn.MultiheadAttention and cannot be replaced in place; make a new "
            "layer of it with DistanceMultiheadAttention.from_multihead"
        )
    options: dict[str, Any] = {"p": p, "learn_scale": learn_scale, "window": window, "backend": backend}
    # All are built before the first is put in, so that an error leaves the model as it was.
    built = {
        id(part): DistanceMultiheadAttention.from_multihead(part, metric, **options)
        for part in found.values()
    }
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if id(child) in built:
                setattr(parent, name, built[id(child)])
        if isinstance(parent, nn.TransformerEncoder):
            parent.use_nested_tensor = False  # its fused path reads the weights of the layers
    return list(found)
