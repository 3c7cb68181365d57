"""Curves of a plan from a fit: what a steady weekly spend brings per week, with a 90 % interval.

    r(b) = beta b^alpha / (kappa^alpha + b^alpha)

which is the Hill curve of ``planning.hill`` with K = kappa / (1 - theta). Its standard error is that of the
delta method, sqrt(g' C g) with the gradient g of r and the covariance C of the fit.

Shapes: C channels, S spends.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..planning.curve_table import TableCurve
from ..planning.curves import ResponseCurves
from .media_fit import MediaFit
from .media_response import saturation

__all__ = ["NINETY", "fitted_curves", "hill_parameters", "steady_response"]

NINETY = 1.6448536269514722  # the 95 % point of the standard normal distribution
POINTS = 201


def steady_response(
    fit: MediaFit, channel: int, spends: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Response per week at steady spends, and its standard error.

    Args:
        fit: the fit.
        channel: position of the channel.
        spends: money per week, shape (S,).

    Returns:
        Response and standard error, shape (S,) each.
    """
    c, alpha, kappa = len(fit.beta), float(fit.alpha[channel]), float(fit.kappa[channel])
    share = saturation(spends, alpha, kappa)
    steep = float(fit.beta[channel]) * share * (1.0 - share)
    logs = np.zeros_like(spends)
    used = spends > 0
    logs[used] = np.log(spends[used] / kappa)
    gradient = np.column_stack([steep * logs, -alpha * steep, share])
    own = [c + channel, 2 * c + channel, 3 * c + channel]
    covariance = fit.covariance[np.ix_(own, own)]
    variance = np.einsum("si,ij,sj->s", gradient, covariance, gradient)
    return fit.beta[channel] * share, np.sqrt(np.maximum(0.0, variance))


def fitted_curves(
    fit: MediaFit, channels: list[str], grids: list[NDArray[np.float64]], most: NDArray[np.float64]
) -> ResponseCurves:
    """The curves as tables with lo and hi, exact at every allowed spend.

    Args:
        fit: the fit.
        channels: names, C of them.
        grids: allowed spends per channel, each of shape (levels,).
        most: where each curve ends at least, shape (C,).

    Returns:
        The curves; an effect is never negative, so that lo is at least 0.
    """
    curves = {}
    for k, (name, grid) in enumerate(zip(channels, grids, strict=True)):
        end = max(float(most[k]), float(grid.max()))
        spends = np.unique(np.concatenate([np.linspace(0.0, end, POINTS), grid]))
        response, error = steady_response(fit, k, spends)
        low = np.maximum(0.0, response - NINETY * error)
        curves[name] = TableCurve(spends, response, low, response + NINETY * error)
    return ResponseCurves(curves)


def hill_parameters(fit: MediaFit, channels: list[str]) -> pd.DataFrame:
    """Parameters and standard errors, one row per channel.

    Args:
        fit: the fit.
        channels: names, C of them.

    Returns:
        Columns channel, theta, alpha, K (effective money, as in ``planning.hill``), beta, kappa (steady spend
        of half saturation), and theta_error, alpha_error, kappa_error, beta_error (standard errors; NaN
        where the parameter stands at a bound).
    """
    variances = np.where(fit.at_bound, np.nan, np.diag(fit.covariance))
    variances = np.where(variances > 0, variances, np.nan)
    theta, alpha, log_kappa, beta = np.sqrt(variances).reshape(4, -1)
    return pd.DataFrame(
        {
            "channel": channels,
            "theta": fit.theta,
            "alpha": fit.alpha,
            "K": fit.kappa / (1.0 - fit.theta),
            "beta": fit.beta,
            "kappa": fit.kappa,
            "theta_error": theta,
            "alpha_error": alpha,
            "kappa_error": fit.kappa * log_kappa,
            "beta_error": beta,
        }
    )
