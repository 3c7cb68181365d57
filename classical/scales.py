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
  deviation of its root: exact for p = 1, for p up to 5 within 5 % of samples at D of at least 16, for p up
  to 16 within 25 % there; from 16 on the deviation of Chebyshev is nearer, within 7 %;
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

from .errors import AttentionError
from .metrics import check_metric, homogeneity_degree

__all__ = ["calibrated_scale", "calibrated_scales"]

LARGEST_RATIO = 10.0
"""Most that queries may vary more than keys for the closed form."""

LIKE_CHEBYSHEV = 16.0
"""From this exponent on ``lp`` is nearer to the largest difference than to the log-normal form."""


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
        raise AttentionError(f"head width is {head_width!r}; give an integer of at least 1")
    for name, given in (("query_std", query_std), ("key_std", key_std)):
        if not (_is_finite(given) and given > 0):
            raise AttentionError(f"{name} is {given!r}; give a positive, finite number")
    if query_std > LARGEST_RATIO * key_std:
        raise AttentionError(
            f"query_std {query_std} is more than {LARGEST_RATIO:g} times key_std {key_std}: keys then hardly "
            "differ as seen from a query and the closed form is not accurate; use measured_scale on data"
        )
    if metric == "lp" and not (_is_finite(p) and p >= 1):
        raise AttentionError(f"p is {p!r}; lp needs a finite p of at least 1 (p = infinity is 'chebyshev')")
    # Only ratios matter to the formulas; the key's scale comes back by homogeneity, which keeps numbers near
    # 1.
    deviation = _deviation(metric, head_width, float(p) if metric == "lp" else 2.0, query_std / key_std)
    return math.sqrt(head_width) / (deviation * key_std ** homogeneity_degree(metric))


def _is_finite(number: object) -> bool:
    """Whether something is a finite number; True and False are none."""
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)


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

    Raises:
        AttentionError: for arguments that ``calibrated_scale`` refuses, and another number of exponents than
            of metrics.

    Example:
        >>> calibrated_scales(["dot", "cosine"], 16)
        [1.0, 16.0]
    """
    exponents = [p] * len(metrics) if isinstance(p, int | float) else list(p)
    if len(exponents) != len(metrics):
        raise AttentionError(
            f"{len(exponents)} exponents were given for {len(metrics)} metrics; give one, or one per metric"
        )
    return [calibrated_scale(name, head_width, exponent) for name, exponent in zip(metrics, exponents)]


@lru_cache(maxsize=4096)
def _deviation(metric: str, width: int, p: float, ratio: float) -> float:
    """Root of the mean variance of a distance over keys, theirs 1 and that of queries ``ratio``."""
    if metric == "dot":
        return ratio * math.sqrt(width)
    if metric == "cosine":
        return 1 / math.sqrt(width)
    if metric == "squared_l2":
        return math.sqrt(width * (2 + 4 * ratio**2))
    power = {"l1": 1.0, "l2": 2.0, "lp": p, "chebyshev": math.inf}[metric]
    if width == 1:
        # Of a single coordinate every power has the root |q - k|.
        power = 1.0
    if power >= LIKE_CHEBYSHEV:
        return _chebyshev_deviation(width, ratio)
    return _root_sum_deviation(width, power, ratio)


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


