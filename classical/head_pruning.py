"""Remove attention heads for real: their rows of queries, keys and values, their columns of the output.

Shapes: H heads of a layer, N heads of the model, D head width.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any, TypeVar

import torch
from torch import nn

from .attention_layer import DistanceAttention
from .attention_slices import site_changes
from .errors import ConfigurationError
from .head_sites import HeadSite, find_head_sites
from .projection_slices import Change, apply_changes

__all__ = ["prune_heads"]

Model = TypeVar("Model", bound=nn.Module)


def prune_heads(model: Model, keep: Any) -> Model:
    """Leave a model some of its heads, in place; it then computes what it did with the others masked.

    Everything is checked and computed before the first change, so that an error leaves the model as it was.
    Parameters that lose entries are new ones without gradient: make the optimizer afterwards. Prune the whole
    model, not a part of it.

    Models of this package remember in their configuration which heads are left (`kept_heads`, by the numbers
    before the first pruning), so that `save_pretrained` and `from_pretrained` work as ever; the configuration
    is a new object, since others may hold the old one. Gates of the model (`set_head_mask`, `head_mask()`,
    `head_gates`, the component `head_gate`, a `controller`) keep their size and numbers; those of heads that
    are gone have no effect. A head mask other than 0 and 1 stays with the heads that are left. Heads that
    share keys and values keep their groups if all groups that are left have equally many; otherwise each gets
    its own copy, see `kept_heads`.

    The configurations of GPT-2 and BERT cannot say that heads are missing, so `save_pretrained` of such a
    model writes a folder that cannot be loaded. Save `model.state_dict()` and `keep` instead; to load, build
    the model from its configuration, call `prune_heads` with the same `keep`, then `load_state_dict`. The
    same holds for `DistanceAttention` in a torch model of one's own.

    Args:
        model: a model `find_head_sites` knows.
        keep: truth values (N,), in the order of `find_head_sites`; at least one per layer.

    Returns:
        The same model.

    Raises:
        ConfigurationError: no attention known, another shape or kind of `keep`, a layer without heads, a part
            of an encoder-decoder, projections that are not plain layers, or weights that stand in two places.

    Example:
        >>> layer = DistanceAttention(8, 4)
        >>> pruned = prune_heads(layer, [True, False, False, True])
        >>> pruned.num_heads, pruned.kept_heads, tuple(pruned.output_projection.weight.shape)
        (2, (0, 3), (8, 4))
    """
    sites = find_head_sites(model)
    kept = _read_keep(keep, sites)
    _check_unshared(model, sites)
    changes: list[Change] = []
    for site, heads in zip(sites, kept, strict=True):
        if len(heads) < site.num_heads:
            changes += site_changes(site, heads)
    if changes:
        changes += _configuration_changes(model, changes)
    apply_changes(changes)
    return model


def _read_keep(keep: Any, sites: list[HeadSite]) -> list[list[int]]:
    """Numbers of the heads that stay, for each layer."""
    total = sum(site.num_heads for site in sites)
    try:
        flags = torch.as_tensor(keep)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise ConfigurationError(
            f"keep is {type(keep).__name__}, which is no tensor ({problem}); give {total} truth values"
        ) from problem
    if flags.dtype != torch.bool or tuple(flags.shape) != (total,):
        raise ConfigurationError(
            f"keep is {flags.dtype} of shape {tuple(flags.shape)}; give {total} truth values, one for each "
            "head of the model, True for those that stay"
        )
    kept, first = [], 0
    for site in sites:
        own = flags[first : first + site.num_heads]
        kept.append([head for head, stays in enumerate(own.tolist()) if stays])
        first += site.num_heads
        if not kept[-1]:
            raise ConfigurationError(
                f"keep leaves layer {site.layer} ({site.name or type(site.attention).__name__}) none of its "
                f"{site.num_heads} heads; keep at least one per layer"
            )
    return kept


def _check_unshared(model: nn.Module, sites: list[HeadSite]) -> None:
    """Refuse weights that something else uses too: cutting them here would cut them there."""
    owners = list(model.modules())
    modules = Counter(id(child) for owner in owners for child in owner._modules.values())
    parameters = Counter(id(own) for owner in owners for own in owner._parameters.values() if own is not None)
    for site in sites:
        for name, part in site.attention.named_modules():
            twice = modules[id(part)] > 1 and part is not site.attention
            twice = twice or any(parameters[id(own)] > 1 for own in part._parameters.values())
            if twice:
                raise ConfigurationError(
                    f"{'.'.join(filter(None, (site.name, name)))} shares its weights with another part of "
                    "the model; its heads cannot be pruned, masked_heads can mask them"
                )


def _configuration_changes(model: nn.Module, changes: list[Change]) -> list[Change]:
    """What the configurations of `Distance*` models are told: new copies, for all parts that held the old."""
    after = {(id(change.owner), change.name): change.value for change in changes}
    found: dict[int, Any] = {}
    added = []
    for part in model.modules():
        if not hasattr(type(part), "attention_layers"):
            continue
        owner: Any = part
        if not any((id(layer), "kept_heads") in after for layer in owner.attention_layers()):
            continue
        if id(owner.config) not in found:
            found[id(owner.config)] = _told(owner, after)
        added.append(Change(owner, "config", found[id(owner.config)]))
    return added


def _told(model: Any, after: dict[tuple[int, str], Any]) -> Any:
    """A copy of a configuration that names the heads its model is left with."""
    layers: list[DistanceAttention] = model.attention_layers()
    config = deepcopy(model.config)
    if len(layers) != config.num_attention_layers:
        raise ConfigurationError(
            f"{type(model).__name__} has {len(layers)} of the {config.num_attention_layers} layers its "
            "configuration describes; prune the whole encoder-decoder, not a part of it"
        )

    def left(name: str) -> list[list[int]]:
        return [list(after.get((id(layer), name), getattr(layer, name))) for layer in layers]

    config.kept_heads = left("kept_heads")
    grouped = config.num_key_value_heads not in (None, config.num_attention_heads)
    config.kept_key_value_heads = left("kept_key_value_heads") if grouped else None
    return config
