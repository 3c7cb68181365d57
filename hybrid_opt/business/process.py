"""The process task: which improvements to make, with proof, by what they save together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.pair_table import read_pairs
from ..planning.selection_items import ItemTable, choice_curves, read_items
from ..planning.selection_planner import SelectionPlanner
from ..planning.selection_rules import (
    GroupSource,
    check_count,
    group_limits,
    pair_sides,
    resource_limits,
)
from ..planning.table import Column, TableSource, nearest, read_table
from ..planning.table_notes import tells_what_was_read
from ..planning.vocabulary import Vocabulary
from .combined_saving import CombinedSaving
from .process_plan import ProcessPlan

__all__ = ["ProcessPlanner"]

IMPROVEMENTS = Vocabulary(
    title="Process plan",
    line="improvement",
    lines="improvements",
    amount="choice",
    amounts="choices",
    amount_unit="0 or 1",
    measure="money",
    value="saving",
    period="",
    what="Which improvements to make",
    strength="money",
    product="taken off where both are chosen",
    total="the number of improvements",
    choice=True,
)
_OVERLAP = Column("overlap", "number", unit="money", help="saving lost where both are chosen")
_AREAS = (
    Column("area", "text", unique=True, help="an area of the table of improvements"),
    Column("cost", "number", minimum=0, unit="money", help="what the area costs today"),
)


class ProcessPlanner(SelectionPlanner[ProcessPlan]):
    """Choose process improvements under budgets.

    With ``areas`` a saving is a share of its area's cost, and improvements of one area overlap:

        maximize  sum over areas C_a * (1 - prod over chosen i in a of (1 - p_i))

    Without, savings are money, less the overlaps that are given.

    Args:
        improvements: table of improvements, a path of a .csv or .xlsx file or a DataFrame: improvement,
            saving, one column per limit, and perhaps cost and staff (not limited by themselves), area, group,
            current (made today), must (in, out), lo, hi (interval of the saving).
        limits: name of a column -> how much there is, e.g. {"cost": 50_000, "staff": 6}.
        areas: area -> its cost; a mapping or a table (area, cost).
        overlaps: without areas, a table (improvement, other, overlap) of money lost where both are chosen.
        choose: how many improvements; None for any number.
        at_most: whether fewer are allowed.
        exclusions: table (improvement, other) of improvements that exclude each other.
        needs: table (improvement, needs): the first is only possible with the second.
        groups: table (group, at_least, at_most, min_share), or a mapping; shares count single savings.
        overlap_weight: factor of all overlaps in the model with pairs; fitted where None and areas are given.

    Raises:
        TableError: a table is wrong; file, row and column are named.
        PlanError: the limits clash; a smallest set of them is named.
        OptionError: an illegal option.

    Example:
        >>> table = pd.DataFrame({"improvement": ["scan", "robot", "layout"], "saving": [0.3, 0.4, 0.2],
        ...                       "area": ["picking", "picking", "packing"], "cost": [2, 4, 2]})
        >>> areas = {"picking": 100, "packing": 90}
        >>> plan = ProcessPlanner.from_tables(table, limits={"cost": 6}, areas=areas).solve(seed=1)
        >>> plan.chosen(), round(plan.value, 6), round(plan.added_up(), 6)
        (['scan', 'robot'], 58.0, 70.0)
    """

    plan_type = ProcessPlan

    @tells_what_was_read
    def __init__(
        self,
        improvements: TableSource,
        *,
        limits: Mapping[str, float] | None = None,
        areas: TableSource | Mapping[str, float] | None = None,
        overlaps: TableSource | None = None,
        choose: int | None = None,
        at_most: bool = False,
        exclusions: TableSource | None = None,
        needs: TableSource | None = None,
        groups: GroupSource | None = None,
        overlap_weight: float | None = None,
    ) -> None:
        self._given = {
            "improvements": improvements,
            "limits": limits,
            "areas": areas,
            "overlaps": overlaps,
            "choose": choose,
            "at_most": at_most,
            "exclusions": exclusions,
            "needs": needs,
            "groups": groups,
            "overlap_weight": overlap_weight,
        }
        if areas is not None and overlaps is not None:
            raise OptionError("give areas or overlaps, not both: shares of one area overlap by themselves")
        limits = {} if limits is None else dict(limits)
        own = _columns(limits, shares=areas is not None)
        items = read_items(improvements, IMPROVEMENTS, own, UNUSED)
        savings = items.numbers("saving")
        truth, factor = None, np.ones(len(savings))
        self._area_names: tuple[str, ...] = ()
        if areas is not None:
            truth = self._combined(items, areas)
            factor, savings = truth.costs[truth.areas], truth.singles()
            lost = truth.overlaps()
        else:
            lost = np.zeros((len(savings), len(savings)))
            pairs = []
            if overlaps is not None:
                pairs = read_pairs(overlaps, items.labels, IMPROVEMENTS, _OVERLAP, name="overlap table")
            for first, other, money in pairs:
                lost[items.labels.index(first), items.labels.index(other)] = money
        caps, sides = group_limits(items, groups, "saving", savings)
        self._set(
            items.with_caps(caps),
            choice_curves(items, savings, *(factor * items.numbers(end) for end in ("lo", "hi"))),
            _losses(items.labels, lost if areas is None else np.triu(lost)),
            [*resource_limits(items, limits), *sides, *pair_sides(items, exclusions, needs)],
            choose=check_count(choose, len(items.labels), "improvements"),
            at_most=at_most,
            truth=truth,
            weight=overlap_weight,
        )

    def _combined(self, items: ItemTable, areas: TableSource | Mapping[str, float]) -> CombinedSaving:
        """The savings by area; an area without a cost is an error that names its row."""
        if isinstance(areas, Mapping):
            frame = pd.DataFrame({"area": list(areas), "cost": list(areas.values())}, dtype=object)
            areas = frame.set_index(pd.Index(list(areas)))
        table = read_table(areas, _AREAS, name="table of areas")
        names = [str(name) for name in table.column("area")]
        problems = items.checked.problems()
        given = items.checked.column("area")
        for i, area in enumerate(given):
            if area not in names:
                near = nearest(area, names)
                hint = f"did you mean {near!r}?" if near else f"there are {', '.join(names)}"
                problems.add(f"no cost is given for area {area!r}; {hint}", row=i, column="area")
        problems.raise_if_any()
        self._area_names = tuple(names)
        places = np.array([names.index(area) for area in given], dtype=np.int64)
        return CombinedSaving(items.numbers("saving"), places, np.array(table.column("cost"), dtype=float))

    @classmethod
    def from_csv(cls, improvements: TableSource, **options: Any) -> ProcessPlanner:
        """Read the tables from files; options as in the class."""
        return cls(improvements, **options)

    @classmethod
    def from_tables(cls, improvements: pd.DataFrame, **options: Any) -> ProcessPlanner:
        """Take the tables as DataFrames; options as in the class."""
        return cls(improvements, **options)

    def _facts(self) -> Mapping[str, Any]:
        return {"area_names": self._area_names}


UNUSED = "give its limit in limits (--limit {0}=LIMIT) where it is one, or remove it"


def _columns(limits: Mapping[str, float], *, shares: bool) -> list[Column]:
    """The task's own columns; a saving is a share below 1 where areas are given, else money."""
    saving = Column("saving", "number", unit="money", help="what it saves alone")
    if shares:
        saving = Column("saving", "number", minimum=0, below=1, help="share of its area's cost that it saves")
    taken = ("saving", "area", "group", "current", "must", "lo", "hi", "improvement")
    for name in limits:
        if not isinstance(name, str) or not name.strip() or name in taken:
            listed = ", ".join(taken)
            raise OptionError(f"a limit is called {name!r}; name a column of its own, none of {listed}")
    names = list(dict.fromkeys([*limits, "cost", "staff"]))
    used = [
        Column(name, "number", required=name in limits, minimum=0, help=f"{name} it uses") for name in names
    ]
    return [saving, Column("area", "text", required=shares, help="where it saves"), *used]


def _losses(labels: list[str], lost: NDArray[np.float64]) -> list[tuple[str, str, float]]:
    """What two lose together, per pair that loses anything."""
    return [(labels[i], labels[j], float(lost[i, j])) for i, j in np.argwhere(lost != 0).tolist()]
