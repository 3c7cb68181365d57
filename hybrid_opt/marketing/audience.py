"""The audience task: which segments to address, with proof, in true reach where memberships are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.money import money_text
from ..planning.selection_items import ItemTable, choice_curves, read_items
from ..planning.selection_planner import SelectionPlanner
from ..planning.selection_rules import (
    GroupSource,
    check_count,
    group_limits,
    pair_sides,
    resource_limits,
)
from ..planning.table import Column, TableSource
from ..planning.table_notes import tells_what_was_read
from ..planning.vocabulary import Vocabulary
from .audience_plan import AudiencePlan
from .coverage import Coverage
from .memberships import Memberships, read_memberships
from .overlaps import read_overlaps

__all__ = ["AudiencePlanner"]

SEGMENTS = Vocabulary(
    title="Audience plan",
    line="segment",
    lines="segments",
    amount="choice",
    amounts="choices",
    amount_unit="0 or 1",
    measure="people",
    value="reach",
    period="",
    what="Which segments to address",
    strength="people",
    product="taken off where both are chosen",
    total="the number of segments",
    choice=True,
)
COLUMNS = (
    Column("size", "number", required=False, minimum=0, unit="people", help="people in the segment"),
    Column("value", "number", required=False, minimum=0, help="what one reached person is worth"),
    Column("cost", "number", required=False, minimum=0, unit="money", help="cost of addressing the segment"),
)


class AudiencePlanner(SelectionPlanner[AudiencePlan]):
    """Choose segments of people who overlap.

    With memberships the true reach is maximized: every person counts once, with the most valuable chosen
    segment. With sizes and pair overlaps alone the plan maximizes what is surely reached,

        sum v_i s_i x_i - sum_(i<j) min(v_i, v_j) o_ij x_i x_j        (Bonferroni's lower bound),

    and reports between which ends the reach lies, since pairs do not determine it.

    Args:
        segments: table of segments, a path of a .csv or .xlsx file or a DataFrame: segment, size (people) and
            perhaps value (of a reached person), cost, group, current (chosen today), must (in, out), lo, hi
            (interval of the size).
        overlaps: square table of people in both segments, or a table (segment, other, overlap).
        members: instead of overlaps, a table (person, segment), or of patterns (people, one column per
            segment); the sizes then come from it.
        choose: how many segments; None for any number.
        at_most: whether fewer are allowed.
        budget: most cost.
        exclusions: table (segment, other) of segments that exclude each other.
        groups: table (group, at_least, at_most, min_share), or a mapping; shares count people.
        subtract_cost: whether the cost is taken off the value.
        overlap_weight: factor of all overlaps in the model with pairs; fitted to the memberships where None,
            and 1 without them.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the limits clash; a smallest set of them is named.
        OptionError: an illegal option.

    Example:
        >>> segments = pd.DataFrame({"segment": ["young", "sport", "travel"], "size": [50, 40, 30]})
        >>> overlaps = pd.DataFrame({"segment": ["young"], "other": ["sport"], "overlap": [25]})
        >>> plan = AudiencePlanner.from_tables(segments, overlaps=overlaps, choose=2).solve(seed=1)
        >>> plan.chosen(), plan.interval(), plan.status
        (['young', 'travel'], (80.0, 80.0), 'optimal')
    """

    plan_type = AudiencePlan

    @tells_what_was_read
    def __init__(
        self,
        segments: TableSource,
        *,
        overlaps: TableSource | None = None,
        members: TableSource | None = None,
        choose: int | None = None,
        at_most: bool = False,
        budget: float | None = None,
        exclusions: TableSource | None = None,
        groups: GroupSource | None = None,
        subtract_cost: bool = False,
        overlap_weight: float | None = None,
    ) -> None:
        self._given = {
            "segments": segments,
            "overlaps": overlaps,
            "members": members,
            "choose": choose,
            "at_most": at_most,
            "budget": budget,
            "exclusions": exclusions,
            "groups": groups,
            "subtract_cost": subtract_cost,
            "overlap_weight": overlap_weight,
        }
        if (overlaps is None) == (members is None):
            raise OptionError("give either overlaps or members: how many people the segments share")
        items = read_items(segments, SEGMENTS, COLUMNS)
        people = None if members is None else read_memberships(members, items.labels)
        sizes = _sizes(items, people)
        values = items.numbers("value")
        valued = not np.isnan(values).all()
        values = values if valued else np.ones(len(values))
        _check_filled(items, "value", values)
        costs = items.numbers("cost") if subtract_cost else np.zeros(len(values))
        _check_filled(items, "cost", costs)
        truth = None
        if people is not None:
            truth = Coverage.of(people.members, people.people, values)
            self._worth, self._shared = truth.singles(), truth.overlaps()
            np.fill_diagonal(self._shared, 0.0)
            name = "true net value" if subtract_cost else "true value" if valued else "true reach"
            truth = replace(truth, reached=name, costs=costs if subtract_cost else None)
        elif overlaps is not None:
            shared = read_overlaps(overlaps, items.labels, sizes, SEGMENTS)
            self._worth, self._shared = values * sizes, shared * np.minimum.outer(values, values)
        self._costs, self._people = costs, sizes
        caps, sides = group_limits(items, groups, "people", sizes)
        if budget is not None:
            sides = [*resource_limits(items, {"cost": budget}), *sides]
        word = "net value" if subtract_cost else "value" if valued else "reach"
        low, high = (values * items.numbers(end) - costs for end in ("lo", "hi"))
        names = items.labels
        self._set(
            items.with_caps(caps),
            choice_curves(items, self._worth - costs, low, high),
            [
                (names[i], names[j], float(self._shared[i, j]))
                for i in range(len(names))
                for j in range(i + 1, len(names))
            ],
            [*sides, *pair_sides(items, exclusions, None)],
            choose=check_count(choose, len(items.labels), "segments"),
            at_most=at_most,
            truth=truth,
            weight=overlap_weight,
            words=replace(SEGMENTS, value=word if truth is not None else f"least {word}"),
        )

    @classmethod
    def from_csv(cls, segments: TableSource, **options: Any) -> AudiencePlanner:
        """Read the tables from files; options as in the class."""
        return cls(segments, **options)

    @classmethod
    def from_tables(cls, segments: pd.DataFrame, **options: Any) -> AudiencePlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(segments, **options)

    def _facts(self) -> Mapping[str, Any]:
        return {
            "worth": self._worth,
            "shared": self._shared,
            "costs": self._costs,
            "people": self._people,
        }


def _check_filled(items: ItemTable, column: str, numbers: NDArray[np.float64]) -> None:
    """A column that is used is filled in everywhere."""
    problems = items.checked.problems()
    for i in np.flatnonzero(np.isnan(numbers)).tolist():
        problems.add("the cell is blank; fill it in for all segments", row=i, column=column)
    problems.raise_if_any()


def _sizes(items: ItemTable, people: Memberships | None) -> NDArray[np.float64]:
    """People in each segment; a size that contradicts the memberships is an error."""
    given = items.numbers("size")
    if people is None:
        _check_filled(items, "size", given)
    problems = items.checked.problems()
    counted = given if people is None else people.sizes
    for i, (size, count) in enumerate(zip(given.tolist(), counted.tolist())):
        if size == size and size != count:
            problems.add(
                f"the size is {money_text(size)}, but the memberships count {money_text(count)}; make them "
                "equal, or leave the size empty",
                row=i,
                column="size",
            )
        low, high = (items.numbers(end)[i] for end in ("lo", "hi"))
        if low == low and not low <= count <= high:
            words = f"the size {money_text(count)} is not between lo {low:g} and hi {high:g}"
            problems.add(f"{words}; correct one of them", row=i, column="lo")
    problems.raise_if_any()
    if not counted.any():
        raise TableError(f"{items.table.name}: no segment holds anybody; fill in the sizes")
    return counted
