"""What changes in the attention of each family when some of its heads go.

Shapes: H heads as they stand, Hkv key and value heads, D head width, C hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from .attention_layer import DistanceAttention
from .choosing_attention import ChoosingAttention
from .errors import ConfigurationError
from .head_sites import HeadSite
from .kept_heads import key_value_heads_of
from .projection_slices import Change, kept_inputs, kept_outputs, projection_sizes, sliced

__all__ = ["distance_changes", "site_changes"]

_PER_HEAD = ("log_scale_ratio", "p_excess", "head_mask")


def distance_changes(
    layer: DistanceAttention,
    kept: Sequence[int],
    key_value: Sequence[int] | None = None,
    name: str = "attention",
) -> list[Change]:
    """The changes that leave a distance attention some of its heads.

    Args:
        layer: the layer.
        kept: which of its H heads stay, ascending.
        key_value: which of its Hkv key and value heads these read; by the rule of `kept_heads` by default.
        name: of the layer, for errors.

    Returns:
        The changes.

    Raises:
        ConfigurationError: parts that are not those of `DistanceAttention`.

    Example:
        >>> from .projection_slices import apply_changes
        >>> layer = DistanceAttention(8, 4, metric=["l1", "l2", "dot", "cosine"])
        >>> apply_changes(distance_changes(layer, [1, 3]))
        >>> layer.metrics, layer.kept_heads, tuple(layer.query_projection.weight.shape)
        (('l2', 'cosine'), (1, 3), (4, 8))
    """
    names = {name for name, _ in layer.named_parameters(recurse=False)}
    _check_known(name, names - set(_PER_HEAD))
    if key_value is None:
        key_value = key_value_heads_of(kept, layer.num_heads, layer.num_key_value_heads)
    queries, keys = _entries(kept, layer.head_dim), _entries(key_value, layer.head_dim)
    changes = [
        *kept_outputs(layer.query_projection, queries, f"{name}.query_projection"),
        *kept_outputs(layer.key_projection, keys, f"{name}.key_projection"),
        *kept_outputs(layer.value_projection, keys, f"{name}.value_projection"),
        *kept_inputs(layer.output_projection, queries, f"{name}.output_projection"),
        Change(layer, "num_heads", len(kept)),
        Change(layer, "num_key_value_heads", len(key_value)),
        Change(layer, "kept_heads", tuple(layer.kept_heads[head] for head in kept)),
        Change(layer, "kept_key_value_heads", tuple(layer.kept_key_value_heads[head] for head in key_value)),
        Change(layer, "log_scale_ratio", sliced(layer.log_scale_ratio, kept)),
        Change(layer, "head_mask", sliced(layer.head_mask, kept)),
    ]
    for attribute in ("metrics", "start_p", "start_scale"):
        values = getattr(layer, attribute)
        changes.append(Change(layer, attribute, tuple(values[head] for head in kept)))
    if isinstance(layer, ChoosingAttention):
        scales = tuple(tuple(row[head] for head in kept) for row in layer.candidate_scales)
        changes.append(Change(layer, "candidate_scales", scales))
    if layer.learn_p:
        # Without a head that reads it the exponent would be a parameter that never gets a gradient.
        needed = any(layer.metrics[head] == "lp" for head in kept)
        changes.append(Change(layer, "p_excess", sliced(layer.p_excess, kept) if needed else None))
        changes.append(Change(layer, "learn_p", needed))
    return changes


def site_changes(site: HeadSite, kept: Sequence[int]) -> list[Change]:
    """The changes that leave one layer some of its heads.

    Args:
        site: the layer.
        kept: which of its heads stay, ascending.

    Returns:
        The changes.

    Raises:
        ConfigurationError: projections of another kind or size than the family has.

    Example:
        >>> from .head_sites import find_head_sites
        >>> (site,) = find_head_sites(DistanceAttention(8, 4))
        >>> [change.value for change in site_changes(site, [1, 2]) if change.name == "kept_heads"]
        [(1, 2)]
    """
    attention: Any = site.attention
    if isinstance(attention, DistanceAttention):
        return distance_changes(attention, kept, name=site.name or type(attention).__name__)
    return _gpt2_changes(site, kept) if site.family == "gpt2" else _bert_changes(site, kept)


def _gpt2_changes(site: HeadSite, kept: Sequence[int]) -> list[Change]:
    """Queries, keys and values stand in one projection, one after the other."""
    attention: Any = site.attention
    width, name = site.num_heads * site.head_width, site.name
    _check_size(f"{name}.c_attn", projection_sizes(attention.c_attn, f"{name}.c_attn")[1], 3 * width)
    _check_size(f"{name}.c_proj", projection_sizes(attention.c_proj, f"{name}.c_proj")[0], width)
    allowed = {"c_attn.weight", "c_attn.bias", "c_proj.weight", "c_proj.bias"}
    _check_known(name, set(_parameter_names(attention)) - allowed)
    entries = _entries(kept, site.head_width)
    return [
        *kept_outputs(
            attention.c_attn, [part * width + entry for part in range(3) for entry in entries], name
        ),
        *kept_inputs(attention.c_proj, entries, name),
        Change(attention, "num_heads", len(kept)),
        Change(attention, "split_size", len(entries)),
    ]


def _bert_changes(site: HeadSite, kept: Sequence[int]) -> list[Change]:
    """Three projections in one module, the output in another."""
    attention: Any = site.attention
    inner, dense, width = attention.self, attention.output.dense, site.num_heads * site.head_width
    entries = _entries(kept, site.head_width)
    changes = []
    for part in ("query", "key", "value"):
        name, projection = f"{site.name}.self.{part}", getattr(inner, part)
        _check_size(name, projection_sizes(projection, name)[1], width)
        changes += kept_outputs(projection, entries, name)
    name = f"{site.name}.output.dense"
    _check_size(name, projection_sizes(dense, name)[0], width)
    allowed = {f"{part}.{kind}" for part in ("query", "key", "value") for kind in ("weight", "bias")}
    _check_known(f"{site.name}.self", set(_parameter_names(inner)) - allowed)
    return [
        *changes,
        *kept_inputs(dense, entries, name),
        Change(inner, "num_attention_heads", len(kept)),
        Change(inner, "all_head_size", len(entries)),
    ]


def _entries(heads: Sequence[int], width: int) -> list[int]:
    """Where the entries of some heads stand among those of all."""
    return [head * width + entry for head in heads for entry in range(width)]


def _parameter_names(module: nn.Module) -> list[str]:
    return [name for name, _ in module.named_parameters()]


def _check_known(name: str, unknown: set[str]) -> None:
    """Parameters of another kind may belong to single heads; nothing here could tell."""
    if unknown:
        raise ConfigurationError(
            f"{name} has parameters that attention of its kind does not have ({', '.join(sorted(unknown))}); "
            "its heads cannot be pruned, masked_heads can mask them"
        )


def _check_size(name: str, size: int, expected: int) -> None:
    if size != expected:
        raise ConfigurationError(
            f"{name} has {size} numbers where its heads have {expected}; its heads cannot be pruned, "
            "masked_heads can mask them"
        )
