"""What a weekly history says about its channels: the fit, its errors, its check on weeks left out.

Shapes: T weeks, C channels.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.table import TableSource
from ..planning.table_notes import collected
from ..reports import style
from ..seeds import resolve_seed
from .history_table import WeeklyHistory, read_history
from .media_baseline import Baseline
from .media_curves import hill_parameters
from .media_fit import MediaFit, fit_media
from .media_holdout import Holdout, hold_out
from .media_warnings import beyond_belief, fit_warnings, spend_warnings, steady_most, unseen_before

__all__ = ["MediaHistory", "fit_history"]

SEASON_WEEKS = 104
SMALL_GAIN = 0.1
LEAST_HOLDOUT = 8  # weeks; of pure noise, one week held out passes every second time
MOST_STARTS, MOST_SEASON = 200, 6


@dataclass(frozen=True, eq=False)
class MediaHistory:
    """A fitted weekly history.

    Attributes:
        weekly: the history.
        baseline: what the outcome would be without media, as columns.
        fit: the fit to all weeks, from which the curves of the plan come.
        holdout: the check on the last weeks, None where no week was left out.
        notes: what its table was read as, where that was not plain, and what it cannot tell.
        seed: repeats the fit.
    """

    weekly: WeeklyHistory
    baseline: Baseline
    fit: MediaFit
    holdout: Holdout | None
    notes: list[str]
    seed: int

    @property
    def channels(self) -> list[str]:
        """Names of the channels."""
        return self.weekly.channels

    @property
    def reliable(self) -> bool:
        """Whether enough weeks were foreseen better than without media, by effects to be believed."""
        checked = self.holdout is not None and self.holdout.weeks >= LEAST_HOLDOUT and self.holdout.better
        return checked and not self.unbelievable

    @property
    def unbelievable(self) -> list[str]:
        """Channels that would bring more than the whole outcome on average."""
        return beyond_belief(self.weekly, self.fit)

    @property
    def verdict(self) -> str:
        """The check in a sentence."""
        if self.holdout is None:
            return "UNRELIABLE: no weeks were held out, so nothing was checked"
        if self.unbelievable:
            listed = " and ".join(repr(name) for name in self.unbelievable)
            return f"UNRELIABLE: {listed} would bring more than the whole outcome; nobody should believe that"
        if self.holdout.weeks < LEAST_HOLDOUT:
            weeks = self.holdout.weeks
            return f"UNRELIABLE: {weeks} weeks held out are too few, hold out {LEAST_HOLDOUT} or more"
        rmse = self.holdout.table()["RMSE"].tolist()
        media, alone = (style.readable(error) for error in rmse)
        found = f"over the {self.holdout.weeks} weeks held out, the error (RMSE) is {media} with media"
        if self.reliable:
            small = rmse[0] > (1 - SMALL_GAIN) * rmse[1]
            chance = f", only {1 - rmse[0] / rmse[1]:.1%} better, which may be chance" if small else ""
            return f"{found} and {alone} without{chance}"
        return (
            f"UNRELIABLE: {found}, but {alone} without: the fitted curves are no ground for moving money"
        )

    @property
    def seen_most(self) -> NDArray[np.float64]:
        """Largest weekly spend of each channel, shape (C,)."""
        return np.asarray(self.weekly.spends.max(axis=0))

    @property
    def steady_most(self) -> NDArray[np.float64]:
        """The steady spend that acts like the most that ever acted at once, shape (C,)."""
        return steady_most(self.weekly, self.fit)

    def fitted(self) -> NDArray[np.float64]:
        """Fitted outcome per week, shape (T,)."""
        media = self.fit.media(self.weekly.spends).sum(axis=1)
        return np.asarray(media + self.baseline.design @ self.fit.base)

    @property
    def r2(self) -> float:
        """Share of the outcome's variance that the fit to all weeks explains; in sample."""
        spread = float(np.sum((self.weekly.outcome - self.weekly.outcome.mean()) ** 2))
        return 1.0 - float(np.sum(self.fit.residuals**2)) / spread

    def parameters(self) -> pd.DataFrame:
        """Parameters with standard errors, see ``media_curves.hill_parameters``."""
        return hill_parameters(self.fit, self.channels)

    def decomposition(self) -> pd.DataFrame:
        """What the outcome of all weeks is made of.

        Returns:
            Rows: the level, what moves around it with a total of 0 (trend, season, each control), then the
            channels; columns part, total (outcome), share (of the whole outcome), swing (standard deviation
            over the weeks), spend (money of all weeks; NaN of the baseline), return (outcome per money). The
            totals add up to the outcome.
        """
        base = self.baseline.design * self.fit.base
        own = np.array(self.baseline.parts)
        parts = list(dict.fromkeys(self.baseline.parts))
        media, weekly = self.fit.media(self.weekly.spends), self.weekly
        series = np.column_stack([*(base[:, own == part].sum(axis=1) for part in parts), media])
        totals = series.sum(axis=0)
        totals[1 : len(parts)] = 0.0  # exactly: these columns are centred
        spends = np.concatenate([np.full(len(parts), np.nan), weekly.spends.sum(axis=0)])
        return pd.DataFrame(
            {
                "part": [*parts, *self.channels],
                "total": totals,
                "share": totals / (float(weekly.outcome.sum()) or math.nan),
                "swing": series.std(axis=0),
                "spend": spends,
                "return": totals / spends,
            }
        )

    def weeks(self) -> pd.DataFrame:
        """One row per week.

        Returns:
            Columns date, actual, fitted, held_out (what the model fitted to the weeks before foresaw; NaN
            elsewhere), without_media (likewise), baseline, and one column per channel with what it brings.
        """
        media = self.fit.media(self.weekly.spends)
        frame = pd.DataFrame(
            {"date": self.weekly.dates, "actual": self.weekly.outcome, "fitted": self.fitted()}
        )
        for name in ("held_out", "without_media"):
            frame[name] = np.nan
        if self.holdout is not None:
            last = frame.index[-self.holdout.weeks :]
            frame.loc[last, "held_out"] = self.holdout.predicted
            frame.loc[last, "without_media"] = self.holdout.without
        frame["baseline"] = self.baseline.design @ self.fit.base
        taken = set(frame.columns)
        names = [f"{name} (channel)" if name in taken else name for name in self.channels]
        return frame.join(pd.DataFrame(media, columns=names))

    def picture(self, png: str | os.PathLike[str] | None = None) -> str:
        """Actual, fitted and held-out outcome over the weeks, as inline SVG.

        Args:
            png: also save a PNG there.

        Returns:
            The SVG.

        Raises:
            OptionError: the PNG cannot be written there.
        """
        from .history_tables import fit_picture

        return fit_picture(self, png)

    def __str__(self) -> str:
        from ..reports import table_text
        from .history_tables import history_tables

        notes = "".join(f"- {note}\n" for note in self.notes)
        return "\n".join([*(table_text(table) for table in history_tables(self)), notes]).rstrip() + "\n"


def fit_history(
    source: TableSource,
    *,
    outcome: str,
    date: str,
    spend: Sequence[str],
    controls: Sequence[str] = (),
    holdout: int = 26,
    season: int = 2,
    starts: int = 12,
    seed: int | None = 0,
) -> MediaHistory:
    """Fit adstock and Hill curves to a weekly history.

    The last ``holdout`` weeks are predicted by a fit to the weeks before them, beside a model of the same
    trend, season and controls without media. The curves then come from a fit to all weeks.

    Spends that follow demand (more search where more is sold anyway) bias such a fit; nothing here corrects
    for that. Only experiments do.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame, one row per week.
        outcome: column of the outcome, e.g. revenue.
        date: column of the date.
        spend: columns of the channels' spends; their names become the channels.
        controls: columns of whatever else moves the outcome.
        holdout: last weeks to check on; with less than 8 the plan is marked unreliable.
        season: pairs of cosine and sine for the yearly season, 0 to 6.
        starts: starts of the fit to refine, 1 to 200.
        seed: makes the fit repeatable.

    Returns:
        The fitted history.

    Raises:
        OptionError: an illegal option.
        TableError: the table is wrong, or too short for its parameters; row and column are named.

    Example:
        >>> from hybrid_opt.marketing.synthetic_history import make_history
        >>> found = fit_history(make_history(), outcome="revenue", date="week", spend=["tv", "search"],
        ...                     controls=["price", "holiday"], starts=2)
        >>> found.channels, found.reliable
        (['tv', 'search'], True)
    """
    for value, name, low, high in (
        (holdout, "holdout", 0, 10_000),
        (season, "season", 0, MOST_SEASON),
        (starts, "starts", 1, MOST_STARTS),
    ):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            raise OptionError(f"{name} is {value!r}; legal are whole numbers from {low} to {high}")
    seed = resolve_seed(seed)
    with collected() as read:
        weekly = read_history(source, outcome=outcome, date=date, spend=spend, controls=controls)
    baseline = Baseline.of(weekly, season)
    parameters = 4 * len(weekly.channels) + baseline.design.shape[1]
    needed = math.ceil(1.5 * parameters) + holdout
    if weekly.weeks < needed:
        raise TableError(
            f"the history has {weekly.weeks} weeks; {len(weekly.channels)} channels, season and controls "
            f"make {parameters} parameters, and with {holdout} weeks held out at least {needed} weeks are "
            "needed: give more weeks, fewer channels, a smaller season or a shorter holdout"
        )
    if float(weekly.outcome.std()) <= 1e-12 * max(1.0, float(np.abs(weekly.outcome).max())):
        raise TableError(f"the outcome {outcome!r} never changes; there is nothing to explain")
    notes = [*read, *spend_warnings(weekly)]
    if season and weekly.weeks - holdout < SEASON_WEEKS:
        notes.append(
            f"{weekly.weeks - holdout} weeks before the holdout are less than two years: the yearly season "
            "rests on one repetition or none"
        )
    if holdout:
        notes += unseen_before(weekly, holdout)
    checked = hold_out(weekly, baseline, holdout, starts=starts, seed=seed) if holdout else None
    first = None if checked is None else checked.fit
    fit = fit_media(weekly, baseline, starts=starts, seed=seed, first=first)
    return MediaHistory(weekly, baseline, fit, checked, [*notes, *fit_warnings(weekly, fit)], seed)
