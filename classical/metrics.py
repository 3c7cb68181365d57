"""The distances that attention knows, and how heads are grouped by them.

Shapes: H heads, D head width.

====================  ==========================================  ======  =====================
name                  distance of q and k                         degree  logits
====================  ==========================================  ======  =====================
``l1``                sum |q - k|                                 1       -scale * d / sqrt(D)
``l2``                sqrt(sum (q - k)^2)                         1       -scale * d / sqrt(D)
``squared_l2``        sum (q - k)^2                               2       -scale * d / sqrt(D)
``lp``                (sum |q - k|^p)^(1/p), p >= 1               1       -scale * d / sqrt(D)
``cosine``            1 - q.k / (|q| |k|)                         0       -scale * d / sqrt(D)
``chebyshev``         max |q - k|                                 1       -scale * d / sqrt(D)
``dot``               -q.k (the control: no distance)             2       -scale * d / sqrt(D)
====================  ==========================================  ======  =====================

The degree says how the distance grows when query and key are both multiplied by a number.

Subgradients where a distance has no gradient: d|x|/dx is 0 at x = 0; the gradient of ``l2`` and ``lp`` is 0
at distance 0; coordinates that share the largest difference share the gradient of ``chebyshev`` equally; a
vector of length 0 (below 1e-12) has cosine 0 with everything and no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import AttentionError

__all__ = [
    "INNER_PRODUCT_METRICS",
    "METRICS",
    "SMALLEST_LENGTH",
    "HeadGroup",
    "check_metric",
    "group_heads",
    "homogeneity_degree",
    "metrics_of_heads",
]

METRICS = ("l1", "l2", "squared_l2", "lp", "cosine", "chebyshev", "dot")
"""Every name that ``metric`` takes."""

INNER_PRODUCT_METRICS = ("squared_l2", "cosine", "dot")
"""Metrics whose logits are an inner product of transformed queries and keys."""

SMALLEST_LENGTH = 1e-12
"""Below this length a vector counts as zero for the cosine."""

_DEGREES = {"l1": 1, "l2": 1, "squared_l2": 2, "lp": 1, "cosine": 0, "chebyshev": 1, "dot": 2}


def check_metric(name: object) -> str:
    """The name of a metric, checked.

    Args:
        name: what a user gave.

    Returns:
        The same name.

    Raises:
        AttentionError: if it is none of ``METRICS``.

    Example:
        >>> check_metric("l1")
        'l1'
    """
    if not isinstance(name, str) or name not in METRICS:
        raise AttentionError(f"metric {name!r} is unknown; choose one of {', '.join(METRICS)}")
    return name


def homogeneity_degree(metric: str) -> int:
    """The degree r of a metric: distance(a q, a k) = a^r distance(q, k) for a > 0.

    Args:
        metric: a name out of ``METRICS``.

    Returns:
        0, 1 or 2.

    Raises:
        AttentionError: for an unknown metric.

    Example:
        >>> homogeneity_degree("squared_l2")
        2
    """
    return _DEGREES[check_metric(metric)]


def metrics_of_heads(metric: str | Sequence[str], num_heads: int) -> tuple[str, ...]:
    """One metric per query head.

    Args:
        metric: one name for all heads, or one name per head.
        num_heads: H.

    Returns:
        H names.

    Raises:
        AttentionError: for an unknown name or a sequence of another length than H.

    Example:
        >>> metrics_of_heads("l1", 3)
        ('l1', 'l1', 'l1')
    """
    if isinstance(metric, str):
        return (check_metric(metric),) * num_heads
    if not isinstance(metric, Sequence):
        raise AttentionError(f"metric {metric!r} is neither a name nor a sequence of names; see METRICS")
    if len(metric) != num_heads:
        raise AttentionError(
            f"{len(metric)} metrics were given for {num_heads} query heads; give one name, or one per head"
        )
    return tuple(check_metric(name) for name in metric)


@dataclass(frozen=True)
class HeadGroup:
    """Query heads that share a metric, and the key-value heads they use.

    Attributes:
        metric: the metric of these heads.
        query_heads: their indices.
        key_value_heads: the key-value heads they use, each once; with ``repeats`` query heads to each, in
            order.
        repeats: query heads per entry of ``key_value_heads``.
    """

    metric: str
    query_heads: tuple[int, ...]
    key_value_heads: tuple[int, ...]
    repeats: int


def group_heads(metrics: Sequence[str], num_key_value_heads: int) -> list[HeadGroup]:
    """Groups of query heads by metric, each to be computed by its own path.

    Query head h uses key-value head ``h // (H // num_key_value_heads)``. Where every key-value head of a
    group serves the same number of consecutive query heads of that group, it is listed once; otherwise once
    per query head.

    Args:
        metrics: one metric per query head.
        num_key_value_heads: a divisor of the number of query heads.

    Returns:
        Groups in the order in which their metrics appear.

    Example:
        >>> [group.query_heads for group in group_heads(("l1", "l2", "l1", "l2"), 4)]
        [(0, 2), (1, 3)]
        >>> group_heads(("l1",) * 4, 2)[0].repeats
        2
    """
    served = len(metrics) // num_key_value_heads
    groups = []
    for metric in dict.fromkeys(metrics):
        heads = tuple(head for head, name in enumerate(metrics) if name == metric)
        owners = [head // served for head in heads]
        distinct = tuple(dict.fromkeys(owners))
        counts = {owners.count(owner) for owner in distinct}
        if len(counts) == 1:
            groups.append(HeadGroup(metric, heads, distinct, counts.pop()))
        else:
            groups.append(HeadGroup(metric, heads, tuple(owners), 1))
    return groups
