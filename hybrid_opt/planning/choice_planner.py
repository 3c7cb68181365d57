"""What every planner of choices does: one option of every group, with proof, in the model that is true.

    maximize  sum_g v_g(o_g) + sum_(g<h) w_gh(o_g, o_h)      over options o_g of every group g

under linear limits. Where a task knows the true value of a choice beyond pairs, up to 2**20 choices are
enumerated in it; beyond that the best choice of the model with pairs is improved in the true model, and no
bound is claimed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any, ClassVar, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import InfeasibleModelError, ModelTooLargeError, OptionError, PlanError
from ..solvers import Solver
from .baselines import PlanBaseline
from .choice_form import ChoiceForm
from .choice_near import near_choices
from .choice_search import MOST_PLANS, all_choices, best_choice
from .choice_windows import coarsen_choices, improve_choices
from .level_planner import LevelPlanner
from .lines import LevelQuestion, Line
from .near_optimal import NearOptimal
from .proven_answer import ProvenAnswer
from .quantum_check import QuantumCheck, quantum_check
from .selection_plan import SelectionPlan
from .selection_planner import SelectionPlanner
from .stability import Stability, plan_stability
from .table import nearest

__all__ = ["ChoicePlanner"]

ChoiceT = TypeVar("ChoiceT", bound=SelectionPlan)
BETTER = 1e-9  # of the value: more than sums of the same numbers differ by rounding
CHUNK = 2**16
QUICK = 20_000  # choices that are looked at sooner than a program is built


class _BetterPlanError(Exception):
    """Ends a solve whose answer a list of all choices has beaten; it never leaves ``ChoicePlanner.solve``."""

    def __init__(self, choice: NDArray[np.int64], gain: float, count: int) -> None:
        super().__init__(choice, gain, count)
        self.choice, self.gain, self.count = choice, gain, count


class ChoicePlanner(SelectionPlanner[ChoiceT]):
    """One option of every group; a task derives from it and calls ``_set`` with ``choose`` = groups."""

    counts: ClassVar[bool] = False
    _known: NDArray[np.int64] | None = None
    _zoom = staticmethod(improve_choices)  # type: ignore[assignment]

    def to_level_model(self) -> Any:
        """The model with pairs as a ``LevelModel``, one variable per group, for ``solve`` and ``to_qubo``."""
        return ChoiceForm.of(self.question.levels()).model()

    def solve(self, method: str | Solver = "auto", *, mixer: str = "xy-exact", **options: Any) -> ChoiceT:
        """Find the best choice and say how good it is; all options are those of ``LevelPlanner.solve``.

        Args:
            method: "auto" proves the optimum, any other method improves blocks of groups.
            mixer: of QAOA: one that keeps one option per group ("xy-exact", "xy-trotter", "grover") or "x".
            options: the other options; ``what_if`` takes names of groups or of single options.

        Returns:
            The plan.

        Raises:
            OptionError: an illegal option.
            MissingDependencyError: a quantum method was asked for and Aer is not installed.
        """
        try:
            return super().solve(method, mixer=mixer, **options)
        except _BetterPlanError as found:
            # All that follows from the answer (what binds, draws, baselines) is found again for it.
            again = copy.copy(self)
            again._known = found.choice
            again.notes = [
                *self.notes,
                f"the list of all {found.count:,} feasible plans held one that beats the program's by "
                f"{found.gain:.3g}: it is taken, and the program's bound was wrong or not reached in time",
            ]
            return super(ChoicePlanner, again).solve(method, mixer=mixer, **options)

    def _true_values(self, picks: NDArray[np.int64], form: ChoiceForm) -> NDArray[np.float64]:
        """True value of each pick, shape (S, G), in chunks."""
        truth = self.truth
        if truth is None:
            raise PlanError("this task has no true value beyond its pairs")
        cuts = [picks[begin : begin + CHUNK] for begin in range(0, len(picks), CHUNK)]
        return np.concatenate([truth.values(form.units(cut)) for cut in cuts])

    def _prove(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        begin, form = perf_counter(), ChoiceForm.of(question)
        if self.truth is None:
            return self._pairs_proof(question, start=start, time_limit=time_limit)
        if form.size <= MOST_PLANS:
            found = all_choices(form)
            values = self._true_values(found.picks, form)
            best = int(np.argmax(values))
            pick, value, bound = found.picks[best], float(values[best]), float(values[best])
            words = f"{self.truth.name} of all {len(values):,} feasible plans"
        else:
            pairs = self._pairs_proof(question, start=start, time_limit=time_limit)
            pick, value = self._climb(form, form.picked(question.spends(pairs.choice)))
            bound = None
            words = f"{pairs.method} with pairs only, improved by {self.truth.name}; no proof"
        units = form.units(pick[None, :])[0]
        return ProvenAnswer(levels_of(question, units), value, bound, words, None, perf_counter() - begin)

    def _pairs_proof(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        """The best choice by the model with pairs."""
        begin, form = perf_counter(), ChoiceForm.of(question)
        bound: float | None
        if form.size <= QUICK:
            found = all_choices(form)
            best = int(np.argmax(found.values))
            pick, bound = found.picks[best], float(found.values[best])
            words = f"all {len(found.values):,} feasible plans"
        else:
            pick, bound = best_choice(form, time_limit)
            words = "MILP (HiGHS, products of choices by RLT)"
        choice = levels_of(question, form.units(pick[None, :])[0])
        value = question.value(choice)
        if start is not None and question.feasible(start) and question.value(start) > value:
            choice, value = np.array(start, dtype=np.int64), question.value(start)
        bound = None if bound is None else max(bound, value)
        return ProvenAnswer(choice, value, bound, words, None, perf_counter() - begin)

    def _climb(self, form: ChoiceForm, pick: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
        """Change one or two groups at a time while the true value grows."""
        value = float(self._true_values(pick[None, :], form)[0])
        while True:
            tried = form.neighbors(pick)
            values = self._true_values(tried, form)
            if values.max() <= value + 1e-12 * max(1.0, abs(value)):
                return pick, value
            pick, value = tried[int(np.argmax(values))], float(values.max())

    def _distinct(self, picks: NDArray[np.int64], form: ChoiceForm) -> NDArray[np.int64]:
        """The picks, shape (S, G), that a reader would tell apart; a task may drop some."""
        return picks

    def _start(self, levels: LevelQuestion, today: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
        return today if self._known is None else self._known

    def _near(
        self, proven: ProvenAnswer, tolerance: float, alternatives: int, seed: int
    ) -> NearOptimal | None:
        question = self.question.levels()
        form, units = ChoiceForm.of(question), question.spends(proven.choice)
        exact = form.size <= MOST_PLANS
        picks = all_choices(form).picks if exact else form.neighbors(form.picked(units))
        picks = self._distinct(picks, form)
        if self.truth is not None:
            values = self._true_values(picks, form)
        else:
            cuts = [picks[begin : begin + CHUNK] for begin in range(0, len(picks), CHUNK)]
            values = np.concatenate([form.values_of(cut) for cut in cuts])
        gain = float(values.max()) - proven.value
        if exact and self._known is None and gain > BETTER * max(1.0, abs(proven.value)):
            better = levels_of(question, form.units(picks[np.argmax(values)][None, :])[0])
            raise _BetterPlanError(better, gain, len(values))
        return near_choices(
            question, form, picks, values, units, proven.value,
            tolerance=tolerance, most=alternatives, seed=seed, exact=exact,
        )  # fmt: skip

    def _baselines(self, levels: LevelQuestion, proven: ProvenAnswer, limit: float) -> Sequence[PlanBaseline]:
        form, rows = ChoiceForm.of(levels), []
        tries: list[tuple[str, Callable[[], NDArray[np.int64]]]] = [
            ("MILP (HiGHS), model with pairs", lambda: best_choice(form, limit)[0])
        ]
        if form.size <= MOST_PLANS:
            name = f"all {form.size:,} choices, model with pairs"
            tries.append((name, lambda: _first(form)))
        for name, find in tries:
            begin = perf_counter()
            try:
                pick = find()
            except (PlanError, ModelTooLargeError) as error:
                rows.append(PlanBaseline(name, None, False, perf_counter() - begin, str(error)))
                continue
            choice = levels_of(levels, form.units(pick[None, :])[0])
            value, seconds = self._score(levels, choice), perf_counter() - begin
            if self.truth is None:
                same = abs(value - proven.value) <= 1e-6 * max(1.0, abs(value))
                words = "finds the same value"
                rows.append(PlanBaseline(name, value, same and proven.proven, seconds, words))
            else:
                loss = max(0.0, proven.value - value) / max(abs(proven.value), 1e-9)
                note = f"{self.truth.name} of its plan; loses {loss:.3%}"
                rows.append(PlanBaseline(f"{name} (QUBO form)", value, False, seconds, note))
        return rows

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
            notes.append("stability was left out: no group says how uncertain its values are")
            return None
        groups = list(dict.fromkeys(line.group for line in levels.lines))
        return plan_stability(
            levels,
            proven.choice,
            below,
            above,
            draws=draws,
            tied=[groups.index(line.group) for line in levels.lines],
            solve=self._pairs_proof,
            seed=seed,
            time_limit=time_limit,
        )

    def _quantum_check(
        self, levels: LevelQuestion, today: NDArray[np.int64] | None, notes: list[str], **options: Any
    ) -> QuantumCheck | None:
        try:
            anchor = self._anchor(levels, today)
            # The mixer x keeps no groups, so that an encoding with fewer bits serves it better.
            coarse = partial(coarsen_choices, encoding="auto" if options["mixer"] == "x" else "one-hot")
            return quantum_check(levels, anchor, coarse=coarse, **options)
        except (ModelTooLargeError, PlanError) as error:
            notes.append(f"the quantum check was left out: {error}")
            return None

    def _anchor(self, levels: LevelQuestion, today: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Today's plan, or the feasible one that keeps the most of today's options."""
        if today is not None:
            return today
        current = [line.current for line in self.table.lines]
        lines = [
            Line(line.label, line.spends, (line.spends * float(now)).astype(np.float64), line.group)
            for line, now in zip(levels.lines, current)
        ]
        return self._pairs_proof(replace(levels, lines=lines, synergies=())).choice

    def _check_what_if(self, label: str) -> None:
        names = [*dict.fromkeys(line.group for line in self.table.lines), *self.table.labels]
        if label not in names:
            near = nearest(label, names)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(names)}"
            raise OptionError(f"there is no {label!r}; {hint}")

    def _what_if(
        self, proven: ProvenAnswer, label: str, amounts: Sequence[float] | None, limit: float
    ) -> pd.DataFrame:
        """Best plans with one group held at each of its options, or with one option taken and left."""
        self._check_what_if(label)
        groups = [line.group for line in self.table.lines]
        if label not in groups:
            return LevelPlanner._what_if(self, proven, label, amounts, limit)
        if amounts is not None:
            raise OptionError(f"{label!r} is a group of options; leave amounts out, all are tried")
        question, rows = self.question.levels(), []
        form, value = ChoiceForm.of(question), self.table.words.value
        for k in form.options[form.groups.index(label)].tolist():
            line = question.lines[k]
            held = Line(line.label, np.array([1]), line.values[-1:], line.group)
            lines = [held if i == k else other for i, other in enumerate(question.lines)]
            row: dict[str, Any] = {"option": line.label, value: np.nan, "loss": np.nan, "proven": False}
            row |= {"plan": "", "reason": ""}
            try:
                answer = self._prove(replace(question, lines=lines), time_limit=limit)
            except (PlanError, InfeasibleModelError) as error:
                row["reason"] = str(error)
            else:
                units = replace(question, lines=lines).spends(answer.choice)
                names = [other.label for other, unit in zip(question.lines, units) if unit]
                row |= {value: answer.value, "proven": answer.proven, "plan": ", ".join(names)}
                row["loss"] = (proven.value - answer.value) / max(abs(proven.value), 1e-9)
            rows.append(row)
        return pd.DataFrame(rows)


def levels_of(question: LevelQuestion, units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Levels of a plan of 0 or 1 per line; a line that is held at 1 stands at its level 0."""
    return np.asarray(units - np.array([int(line.spends[0]) for line in question.lines]))


def _first(form: ChoiceForm) -> NDArray[np.int64]:
    """The best of all choices by the model with pairs."""
    found = all_choices(form)
    best: NDArray[np.int64] = found.picks[int(np.argmax(found.values))]
    return best
