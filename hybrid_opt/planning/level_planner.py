"""What every level planner does: prove the best plan, say what binds, what is almost as good, and compare.

A task (a budget, resources) makes the checked table and the ``LevelTask``; this is the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ModelTooLargeError, OptionError, PlanError
from ..progress import Progress, silent
from ..qubo import LevelModel
from ..seeds import child_seed, resolve_seed
from ..solvers import Solver
from .baselines import PlanBaseline, exact_baselines
from .curves import ResponseCurves
from .grid_gap import finer_grid_gap
from .level_models import to_cqm, to_level_model
from .level_plan import LevelPlan
from .level_task import LevelTask
from .limit_changes import worth_of_limits
from .line_table import LineTable
from .lines import LevelQuestion
from .marginal_greedy import greedy_by_marginal_value
from .near_optimal import NearOptimal, near_optimal_plans
from .phases import run_phases
from .plan_options import check_plan_options
from .proven_answer import ProvenAnswer, prove
from .quantum_check import QuantumCheck, quantum_check
from .scenarios import compare_scenarios
from .side_near import near_plans_by_search
from .stability import Stability, plan_stability
from .what_if import line_position, what_if_table
from .windows import nearest_plan
from .worth import no_changes
from .zoom import Zoom, zoom

__all__ = ["LevelPlanner"]

PlanT = TypeVar("PlanT", bound=LevelPlan)


class LevelPlanner(Generic[PlanT]):
    """A level task that can be solved; a task derives from it and fills in the attributes.

    Attributes:
        plan_type: class of the answer.
        finer_grid: whether amounts between the allowed ones make sense, so that the step size has a cost.
        beside: whether other exact methods and greedy are run beside the proof, and plans that are almost as
            good are searched for where dynamic programming does not count them.
        table: the checked plan table.
        curves: what every line brings.
        question: the task on exact grids.
        notes: what the pre-flight found worth knowing.
    """

    plan_type: type[PlanT]
    finer_grid: bool = True
    beside: ClassVar[bool] = False
    table: LineTable
    curves: ResponseCurves
    question: LevelTask
    notes: Sequence[str]
    _given: Mapping[str, Any]
    _zoom = staticmethod(zoom)
    _prove_drawn: Callable[..., ProvenAnswer] = staticmethod(prove)

    def changed(self, **options: Any) -> Self:
        """The same planner with other options, all checked again.

        Args:
            options: arguments of the class by name, e.g. ``budget=180_000``.

        Returns:
            A new planner.

        Raises:
            OptionError: an unknown argument.
        """
        for name in options:
            if name not in self._given:
                raise OptionError(f"there is no option {name!r}; the planner has {', '.join(self._given)}")
        return type(self)(**{**self._given, **options})

    def scenarios(
        self, scenarios: Mapping[str, Mapping[str, Any]], *, seed: int | None = None, time_limit: float = 60.0
    ) -> pd.DataFrame:
        """Plans under other assumptions side by side, see ``planning.scenarios``.

        Args:
            scenarios: name -> options to change, e.g. ``{"less": {"budget": 180_000}}``.
            seed: of every plan.
            time_limit: seconds for each solver.

        Returns:
            A column "as it is" and one per scenario.

        Raises:
            OptionError: no scenario, or an unknown option.
        """
        return compare_scenarios(self, scenarios, seed=seed, time_limit=time_limit)

    def what_if(
        self, label: str, amounts: Sequence[float] | None = None, *, time_limit: float = 60.0
    ) -> pd.DataFrame:
        """Best plans with one line held at each of some amounts, see ``planning.what_if``.

        Args:
            label: name of the line.
            amounts: allowed amounts; up to fifteen over its range where None.
            time_limit: seconds for each amount.

        Returns:
            One row per amount: the amount of every line, the value, its loss, whether it is proven.

        Raises:
            OptionError: no such line, or an amount that it may not get.
        """
        levels = self.question.levels()
        proven = self._prove(levels, start=self._today(levels), time_limit=time_limit)
        return self._what_if(proven, label, amounts, time_limit)

    def to_level_model(self) -> LevelModel:
        """The task as a ``LevelModel`` (costs are negative values), for ``solve`` and ``to_qubo``."""
        return to_level_model(self.question.levels())

    def to_cqm(self) -> Any:
        """The task as a dimod ``ConstrainedQuadraticModel``, one binary per line and allowed amount."""
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
        mixer: str = "x",
        tolerance: float = 0.01,
        alternatives: int = 10,
        draws: int = 0,
        what_if: Sequence[str] = (),
        seed: int | None = None,
        time_limit: float = 60.0,
        progress: Progress | None = None,
    ) -> PlanT:
        """Find the best plan and say how good it is.

        Args:
            method: "auto" proves the optimum by dynamic programming, or by MILP where that cannot be. Any
                method of ``hybrid_opt.solve`` instead improves today's plan by step-halving zoom; the bound
                still comes from the whole question.
            quantum: also run QAOA on a coarse version, beside its proven optimum, annealing and uniform
                feasible sampling. Needs qiskit-aer.
            qubits: most qubits of the coarse version (4 to 20), and of a zoom's rounds.
            depth: QAOA layers.
            shots: QAOA draws.
            max_evaluations: expectation values for training QAOA's angles; 0 takes the table angles.
            mixer: of QAOA: "x", or one that keeps one level per line ("xy-exact", "xy-trotter", "grover").
            tolerance: plans within this share of the best count as near-optimal.
            alternatives: most near-optimal plans to show.
            draws: draws of the curves within their intervals for which the plan is solved again; 0 leaves
                the stability out.
            what_if: names of lines for which plans at other amounts are tabled.
            seed: makes the answer repeatable.
            time_limit: seconds for each solver; dynamic programming does not need it.
            progress: called with the share done and a few words.

        Returns:
            The plan, never worse than a feasible plan of today.

        Raises:
            OptionError: an illegal option.
            MissingDependencyError: a quantum method was asked for and Aer is not installed.
        """
        check_plan_options(qubits, max_evaluations, mixer, tolerance, alternatives, draws, time_limit)
        for label in what_if:
            self._check_what_if(label)
        report, begin = progress or silent, perf_counter()
        seed = resolve_seed(seed)
        levels = self.question.levels()
        today = self._today(levels)
        report(0.0, "proving the optimum")
        proven = self._prove(levels, start=self._start(levels, today), time_limit=time_limit)
        zoomed: Zoom | None = None
        if method != "auto":
            zoomed = self._zoom(
                levels,
                self._anchor(levels, today),
                method,
                max_bits=qubits,
                seed=child_seed(seed, "zoom"),
                time_limit=time_limit,
                progress=lambda share, text: report(0.1 + 0.3 * share, text),
            )
        notes, interrupted = [*self.notes, *proven.notes], zoomed is not None and zoomed.interrupted
        further = self._further(levels, proven, time_limit)
        phases: dict[str, Callable[[], Any]] = {
            "what one more step is worth": lambda: worth_of_limits(
                self.question, levels, proven, notes, time_limit=time_limit, solve=self._prove
            ),
            "plans that are almost as good": lambda: self._near(
                proven, tolerance, alternatives, child_seed(seed, "near")
            ),
            "a finer grid": lambda: finer_grid_gap(self.question, proven) if self.finer_grid else None,
            "other exact methods": lambda: self._baselines(levels, proven, time_limit),
            "stability over draws": lambda: self._stability(
                levels, proven, draws, child_seed(seed, "stability"), time_limit, notes
            ),
            "what if": lambda: {one: self._what_if(proven, one, None, time_limit) for one in what_if},
            **{words: find for words, (_, find) in further.items()},
            "the quantum check": lambda: self._quantum_check(
                levels, today, notes, qubits=qubits, depth=depth, shots=shots, mixer=mixer,
                max_evaluations=max_evaluations, seed=child_seed(seed, "quantum check"),
                time_limit=time_limit, progress=lambda share, text: report(0.6 + 0.4 * share, text),
            ),
        }
        wanted = {
            "the quantum check": quantum,
            "other exact methods": self.beside,
            "stability over draws": draws > 0,
            "what if": bool(what_if),
        }
        phases = {words: run for words, run in phases.items() if wanted.get(words, True)}
        if interrupted:
            notes.append("ctrl-C ended the zoom; its plan until then is shown")
        better = zoomed is not None and proven.value - self._score(levels, zoomed.choice)
        if better > 1e-9 * max(1.0, abs(proven.value)):
            notes.append(
                f"a better plan is known, by {proven.method}; its value is the best one in the tables below, "
                "and what binds and the other plans refer to it"
            )
        done = run_phases(phases, report, notes)
        report(1.0, "done")
        limits = done.get("what one more step is worth")
        return self.plan_type(
            question=self.question,
            levels=levels,
            choice=proven.choice if zoomed is None else zoomed.choice,
            today=today,
            proven=proven,
            zoom=zoomed,
            limits=no_changes(levels) if limits is None else limits,
            near=done.get("plans that are almost as good"),
            grid=done.get("a finer grid"),
            check=done.get("the quantum check"),
            baselines=done.get("other exact methods", ()),
            stability=done.get("stability over draws"),
            what_if=done.get("what if", {}),
            seed=seed,
            notes=notes,
            seconds=perf_counter() - begin,
            **{further[words][0]: found for words, found in done.items() if words in further},
            **self._fields(),
            interrupted=interrupted or len(done) < len(phases),
        )

    def _further(
        self, levels: LevelQuestion, proven: ProvenAnswer, time_limit: float
    ) -> dict[str, tuple[str, Callable[[], Any]]]:
        """Further phases of a task: words for the user -> field of the plan, and what finds it."""
        return {}

    def _fields(self) -> Mapping[str, Any]:
        """Further fields of the task's plan."""
        return {}

    def _check_what_if(self, label: str) -> None:
        line_position(self.question, label)

    def _what_if(
        self, proven: ProvenAnswer, label: str, amounts: Sequence[float] | None, limit: float
    ) -> pd.DataFrame:
        return what_if_table(self.question, proven, label, amounts, time_limit=limit, solve=self._prove)

    def _quantum_check(
        self, levels: LevelQuestion, today: NDArray[np.int64] | None, notes: list[str], **options: Any
    ) -> QuantumCheck | None:
        try:
            return quantum_check(levels, self._anchor(levels, today), **options)
        except (ModelTooLargeError, PlanError) as error:
            notes.append(f"the quantum check was left out: {error}")
            return None

    def _today(self, levels: LevelQuestion) -> NDArray[np.int64] | None:
        if not self.table.is_current_feasible(self.question.budget, self.question.spend):
            return None
        found = [line.level_of(line.current) for line in self.table.lines]
        choice = np.array([-1 if level is None else level for level in found], dtype=np.int64)
        return choice if (choice >= 0).all() and levels.feasible(choice) else None

    def _start(self, levels: LevelQuestion, today: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
        greedy = greedy_by_marginal_value(levels) if self.beside else None
        if greedy is None or greedy.choice is None or greedy.value is None:
            return today
        return greedy.choice if today is None or greedy.value > levels.value(today) else today

    def _anchor(self, levels: LevelQuestion, today: NDArray[np.int64] | None) -> NDArray[np.int64]:
        if today is not None:
            return today
        current = np.array([line.current for line in self.table.lines])
        return nearest_plan(levels, self.question.units(current))

    def _near(
        self, proven: ProvenAnswer, tolerance: float, alternatives: int, seed: int
    ) -> NearOptimal | None:
        if proven.program is not None:
            return near_optimal_plans(proven.program, tolerance=tolerance, most=alternatives, seed=seed)
        if not self.beside or not proven.proven:
            return None
        return near_plans_by_search(
            self.question.levels(), proven.choice, tolerance=tolerance, most=alternatives, seed=seed
        )

    def _prove(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        return prove(question, start=start, time_limit=time_limit)

    def _score(self, levels: LevelQuestion, choice: NDArray[np.int64]) -> float:
        return levels.value(choice)

    def _baselines(self, levels: LevelQuestion, proven: ProvenAnswer, limit: float) -> Sequence[PlanBaseline]:
        return exact_baselines(levels, known=proven, time_limit=limit)

    def _stability(
        self,
        levels: LevelQuestion,
        proven: ProvenAnswer,
        draws: int,
        seed: int,
        time_limit: float,
        notes: list[str],
    ) -> Stability | None:
        below, above = self.question.bands()
        if not any(band.any() for band in (*below, *above)):
            notes.append("stability was left out: no curve has an interval (columns lo and hi)")
            return None
        return plan_stability(
            levels, proven.choice, below, above,
            draws=draws, solve=self._prove_drawn, seed=seed, time_limit=time_limit,
        )
