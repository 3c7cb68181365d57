"""The layers of a model that hold experts, by number."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from ..classical.moe_layer import MoELayer
from ..errors import OptionError

__all__ = ["expert_layer", "find_expert_layers"]

_BLOCK = re.compile(r"(?:^|\.)blocks\.(\d+)\.feed_forward$")


def find_expert_layers(model: nn.Module) -> dict[int, MoELayer]:
    """Mixtures of experts by number.

    Args:
        model: any torch model.

    Returns:
        By number of the transformer block, from 0, in models of this package; in other models, and in those
        with an encoder and a decoder, by order.

    Example:
        >>> find_expert_layers(nn.Sequential(nn.Tanh(), MoELayer(4, 8, num_experts=2))).keys()
        dict_keys([0])
    """
    found = [(name, part) for name, part in model.named_modules() if isinstance(part, MoELayer)]
    blocks = [_BLOCK.search(name) for name, _ in found]
    numbers = [int(block.group(1)) for block in blocks if block]
    if len(set(numbers)) < len(found):
        numbers = list(range(len(found)))
    return {number: part for number, (_, part) in zip(numbers, found, strict=True)}


def expert_layer(model: Any, layer: Any) -> MoELayer:
    """The mixture of experts of one number.

    Args:
        model: any torch model.
        layer: the number, see `find_expert_layers`.

    Returns:
        The layer.

    Raises:
        OptionError: no model, or no experts there.

    Example:
        >>> expert_layer(nn.Linear(2, 2), 0)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: Linear has no layer with experts; give a model with feed_forward="moe"
    """
    if not isinstance(model, nn.Module):
        raise OptionError(f"model is {type(model).__name__}; it must be a torch.nn.Module")
    layers = find_expert_layers(model)
    if not layers:
        raise OptionError(
            f'{type(model).__name__} has no layer with experts; give a model with feed_forward="moe"'
        )
    whole = isinstance(layer, int) and not isinstance(layer, bool)
    if not whole or layer not in layers:
        raise OptionError(f"layer is {layer!r}; layers with experts are {', '.join(map(str, layers))}")
    return layers[layer]
