"""Turn head masks into a smaller model: heads that are masked out are removed.

Shapes: N heads of the model.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import nn

from .errors import ConfigurationError
from .head_pruning import prune_heads
from .head_sites import find_head_sites

__all__ = ["prune_masked_heads"]

Model = TypeVar("Model", bound=nn.Module)


def prune_masked_heads(model: Model) -> Model:
    """Remove every head whose ``head_mask`` is 0, in place; the model then computes what it did before.

    Args:
        model: a model whose attention is `DistanceAttention`, e.g. one trained with ``head_sparsity``.

    Returns:
        The same model; see ``prune_heads`` for what happens to its configuration.

    Raises:
        ConfigurationError: other attention, or a layer whose heads are all masked out.

    Example:
        >>> from .attention_layer import DistanceAttention
        >>> layer = DistanceAttention(8, 4)
        >>> _ = layer.head_mask.copy_(torch.tensor([1.0, 0.0, 1.0, 0.0]))
        >>> prune_masked_heads(layer).kept_heads
        (0, 2)
    """
    keep: list[bool] = []
    for site in find_head_sites(model):
        mask: Any = getattr(site.attention, "head_mask", None)
        if site.family != "distance" or mask is None:
            raise ConfigurationError(
                f"{site.name} is attention of the kind {site.family!r}, which has no head mask; say with "
                "prune_heads(model, keep) which heads stay"
            )
        keep += (mask != 0).tolist()
    return prune_heads(model, torch.tensor(keep))
