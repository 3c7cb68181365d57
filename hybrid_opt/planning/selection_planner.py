"""What every selection planner does: which items to take, with proof, in the model that is true.

    maximize  sum v_i x_i - sum_(i,j) o_ij x_i x_j      (the model with pairs, a QUBO with its limits)

or the true value of the selection where a ``TrueScore`` knows it; the model with pairs is then the surrogate
that a QUBO can hold, and what it loses is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, ClassVar, TypeVar

import dimod
import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, PlanError
from ..seeds import child_seed, resolve_seed
from ..solvers import Solver
from .baselines import PlanBaseline
from .clashes import check_limits_together
from .curves import ResponseCurves
from .level_planner import LevelPlanner
from .level_task import LevelTask
from .line_side import LineSide
from .lines import LevelQuestion, Spend
from .near_optimal import NearOptimal
from .pair_table import LineSynergy
from .proven_answer import ProvenAnswer
from .selection_curve import value_by_count
from .selection_items import ItemTable
from .selection_model import selection_cqm
from .selection_plan import SelectionPlan
from .side_search import limit_rows
from .true_baselines import fitted_weight, true_baselines
from .true_score import MOST_ENUMERATED, TrueScore, enumerate_selections, near_true_plans
from .vocabulary import Vocabulary

__all__ = ["SelectionPlanner"]

SelectionT = TypeVar("SelectionT", bound=SelectionPlan)
FIT_SEED = 0  # the fit belongs to the question, not to one answer


class SelectionPlanner(LevelPlanner[SelectionT]):
    """A selection that can be solved; a task derives from it and calls ``_set``.

    Attributes:
        counts: whether the best selection of every size is looked for.
        draws_pairs: whether draws move the model with pairs, not the true one.
        items: the checked table.
        truth: the true values, or None where the model with pairs is the task.
        weight: factor of all pairs in the model with pairs.
    """

    finer_grid: bool = False
    beside: ClassVar[bool] = True
    counts: ClassVar[bool] = True
    draws_pairs: ClassVar[bool] = True
    items: ItemTable
    truth: TrueScore | None
    weight: float

    def _set(
        self,
        items: ItemTable,
        curves: ResponseCurves,
        losses: Sequence[tuple[str, str, float]],
        sides: Sequence[LineSide],
        *,
        choose: int | None,
        at_most: bool,
        truth: TrueScore | None = None,
        weight: float | None = None,
        words: Vocabulary | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Make the question and refuse limits that clash.

        Args:
            items: the items with their caps.
            curves: what each brings alone.
            losses: what two items lose together, in their value.
            sides: all other limits.
            choose: how many, None for any number.
            at_most: whether fewer are allowed.
            truth: the true values.
            weight: factor of the losses; fitted to the truth where None, and 1 without one.
            words: other words than those of the items.
            notes: what a reader should know.

        Raises:
            OptionError: a weight outside 0 to 1.
            PlanError: the limits clash.
        """
        number = isinstance(weight, (int, float, np.number)) and not isinstance(weight, bool)
        if weight is not None and (not number or not 0 <= weight <= 1):
            raise OptionError(f"overlap_weight is {weight!r}; legal are numbers from 0 to 1, or None")
        if words is not None:
            items = replace(items, table=replace(items.table, words=words))
        self.items, self.curves, self.table, self.truth = items, curves, items.table, truth
        spend: Spend = "at_most" if at_most or choose is None else "exactly"
        pairs = [LineSynergy(first, other, -lost) for first, other, lost in losses if lost]
        budget = None if choose is None else float(choose)
        plain = LevelTask.of(self.table, curves, budget, spend, pairs, reference=1.0, sides=sides)
        undecided = check_limits_together(plain)
        self.notes = [*notes, *undecided]
        if weight is None and truth is not None and pairs:
            weight, over = fitted_weight(plain.levels(), truth, seed=FIT_SEED)
            self.notes.append(
                f"the model with pairs takes {weight:.3g} of every overlap, the least-squares fit of the "
                f"{truth.name} over {over:,} selections"
            )
        self.weight = 1.0 if weight is None else float(weight)
        weighted = [replace(pair, strength=self.weight * pair.strength) for pair in pairs]
        self.question = replace(plain, synergies=[pair for pair in weighted if pair.strength])
        self._plain = plain
        if items.has_today:
            problems = self.question.current_problems()
            self.notes += [f"today's choice is no answer to this plan: {problem}" for problem in problems]

    def to_cqm(self) -> Any:
        """The model with pairs as a dimod ``ConstrainedQuadraticModel``, one binary per item."""
        return selection_cqm(self.question.levels())

    def to_bqm(self) -> dimod.BinaryQuadraticModel:
        """The objective alone, without any limit, as a dimod ``BinaryQuadraticModel`` to minimize."""
        bqm = dimod.BinaryQuadraticModel("BINARY")
        objective = self.to_cqm().objective
        for name in objective.variables:
            bqm.add_linear(name, objective.get_linear(name))
        for first, second, bias in objective.iter_quadratic():
            bqm.add_quadratic(first, second, bias)
        bqm.offset = objective.offset
        return bqm

    def solve(
        self,
        method: str | Solver = "auto",
        *,
        qubits: int = 20,
        seed: int | None = None,
        **options: Any,
    ) -> SelectionT:
        """Find the best selection and say how good it is; all options are those of ``LevelPlanner.solve``.

        Args:
            method: "auto" proves the optimum, any other method improves blocks of items.
            qubits: most qubits of the quantum check (4 to 20); with fewer items than that it sees the whole
                model with pairs.
            seed: makes the answer repeatable.
            options: the other options.

        Returns:
            The selection.

        Raises:
            OptionError: an illegal option.
            MissingDependencyError: a quantum method was asked for and Aer is not installed.
        """
        found = super().solve(method, qubits=qubits, seed=resolve_seed(seed), **options)
        if found.stability is not None and self.truth is not None and self.draws_pairs:
            found.notes.append("the stability is one of the model with pairs, whose values the draws move")
        return found

    def _further(
        self, levels: LevelQuestion, proven: ProvenAnswer, time_limit: float
    ) -> dict[str, tuple[str, Callable[[], Any]]]:
        """The best selection of every size, where that is quick."""
        if not (self.counts and proven.proven and proven.seconds * len(self.items.labels) <= time_limit):
            return {}
        words = "the best selection of every size"
        return {words: ("by_count", lambda: value_by_count(levels, self._prove, time_limit=time_limit))}

    def _fields(self) -> Mapping[str, Any]:
        """What every selection says beyond a plan of levels, and what the task's does."""
        own = {"truth": self.truth, "weight": self.weight, "has_today": self.items.has_today}
        return {**own, **self._facts()}

    def _facts(self) -> Mapping[str, Any]:
        """Further fields of the task's plan."""
        return {}

    def _prove(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        if self.truth is None:
            return super()._prove(question, start=start, time_limit=time_limit)
        begin = perf_counter()
        low = np.array([int(line.spends[0]) for line in question.lines])
        if len(question.lines) <= MOST_ENUMERATED:
            found = enumerate_selections(question, self.truth.all_values())
            units, value = found.units()[found.best], float(found.values[found.best])
            bound: float | None = value
            words = f"{self.truth.name} of all {len(found.values):,} feasible selections"
        else:
            answer = self.truth.program(question, time_limit)
            if answer is None:
                pairs = super()._prove(question, start=start, time_limit=time_limit)
                units, bound, words = question.spends(pairs.choice), None, f"{pairs.method}, with pairs only"
            else:
                units, bound = answer
                words = self.truth.program_name()
            value = float(self.truth.values(units))
        if not (limit_rows(question)[0] @ units <= limit_rows(question)[1]).all():
            raise PlanError("the program's selection breaks a limit by its rounding; please report it")
        return ProvenAnswer(units - low, value, bound, words, None, perf_counter() - begin)

    def _near(
        self, proven: ProvenAnswer, tolerance: float, alternatives: int, seed: int
    ) -> NearOptimal | None:
        if self.truth is None:
            return super()._near(proven, tolerance, alternatives, seed)
        return near_true_plans(
            self.question.levels(),
            self.truth,
            proven.choice,
            tolerance=tolerance,
            most=alternatives,
            seed=child_seed(seed, "selection"),
        )

    def _score(self, levels: LevelQuestion, choice: NDArray[np.int64]) -> float:
        return levels.value(choice) if self.truth is None else float(self.truth.values(levels.spends(choice)))

    def _baselines(self, levels: LevelQuestion, proven: ProvenAnswer, limit: float) -> Sequence[PlanBaseline]:
        if self.truth is None:
            return super()._baselines(levels, proven, limit)
        plain = self._plain.levels()
        return true_baselines(levels, plain, self.truth, self.weight, time_limit=limit)
