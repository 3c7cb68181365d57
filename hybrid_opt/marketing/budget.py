"""The budget task: how much to spend on each channel, with proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ModelTooLargeError, OptionError, PlanError
from ..planning.dynamic_program import operations
from ..planning.level_models import to_cqm, to_level_model
from ..planning.lines import LevelQuestion
from ..planning.money import exact
from ..planning.near_optimal import NearOptimal, near_optimal_plans
from ..planning.proven_answer import QUICK, ProvenAnswer, prove
from ..planning.quantum_check import QuantumCheck, quantum_check
from ..planning.table import TableSource
from ..planning.windows import nearest_plan
from ..planning.worth import Change, no_changes, worth_of_changes
from ..planning.zoom import Zoom, zoom
from ..progress import Progress, silent
from ..qubo import LevelModel
from ..seeds import child_seed, resolve_seed
from ..solvers import Solver
from ..solvers.settings import check_seconds, check_whole
from .budget_plan import BudgetPlan, GridGap
from .budget_question import BudgetQuestion
from .curves import ResponseCurves
from .plan_table import Spend, read_plan
from .preflight import preflight
from .synergies import read_synergies

__all__ = ["BudgetPlanner"]

FINER = 4  # how much finer the grid is on which the loss by the step size is measured


class BudgetPlanner:
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
    ) -> None:
        self.table = read_plan(plan, caps=caps)
        if isinstance(curves, ResponseCurves):
            self.curves = curves
        else:
            self.curves = ResponseCurves.read(curves, extrapolate=extrapolate)
        self.budget = self.table.current_total if budget is None else _without_noise(budget)
        self.spend: Spend = spend
        self.synergies = read_synergies(synergies, self.table.labels)
        findings = preflight(self.table, self.curves, self.budget, spend)
        findings.raise_if_errors()
        self.notes = findings.notes
        self.question = BudgetQuestion.of(self.table, self.curves, self.budget, spend, self.synergies)

    @classmethod
    def from_csv(cls, plan: TableSource, curves: TableSource, **options: Any) -> BudgetPlanner:
        """Read the tables from files; options as in the class."""
        return cls(plan, curves, **options)

    @classmethod
    def from_tables(cls, plan: pd.DataFrame, curves: pd.DataFrame, **options: Any) -> BudgetPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(plan, curves, **options)

    def to_level_model(self) -> LevelModel:
        """The task as a ``LevelModel`` (costs are negative responses), for ``solve`` and ``to_qubo``."""
        return to_level_model(self.question.levels())

    def to_cqm(self) -> Any:
        """The task as a dimod ``ConstrainedQuadraticModel``, one binary per channel and allowed spend."""
        return to_cqm(self.question.levels())

    def solve(
        self,
        method: str | Solver = "auto",
        *,
        quantum: bool = False,
        qubits: int = 14,
        depth: int = 3,
        shots: int = 1000,
        max_evaluations: int = 0,
        tolerance: float = 0.01,
        alternatives: int = 10,
        seed: int | None = None,
        time_limit: float = 60.0,
        progress: Progress | None = None,
    ) -> BudgetPlan:
        """Find the best plan and say how good it is.

        Args:
            method: "auto" proves the optimum by dynamic programming, or by MILP with synergies. Any method
                of ``hybrid_opt.solve`` instead improves today's plan by step-halving zoom; the bound still
                comes from the whole question.
            quantum: also run QAOA on a coarse version, beside its proven optimum, annealing and uniform
                feasible sampling. Needs qiskit-aer.
            qubits: most qubits of the coarse version (4 to 20), and of a zoom's rounds.
            depth: QAOA layers.
            shots: QAOA draws.
            max_evaluations: expectation values for training QAOA's angles; 0 takes the table angles.
            tolerance: plans within this share of the best count as near-optimal.
            alternatives: most near-optimal plans to show.
            seed: makes the answer repeatable.
            time_limit: seconds for each solver; dynamic programming does not need it.
            progress: called with the share done and a few words.

        Returns:
            The plan, never worse than a feasible plan of today.

        Raises:
            OptionError: an illegal option.
            MissingDependencyError: a quantum method was asked for and Aer is not installed.
        """
        _check_options(qubits, max_evaluations, tolerance, alternatives, time_limit)
        report, begin = progress or silent, perf_counter()
        seed = resolve_seed(seed)
        levels = self.question.levels()
        today = self._today(levels)
        report(0.0, "proving the optimum")
        proven = prove(levels, start=today, time_limit=time_limit)
        zoomed: Zoom | None = None
        if method != "auto":
            zoomed = zoom(
                levels,
                self._anchor(levels, today),
                method,
                max_bits=qubits,
                seed=child_seed(seed, "zoom"),
                time_limit=time_limit,
                progress=lambda share, text: report(0.1 + 0.3 * share, text),
            )
        notes = [*self.notes, *proven.notes]
        phases: dict[str, Callable[[], Any]] = {
            "what one more step is worth": lambda: self._limits(levels, proven, time_limit),
            "plans that are almost as good": lambda: self._near(
                proven, tolerance, alternatives, child_seed(seed, "near")
            ),
            "a finer grid": lambda: self._grid_gap(proven),
            "the quantum check": lambda: self._quantum_check(
                levels,
                today,
                notes,
                qubits=qubits,
                depth=depth,
                shots=shots,
                max_evaluations=max_evaluations,
                seed=child_seed(seed, "quantum check"),
                time_limit=time_limit,
                progress=lambda share, text: report(0.6 + 0.4 * share, text),
            ),
        }
        if not quantum:
            del phases["the quantum check"]
        if zoomed is not None and zoomed.interrupted:
            notes.append("ctrl-C ended the zoom; its plan until then is shown")
        if zoomed is not None and zoomed.value < proven.value - 1e-9 * max(1.0, abs(proven.value)):
            notes.append(
                f"a better plan is known, by {proven.method}; its value is the best one in the tables below, "
                "and what binds and the other plans refer to it"
            )
        done: dict[str, Any] = {}
        try:
            for words, run in phases.items():
                report(0.4 + 0.05 * len(done), words)
                done[words] = run()
        except KeyboardInterrupt:
            left = [words for words in phases if words not in done]
            notes.append(f"ctrl-C: the plan stands, but {', '.join(left)} was left out")
        limits, near, grid, check = (
            done.get(words)
            for words in (*list(phases)[:3], "the quantum check")
        )
        report(1.0, "done")
        return BudgetPlan(
            question=self.question,
            levels=levels,
            choice=proven.choice if zoomed is None else zoomed.choice,
            today=today,
            proven=proven,
            zoom=zoomed,
            limits=no_changes(levels) if limits is None else limits,
            near=near,
            grid=grid,
            check=check,
            seed=seed,
            notes=notes,
            seconds=perf_counter() - begin,
        )

    def _quantum_check(
        self, levels: LevelQuestion, today: NDArray[np.int64] | None, notes: list[str], **options: Any
    ) -> QuantumCheck | None:
        """The quantum check, or a note where there is nothing to choose on a coarse grid: the plan stands."""
        try:
            return quantum_check(levels, self._anchor(levels, today), **options)
        except (ModelTooLargeError, PlanError) as error:
            notes.append(f"the quantum check was left out: {error}")
            return None

    def _today(self, levels: LevelQuestion) -> NDArray[np.int64] | None:
        """Today's spends as a choice, or None where they are no answer."""
        if not self.table.is_current_feasible(self.budget, self.spend):
            return None
        found = [line.level_of(line.current) for line in self.table.lines]
        choice = np.array([-1 if level is None else level for level in found], dtype=np.int64)
        return choice if (choice >= 0).all() and levels.feasible(choice) else None

    def _anchor(self, levels: LevelQuestion, today: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Today's plan, or the feasible plan that moves the least money away from it."""
        if today is not None:
            return today
        current = np.array([line.current for line in self.table.lines])
        return nearest_plan(levels, self.question.units(current))

    def _near(
        self, proven: ProvenAnswer, tolerance: float, alternatives: int, seed: int
    ) -> NearOptimal | None:
        if proven.program is None:
            return None
        return near_optimal_plans(proven.program, tolerance=tolerance, most=alternatives, seed=seed)

    def _limits(self, levels: LevelQuestion, proven: ProvenAnswer, time_limit: float) -> pd.DataFrame:
        """Worth of one more step of the budget, of each cap and of each bound, by solving again."""
        steps = [grid.step for grid in self.question.grids if grid.count > 1]
        step = min(steps) if steps else self.question.unit

        def moved(question: BudgetQuestion) -> LevelQuestion:
            return replace(question.levels(), reference=levels.reference)

        def budget_of(amount: float) -> float:
            return float(exact(amount) + step)

        more = replace(self.question, budget=budget_of(self.budget))
        changes = [Change("budget", "budget", float(step), moved(more))]
        for group, cap in self.table.caps.items():
            caps = {**self.table.caps, group: budget_of(cap)}
            wider = replace(self.question, table=replace(self.table, caps=caps))
            changes.append(Change(group, "cap", float(step), moved(wider)))
        for i, line in enumerate(self.table.lines):
            for end, sign in (("max", 1), ("min", -1)):
                own = sign * float(self.question.grids[i].step)
                longer, reason = self.question.longer(i, end)
                if longer is not None:
                    changes.append(Change(line.label, end, own, moved(longer)))
                elif reason and self._at_end(i, end, proven.choice):
                    changes.append(Change(line.label, end, own, None, reason))
        # Each answer takes about as long as the first; without a proof a difference would mean nothing.
        in_windows = proven.program is None and not self.synergies
        if in_windows or not proven.proven or proven.seconds * len(changes) > time_limit:
            return no_changes(levels)
        return worth_of_changes(
            levels, changes, lambda question: prove(question, time_limit=time_limit).value
        )

    def _at_end(self, i: int, end: str, choice: NDArray[np.int64]) -> bool:
        return int(choice[i]) == (len(self.question.grids[i].spends()) - 1 if end == "max" else 0)

    def _grid_gap(self, proven: ProvenAnswer) -> GridGap | None:
        """What the step size costs: the optimum on a grid four times finer."""
        if proven.program is None:
            return None
        finer = self.question.finer(FINER).levels()
        if operations(finer) > QUICK:
            return None
        answer = prove(finer)
        return GridGap(factor=FINER, value=max(answer.value, proven.value))


def _without_noise(budget: float) -> float:
    """A budget that was added up in floating point, without the last digits: 0.1 + 0.2 is 0.3."""
    if isinstance(budget, bool) or not isinstance(budget, (int, float, np.number)):
        return budget
    rounded = round(float(budget), 6)
    return rounded if abs(rounded - float(budget)) <= 1e-12 * max(1.0, abs(rounded)) else float(budget)


def _check_options(
    qubits: Any, max_evaluations: Any, tolerance: Any, alternatives: Any, time_limit: Any
) -> None:
    """Refuse illegal settings before any work."""
    check_seconds("time_limit", time_limit)
    check_whole("max_evaluations", max_evaluations, least=0)
    check_whole("alternatives", alternatives)
    whole = isinstance(qubits, (int, np.integer)) and not isinstance(qubits, bool)
    if not whole or not 4 <= qubits <= 20:
        raise OptionError(f"qubits is {qubits!r}; it must be a whole number from 4 to 20")
    number = isinstance(tolerance, (int, float, np.number)) and not isinstance(tolerance, bool)
    if not number or not 0 <= float(tolerance) < np.inf:
        raise OptionError(f"tolerance is {tolerance!r}; it must be zero or a positive share, e.g. 0.01")
