"""Does the fitted model foresee weeks that it has not seen better than a model without media?

The last weeks are left out, both models are fitted to the rest, and both are told the spends, season and
controls of the weeks left out. A model that loses this comparison is no ground for moving money.

Shapes: T weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .history_table import WeeklyHistory
from .media_baseline import Baseline
from .media_fit import MediaFit, fit_media

__all__ = ["Holdout", "hold_out"]


@dataclass(frozen=True, eq=False)
class Holdout:
    """The comparison over the weeks that were left out.

    Attributes:
        weeks: how many.
        predicted: outcome that the model with media foresees for them, shape (weeks,).
        without: likewise without media.
        actual: what happened.
        fit: the fit to the weeks before.
    """

    weeks: int
    predicted: NDArray[np.float64]
    without: NDArray[np.float64]
    actual: NDArray[np.float64]
    fit: MediaFit

    @property
    def better(self) -> bool:
        """Whether the model with media has the smaller root mean square error."""
        return _rmse(self.actual, self.predicted) < _rmse(self.actual, self.without)

    def table(self) -> pd.DataFrame:
        """Errors of both models.

        Returns:
            Rows "with media" and "without media"; columns model, MAPE (share; NaN where an outcome is 0),
            RMSE (outcome), R2 (against the mean of the weeks left out, negative where that mean is better).
        """
        rows = [
            {"model": name, **_errors(self.actual, predicted)}
            for name, predicted in (("with media", self.predicted), ("without media", self.without))
        ]
        return pd.DataFrame(rows)


def hold_out(
    history: WeeklyHistory, baseline: Baseline, weeks: int, *, starts: int = 12, seed: int = 0
) -> Holdout:
    """Fit both models to all but the last weeks, and predict these.

    Args:
        history: the history.
        baseline: its baseline.
        weeks: how many are left out.
        starts: of the fit.
        seed: of the fit.

    Returns:
        The comparison.
    """
    before = slice(0, history.weeks - weeks)
    after = slice(history.weeks - weeks, None)
    fit = fit_media(history, baseline, weeks=before, starts=starts, seed=seed)
    predicted = fit.media(history.spends).sum(axis=1) + baseline.design @ fit.base
    alone = baseline.design @ baseline.coefficients(history.outcome[before], before)
    return Holdout(weeks, predicted[after], alone[after], history.outcome[after], fit)


def _rmse(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((actual - predicted) ** 2)))


def _errors(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> dict[str, float]:
    spread = float(np.sum((actual - actual.mean()) ** 2))
    share = np.nan if (actual == 0).any() else float(np.mean(np.abs((actual - predicted) / actual)))
    r2 = np.nan if spread == 0 else 1.0 - float(np.sum((actual - predicted) ** 2)) / spread
    return {"MAPE": share, "RMSE": _rmse(actual, predicted), "R2": r2}
