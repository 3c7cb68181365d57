"""What a channel's weekly spends do: geometric adstock, then a Hill curve, with derivatives for a fit.

    x_t = (1 - theta) s_t + theta x_(t-1)          normalized: a steady spend s gives x = s
    h_t = x_t^alpha / (kappa^alpha + x_t^alpha)

With x scaled by 1 / (1 - theta), and K = kappa / (1 - theta), this is the curve of ``planning.hill``: kappa
is the steady weekly spend at which half of the effect is reached. Before the first week the spend is taken
to have been the mean of the first eight weeks.

Sources: Y. Jin, Y. Wang, Y. Sun, D. Chan, J. Koehler, "Bayesian Methods for Media Mix Modeling with Carryover
and Shape Effects", Google 2017; A. V. Hill, J. Physiol. 40 (1910), iv-vii.

Shapes: T weeks, C channels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import lfilter

__all__ = ["Shapes", "carried_spend", "media_shapes", "saturation"]

START_WEEKS = 8


class Shapes(NamedTuple):
    """Saturated spends and their derivatives, each of shape (T, C).

    Attributes:
        value: h.
        by_theta: dh / dtheta.
        by_alpha: dh / dalpha.
        by_log_kappa: dh / dlog(kappa).
    """

    value: NDArray[np.float64]
    by_theta: NDArray[np.float64]
    by_alpha: NDArray[np.float64]
    by_log_kappa: NDArray[np.float64]


def carried_spend(
    spends: NDArray[np.float64], theta: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normalized geometric adstock and its derivative.

    Args:
        spends: money per week, shape (T, C).
        theta: carry-over share per channel, from 0 to below 1, shape (C,).

    Returns:
        x and dx / dtheta, shape (T, C) each.

    Example:
        >>> x, _ = carried_spend(np.array([[4.0]] * 8 + [[0.0], [0.0]]), np.array([0.5]))
        >>> x[7:, 0]
        array([4., 2., 1.])
    """
    carried, slopes = np.empty_like(spends), np.empty_like(spends)
    for c, share in enumerate(theta.tolist()):
        own, start = spends[:, c], float(spends[:START_WEEKS, c].mean())
        carried[:, c] = lfilter([1.0 - share], [1.0, -share], own, zi=[share * start])[0]
        before = np.concatenate([[start], carried[:-1, c]])
        slopes[:, c] = lfilter([1.0], [1.0, -share], before - own)
    return carried, slopes


def saturation(x: ArrayLike, alpha: ArrayLike, kappa: ArrayLike) -> NDArray[np.float64]:
    """Hill saturation, x^alpha / (kappa^alpha + x^alpha).

    Args:
        x: spends of at least 0, any shape.
        alpha: shape of the curve, above 0, broadcast.
        kappa: spend of half saturation, above 0, broadcast.

    Returns:
        Shares from 0 to 1, of the common shape.

    Example:
        >>> saturation([0.0, 2.0], 3.0, 2.0)
        array([0. , 0.5])
    """
    amounts, shape, half = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (x, alpha, kappa)))
    share = np.zeros(amounts.shape)
    used = amounts > 0
    logs = shape[used] * (np.log(half[used]) - np.log(amounts[used]))
    share[used] = np.exp(-np.logaddexp(0, logs))
    return share


def media_shapes(
    spends: NDArray[np.float64],
    theta: NDArray[np.float64],
    alpha: NDArray[np.float64],
    kappa: NDArray[np.float64],
) -> Shapes:
    """Saturated spends of all channels, with derivatives.

    Args:
        spends: money per week, shape (T, C).
        theta: carry-over share, shape (C,).
        alpha: shape of the Hill curve, shape (C,).
        kappa: steady spend of half saturation, shape (C,).

    Returns:
        Values and derivatives.

    Example:
        >>> one = np.ones(1)
        >>> media_shapes(np.full((3, 1), 2.0), 0.3 * one, one, 2 * one).value[:, 0]
        array([0.5, 0.5, 0.5])
    """
    x, by_theta = carried_spend(spends, theta)
    value = saturation(x, alpha, kappa)
    steep = value * (1.0 - value)
    logs = np.zeros_like(x)
    used = x > 0
    logs[used] = np.log(x[used])
    per_x = np.divide(alpha * steep, x, out=np.zeros_like(x), where=used)
    return Shapes(
        value, per_x * by_theta, steep * np.where(used, logs - np.log(kappa), 0.0), -alpha * steep
    )
