"""What a planner's best plan brings at an amount of money: a point of its value-of-budget curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from ..errors import InfeasiblePlanError, OptionError, PlanError
from .level_planner import LevelPlanner

__all__ = ["BudgetPoint", "MoneyLimit"]


@dataclass(frozen=True)
class BudgetPoint:
    """The best plan at one amount.

    Attributes:
        amount: money.
        value: value of the best plan found, None where there is none.
        bound: no plan is better; None where nothing was proven.
        reason: why there is no plan, ``""`` where there is one.
    """

    amount: float
    value: float | None
    bound: float | None
    reason: str = ""

    @property
    def proven(self) -> bool:
        """Whether the plan, or that there is none, is proven."""
        if self.value is None:
            return self.bound is not None
        return self.bound is not None and self.bound - self.value <= 1e-8 * max(1.0, abs(self.bound))


@dataclass(frozen=True, eq=False)
class MoneyLimit:
    """The option of a planner that limits its money.

    Attributes:
        name: what the user calls the planner.
        planner: the planner.
        option: its option, such as ``"budget"``; ``"limits.cost"`` for an entry of a mapping.
    """

    name: str
    planner: LevelPlanner[Any]
    option: str

    @classmethod
    def of(cls, name: str, planner: Any, option: str | None) -> MoneyLimit:
        """Find the limit, see ``share_budget``.

        Raises:
            OptionError: no planner, or no such option.
        """
        if not isinstance(planner, LevelPlanner):
            raise OptionError(
                f"{name!r} is a {type(planner).__name__}; give planners, such as BudgetPlanner, not plans"
            )
        given = planner._given
        if option is None and "budget" not in given:
            mappings = [(key, value) for key, value in given.items() if isinstance(value, Mapping)]
            places = ", ".join(f"{key}.{entry}" for key, value in mappings for entry in value)
            raise OptionError(
                f"{name!r} has no option 'budget'; name its money limit in limits={{{name!r}: ...}}"
                f"{', e.g. one of ' + places if places else ''}"
            )
        option = "budget" if option is None else option
        key, dot, entry = option.partition(".")
        known = key in given and (not dot or (isinstance(given[key], Mapping) and entry in given[key]))
        if not known:
            raise OptionError(f"{name!r} has no limit {option!r}; its options are {', '.join(given)}")
        return cls(name, planner, option)

    @property
    def now(self) -> float | None:
        """The limit that the planner came with, None where it is no number."""
        key, dot, entry = self.option.partition(".")
        value = self.planner._given[key][entry] if dot else self.planner._given[key]
        if value is None and self.option == "budget" and self.planner.question.budget is not None:
            value = None if self.planner.table.words.choice else self.planner.question.budget
        return float(value) if isinstance(value, Real) and not isinstance(value, bool) else None

    @property
    def rises(self) -> bool:
        """Whether more money can never bring less: a plan may leave money, and money changes no value."""
        if self.planner._given.get("spend") == "exactly" and self.option == "budget":
            return False
        question = self.planner.question
        return not question.synergies or question.reference != question.budget

    def at(self, amount: float) -> LevelPlanner[Any]:
        """The planner with another amount.

        Raises:
            PlanError: its limits cannot hold it.
        """
        key, dot, entry = self.option.partition(".")
        value = {**self.planner._given[key], entry: amount} if dot else amount
        return self.planner.changed(**{key: value})

    def point(self, amount: float, time_limit: float) -> BudgetPoint:
        """Solve at one amount, with proof.

        Args:
            amount: money.
            time_limit: seconds for MILP.

        Returns:
            The point; without a value where no plan holds the limits.
        """
        try:
            planner = self.at(amount)
        except PlanError as error:
            return BudgetPoint(amount, None, float("-inf"), str(error))
        levels = planner.question.levels()
        try:
            proven = planner._prove(levels, start=planner._today(levels), time_limit=time_limit)
        except InfeasiblePlanError as error:
            return BudgetPoint(amount, None, float("-inf"), str(error))
        except PlanError as error:
            return BudgetPoint(amount, None, None, str(error))
        return BudgetPoint(amount, float(proven.value), proven.bound)
