"""The budget task: how much to spend on each channel, with proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, UnsupportedModelError
from ..planning.curves import ResponseCurves
from ..planning.level_planner import LevelPlanner
from ..planning.level_task import LevelTask
from ..planning.line_table import Spend, read_plan
from ..planning.lines import LevelQuestion
from ..planning.near_optimal import NearOptimal
from ..planning.pair_table import read_synergies
from ..planning.preflight import preflight
from ..planning.proven_answer import ProvenAnswer, prove
from ..planning.table import TableSource
from ..planning.table_notes import tells_what_was_read
from ..planning.vocabulary import CHANNELS
from ..qubo import LevelModel
from ..solvers import Solver
from .amounts import check_reference, without_noise
from .budget_plan import BudgetPlan
from .history_plan import RECENT, suggested_plan
from .least_spend import LeastSpend, least_units
from .media_curves import fitted_curves
from .media_history import MediaHistory, fit_history
from .return_floor import add_floor, check_floor, floor_report, prove_with_floor

__all__ = ["BudgetPlanner"]


class BudgetPlanner(LevelPlanner[BudgetPlan]):
    """Divide a budget among channels whose response curves are known.

    Everything is checked when the planner is made; ``solve`` answers.

    Args:
        plan: the plan table, a path of a .csv or .xlsx file or a DataFrame: channel, current, min, max, step
            and perhaps fixed, group, min_if_used; absolute money per period.
        curves: response curves, likewise: channel, spend, response (perhaps lo, hi), linear between rows; or
            Hill parameters: channel, theta, alpha, K, beta.
        budget: money per period; what is spent today if left out.
        spend: "exactly" the budget or "at_most" that much.
        caps: group -> most money of its channels together; a mapping or a table (group, cap).
        synergies: table (channel, other, strength): extra response strength * spend * spend / budget.
        extrapolate: hold the last response of a curve beyond its last row instead of refusing.
        roas_floor: least response per money of the whole plan (return on spend).
        reference: money by which the products of synergies are divided; the budget if left out.
        history: the fitted weekly history that the curves come from, see ``from_history``.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the limits cannot hold the budget, or a curve does not cover a channel's range; the clash
            is named.
        OptionError: an illegal option.

    Example:
        >>> plan = pd.DataFrame({"channel": ["tv", "search"], "current": [60, 40], "min": [0, 0],
        ...                      "max": [100, 100], "step": [20, 20]})
        >>> curves = pd.DataFrame({"channel": ["tv"] * 3 + ["search"] * 3, "spend": [0, 60, 100] * 2,
        ...                        "response": [0, 90, 110, 0, 120, 150]})
        >>> planner = BudgetPlanner.from_tables(plan, curves)
        >>> answer = planner.solve(seed=1)
        >>> answer.status, answer.allocation(), answer.value, answer.today_value
        ('optimal', {'tv': 40.0, 'search': 60.0}, 180.0, 170.0)
    """

    plan_type = BudgetPlan

    @tells_what_was_read
    def __init__(
        self,
        plan: TableSource,
        curves: TableSource | ResponseCurves,
        *,
        budget: float | None = None,
        spend: Spend = "exactly",
        caps: TableSource | Mapping[str, float] | None = None,
        synergies: TableSource | None = None,
        extrapolate: bool = False,
        roas_floor: float | None = None,
        reference: float | None = None,
        history: MediaHistory | None = None,
    ) -> None:
        self._given = {
            "plan": plan,
            "curves": curves,
            "budget": budget,
            "spend": spend,
            "caps": caps,
            "synergies": synergies,
            "extrapolate": extrapolate,
            "roas_floor": roas_floor,
            "reference": reference,
            "history": history,
        }
        self.roas_floor = check_floor(roas_floor)
        check_reference(reference)
        self.history = history
        unreliable = history is not None and not history.reliable
        words = replace(CHANNELS, title="UNRELIABLE budget plan") if unreliable else CHANNELS
        self.table = read_plan(plan, caps=caps, words=words)
        if isinstance(curves, ResponseCurves):
            self.curves = curves
        else:
            self.curves = ResponseCurves.read(curves, extrapolate=extrapolate)
        self.budget = self.table.current_total if budget is None else without_noise(budget)
        self.spend: Spend = spend
        self.synergies = read_synergies(synergies, self.table.labels)
        findings = preflight(self.table, self.curves, self.budget, spend)
        findings.raise_if_errors()
        self.notes = [*findings.notes, *([] if history is None else history.notes)]
        self.question = LevelTask.of(
            self.table, self.curves, self.budget, spend, self.synergies, reference=reference
        )
        if self.roas_floor is not None:
            self.finer_grid = False  # the finer grid's optimum knows no floor
            if spend == "at_most":
                self._prove_drawn = self._prove

    @classmethod
    def from_csv(cls, plan: TableSource, curves: TableSource, **options: Any) -> BudgetPlanner:
        """Read the tables from files; options as in the class."""
        return cls(plan, curves, **options)

    @classmethod
    def from_tables(cls, plan: pd.DataFrame, curves: pd.DataFrame, **options: Any) -> BudgetPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(plan, curves, **options)

    @classmethod
    def from_history(
        cls,
        table: TableSource,
        *,
        outcome: str,
        date: str,
        spend: Sequence[str],
        controls: Sequence[str] = (),
        holdout: int = 26,
        season: int = 2,
        starts: int = 12,
        seed: int | None = 0,
        plan: TableSource | None = None,
        recent: int = RECENT,
        step: float | None = None,
        total: Spend = "exactly",
        **options: Any,
    ) -> BudgetPlanner:
        """Fit the response curves to a weekly history, see ``media_history.fit_history``, and plan with them.

        The outcome is explained by a level, a trend, a yearly season, the controls, and for each channel a
        geometric adstock and a Hill curve with an effect of at least 0. A plan's response is what its spends
        bring per week when they are kept up; standard errors of the curves become their intervals, from which
        ``solve(draws=...)`` draws. The last weeks are predicted by a fit that has not seen them, beside a
        model without media; where that is no worse, the plan is marked UNRELIABLE everywhere. The curves of
        the plan come from a fit to all weeks.

        Args:
            table: the weekly history, a path of a .csv or .xlsx file or a DataFrame.
            outcome: column of the outcome, e.g. revenue.
            date: column of the date, YYYY-MM-DD, seven days apart.
            spend: columns of the channels' weekly spends; their names become the channels.
            controls: columns of whatever else moves the outcome, numbers or few different texts.
            holdout: last weeks to check on.
            season: pairs of cosine and sine for the yearly season.
            starts: starts of the fit.
            seed: makes the fit repeatable.
            plan: a plan table, its channels being the spend columns. Where None: today is the mean of the
                recent weeks, the highest spend the largest week of the history, in round steps.
            recent: how many last weeks are today's spends, where no plan is given.
            step: step of all channels, where no plan is given.
            total: whether a plan spends "exactly" the budget or "at_most" that much.
            options: budget, caps, synergies and so on, as in the class.

        Returns:
            The planner; ``planner.history`` holds the fit.

        Raises:
            TableError: a table is wrong; file, row and column are named.
            OptionError: an illegal option.
            PlanError: as in the class.

        Example:
            >>> from hybrid_opt.marketing.synthetic_history import make_history
            >>> planner = BudgetPlanner.from_history(make_history(), outcome="revenue", date="week",
            ...                                      spend=["tv", "search"], controls=["price", "holiday"],
            ...                                      starts=2)
            >>> planner.history.reliable, planner.table.labels
            (True, ['tv', 'search'])
        """
        for name in ("spend", "curves", "history", "extrapolate"):
            if name in options:
                raise OptionError(f"{name!r} is no option here: the curves come from the history")
        history = fit_history(
            table, outcome=outcome, date=date, spend=spend, controls=controls, holdout=holdout,
            season=season, starts=starts, seed=seed,
        )
        suggested = suggested_plan(history.weekly, recent=recent, step=step)
        given = suggested if plan is None else plan
        lines = {line.label: line for line in read_plan(given).lines}
        grids = [
            np.append(lines[name].spends, lines[name].current) if name in lines else np.zeros(1)
            for name in history.channels
        ]
        curves = fitted_curves(history.fit, history.channels, grids, history.seen_most)
        return cls(given, curves, spend=total, history=history, **options)

    def least_spend(
        self, target: float, *, seed: int | None = None, time_limit: float = 60.0, **options: Any
    ) -> BudgetPlan:
        """The least money that brings a target response, proven, and the best plan with that money.

        The limits of channels and groups hold, and so does ``roas_floor``; the planner's own budget plays no
        part, except that synergies stay divided by it.

        Args:
            target: response per period, e.g. what today's spends bring.
            seed: makes the answer repeatable.
            time_limit: seconds for each solver.
            options: of ``solve``.

        Returns:
            The best plan that spends exactly the least money; ``plan.least`` holds the proof.

        Raises:
            InfeasiblePlanError: no plan reaches the target; the largest response within the limits is named.
            OptionError: an illegal option.
            PlanError: a question on the way was not decided in time.

        Example:
            >>> plan = pd.DataFrame({"channel": ["tv"], "current": [60], "min": [0], "max": [100],
            ...                      "step": [20]})
            >>> curves = pd.DataFrame({"channel": ["tv"] * 3, "spend": [0, 60, 100],
            ...                        "response": [0, 90, 110]})
            >>> answer = BudgetPlanner.from_tables(plan, curves).least_spend(95, seed=1)
            >>> answer.allocation(), answer.value, answer.least.below
            ({'tv': 80.0}, 100.0, 90.0)
        """
        if self.synergies and not self.question.reference:
            raise OptionError(
                "the budget is 0, so that the products of synergies have nothing to be divided by; give "
                "reference=, an amount of money"
            )
        levels = self.question.levels()
        separable = not self.synergies and self.roas_floor is None
        units, below = least_units(
            levels, target, self._prove, separable=separable, time_limit=time_limit
        )
        money = without_noise(units * levels.unit + self._rest)
        reference = self.question.reference or None
        planner = self.changed(budget=money, spend="exactly", reference=reference)
        plan = planner.solve(seed=seed, time_limit=time_limit, **options)
        return replace(plan, least=LeastSpend(float(target), money, below))

    def solve(self, method: str | Solver = "auto", **options: Any) -> BudgetPlan:
        """As ``LevelPlanner.solve``; with ``roas_floor`` only by proof, without the quantum check.

        Args:
            method: as there.
            options: as there.

        Returns:
            The plan.

        Raises:
            InfeasiblePlanError: no plan returns ``roas_floor``; the highest return is named.
            OptionError: an illegal option, or a method or check that knows no floor.
        """
        if self.roas_floor is not None and (method != "auto" or options.get("quantum")):
            raise OptionError(
                "roas_floor is kept by the proof alone: leave method at 'auto' and quantum off, or leave "
                "roas_floor out"
            )
        return super().solve(method, **options)

    def to_level_model(self) -> LevelModel:
        """As ``LevelPlanner.to_level_model``; a floor on the return does not fit into a ``LevelModel``.

        Raises:
            UnsupportedModelError: the planner has a ``roas_floor``.
        """
        if self.roas_floor is not None:
            raise UnsupportedModelError("a LevelModel holds no roas_floor; use solve or to_cqm instead")
        return super().to_level_model()

    def to_cqm(self) -> Any:
        """As ``LevelPlanner.to_cqm``; ``roas_floor`` is the constraint "return floor"."""
        cqm = super().to_cqm()
        if self.roas_floor is not None:
            add_floor(cqm, self.roas_floor, float(self.question.unit), self._rest)
        return cqm

    @property
    def _rest(self) -> float:
        """Money that is spent where all lines stand at unit 0."""
        return float(sum(self.question.remainders))

    def _prove(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        if self.roas_floor is None:
            return prove(question, start=start, time_limit=time_limit)
        return prove_with_floor(
            question, self.roas_floor, self._rest, prove, start=start, time_limit=time_limit
        )

    def _today(self, levels: LevelQuestion) -> NDArray[np.int64] | None:
        today = super()._today(levels)
        if today is None or self.roas_floor is None:
            return today
        money = levels.unit * float(levels.spends(today).sum()) + self._rest
        return today if levels.value(today) >= self.roas_floor * money else None

    def _near(
        self, proven: ProvenAnswer, tolerance: float, alternatives: int, seed: int
    ) -> NearOptimal | None:
        # The counts of the dynamic program know no floor.
        return None if self.roas_floor is not None else super()._near(proven, tolerance, alternatives, seed)

    def _further(
        self, levels: LevelQuestion, proven: ProvenAnswer, time_limit: float
    ) -> dict[str, tuple[str, Callable[[], Any]]]:
        floor, rest = self.roas_floor, self._rest
        if floor is None:
            return {}
        return {
            "what the floor costs": ("floor", lambda: floor_report(levels, proven, floor, rest, time_limit))
        }

    def _fields(self) -> Mapping[str, Any]:
        return {"history": self.history}
