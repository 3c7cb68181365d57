"""The answer of the budget task, in money and in the user's sense (more response is better)."""

from __future__ import annotations

import pandas as pd

from ..planning.level_plan import GridGap, LevelPlan

__all__ = ["BudgetPlan", "GridGap"]


class BudgetPlan(LevelPlan):
    """A budget plan with its proof, its reasons and its alternatives; see ``LevelPlan`` for all it holds."""

    def channels(self) -> pd.DataFrame:
        """One row per channel.

        Returns:
            Columns channel, today, plan, change, lowest, highest (money); response_today, response_plan,
            response_lo, response_hi, gain (response; NaN where a curve says nothing); at ("min", "max",
            "fixed", "off" or ""); near_low, near_high (money: its range over near-optimal plans).
        """
        return self.lines()
