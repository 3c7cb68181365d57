"""What the outcome would be without media: level, trend, yearly season and controls, linear in all of them.

    b_t = level + slope t + sum_(k=1..H) (a_k cos(2 pi k d_t / 365.25) + b_k sin(...)) + controls_t' gamma

d_t is the day of the week's date since 1970. The baseline is unbounded, so that it can be projected out of a
fit exactly (variable projection; G. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413).

Shapes: T weeks, B columns of the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .history_table import WeeklyHistory

__all__ = ["Baseline"]

DAYS = 365.25


@dataclass(frozen=True, eq=False)
class Baseline:
    """The columns of the baseline.

    Attributes:
        design: columns, each scaled to about 1, shape (T, B).
        parts: what each column belongs to, "level", "trend", "season" or a control's name, B of them.
    """

    design: NDArray[np.float64]
    parts: list[str]

    @classmethod
    def of(cls, history: WeeklyHistory, season: int) -> Baseline:
        """Build the columns.

        Args:
            history: the history.
            season: pairs of cosine and sine per year, 0 for none.

        Returns:
            The baseline; every column but the level has mean zero over the history.
        """
        weeks = history.weeks
        days = history.dates.astype("datetime64[D]").astype(np.float64)
        columns = [np.linspace(-1.0, 1.0, weeks)]
        parts = ["level", "trend"]
        for k in range(1, season + 1):
            angle = 2.0 * np.pi * k * days / DAYS
            columns += [np.cos(angle), np.sin(angle)]
            parts += ["season", "season"]
        for name, values in zip(history.control_names, history.controls.T, strict=True):
            columns.append(values / (float(np.abs(values).max()) or 1.0))
            parts.append(name)
        centered = [column - column.mean() for column in columns]
        return cls(np.column_stack([np.ones(weeks), *centered]), parts)

    def basis(self, weeks: slice) -> NDArray[np.float64]:
        """Orthonormal basis of the columns over some weeks, shape (weeks, rank)."""
        left, sizes, _ = np.linalg.svd(self.design[weeks], full_matrices=False)
        return np.asarray(left[:, sizes > 1e-10 * sizes[0]])

    def coefficients(self, values: NDArray[np.float64], weeks: slice) -> NDArray[np.float64]:
        """Least-squares coefficients, shape (B,), of values over some weeks, shape (weeks,).

        Columns are centered over these weeks: one that does not vary in them, such as a control that begins
        later, gets 0 instead of a share of the level.
        """
        own = self.design[weeks]
        middle = own[:, 1:].mean(axis=0)
        moving = np.linalg.lstsq(own[:, 1:] - middle, values - values.mean(), rcond=1e-10)[0]
        return np.concatenate([[values.mean() - middle @ moving], moving])
