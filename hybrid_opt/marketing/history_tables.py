"""A fitted history as tables and pictures for people."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..planning.money import money_text
from ..reports import Drawing, Table, history_chart, style

if TYPE_CHECKING:
    from .media_history import MediaHistory

__all__ = ["fit_drawings", "fit_picture", "history_tables"]

_RIGHT: Literal["right"] = "right"


def history_tables(history: MediaHistory) -> list[Table]:
    """Check, parameters and decomposition.

    Args:
        history: the fitted history.

    Returns:
        Three tables, the check first; two where no week was held out.
    """
    tables = [] if history.holdout is None else [_check_table(history)]
    return [*tables, _parameter_table(history), _decomposition_table(history)]


def _check_table(history: MediaHistory) -> Table:
    holdout = history.holdout
    frame = [] if holdout is None else holdout.table().to_dict("records")
    weeks = 0 if holdout is None else holdout.weeks
    rows = [
        [row["model"], _percent(row["MAPE"]), style.readable(row["RMSE"]), _digits(row["R2"])]
        for row in frame
    ]
    return Table(
        ["model", "MAPE", "RMSE", "R2"],
        rows,
        title=f"Check on the last {weeks} weeks, which the fit had not seen",
        align=["left", _RIGHT, _RIGHT, _RIGHT],
        note=f"{history.verdict}; both models have the same trend, season and controls",
        strong=[] if history.reliable else [1],
    )


def _parameter_table(history: MediaHistory) -> Table:
    rows = [
        [
            row["channel"],
            _with_error(row["theta"], row["theta_error"]),
            _with_error(row["alpha"], row["alpha_error"]),
            _with_error(row["kappa"], row["kappa_error"]),
            _with_error(row["beta"], row["beta_error"]),
            money_text(round(float(most), 2)),
        ]
        for row, most in zip(history.parameters().to_dict("records"), history.seen_most, strict=True)
    ]
    fit = history.fit
    return Table(
        ["channel", "carry-over", "shape", "half saturation", "saturation level", "largest week"],
        rows,
        title=f"Fitted curves: {history.weekly.weeks} weeks, R2 {history.r2:.3f} in sample",
        align=["left", *[_RIGHT] * 5],
        note="± standard errors, none where a parameter stands at its bound; half saturation as a steady "
        f"weekly spend; {fit.agreeing} of {fit.starts} starts ended within 1% of the best fit (seed "
        f"{history.seed})",
    )


def _decomposition_table(history: MediaHistory) -> Table:
    rows = [
        [
            row["part"],
            f"{row['total']:,.0f}",
            f"{row['share']:.1%}",
            f"{row['swing']:,.0f}",
            "" if np.isnan(row["spend"]) else f"{row['spend']:,.0f}",
            "" if np.isnan(row["return"]) else f"{row['return']:,.3g}",
        ]
        for row in history.decomposition().to_dict("records")
    ]
    name = history.weekly.outcome_name
    return Table(
        ["part", name, "share", "swing", "spend", "return"],
        rows,
        title=f"What {name} was made of",
        align=["left", *[_RIGHT] * 5],
        note="over all weeks; trend, season and controls move around the level and add up to 0; swing is the "
        "standard deviation from week to week; return is outcome per money on average, not at the margin",
    )


def fit_picture(history: MediaHistory, png: str | os.PathLike[str] | None = None) -> str:
    """Actual, fitted and held-out outcome, see ``MediaHistory.picture``."""
    weeks = history.weeks()
    series: dict[str, Any] = {"fitted to all weeks": weeks["fitted"].to_numpy()}
    held = 0
    if history.holdout is not None:
        held = history.holdout.weeks
        series["foreseen with media"] = weeks["held_out"].to_numpy()
        series["foreseen without media"] = weeks["without_media"].to_numpy()
    return history_chart(
        history.weekly.dates,
        history.weekly.outcome,
        series,
        held_out=held,
        y_title=history.weekly.outcome_name,
        png=png,
    )


def fit_drawings(history: MediaHistory) -> list[Drawing]:
    """The picture of the fit for a page."""
    held = 0 if history.holdout is None else history.holdout.weeks
    caption = f"{history.weekly.outcome_name} by week, and what the fit makes of it"
    if held:
        caption += f"; the last {held} weeks were foreseen by a fit that had not seen them"
    return [Drawing(fit_picture(history), f"{caption}.")]


def _with_error(value: float, error: float) -> str:
    text = f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.3g}"
    if np.isnan(error):
        return text
    return f"{text} ± {error:,.0f}" if abs(value) >= 1_000 else f"{text} ± {error:,.2g}"


def _percent(share: float) -> str:
    return "n/a" if np.isnan(share) else f"{share:.2%}"


def _digits(value: float) -> str:
    return "n/a" if np.isnan(value) else f"{value:.3f}"
