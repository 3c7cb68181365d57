"""The answer of the budget task, in money and in the user's sense (more response is better)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..planning.level_plan import GridGap, LevelPlan
from ..planning.money import money_text
from ..planning.plan_json import plain_rows
from ..reports import Drawing, Table
from .history_tables import fit_drawings, history_tables
from .least_spend import LeastSpend
from .media_history import MediaHistory
from .return_floor import FloorReport

__all__ = ["BudgetPlan", "GridGap"]


@dataclass(frozen=True, eq=False)
class BudgetPlan(LevelPlan):
    """A budget plan with its proof, its reasons and its alternatives; see ``LevelPlan`` for all it holds.

    Attributes:
        history: the fitted weekly history that the curves come from, None where curves were given.
        floor: what a floor on the return does to the plan, None without one.
        least: the proof of the least spend for a target, None unless that was the question.
    """

    history: MediaHistory | None = None
    floor: FloorReport | None = None
    least: LeastSpend | None = None

    def __post_init__(self) -> None:
        own = [] if self.history is None else [self.history.verdict, *self.beyond_history()]
        own += [part.text() for part in (self.least, self.floor) if part is not None]
        today, spent = self.today_value, float(self.current.sum())
        if self.floor is not None and today is not None and today < self.floor.floor * spent:
            own.append(f"today's spends return {today / spent:.4g} per money, less than the floor")
        object.__setattr__(self, "notes", [*own, *(note for note in self.notes if note not in own)])

    def channels(self) -> pd.DataFrame:
        """One row per channel.

        Returns:
            Columns channel, today, plan, change, lowest, highest (money); response_today, response_plan,
            response_lo, response_hi, gain (response; NaN where a curve says nothing); at ("min", "max",
            "fixed", "off" or ""); near_low, near_high (money: its range over near-optimal plans).
        """
        return self.lines()

    @property
    def reliable(self) -> bool | None:
        """Whether the fitted model passed its check; None where the curves were given."""
        return None if self.history is None else self.history.reliable

    def beyond_history(self) -> list[str]:
        """Planned spends that leave what the history has seen, in words, with by how much."""
        if self.history is None:
            return []
        notes, plan = [], dict(zip(self.question.table.labels, self.spends().tolist(), strict=True))
        most, steady = self.history.seen_most.tolist(), self.history.steady_most.tolist()
        for name, seen, held in zip(self.history.channels, most, steady, strict=True):
            spend = plan.get(name, 0.0)
            if spend > seen * (1 + 1e-9):
                notes.append(
                    f"EXTRAPOLATED: {money_text(spend)} for {name!r} is {spend / seen - 1:.0%} above the "
                    f"largest week of the history ({money_text(round(seen, 2))})"
                )
            elif spend > held * (1 + 1e-9):
                notes.append(
                    f"{money_text(spend)} every week for {name!r} acts like more than was ever in effect "
                    f"(carry-over included, at most {money_text(round(held, 2))} a week): single weeks were "
                    "as high, a row of them was not"
                )
        return notes

    def figures(self) -> Mapping[str, float | str | None]:
        """Headline figures, with the check of a fitted history."""
        figures = dict(super().figures())
        if self.history is not None:
            figures["check"] = "passed" if self.history.reliable else "UNRELIABLE"
        spent = float(self.spends().sum())
        if self.floor is not None:
            figures |= {"return": self.value / spent if spent else None, "return floor": self.floor.floor}
        if self.least is not None:
            figures["target"] = self.least.target
        return figures

    def binding(self) -> list[str]:
        """The limits that bind, in words, the dearest first; a floor on the return before them."""
        floor = [] if self.floor is None or not self.floor.binds else [self.floor.text()]
        return [*floor, *super().binding()]

    def limit_words(self) -> str:
        """The budget in a few words, and whether the curves can be relied on."""
        unreliable = ", UNRELIABLE" if self.reliable is False else ""
        return f"{super().limit_words()}{unreliable}"

    def origin(self) -> str:
        """Where the values come from."""
        if self.history is None:
            return super().origin()
        return (
            f"Responses come from curves fitted to {self.history.weekly.weeks} weeks; spends that follow "
            "demand bias such a fit"
        )

    def task_tables(self) -> list[Table]:
        """What the history says, where there is one."""
        return [] if self.history is None else history_tables(self.history)

    def task_drawings(self) -> list[Drawing]:
        """The picture of the fit."""
        return [] if self.history is None else fit_drawings(self.history)

    def task_frames(self) -> dict[str, pd.DataFrame]:
        """The history as data frames."""
        if self.history is None:
            return {}
        frames = {
            "parameters": self.history.parameters(),
            "decomposition": self.history.decomposition(),
            "weeks": self.history.weeks().assign(date=lambda frame: frame["date"].astype(str)),
        }
        if self.history.holdout is not None:
            frames["held out"] = self.history.holdout.table()
        return frames

    def task_values(self) -> dict[str, Any]:
        """The same as JSON values."""
        own: dict[str, Any] = {
            "floor": None if self.floor is None else {**asdict(self.floor), "binds": self.floor.binds},
            "least": None if self.least is None else asdict(self.least),
        }
        if self.history is None:
            return own
        holdout = self.history.holdout
        return {
            **own,
            "history": {
                "reliable": self.history.reliable,
                "verdict": self.history.verdict,
                "weeks": self.history.weekly.weeks,
                "r2": None if np.isnan(self.history.r2) else self.history.r2,
                "seed": self.history.seed,
                "held_out_weeks": 0 if holdout is None else holdout.weeks,
                "held_out": [] if holdout is None else plain_rows(holdout.table()),
                "parameters": plain_rows(self.history.parameters()),
                "decomposition": plain_rows(self.history.decomposition()),
                "beyond": self.beyond_history(),
            },
        }
