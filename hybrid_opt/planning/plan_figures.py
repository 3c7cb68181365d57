"""How a level plan's figures are written: with the decimals that its steps and values need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..reports import style

if TYPE_CHECKING:
    from .level_plan import LevelPlan

__all__ = ["Figures", "share_text"]


@dataclass(frozen=True)
class Figures:
    """How many decimals a plan's amounts and values need; choices are words."""

    spend_digits: int
    response_digits: int
    choice: bool = False

    @classmethod
    def of(cls, plan: LevelPlan) -> Figures:
        """Amounts as fine as the grids; values with about five significant digits, whole ones whole."""
        amounts = [*plan.question.table.lines]
        spends = [line.current for line in amounts]
        spends += [float(x) for grid in plan.question.grids for x in (grid.first, grid.step)]
        digits = next((d for d in range(7) if all(abs(round(s, d) - s) < 1e-9 for s in spends)), 6)
        largest = max(abs(plan.value), abs(plan.today_value or 0.0))
        # What is chosen is often people or money, of which single ones are enough.
        whole = 1_000 if plan.words.choice else 10_000
        response = 0 if largest >= whole or largest == 0 else int(4 - np.floor(np.log10(largest)))
        return cls(digits, min(response, 8), plan.words.choice)

    def spend(self, number: float, *, signed: bool = False) -> str:
        """An amount as text."""
        if self.choice and not signed and number in (0.0, 1.0):
            return "yes" if number else "no"
        return self._text(number, self.spend_digits, signed)

    def response(self, number: float, *, signed: bool = False) -> str:
        """A value as text."""
        return self._text(number, self.response_digits, signed)

    @staticmethod
    def _text(number: float, digits: int, signed: bool) -> str:
        if np.isnan(number):
            return "n/a"
        text = style.money(number, digits=digits)
        return f"+{text}" if signed and number > 0 else text


def share_text(share: float) -> str:
    """A share as a percentage with the digits it was given: 0.01 is 1%, 0.004 is 0.4%."""
    return f"{100 * share:.4g}%"
