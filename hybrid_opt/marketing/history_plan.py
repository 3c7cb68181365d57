"""The plan table that a history suggests: today, what was spent at most, and round steps."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ..errors import OptionError
from ..planning.money import money_text
from .history_table import WeeklyHistory

__all__ = ["round_step", "suggested_plan"]

RECENT = 52
STEPS = 200  # steps that the budget has at least


def round_step(most: float) -> float:
    """The largest of ..., 1, 2, 5, 10, 20, 50, ... that is at most ``most``.

    Args:
        most: a positive amount.

    Returns:
        The round amount.

    Example:
        >>> round_step(349.0), round_step(0.07)
        (200.0, 0.05)
    """
    power = math.floor(math.log10(most) + 1e-12)
    digit = max(d for d in (1, 2, 5) if d <= most / 10.0**power + 1e-9)
    return float(f"{digit}e{power}")


def suggested_plan(
    history: WeeklyHistory, *, recent: int = RECENT, step: float | None = None
) -> pd.DataFrame:
    """A plan table from a history.

    Args:
        history: the history.
        recent: the last weeks whose mean spend counts as today's; fewer where the history is shorter.
        step: one step for all channels; round steps of at most a 200th of the budget, and a tenth of the
            channel's largest weekly spend, where None.

    Returns:
        Columns channel, current (mean of the last weeks, to the next step), min (0), max (largest weekly
        spend, down to a step), step.

    Raises:
        OptionError: an illegal number, or a step above the largest weekly spend of a channel.

    Example:
        >>> from hybrid_opt.marketing.synthetic_history import make_history
        >>> from hybrid_opt.marketing.history_table import read_history
        >>> own = read_history(make_history(), outcome="revenue", date="week", spend=["tv", "search"])
        >>> suggested_plan(own).columns.tolist()
        ['channel', 'current', 'min', 'max', 'step']
    """
    whole = isinstance(recent, (int, np.integer)) and not isinstance(recent, bool)
    if not whole or recent < 1:
        raise OptionError(f"recent is {recent!r}; legal are whole numbers of weeks from 1")
    number = isinstance(step, (int, float, np.number)) and not isinstance(step, bool)
    if step is not None and (not number or not math.isfinite(step) or step <= 0):
        raise OptionError(f"step is {step!r}; legal is a finite amount of money above 0, or None")
    today = history.spends[-recent:].mean(axis=0)
    rows = []
    for name, most, now in zip(history.channels, history.spends.max(axis=0), today, strict=True):
        common = max(float(today.sum()), float(most)) / STEPS
        own = round_step(max(min(common, float(most) / 10), common / 100)) if step is None else float(step)
        steps = math.floor(float(most) / own + 1e-9)
        if steps < 1:
            raise OptionError(
                f"step is {money_text(own)}; that is above the largest weekly spend "
                f"{money_text(float(most))} of {name!r}: take a smaller step, or give a plan table"
            )
        # Products of decimals are rounded to where the step ends, so that max is a whole number of steps.
        digits = max(0, -math.floor(math.log10(own) + 1e-12)) + 6
        current = round(min(round(float(now) / own), steps) * own, digits)
        rows.append(
            {"channel": name, "current": current, "min": 0.0, "max": round(steps * own, digits), "step": own}
        )
    return pd.DataFrame(rows)
