"""The strategy task: which projects to carry out and when, with proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from functools import partial
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.lines import LevelQuestion
from ..planning.proven_answer import ProvenAnswer
from ..planning.selection_items import choice_curves
from ..planning.selection_planner import SelectionPlanner
from ..planning.selection_rules import GroupSource, check_count
from ..planning.table import TableSource
from ..planning.table_notes import tells_what_was_read
from ..solvers import Solver
from .pareto_front import pareto_front
from .project_form import prove_with_pairs
from .risk import covariance, of_starts, read_futures, read_risk
from .strategy_columns import STARTS, read_projects
from .strategy_plan import StrategyPlan
from .strategy_rules import (
    BudgetSource,
    category_sides,
    must_sides,
    period_budgets,
    project_pairs,
    read_budgets,
)

__all__ = ["StrategyPlanner"]


class StrategyPlanner(SelectionPlanner[StrategyPlan]):
    """Choose projects and the periods in which they start.

    With x_it = 1 for project i starting in period t, and D_it = 1 / (1 + rate)**(t + d_i - 1),

        maximize  sum v_i D_it x_it - risk_aversion * sum r_ij D_it D_js x_it x_js

    under budgets per period, precedence, exclusions, and limits of categories.

    Args:
        projects: table of projects, a path of a .csv or .xlsx file or a DataFrame: project, value, cost (per
            period), duration, and perhaps category, must (in, out), earliest, latest, a third objective.
        periods: how many periods there are.
        budgets: one number for every period, one per period, or a table (period, budget).
        rate: discount rate per period.
        subtract_cost: whether discounted costs are taken off the value.
        choose: how many projects; None for any number.
        at_most: whether fewer are allowed.
        exclusions: table (project, other).
        needs: table (project, needs): the second has to be over before the first starts.
        groups: limits of categories, a table (group, at_least, at_most, min_share) or a mapping; shares count
            costs.
        risk: square table of covariances of the values as the table has them, not discounted; they are
            discounted as the values are.
        futures: instead of risk, a table with a column of factors per equally likely future.
        risk_aversion: value that is given up per unit of variance of the discounted value.
        third: name of a column of the projects, more of which is better, for the front.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the limits clash; a smallest set of them is named.
        OptionError: an illegal option.

    Example:
        >>> table = pd.DataFrame({"project": ["site", "shop"], "value": [90, 70], "cost": [30, 20],
        ...                       "duration": [2, 1]})
        >>> needs = pd.DataFrame({"project": ["shop"], "needs": ["site"]})
        >>> planner = StrategyPlanner.from_tables(table, periods=3, budgets=30, rate=0.1, needs=needs)
        >>> planner.solve(seed=1).starts()
        {'site': 1, 'shop': 3}
    """

    plan_type = StrategyPlan
    _points = 0  # of the front; a plan has one where solve was asked for it

    @tells_what_was_read
    def __init__(
        self,
        projects: TableSource,
        *,
        periods: int,
        budgets: BudgetSource,
        rate: float = 0.0,
        subtract_cost: bool = False,
        choose: int | None = None,
        at_most: bool = False,
        exclusions: TableSource | None = None,
        needs: TableSource | None = None,
        groups: GroupSource | None = None,
        risk: TableSource | None = None,
        futures: TableSource | None = None,
        risk_aversion: float = 0.0,
        third: str | None = None,
    ) -> None:
        self._given = {
            "projects": projects,
            "periods": periods,
            "budgets": budgets,
            "rate": rate,
            "subtract_cost": subtract_cost,
            "choose": choose,
            "at_most": at_most,
            "exclusions": exclusions,
            "needs": needs,
            "groups": groups,
            "risk": risk,
            "futures": futures,
            "risk_aversion": risk_aversion,
            "third": third,
        }
        for name, number in (("rate", rate), ("risk_aversion", risk_aversion)):
            real = isinstance(number, (int, float, np.number)) and not isinstance(number, bool)
            if not real or not isfinite(number) or number < 0:
                raise OptionError(f"{name} is {number!r}; it must be a finite number of at least 0")
        if risk is not None and futures is not None:
            raise OptionError("give risk or futures, not both: covariances follow from the futures")
        if risk_aversion and risk is None and futures is None:
            raise OptionError(f"risk_aversion is {risk_aversion!r}, but there is neither risk nor futures")
        found = read_projects(projects, periods, [] if third is None else [third])
        self.projects, self.rate, self._aversion = found, float(rate), float(risk_aversion)
        self.futures, self._factors, self.risk = self._risk(risk, futures)
        self.third = None if third is None else found.numbers(third)[found.project]
        check_count(choose, len(found.names), "projects")
        self._worth = found.discounted(rate, subtract_cost=subtract_cost)
        values, losses = self._worth.copy(), []
        if self.risk is not None and risk_aversion:
            values -= risk_aversion * np.diag(self.risk)
            losses = self._losses(2.0 * risk_aversion * self.risk)
        sides = period_budgets(found, read_budgets(budgets, periods))
        sides += project_pairs(found, exclusions, needs)
        self._set(
            found.items.with_caps(dict.fromkeys(found.items.table.groups, 1.0)),
            choice_curves(found.items, values),
            losses,
            [*sides, *must_sides(found), *category_sides(found, groups)],
            choose=choose,
            at_most=at_most,
            words=replace(STARTS, value="value less risk" if losses else "value"),
        )

    def _risk(
        self, risk: TableSource | None, futures: TableSource | None
    ) -> tuple[list[str], NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """Names and factors of the futures, and covariances of the discounted values of starts."""
        found, names, factors = self.projects, list[str](), None
        if futures is not None:
            names, factors = read_futures(futures, found.names)
            between = covariance(found.numbers("value"), factors)
        elif risk is not None:
            between = read_risk(risk, found.names)
        else:
            return [], None, None
        return names, factors, of_starts(between, found.project, found.discounts(self.rate))

    def _losses(self, pairs: NDArray[np.float64]) -> list[tuple[str, str, float]]:
        """Pairs of starts of two projects."""
        labels, owner = self.projects.items.labels, self.projects.project
        return [
            (labels[a], labels[b], float(pairs[a, b]))
            for a in range(len(labels))
            for b in range(a + 1, len(labels))
            if owner[a] != owner[b] and pairs[a, b]
        ]

    @classmethod
    def from_csv(cls, projects: TableSource, **options: Any) -> StrategyPlanner:
        """Read the tables from files; options as in the class."""
        return cls(projects, **options)

    @classmethod
    def from_tables(cls, projects: pd.DataFrame, **options: Any) -> StrategyPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(projects, **options)

    def solve(self, method: str | Solver = "auto", *, pareto: int = 0, **options: Any) -> StrategyPlan:
        """Find the best plan; all other options are those of ``SelectionPlanner.solve``.

        Args:
            method: "auto" proves the optimum, any other method improves blocks of starts.
            pareto: how many floors of value the front of efficient plans is computed for; 0 leaves it out.
            options: the other options.

        Returns:
            The plan.

        Raises:
            OptionError: an illegal option, or a front without risk.
            MissingDependencyError: a quantum method was asked for and Aer is not installed.
        """
        whole = isinstance(pareto, (int, np.integer)) and not isinstance(pareto, bool)
        if not whole or pareto < 0:
            raise OptionError(f"pareto is {pareto!r}; it must be a whole number of at least 0")
        if pareto and self.risk is None:
            raise OptionError("a front needs risk or futures; give one of them, or pareto=0")
        # The front is one phase of the answer, so that ctrl-C in it keeps the plan.
        asked = copy(self)
        asked._points = int(pareto)
        return super(StrategyPlanner, asked).solve(method, **options)

    def _further(
        self, levels: LevelQuestion, proven: ProvenAnswer, time_limit: float
    ) -> dict[str, tuple[str, Callable[[], Any]]]:
        """The best selection of every size, and the front where it was asked for."""
        further = super()._further(levels, proven, time_limit)
        if self._points:
            front = partial(self.front, self._points, time_limit=time_limit)
            further["the front of value and risk"] = ("front", front)
        return further

    def front(self, points: int = 8, *, time_limit: float = 60.0) -> pd.DataFrame:
        """Plans of which none is better in value, risk and the third objective at once.

        Args:
            points: how many floors of value.
            time_limit: seconds for all of them.

        Returns:
            Columns value, risk (standard deviation), the third objective where there is one, proven, starts.

        Raises:
            OptionError: there is no risk.
        """
        if self.risk is None:
            raise OptionError("a front needs risk or futures; give one of them")
        levels, owner = self.question.levels(), self.projects.project
        table, units = pareto_front(
            levels, owner, self._worth, self.risk, self.third, points=points, time_limit=time_limit
        )
        table["risk"] = np.sqrt(np.maximum(table["risk"], 0.0))
        runs = [self.projects.runs(row) for row in units]
        table["starts"] = [", ".join(f"{name} {start}" for name, start in run.items()) for run in runs]
        return table.rename(columns={"third": str(self._given["third"])})

    def _prove(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        if not question.synergies or self.risk is None:
            return super()._prove(question, start=start, time_limit=time_limit)
        # The variances stand in the values of the starts already; only pairs are left.
        pairs = -self._aversion * self.risk
        return prove_with_pairs(question, self.projects.project, pairs, time_limit=time_limit)

    def _facts(self) -> Mapping[str, Any]:
        return {
            "projects": self.projects,
            "worth": self._worth,
            "risk": self.risk,
            "futures": self.futures,
            "factors": self._factors,
            "rate": self.rate,
        }
