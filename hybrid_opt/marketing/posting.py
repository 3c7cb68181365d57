"""The posting task: which slots to use, or which post in which slot, with proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import ModelTooLargeError, PlanError
from ..planning.baselines import PlanBaseline
from ..planning.choice_form import ChoiceForm
from ..planning.choice_planner import QUICK, ChoicePlanner, levels_of
from ..planning.choice_windows import improve_choices
from ..planning.lines import LevelQuestion
from ..planning.near_optimal import NearOptimal
from ..planning.proven_answer import ProvenAnswer
from ..planning.quantum_check import QuantumCheck, quantum_check
from ..planning.selection_curve import value_by_count
from ..planning.selection_items import choice_curves
from ..planning.selection_rules import check_count
from ..planning.stability import Stability, plan_stability
from ..planning.table import TableSource
from ..planning.table_notes import tells_what_was_read
from ..planning.zoom import zoom
from ..solvers import Solver
from .posting_assignment import assign_posts
from .posting_baselines import forgetful_baseline, posting_baselines
from .posting_fatigue import read_fatigue
from .posting_history import read_history
from .posting_inputs import check_inputs
from .posting_options import PostingOptions
from .posting_plan import PostingPlan
from .posting_posts import Posts, read_posts
from .posting_program import place_posts
from .posting_rules import Limits, PostingRules, capacity_sides, rule_sides
from .posting_search import search_slot_sets
from .posting_slots import check_whole, read_slots
from .posting_window import coarsen_posts
from .posting_worth import with_rules, worth_of_rules

__all__ = ["PostingPlanner"]

MOST_NEIGHBORS = 300_000
QUICK_SECONDS = 3.0  # for a second exact method
NO_QUBO = "no post touches another one, so that {}: no QUBO is needed for this question"


class PostingPlanner(ChoicePlanner[PostingPlan]):
    """Choose slots for posting, or put posts into slots.

    With expected engagement e_t of slot t and a fatigue f(d) of two posts d hours apart, the engagement

        sum_t e_t x_t - sum_(s<t) f(|t - s|) (e_s + e_t) x_s x_t            choose k of T slots
        sum_p v_p,t(p) - sum_(p<q) f(|t(p) - t(q)|) (v_p,t(p) + v_q,t(q))   posts p into slots t(p)

    is maximized under spacing rules, topics and a split of the week; v_pt is e_t times the post's
    multipliers. Where nothing interacts, no QUBO is needed, and the plan says so.

    Args:
        slots: table (day, hour, engagement) of one week, and perhaps error (standard error), capacity, must,
            current; a path of a .csv or .xlsx file or a DataFrame.
        history: instead of slots, past posts (timestamp, engagement) from which the slots are estimated.
        block_hours: length of a slot that is estimated, a divisor of 24.
        timezone: IANA name of the zone whose days and hours are planned, for a history with offsets from UTC.
        posts: posts to be placed: post, and perhaps topic, multiplier, days, slot, current. Without them
            slots are chosen.
        multipliers: table (post, day, hour, multiplier) of further factors; a blank day or hour means all.
        choose: how many slots, without posts; None for any number.
        at_most: whether fewer may be chosen.
        weeks: how many weeks are planned; each has all slots.
        every_week: whether the plan is repeated: two posts then meet on both sides, and a post meets its
            own copies.
        capacity: most posts in a slot whose row says nothing.
        fatigue: share of its engagement that each of two simultaneous posts loses, falling in a straight line
            to 0 at ``fatigue_hours``; or a table (hours, share).
        fatigue_hours: from how many hours on two posts do not touch each other.
        min_gap: fewest hours between any two posts.
        topic_gap: fewest hours between two posts of a topic.
        topic_per_day: most posts of a topic on a day.
        max_per_day: most posts on a day.
        min_per_day: fewest posts on a day that has slots.
        weekend: (at least, at most) posts on a weekend; None for an open end.
        days: table (day, at_least, at_most) for single days of every week.
        equal_split: "days" or "weeks" get equally many posts, up to one.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the rules clash; a smallest set of limits is named.
        OptionError: an illegal option.

    Example:
        >>> slots = pd.DataFrame({"day": ["Mon", "Mon", "Tue"], "hour": [9, 12, 9], "engagement": [9, 8, 6]})
        >>> planner = PostingPlanner.from_tables(slots, choose=2, fatigue=0.4, fatigue_hours=24)
        >>> plan = planner.solve(seed=1)
        >>> plan.chosen(), round(plan.value, 3), plan.status
        (['Mon 09:00', 'Tue 09:00'], 15.0, 'optimal')
    """

    plan_type = PostingPlan

    @tells_what_was_read
    def __init__(
        self,
        slots: TableSource | None = None,
        *,
        history: TableSource | None = None,
        block_hours: int = 1,
        timezone: str | None = None,
        posts: TableSource | None = None,
        multipliers: TableSource | None = None,
        choose: int | None = None,
        at_most: bool = False,
        weeks: int = 1,
        every_week: bool = False,
        capacity: int = 1,
        fatigue: float | TableSource = 0.0,
        fatigue_hours: float = 24.0,
        min_gap: float = 0.0,
        topic_gap: float = 0.0,
        topic_per_day: int | None = None,
        max_per_day: int | None = None,
        min_per_day: int | None = None,
        weekend: Limits = (None, None),
        days: TableSource | None = None,
        equal_split: Literal["days", "weeks"] | None = None,
    ) -> None:
        self._given = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self.rules = PostingRules(
            min_gap, topic_gap, topic_per_day, max_per_day, min_per_day, weekend, days, equal_split
        )
        self.rules.check()
        check_whole("capacity", capacity, 1)
        check_inputs(self._given)
        notes: list[str] = []
        if history is not None:
            estimate = read_history(history, block_hours, timezone=timezone)
            slots, notes = estimate.slots, list(estimate.notes)
        self.slots = read_slots(slots, weeks=weeks, every_week=every_week)  # type: ignore[arg-type]
        self.posts: Posts | None = None if posts is None else read_posts(posts, self.slots, multipliers)
        tiredness = read_fatigue(fatigue, fatigue_hours)
        self.options = PostingOptions.of(self.slots, self.posts, tiredness)
        at, names = self.options.at, self.options.topics
        count = choose if self.posts is None else len(self.posts.names)
        fixed = None if at_most and self.posts is None else count
        rules = rule_sides(self.slots, at, names, self.rules, fixed)
        rooms = [] if self.posts is None else capacity_sides(self.slots, at, capacity)
        values, errors = self.options.kept(), self.options.errors
        below, above = self.options.ends()
        losses = self.options.losses()
        if not losses:
            assigned = self.posts is not None and not rules
            notes.append(NO_QUBO.format("a linear assignment is exact" if assigned else "values only add up"))
        if self.options.own:
            notes.append(f"the plan is repeated: its own copies take {self.options.own:.2%} of every post")
        if errors is None:
            notes.append("no slot has a standard error: how sure the engagement is remains open")
        self._zoom = zoom if self.posts is None else improve_choices
        self._set(
            self.options.items,
            choice_curves(self.options.items, values, below, above),
            losses,
            [*rooms, *rules],
            choose=count if self.posts is not None else check_count(choose, len(self.slots.rows), "slots"),
            at_most=at_most and self.posts is None,
            weight=1.0,
            notes=notes,
        )

    @classmethod
    def from_csv(cls, slots: TableSource | None = None, **options: Any) -> PostingPlanner:
        """Read the tables from files; options as in the class."""
        return cls(slots, **options)

    @classmethod
    def from_tables(cls, slots: pd.DataFrame | None = None, **options: Any) -> PostingPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(slots, **options)

    @property
    def _shell(self) -> Any:
        """What solves the question: choices of a slot for every post, or a selection of slots."""
        return super() if self.posts is not None else super(ChoicePlanner, self)

    def to_level_model(self) -> Any:
        """The question as a ``LevelModel``, one variable per post, or per slot where slots are chosen."""
        return self._shell.to_level_model()

    def solve(
        self, method: str | Solver = "auto", *, mixer: str | None = None, **options: Any
    ) -> PostingPlan:
        """Find the best plan and say how good it is; all options are those of ``LevelPlanner.solve``.

        Args:
            method: "auto" proves the optimum, any other method improves blocks of posts.
            mixer: of QAOA; where None, "xy-exact" keeps one slot per post, and "x" is for slots alone.
            options: the other options; ``what_if`` takes names of posts, or of slots where these are chosen.

        Returns:
            The plan.

        Raises:
            OptionError: an illegal option.
            MissingDependencyError: a quantum method was asked for and Aer is not installed.
        """
        usual = "x" if self.posts is None else "xy-exact"
        found: PostingPlan = self._shell.solve(method, mixer=mixer or usual, **options)
        if found.looser is None:
            return found
        return replace(found, limits=with_rules(found.limits, found.looser))

    def _further(
        self, levels: LevelQuestion, proven: ProvenAnswer, time_limit: float
    ) -> dict[str, tuple[str, Callable[[], Any]]]:
        """Worth of whole rules, and where slots are chosen the best plan of every size if that is quick."""
        further: dict[str, tuple[str, Callable[[], Any]]] = {}
        if proven.proven:
            rules = partial(worth_of_rules, self, proven, time_limit)
            further["what a looser rule is worth"] = ("looser", rules)
            if self.posts is None and proven.seconds * len(self.slots.rows) <= time_limit / 4:
                counts = partial(value_by_count, levels, self._prove, time_limit=time_limit)
                further["the best plan of every size"] = ("by_count", counts)
        return further

    def _facts(self) -> Mapping[str, Any]:
        return {"options": self.options}

    def _prove(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        found: ProvenAnswer = self._shell._prove(question, start=start, time_limit=time_limit)
        return found

    def _pairs_proof(
        self, question: LevelQuestion, *, start: NDArray[np.int64] | None = None, time_limit: float = 60.0
    ) -> ProvenAnswer:
        begin = perf_counter()
        form, given = ChoiceForm.of(question), self.options
        pick = assign_posts(question, given.at)
        if pick is None and (form.size <= QUICK or not question.synergies):
            return super()._pairs_proof(question, start=start, time_limit=time_limit)
        bound: float | None = None
        exact, words = True, "linear assignment (no QUBO needed)"
        units = None if pick is None else form.units(pick[None, :])[0]
        asked = (question, given.at, given.owner, given.values, given.shares)
        if units is None:
            words = "branch and bound over sets of slots"
            units = search_slot_sets(*asked)
        if units is None:
            words, exact = "MILP (HiGHS, posts counted by slot)", False
            units, bound = place_posts(*asked, time_limit=time_limit)
        choice = levels_of(question, units)
        value = question.value(choice)
        if start is not None and question.feasible(start) and question.value(start) > value:
            choice, value = np.array(start, dtype=np.int64), question.value(start)
        if exact:
            bound = value
        elif bound is not None:
            # A bound below what was reached, by the solver's rounding, is no bound.
            bound = max(bound, value)
        return ProvenAnswer(choice, value, bound, words, None, perf_counter() - begin)

    def _start(self, levels: LevelQuestion, today: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
        found: NDArray[np.int64] | None = self._shell._start(levels, today)
        return found

    def _anchor(self, levels: LevelQuestion, today: NDArray[np.int64] | None) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._shell._anchor(levels, today)
        return found

    def _near(
        self, proven: ProvenAnswer, tolerance: float, alternatives: int, seed: int
    ) -> NearOptimal | None:
        if self.posts is not None and self.options.neighbors() > MOST_NEIGHBORS:
            return None
        found: NearOptimal | None = self._shell._near(proven, tolerance, alternatives, seed)
        return found

    def _baselines(self, levels: LevelQuestion, proven: ProvenAnswer, limit: float) -> Sequence[PlanBaseline]:
        if self.posts is None or not levels.synergies:
            rows = list(self._shell._baselines(levels, proven, min(limit, QUICK_SECONDS)))
        else:
            rows = posting_baselines(levels, self.options, proven, min(limit, QUICK_SECONDS))
        if levels.synergies:
            answer = self._prove(replace(levels, synergies=()), time_limit=limit)
            rows.append(forgetful_baseline(levels, answer, proven))
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
        if self.options.errors is None:
            notes.append("stability was left out: no slot has a standard error (column error)")
            return None
        below, above = self.question.bands()
        # A slot's error is one and the same for all posts, and in all weeks.
        tied = self.slots.rows[self.options.at].tolist()
        return plan_stability(
            levels, proven.choice, below, above, draws=draws, tied=tied, solve=self._prove, seed=seed,
            time_limit=time_limit,
        )  # fmt: skip

    def _quantum_check(
        self, levels: LevelQuestion, today: NDArray[np.int64] | None, notes: list[str], **options: Any
    ) -> QuantumCheck | None:
        if self.posts is None:
            found: QuantumCheck | None = self._shell._quantum_check(levels, today, notes, **options)
            return found
        try:
            coarse = partial(coarsen_posts, encoding="auto" if options["mixer"] == "x" else "one-hot")
            return quantum_check(levels, self._anchor(levels, today), coarse=coarse, **options)
        except (ModelTooLargeError, PlanError) as error:
            notes.append(f"the quantum check was left out: {error}")
            return None

    def _check_what_if(self, label: str) -> None:
        self._shell._check_what_if(label)

    def _what_if(
        self, proven: ProvenAnswer, label: str, amounts: Sequence[float] | None, limit: float
    ) -> pd.DataFrame:
        found: pd.DataFrame = self._shell._what_if(proven, label, amounts, limit)
        return found
