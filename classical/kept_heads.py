"""Which heads of a pruned model are left, by the numbers they had before, and what keys they read.

Where query heads share key and value heads (grouped-query attention, Ainslie et al. 2023, arXiv 2305.13245),
removing heads keeps the groups as long as all groups that are left have equally many. Otherwise every head
gets keys and values of its own, copies of those it shared: the layer then has more of them than before.

Shapes: L layers, H heads of a layer before pruning, Hkv key and value heads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .errors import ConfigurationError

__all__ = ["check_kept_heads", "key_value_heads_of"]


def key_value_heads_of(kept: Sequence[int], num_heads: int, num_key_value_heads: int) -> list[int]:
    """The key and value heads that some heads need, so that head i of n reads number i // (n / how many).

    Args:
        kept: the heads, ascending, of 0 to H - 1.
        num_heads: H.
        num_key_value_heads: Hkv, a divisor of H.

    Returns:
        Ascending numbers of 0 to Hkv - 1; one repeats where its heads get copies of their own.

    Example:
        >>> key_value_heads_of([0, 3], 4, 2), key_value_heads_of([0, 1, 3], 4, 2)
        ([0, 1], [0, 0, 1])
    """
    shared = num_heads // num_key_value_heads
    wanted = [head // shared for head in kept]
    counts = Counter(wanted)
    return sorted(counts) if len(set(counts.values())) == 1 else wanted


def check_kept_heads(config: Any) -> None:
    """Check `kept_heads` and `kept_key_value_heads` of a configuration.

    Args:
        config: the configuration.

    Raises:
        ConfigurationError: not one list per layer, a layer without heads, numbers that are no heads or stand
            in another order, or key and value heads that do not belong to the heads.

    Example:
        >>> from hybrid_opt.classical.configuration import DistanceTransformerConfig
        >>> check_kept_heads(DistanceTransformerConfig(num_hidden_layers=2, kept_heads=[[0, 3], [7]]))
    """
    kept, key_values = config.kept_heads, config.kept_key_value_heads
    if kept is None:
        if key_values is not None:
            raise ConfigurationError(
                "kept_key_value_heads says which keys and values the heads in kept_heads read; give both or "
                "neither"
            )
        return
    layers, heads = config.num_attention_layers, config.num_attention_heads
    groups = heads if config.num_key_value_heads is None else config.num_key_value_heads
    _check_lists("kept_heads", kept, layers, heads)
    for index, entry in enumerate(kept):
        if len(set(entry)) < len(entry):
            raise ConfigurationError(f"kept_heads of layer {index} names a head twice: {entry!r}")
    if key_values is None:
        return
    _check_lists("kept_key_value_heads", key_values, layers, groups)
    for index, (queries, read) in enumerate(zip(kept, key_values, strict=True)):
        shared = len(queries) // len(read)
        if shared * len(read) != len(queries) or any(
            head * groups // heads != read[place // shared] for place, head in enumerate(queries)
        ):
            raise ConfigurationError(
                f"kept_key_value_heads of layer {index} is {read!r}, which are not those of the {groups} key "
                f"and value heads that the heads {queries!r} of {heads} read; take what prune_heads writes, "
                "or leave it out"
            )


def _check_lists(name: str, lists: Any, layers: int, legal: int) -> None:
    """One list per layer, each with ascending numbers below a limit."""
    if not isinstance(lists, list) or len(lists) != layers:
        given = f"{len(lists)} lists" if isinstance(lists, list) else repr(lists)
        raise ConfigurationError(
            f"{name} is {given} for {layers} layers with attention; give one list of numbers per layer "
            "(layers of the encoder first), or None"
        )
    for index, entry in enumerate(lists):
        whole = isinstance(entry, list) and all(
            isinstance(number, int) and not isinstance(number, bool) for number in entry
        )
        if not whole or not entry or entry != sorted(entry) or entry[0] < 0 or entry[-1] >= legal:
            raise ConfigurationError(
                f"{name} of layer {index} is {entry!r}; it must be a list of at least one number from 0 to "
                f"{legal - 1}, ascending"
            )
