"""What a head costs: the weights that go with it, or its arithmetic on a sequence.

Floating-point operations, a multiplication and an addition counted as one each, for one head in a forward
pass over T tokens:

    2 T D (C + 2 C / s + C')  +  P (a(metric, D) + 6 + 2 D)

The first term is the projections: s is how many heads share one head of keys and values, each pays its part.
In the second, P is the number of pairs of query and key that may attend, 6 the scale and the softmax of a
pair (scale, maximum, difference, exponential, sum, quotient), 2 D its share of the values, and a the logit:

=============================  ==============  =======================================
metric                         a(metric, D)    operations
=============================  ==============  =======================================
``dot`` ``cosine``             2 D             product and sum
``squared_l2`` ``l2``          2 D + 3         |q|^2 + |k|^2 - 2 q.k, and a root
``l1`` ``chebyshev``           3 D             difference, absolute value, sum or maximum
``lp``                         4 D + 1         and a power, and a root
=============================  ==============  =======================================

P is T^2 without order, T (T + 1) / 2 with causal order, and less with a window. Left out is what grows with T
D alone: biases, rotary turns, lengths of queries and keys. A power counts as one operation and takes many
times as long as a product; `head_latencies` measures what operations take.

Shapes: H heads of a layer, N heads of the model, T tokens, D head width, C hidden size.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .attention_layer import DistanceAttention
from .errors import ConfigurationError
from .head_sites import HeadSite, find_head_sites
from .projection_slices import projection_sizes

__all__ = ["attended_pairs", "head_costs"]

_SOFTMAX = 6
_LOGIT = {  # per coordinate, and once
    "dot": (2, 0),
    "cosine": (2, 0),
    "squared_l2": (2, 3),
    "l2": (2, 3),
    "l1": (3, 0),
    "chebyshev": (3, 0),
    "lp": (4, 1),
}


def head_costs(model: nn.Module, kind: str = "parameters", sequence_length: int | None = None) -> Tensor:
    """The cost of every head, in the order of `find_head_sites`.

    The heads of a group that share keys and values pay equal parts of them; what pruning really saves there
    depends on which other heads stay, see `prune_heads`. Masks that are given with a call are not known
    here: only the order and the window of the layer itself are.

    Args:
        model: a model `find_head_sites` knows.
        kind: "parameters": weights that pruning removes with the head, biases and learned scales included;
            "flops": operations per sequence, as the module says.
        sequence_length: T, for "flops".

    Returns:
        (N,) in float64.

    Raises:
        ConfigurationError: no attention known, another kind, "flops" without a length of 1 or more, or
            projections that are no plain layers.

    Example:
        >>> layer = DistanceAttention(4, 2, metric=["l1", "dot"], bias=False)
        >>> head_costs(layer).tolist(), head_costs(layer, "flops", 10).tolist()
        ([33.0, 33.0], [2240.0, 2040.0])
    """
    sites = find_head_sites(model)
    if kind == "parameters":
        costs = [_parameters(site) for site in sites]
    elif kind == "flops":
        whole = isinstance(sequence_length, int) and not isinstance(sequence_length, bool)
        if not whole or int(sequence_length or 0) < 1:
            raise ConfigurationError(
                f'sequence_length is {sequence_length!r}; "flops" needs the number of tokens of a sequence, '
                "1 or more"
            )
        costs = [_operations(site, int(sequence_length or 0)) for site in sites]
    else:
        raise ConfigurationError(f'kind is {kind!r}; it must be "parameters" or "flops"')
    return torch.tensor([cost for layer in costs for cost in layer], dtype=torch.float64)


def attended_pairs(length: int, *, causal: bool = False, window: int | None = None) -> int:
    """How many pairs of query and key may attend in a sequence.

    Args:
        length: T.
        causal: no query sees a later key.
        window: w: with causal order the last w positions, otherwise fewer than w steps either way.

    Returns:
        P.

    Example:
        >>> attended_pairs(4), attended_pairs(4, causal=True), attended_pairs(4, causal=True, window=2)
        (16, 10, 7)
    """
    reach = length if window is None else min(window, length)
    one_side = reach * length - reach * (reach - 1) // 2
    return one_side if causal else 2 * one_side - length


def _parameters(site: HeadSite) -> list[float]:
    """Weights of each head of a layer."""
    attention, query, shared = _parts(site)
    incoming, outgoing = _widths(site, query)
    incoming += query.bias is not None
    learned = 0
    if isinstance(attention, DistanceAttention):
        learned = sum(parameter.dim() == 1 for _, parameter in attention.named_parameters(recurse=False))
    return [site.head_width * (incoming * (1 + 2 / shared) + outgoing) + learned] * site.num_heads


def _operations(site: HeadSite, length: int) -> list[float]:
    """Operations of each head of a layer on one sequence."""
    attention, query, shared = _parts(site)
    incoming, outgoing = _widths(site, query)
    width, ours = site.head_width, isinstance(attention, DistanceAttention)
    causal = attention.causal if ours else bool(getattr(attention, "is_causal", False))
    pairs = attended_pairs(length, causal=causal, window=attention.window if ours else None)
    projections = 2 * length * width * (incoming * (1 + 2 / shared) + outgoing)
    metrics = attention.metrics if ours else ("dot",) * site.num_heads
    return [
        projections + pairs * (_LOGIT[metric][0] * width + _LOGIT[metric][1] + _SOFTMAX + 2 * width)
        for metric in metrics
    ]


def _parts(site: HeadSite) -> tuple[Any, Any, int]:
    """The module that attends, the projection of its queries, and how many heads share keys and values."""
    attention: Any = site.attention
    if isinstance(attention, DistanceAttention):
        return attention, attention.query_projection, attention.num_heads // attention.num_key_value_heads
    if site.family == "gpt2":
        return attention, attention.c_attn, 1
    return attention.self, attention.self.query, 1


def _widths(site: HeadSite, query: nn.Module) -> tuple[int, int]:
    """Width of the hidden states that come in, and of those that go out."""
    name = site.name or type(site.attention).__name__
    return projection_sizes(query, name)[0], projection_sizes(site.projection, name)[1]
