"""Where the attention heads of a model are: the one order in which masks, costs and pruning count them.

A head is numbered by its layer first, then by its place in the layer. Three kinds of attention are known, two
of them by their structure, so that a library is not imported to ask about its classes:

- "distance": `DistanceAttention`, in the models of this package or anywhere in another torch model;
- "gpt2": a module with `c_attn`, `c_proj`, `num_heads`, `head_dim` and `split_size` (GPT-2 of transformers);
- "bert": a module with `self.query`, `self.key`, `self.value`, `self.num_attention_heads`,
  `self.attention_head_size` and `output.dense` (BERT, RoBERTa, ELECTRA of transformers).

Shapes: H heads of a layer, N heads of the model, D head width, C hidden size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from .attention_layer import DistanceAttention
from .errors import ConfigurationError

__all__ = ["HeadSite", "find_head_sites"]

_GPT2_PARTS = ("c_attn", "c_proj", "num_heads", "head_dim", "split_size")
_BERT_PARTS = ("query", "key", "value", "num_attention_heads", "attention_head_size")


@dataclass(frozen=True, eq=False)
class HeadSite:
    """The heads of one layer.

    Attributes:
        layer: place of the layer among those with heads, from 0.
        name: of the attention module in the model.
        projection: maps the concatenated outputs of the heads, (..., H * D), to the hidden size, (..., C).
        num_heads: H, as it stands: less than at the start where heads have been pruned.
        head_width: D.
        family: "distance", "bert" or "gpt2".
        attention: the attention module.
    """

    layer: int
    name: str
    projection: nn.Module
    num_heads: int
    head_width: int
    family: str
    attention: nn.Module


def find_head_sites(model: nn.Module) -> list[HeadSite]:
    """All layers with attention among a sequence's own tokens, in the order of the model.

    Attention from a decoder to an encoder is left out: in the models of this package and in those of
    transformers it is recognized; in a torch model that was put together otherwise, every `DistanceAttention`
    is taken. A layer that stands in several places is one layer.

    Args:
        model: a model of this package, a torch model with `DistanceAttention` in it, or a model of
            transformers with attention as in GPT-2 or BERT.

    Returns:
        One site per layer, at least one; in an encoder-decoder of this package the encoder comes first.

    Raises:
        ConfigurationError: no torch model, or one without attention of these kinds.

    Example:
        >>> model = nn.Sequential(nn.Linear(6, 6), DistanceAttention(6, 3))
        >>> [(site.name, site.num_heads, site.head_width) for site in find_head_sites(model)]
        [('1', 3, 2)]
    """
    if not isinstance(model, nn.Module):
        raise ConfigurationError(f"model must be a torch.nn.Module; {type(model).__name__} was given")
    across = _attention_across(model)
    sites: list[HeadSite] = []
    for name, part in model.named_modules():
        if id(part) in across:
            continue
        found = _read_site(len(sites), name, part)
        if found is not None:
            sites.append(found)
    if not sites:
        raise ConfigurationError(_nothing_found(model))
    return sites


def _read_site(layer: int, name: str, part: Any) -> HeadSite | None:
    """The heads of one module, if it has any."""
    if isinstance(part, DistanceAttention):
        projection, heads, width = part.output_projection, part.num_heads, part.head_dim
        return HeadSite(layer, name, projection, heads, width, "distance", part)
    if all(hasattr(part, attribute) for attribute in _GPT2_PARTS):
        return HeadSite(layer, name, part.c_proj, int(part.num_heads), int(part.head_dim), "gpt2", part)
    inner: Any = getattr(part, "self", None)
    dense = getattr(getattr(part, "output", None), "dense", None)
    if isinstance(dense, nn.Module) and all(hasattr(inner, attribute) for attribute in _BERT_PARTS):
        heads, width = int(inner.num_attention_heads), int(inner.attention_head_size)
        return HeadSite(layer, name, dense, heads, width, "bert", part)
    return None


def _attention_across(model: nn.Module) -> set[int]:
    """Identities of the modules that attend to another sequence."""
    found: set[int] = set()
    for part in model.modules():
        # A block of this package names its second attention so; transformers marks it with a switch.
        second = getattr(part, "cross_attention", None)
        if isinstance(second, DistanceAttention) and hasattr(part, "cross_attention_norm"):
            found.add(id(second))
        if getattr(part, "is_cross_attention", False) is True:
            found.add(id(part))
    return found


def _nothing_found(model: nn.Module) -> str:
    """What a model without known attention is told."""
    supported = (
        "supported are DistanceAttention (the Distance* models, or inside any torch model) and attention of "
        "transformers built as in GPT-2 (c_attn, c_proj) or BERT, RoBERTa and ELECTRA (self.query, self.key, "
        "self.value, output.dense)"
    )
    swap = ""
    if any(isinstance(part, nn.MultiheadAttention) for part in model.modules()):
        swap = (
            '; it has torch.nn.MultiheadAttention: replace_attention(model, "dot") replaces it by distance '
            "attention that computes the same"
        )
    return f"{type(model).__name__} has no attention whose heads are known here; {supported}{swap}"
