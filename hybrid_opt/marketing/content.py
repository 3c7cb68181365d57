"""The content task: which headline, image and call for which audience, with proof."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, PlanError
from ..planning.choice_form import ChoiceForm
from ..planning.choice_planner import ChoicePlanner, levels_of
from ..planning.choice_search import MOST_PLANS
from ..planning.choice_windows import improve_choices
from ..planning.lines import LevelQuestion
from ..planning.proven_answer import ProvenAnswer
from ..planning.selection_items import choice_curves
from ..planning.stability import Stability
from ..planning.table import TableSource
from ..planning.table_notes import tells_what_was_read
from ..planning.zoom import Zoom
from .content_columns import MOST, OPTIONS, read_audiences, read_levels
from .content_design import read_tests
from .content_draws import content_stability
from .content_estimate import ContentEstimate, estimate_effects
from .content_model import ContentModel, TrueOutcome
from .content_options import content_items, productions_of
from .content_plan import ContentPlan
from .content_program import MOST_VARIANTS, best_variants, variant_counts
from .content_rules import (
    budget_side,
    explore_sides,
    made_sides,
    pair_sides,
    read_level_pairs,
)

__all__ = ["ContentPlanner"]


class ContentPlanner(ChoicePlanner[ContentPlan]):
    """Choose one level of every factor for every audience.

    With effects e_i of levels and e_ij of pairs, x_i whether a level is chosen,

        maximize  worth * sum_a size_a * score_a(x) - cost of production
                  score_a(x) = base_a + sum_i e_i x_i + sum_(i,j) e_ij x_i x_j

    under forbidden and required pairs, a budget for production and a least exploration. Scores are linear,
    and one binary per level holds the question exactly. On the logit scale the chance 1 / (1 + exp(-score))
    stands in their place: plans are proven in it, by enumeration or by a program over whole variants, and the
    least-squares model with pairs (the QUBO) is judged by it.

    Args:
        levels: table of levels, a path of a .csv or .xlsx file or a DataFrame: factor, level, effect, and
            perhaps audience, error (standard error), cost, shared, current, exposure, must.
        pairs: table (audience, factor, level, other, other_level, effect, error) of what two levels add
            together.
        tests: instead of effects, a table with a column per factor that holds the level shown, impressions,
            conversions and perhaps audience; effects are estimated from it, and levels may be left out.
        interactions: pairs of factors whose levels may have effects together in the tests.
        audiences: table (audience, size, base), or name -> size.
        scale: "linear", or "logit" where effects are log-odds.
        worth: money that one unit of outcome brings; costs are taken off only where it is given.
        budget: most that all production may cost.
        fatigue: share that a level loses, at exposure 1, of what it is ahead of the weakest of its factor.
        explore: fewest factors of every audience at a level that is not today's.
        explore_error: instead of today's, levels explore whose standard error is above this.
        forbidden: table (audience, factor, level, other, other_level): not together.
        required: table (audience, factor, level, needs, needs_level): the first only with the other.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the rules clash; a smallest set of them is named.
        OptionError: an illegal option.

    Example:
        >>> levels = pd.DataFrame({"factor": ["headline", "headline", "image", "image"],
        ...     "level": ["question", "offer", "photo", "chart"], "effect": [1.0, 2.0, 0.5, 0.0]})
        >>> clash = pd.DataFrame({"factor": ["headline"], "level": ["offer"], "other": ["image"],
        ...     "other_level": ["photo"]})
        >>> plan = ContentPlanner.from_tables(levels, forbidden=clash).solve(seed=1)
        >>> plan.status, plan.variants(), plan.value
        ('optimal', {'everybody': {'headline': 'offer', 'image': 'chart'}}, 2.0)
    """

    plan_type = ContentPlan
    draws_pairs = False

    @tells_what_was_read
    def __init__(
        self,
        levels: TableSource | None = None,
        *,
        pairs: TableSource | None = None,
        tests: TableSource | None = None,
        interactions: Sequence[tuple[str, str]] = (),
        audiences: TableSource | Mapping[str, float] | None = None,
        scale: str = "linear",
        worth: float | None = None,
        budget: float | None = None,
        fatigue: float = 0.0,
        explore: int | None = None,
        explore_error: float | None = None,
        forbidden: TableSource | None = None,
        required: TableSource | None = None,
    ) -> None:
        self._given = {
            "levels": levels,
            "pairs": pairs,
            "tests": tests,
            "interactions": interactions,
            "audiences": audiences,
            "scale": scale,
            "worth": worth,
            "budget": budget,
            "fatigue": fatigue,
            "explore": explore,
            "explore_error": explore_error,
            "forbidden": forbidden,
            "required": required,
        }
        if scale not in ("linear", "logit"):
            raise OptionError(f"scale is {scale!r}; legal are 'linear' and 'logit'")
        _check_number("worth", worth, low=0.0, high=MOST, above=True)
        _check_number("fatigue", fatigue, low=0.0, high=1.0)
        people = read_audiences(audiences)
        shown = None if tests is None else read_tests(tests)
        if shown is None:
            found = read_levels(_given_levels(levels, interactions), list(people))
            joint = read_level_pairs(pairs, found, effects=True, name="table of pairs")
            self.estimate: ContentEstimate | None = None
        else:
            if pairs is not None or any(base for _, base in people.values()):
                raise OptionError("effects of pairs and the base come from the tests: leave them out")
            source = shown.levels(list(people)) if levels is None else levels
            found = read_levels(source, list(people) or shown.audiences, estimated=True)
            self.estimate = estimate_effects(shown, found, interactions, logit=scale == "logit")
            found = replace(found, effect=self.estimate.effect, error=self.estimate.error)
            joint = self.estimate.pairs
        matters = worth is not None or budget is not None
        productions = productions_of(found) if matters else []
        shared = np.zeros(len(found.factor), dtype=bool)
        for item in productions:
            shared[item.members] = True
        own = [people.get(name, (1.0, 0.0)) for name in found.audiences]
        self.model = ContentModel(
            levels=found,
            loss=float(fatigue),
            pairs=np.array([[pair.first, pair.other] for pair in joint], dtype=np.int64).reshape(-1, 2),
            pair_effect=np.array([pair.effect for pair in joint], dtype=np.float64),
            sizes=np.array([size for size, _ in own]),
            base=np.array([base for _, base in own]) if self.estimate is None else self.estimate.base,
            logit=scale == "logit",
            worth=worth,
            own_cost=np.where(shared, 0.0, found.cost),
            productions=productions,
        )
        self._pairs_found = joint
        words = OPTIONS if worth is None else replace(OPTIONS, value="profit")
        items = content_items(self.model, words)
        values, losses, fit = self.model.with_pairs()
        sides = made_sides(productions, items.labels)
        sides += pair_sides(
            read_level_pairs(forbidden, found, effects=False, name="table of forbidden pairs"),
            read_level_pairs(
                required, found, second="needs", effects=False, name="table of required pairs"
            ),
            items.labels,
        )
        sides += budget_side(self.model, budget)
        sides += explore_sides(found, self.model.options, explore, explore_error)
        labels = items.labels
        self._set(
            items,
            choice_curves(items, values),
            [(labels[i], labels[j], -value) for i, j, value in losses],
            sides,
            choose=len(items.table.groups),
            at_most=False,
            truth=TrueOutcome(self.model) if self.model.logit else None,
            weight=1.0,
            notes=[] if self.estimate is None else self.estimate.notes,
        )
        if fit is not None:
            words_of_fit = (
                f"the model with pairs is the least-squares fit of each audience's outcome over up to "
                f"{fit.choices:,} variants; it is off by {fit.error:,.3g} at most there"
            )
            self.notes = [*self.notes, words_of_fit]

    @classmethod
    def from_csv(cls, levels: TableSource, **options: Any) -> ContentPlanner:
        """Read the tables from files; options as in the class."""
        return cls(levels, **options)

    @classmethod
    def from_tables(cls, levels: pd.DataFrame, **options: Any) -> ContentPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(levels, **options)

    @classmethod
    def from_tests(
        cls, tests: TableSource, levels: TableSource | None = None, **options: Any
    ) -> ContentPlanner:
        """Estimate effects from tests; options as in the class.

        Args:
            tests: table of what was shown, a path of a .csv or .xlsx file or a DataFrame.
            levels: table of levels without effects, for costs, audiences, today's levels; or None.
            options: the other options.

        Returns:
            The planner; ``estimate`` holds effects, errors and what the tests cannot tell.

        Raises:
            TableError: a table is wrong, or cannot be estimated from.
            PlanError: the rules clash.
            OptionError: an illegal option.
        """
        return cls(levels, tests=tests, **options)

    def _facts(self) -> Mapping[str, Any]:
        return {"model": self.model, "estimate": self.estimate}

    def _settle(self, question: LevelQuestion, choice: NDArray[np.int64]) -> NDArray[np.int64]:
        """The plan without the production of what nobody is shown."""
        units = self.model.settled(question.spends(choice)[None, :])[0]
        held = np.array([len(line.spends) == 1 for line in question.lines])
        return np.where(held, choice, levels_of(question, units))

    def _prove(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        begin = perf_counter()
        found = super()._prove(question, start=start, time_limit=time_limit)
        form = ChoiceForm.of(question)
        few = max(variant_counts(self.model, form)) <= MOST_VARIANTS
        if self.truth is not None and form.size > MOST_PLANS and few:
            try:
                units, limit = best_variants(self.model, form, time_limit, at_least=found.value)
            except PlanError as error:
                found = replace(found, notes=(*found.notes, f"the program over variants: {error}"))
            else:
                words = f"MILP (HiGHS) over whole variants, {TrueOutcome(self.model).name}"
                seconds = perf_counter() - begin
                found = ProvenAnswer(levels_of(question, units), 0.0, limit, words, None, seconds)
        choice = self._settle(question, found.choice)
        value = self._score(question, choice)
        bound = None if found.bound is None else max(found.bound, value)
        return replace(found, choice=choice, value=value, bound=bound)

    def _distinct(self, picks: NDArray[np.int64], form: ChoiceForm) -> NDArray[np.int64]:
        if not self.model.productions:
            return picks
        units = np.unique(self.model.settled(form.units(picks)), axis=0)
        return np.array([form.picked(row) for row in units])

    def _zoom(  # type: ignore[override]
        self, levels: LevelQuestion, start: NDArray[np.int64], *given: Any, **options: Any
    ) -> Zoom:
        found = improve_choices(levels, start, *given, **options)
        found.choice = self._settle(levels, found.choice)
        found.value = levels.value(found.choice)
        return found

    def _stability(
        self,
        levels: LevelQuestion,
        proven: ProvenAnswer,
        draws: int,
        seed: int,
        time_limit: float,
        notes: list[str],
    ) -> Stability | None:
        return content_stability(
            self,
            levels,
            proven,
            self._pairs_found,
            draws=draws,
            seed=seed,
            time_limit=time_limit,
            notes=notes,
        )


def _given_levels(levels: TableSource | None, interactions: Sequence[tuple[str, str]]) -> TableSource:
    """The table of levels where there are no tests."""
    if levels is None:
        raise OptionError("give levels with their effects, or tests to estimate them from")
    if interactions:
        raise OptionError("interactions belong to tests; give the effects of pairs in the table pairs")
    return levels


def _check_number(name: str, given: float | None, *, low: float, high: float, above: bool = False) -> None:
    """Refuse what is no finite number within these ends."""
    if given is None and above:
        return
    number = isinstance(given, (int, float, np.number)) and not isinstance(given, bool)
    within = number and given is not None and math.isfinite(given) and low <= given <= high
    if not within or (above and given == low):
        legal = f"a number above 0 up to {high:g}, or None" if above else f"a number from {low:g} to {high:g}"
        raise OptionError(f"{name} is {given!r}; legal is {legal}")
