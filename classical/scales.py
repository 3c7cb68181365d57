"""The scale with which attention starts: logits of standard deviation 1 along a row, whatever the metric.

Shapes: B batch, H heads, T query tokens, S key tokens, D head width.

With the plain formula (scale 1) the logits -distance / sqrt(D) of most metrics hardly differ between keys,
and attention starts as an average over all of them. ``calibrated_scale`` gives the factor that brings them to
where dot product attention starts: for independent normal queries and keys, the logits of one query have
standard deviation 1 over the keys. What counts is therefore the variance over keys at a fixed query, averaged
over queries.

With x = q - k in one coordinate, s^2 its variance and r = var(q) / s^2 the correlation of q - k and q - k'
for two keys of one query (r = 1/2 for unit normals):

- E |x|^p = (2 s^2)^(p/2) G((p+1)/2) / sqrt(pi), G the gamma function;
- E |q-k|^p |q-k'|^p = (2 s^2)^p G((p+1)/2)^2 / pi * 2F1(-p/2, -p/2; 1/2; r^2) (absolute product moments of
  the bivariate normal distribution, Nabeya 1951), which gives the variance of |x|^p over keys exactly;
- the sum over D coordinates is taken as log-normal with this mean and variance, which gives the standard
  deviation of its root: exact for p = 1, within 5 % of samples for p up to 5, within 40 % for any p at D from
  8 to 256;
- squared L2 has variance D (2 v_k^2 + 4 v_q v_k), the dot product D v_q v_k, the cosine 1 / D, all exact (v:
  variances);
- Chebyshev: Var(max) = double integral over a, b of F(min(a, b))^D - F(a, b)^D, F the distribution functions
  of |q-k| alone and together with |q-k'|, by the trapezoidal rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from .errors import AttentionError
from .metrics import check_metric

__all__ = ["calibrated_scale", "calibrated_scales", "measured_scale"]

LARGEST_RATIO = 10.0


def calibrated_scale(
    metric: str, head_width: int, p: float = 2.0, *, query_std: float = 1.0, key_std: float = 1.0
) -> float:
    """The scale that gives logits of standard deviation 1 per row, for normal queries and keys.

    Initial entropy, divided by log S, then lies between 0.88 and 0.95 for every metric at D from 16 to 128, S
    = 512.

    Args:
        metric: a name out of ``METRICS``.
        head_width: D.
        p: exponent of ``lp``, at least 1; other metrics ignore it.
        query_std: standard deviation of each coordinate of the queries, at most 10 times ``key_std``.
        key_std: the same of the keys.

    Returns:
        The scale, positive.

    Raises:
        AttentionError: unknown metric, width below 1, p below 1, standard deviations that are not positive or
            too far apart.

    Example:
        >>> calibrated_scale("dot", 64), calibrated_scale("cosine", 64)
        (1.0, 64.0)
        >>> round(calibrated_scale("l1", 64), 2)
        1.33
    """
    check_metric(metric)
    if isinstance(head_width, bool) or not isinstance(head_width, int) or head_width < 1:
        raise AttentionError(f"head width {head_width!r} is no integer of at least 1")
    if not (math.isfinite(query_std) and math.isfinite(key_std) and query_std > 0 and key_std > 0):
        raise AttentionError(f"standard deviations must be positive; given {query_std!r} and {key_std!r}")
    if query_std > LARGEST_RATIO * key_std:
        raise AttentionError(
            f"query_std {query_std} is more than {LARGEST_RATIO:g} times key_std {key_std}: keys then hardly "
            "differ "
            "as seen from a query and the closed form is not accurate; use measured_scale on data"
        )
    if metric == "lp" and not (math.isfinite(p) and p >= 1):
        raise AttentionError(f"p is {p!r}; lp needs a finite p of at least 1 (p = infinity is 'chebyshev')")
    # Only ratios matter to the formulas; the key's scale comes back by homogeneity, which keeps numbers near
    # 1.
    deviation = _deviation(metric, head_width, float(p) if metric == "lp" else 2.0, query_std / key_std)
    degree = {"cosine": 0, "squared_l2": 2, "dot": 2}.get(metric, 1)
    return math.sqrt(head_width) / (deviation * key_std**degree)


def calibrated_scales(
    metrics: Sequence[str], head_width: int, p: Sequence[float] | float = 2.0
) -> list[float]:
    """``calibrated_scale`` of every head, for unit normal queries and keys.

    Args:
        metrics: one name per head.
        head_width: D.
        p: exponent for all heads or one per head.

    Returns:
        One scale per head.

    Example:
        >>> calibrated_scales(["dot", "cosine"], 16)
        [1.0, 16.0]
    """
    exponents = [p] * len(metrics) if isinstance(p, int | float) else list(p)
    return [
        calibrated_scale(name, head_width, exponent)
        for name, exponent in zip(metrics, exponents, strict=True)
    ]


@lru_cache(maxsize=4096)
def _deviation(metric: str, width: int, p: float, ratio: float) -> float:
    """Root of the mean variance of a distance over keys, theirs 1 and that of queries ``ratio``."""
    if metric == "dot":
        return ratio * math.sqrt(width)
    if metric == "cosine":
        return 1 / math.sqrt(width)
    if metric == "squared_l2":
        return math.sqrt(width * (2 + 4 * ratio**2))
    if metric == "chebyshev":
        return _chebyshev_deviation(width, ratio)
    return _root_sum_deviation(width, {"l1": 1.0, "l2": 2.0, "lp": p}[metric], ratio)


def _root_sum_deviation(width: int, p: float, ratio: float) -> float:
    """Standard deviation over keys of (sum |q - k|^p)^(1/p), the sum taken as log-normal."""
    variance = 1 + ratio**2
    log_gamma = math.lgamma((p + 1) / 2) - math.log(math.pi) / 2
    # In units of the mean of one coordinate: E|x|^2p / (E|x|^p)^2 and the same of two keys of one query.
    second = math.exp(math.lgamma(p + 0.5) - math.log(math.pi) / 2 - 2 * log_gamma)
    relative = (second - _hypergeometric(-p / 2, (ratio**2 / variance) ** 2)) / width
    log_mean = math.log(width) + p / 2 * math.log(2 * variance) + log_gamma
    spread = math.log1p(relative)
    root_spread = spread / p**2
    return math.exp((log_mean - spread / 2) / p + root_spread / 2) * math.sqrt(math.expm1(root_spread))


def _hypergeometric(a: float, z: float) -> float:
    """Gauss's 2F1(a, a; 1/2; z) for 0 <= z < 1 by its series."""
    term = total = 1.0
    for n in range(100_000):
        term *= (a + n) ** 2 / ((0.5 + n) * (n + 1)) * z
        total += term
        if abs(term) < 1e-15 * total:
            break
    return total


def _chebyshev_deviation(width: int, ratio: float) -> float:
    """Standard deviation over keys of max |q - k|: the two-dimensional integral of the module's head."""
    largest = 10 * math.sqrt(1 + ratio**2)
    bounds = torch.linspace(0, largest, 1001, dtype=torch.float64)
    query = torch.linspace(-9, 9, 801, dtype=torch.float64)
    weights = torch.exp(-(query**2) / 2)
    weights = weights / weights.sum()
    query = (query * ratio)[:, None]
    # P(|q - k| <= bound) for each query coordinate; keys are independent given the query.
    below = torch.special.ndtr(query + bounds) - torch.special.ndtr(query - bounds)
    together = (below * weights[:, None]).T @ below
    alone = weights @ below
    smaller = torch.minimum(alone[:, None], alone)
    step = largest / 1000
    return math.sqrt(float((smaller**width - together**width).sum()) * step**2)


def measured_scale(
    query: Tensor,
    key: Tensor,
    metric: str | Sequence[str] = "l1",
    *,
    p: float | Tensor | None = None,
    causal: bool = False,
    window: int | None = None,
    mask: Tensor | None = None,
    rows: int = 128,
) -> Tensor:
    """The scale that gives logits of standard deviation 1 per row on given queries and keys.

    Args:
        query: (B, H, T, D).
        key: (B, K, S, D).
        metric: one name or one per head.
        p: exponent of ``lp``.
        causal: as in ``distance_attention``; only visible keys count.
        window: None or at least 1.
        mask: None or bool.
        rows: how many queries to look at, evenly spread over the T.

    Returns:
        (H,), positive: sqrt(D) over the root of the mean variance of the distances along a row.

    Raises:
        AttentionError: for arguments that ``distance_attention`` refuses, and where the visible distances of
            a head do not vary, so that no scale could spread them.

    Example:
        >>> query, key = torch.randn(2, 1, 1, 256, 16, generator=torch.Generator().manual_seed(0)).unbind()
        >>> abs(float(measured_scale(query, key, "dot")) - 1) < 0.1
        True
    """
    # Imported here, because the checks of arguments there need the calibrated scale.
    from .attention_weights import attention_distances, visible_keys

    last = query.shape[2] - 1
    chosen = torch.linspace(0, last, min(rows, last + 1), dtype=torch.float64).round().long()
    with torch.no_grad():
        distances = attention_distances(query, key, metric, p=p, rows=chosen)
        visible = visible_keys(query, key, causal=causal, window=window, mask=mask, rows=chosen)
        seen = visible if visible is not None else torch.ones_like(distances, dtype=torch.bool)
        weights = seen.expand_as(distances).to(distances)
        counts = weights.sum(-1, keepdim=True)
        # A row with one visible key says nothing about how far keys differ.
        weights = weights * (counts > 1)
        means = (distances * weights).sum(-1, keepdim=True) / counts.clamp_min(1)
        squares = ((distances - means).square() * weights).sum((0, 2, 3))
        deviation = (squares / weights.sum((0, 2, 3)).clamp_min(1)).sqrt()
        flat = ~(deviation > 0)
        if bool(flat.any()):
            raise AttentionError(
                f"the distances of heads {flat.nonzero().flatten().tolist()} do not vary over the visible "
                "keys; "
                "give data with more than one distinct key per query, or use calibrated_scale"
            )
        return query.shape[3] ** 0.5 / deviation
