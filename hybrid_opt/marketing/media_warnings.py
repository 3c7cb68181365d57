"""What a weekly history cannot tell: spends that move together or not at all, curves seen only in part.

Shapes: T weeks, C channels.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..reports import style
from .history_table import WeeklyHistory
from .media_curves import NINETY, steady_response
from .media_fit import LEAST_VARIED, MediaFit
from .media_response import carried_spend, saturation

__all__ = ["beyond_belief", "fit_warnings", "spend_warnings", "steady_most", "unseen_before"]

MOST_CORRELATION = 0.9
LEAST_VARIATION = 0.1  # standard deviation over mean
FEWEST_WEEKS = 8  # weeks with spend
MOST_LAG = 0.3  # correlation of errors a week apart
LOW_PART, FLAT_PART = 0.3, 0.8  # shares of the saturation level


def spend_warnings(history: WeeklyHistory) -> list[str]:
    """Warnings that the spends alone give rise to.

    Args:
        history: the history.

    Returns:
        Sentences that name the channels.
    """
    notes, spends = [], history.spends
    mean, deviation = spends.mean(axis=0), spends.std(axis=0)
    still = deviation < LEAST_VARIATION * mean
    for name, share in zip(np.array(history.channels)[still], (deviation / mean)[still], strict=True):
        taken = "; it is taken as 0" if share <= LEAST_VARIED else ""
        notes.append(
            f"the spend of {str(name)!r} hardly varies (standard deviation {share:.1%} of its mean): its "
            f"effect cannot be told from the level of the outcome{taken}"
        )
    for name, column in zip(history.channels, spends.T, strict=True):
        used = int((column > 0).sum())
        if used < FEWEST_WEEKS:
            notes.append(f"{name!r} was used in {used} weeks only: its curve rests on very little")
    moving = [c for c in range(len(history.channels)) if not still[c]]
    for first, second in combinations(moving, 2):
        r = float(np.corrcoef(spends[:, first], spends[:, second])[0, 1])
        if abs(r) > MOST_CORRELATION:
            notes.append(
                f"the spends of {history.channels[first]!r} and {history.channels[second]!r} move together "
                f"(r = {r:.2f}): their effects cannot be told apart reliably"
            )
    for c in moving:
        for control, values in zip(history.control_names, history.controls.T, strict=True):
            r = float(np.corrcoef(spends[:, c], values)[0, 1]) if values.std() > 0 else 0.0
            if abs(r) > MOST_CORRELATION:
                notes.append(
                    f"the spend of {history.channels[c]!r} moves with the control {control!r} (r = {r:.2f}): "
                    "their effects cannot be told apart reliably"
                )
    return notes


def unseen_before(history: WeeklyHistory, holdout: int) -> list[str]:
    """Warnings on what the check on the last weeks cannot check, as it did not vary before them.

    Args:
        history: the history.
        holdout: last weeks that are left out, at least 1.

    Returns:
        Sentences that name channels and controls.
    """
    columns = [*zip(history.channels, history.spends.T), *zip(history.control_names, history.controls.T)]
    return [
        f"{name!r} does not vary before the {holdout} weeks held out: the check on them tells nothing of it"
        for name, values in columns
        if values[:-holdout].std() <= 1e-12 * max(1.0, float(np.abs(values).max())) < values.std()
    ]


def beyond_belief(history: WeeklyHistory, fit: MediaFit) -> list[str]:
    """Channels that would bring more than the whole outcome on average, which no fit makes believable."""
    brought = fit.media(history.spends).mean(axis=0)
    whole = float(np.abs(history.outcome).mean())
    return [name for name, value in zip(history.channels, brought.tolist(), strict=True) if value > whole]


def steady_most(history: WeeklyHistory, fit: MediaFit) -> NDArray[np.float64]:
    """The steady weekly spend that acts like the most that ever acted at once, shape (C,)."""
    return np.asarray(carried_spend(history.spends, fit.theta)[0].max(axis=0))


def fit_warnings(history: WeeklyHistory, fit: MediaFit) -> list[str]:
    """Warnings about fitted curves: effect or shape at a bound, saturation not seen, errors in a row.

    Args:
        history: the history.
        fit: its fit.

    Returns:
        Sentences that name the channels.
    """
    carried = carried_spend(history.spends, fit.theta)[0]
    notes = []
    spends = history.spends
    varied = spends.std(axis=0) > LEAST_VARIED * spends.mean(axis=0)
    for k, name in enumerate(history.channels):
        if not varied[k]:
            continue  # said by spend_warnings
        notes += _curve_warnings(fit, k, name, carried[history.spends[:, k] > 0, k])
    before, after = fit.residuals[:-1], fit.residuals[1:]
    scale = float(np.sqrt((before @ before) * (after @ after)))
    lag = float(before @ after) / scale if scale > 0 else 0.0
    if lag > MOST_LAG:
        notes.append(
            f"the errors of the fit follow each other from week to week (r = {lag:.2f}): something is "
            "missing from the model, and all standard errors are too small"
        )
    return notes


def _curve_warnings(fit: MediaFit, k: int, name: str, used: NDArray[np.float64]) -> list[str]:
    """Warnings about one curve; ``used`` are its normalized adstocks in weeks with spend."""
    if fit.beta[k] <= 0:
        return [f"no effect of {name!r} was found: the best fit is at its bound of 0, and the plan takes 0"]
    notes, c = [], len(fit.beta)
    words = ("carry-over theta", "shape alpha", "half saturation kappa")
    stuck = [word for word, row in zip(words, fit.at_bound.reshape(4, c)[:3], strict=True) if row[k]]
    if stuck:
        verb = "stand at their bounds" if len(stuck) > 1 else "stands at its bound"
        notes.append(f"{' and '.join(stuck)} of {name!r} {verb}: its standard errors are too small")
    shares = saturation(used, fit.alpha[k], fit.kappa[k])
    least = float(np.quantile(shares, 0.1))
    if shares.max() < LOW_PART:
        notes.append(
            f"saturation of {name!r} is not identified: its spend never left the lower part of the curve (at "
            f"most {shares.max():.0%} of saturation); gains beyond what was spent are a guess"
        )
    elif least > FLAT_PART:
        notes.append(
            f"saturation of {name!r} is not identified: its spend stayed on the flat part of the curve (at "
            f"least {least:.0%} of saturation in 9 of 10 weeks with spend); what less would do is a guess"
        )
    value, off = (float(part[0]) for part in steady_response(fit, k, np.array([used.mean()])))
    level, error = float(fit.beta[k]), float(np.sqrt(fit.covariance[3 * c + k, 3 * c + k]))
    if value < NINETY * off:
        notes.append(
            f"the effect of {name!r} is not told from zero: at its mean of the weeks with spend it brings "
            f"{style.readable(value)} with a standard error of {style.readable(off)}"
        )
    elif error > 2 * level:
        notes.append(
            f"where {name!r} saturates is not identified (level {style.readable(level)}, standard error "
            f"{style.readable(error)}); within the spends seen its response is known better than that"
        )
    return notes
