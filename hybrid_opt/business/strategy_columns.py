"""The table of projects, and every project's starts as items that are chosen or not.

A project that runs d periods may start in any period from which it ends within the horizon. One item x_it
stands for "project i starts in period t"; periods are counted from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError
from ..planning.selection_items import ItemTable, read_items
from ..planning.table import CheckedTable, Column, TableSource, read_table
from ..planning.vocabulary import Vocabulary

__all__ = ["PROJECTS", "STARTS", "Projects", "read_projects"]

STARTS = Vocabulary(
    title="Strategic plan",
    line="start",
    lines="starts",
    amount="choice",
    amounts="choices",
    amount_unit="0 or 1",
    measure="money",
    value="value",
    period="",
    what="Which projects, and when",
    strength="money",
    product="taken off where both are chosen",
    total="the number of projects",
    choice=True,
    fixed_caps=True,
)
PROJECTS = Vocabulary(**{**STARTS.__dict__, "line": "project", "lines": "projects"})
"""The same words for tables that speak of projects, not of their starts."""

_COLUMNS = (
    Column("project", "text", unique=True, help="name of the project"),
    Column("value", "number", unit="money", help="what it brings, at the end of its last period"),
    Column("cost", "number", minimum=0, unit="money per period", help="what it costs in each of its periods"),
    Column("duration", "number", minimum=1, unit="periods", help="how many periods it runs"),
    Column("category", "text", required=False, help="category with limits of its own"),
    Column("must", "text", required=False, help="'in' carries it out, 'out' does not"),
    Column("earliest", "number", required=False, minimum=1, help="first period in which it may start"),
    Column("latest", "number", required=False, minimum=1, help="last period in which it may start"),
)


@dataclass(frozen=True, eq=False)
class Projects:
    """Projects and their starts.

    Attributes:
        checked: the table of projects.
        items: their starts, S of them; the group of a start is its project.
        project: position of the project of each start, shape (S,).
        start: period of each start, shape (S,).
        periods: how many periods there are.
    """

    checked: CheckedTable
    items: ItemTable
    project: NDArray[np.int64]
    start: NDArray[np.int64]
    periods: int

    @property
    def names(self) -> list[str]:
        """Names of the projects."""
        return [str(name) for name in self.checked.column("project")]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of numbers by project, shape (N,)."""
        return np.array(self.checked.column(column), dtype=np.float64)

    @property
    def durations(self) -> NDArray[np.int64]:
        """Periods that each project runs, shape (N,)."""
        return self.numbers("duration").astype(np.int64)

    def discounts(self, rate: float) -> NDArray[np.float64]:
        """What one unit at the end of each start is worth at the beginning of period 1, shape (S,)."""
        return np.asarray(1.0 / (1.0 + rate) ** (self.start + self.durations[self.project] - 1))

    def discounted(self, rate: float, *, subtract_cost: bool) -> NDArray[np.float64]:
        """Value of each start, shape (S,).

        Args:
            rate: discount rate per period.
            subtract_cost: whether the costs, each paid at the beginning of its period, are taken off.

        Returns:
            The value at the beginning of period 1, value / (1 + rate)**(start + duration - 1).
        """
        values = self.numbers("value")[self.project] * self.discounts(rate)
        if not subtract_cost:
            return np.asarray(values)
        for period in range(1, self.periods + 1):
            values = values - self.costs_in(period) / (1.0 + rate) ** (period - 1)
        return np.asarray(values)

    def costs_in(self, period: int) -> NDArray[np.float64]:
        """What each start costs in one period, shape (S,)."""
        running = (self.start <= period) & (period < self.start + self.durations[self.project])
        return np.asarray(self.numbers("cost")[self.project] * running)

    def runs(self, units: NDArray[np.float64]) -> dict[str, int]:
        """Project -> period of its start, for 0 or 1 per start, shape (S,)."""
        return {self.names[self.project[k]]: int(self.start[k]) for k in np.flatnonzero(units)}


def read_projects(source: TableSource, periods: int, extra: Sequence[str] = ()) -> Projects:
    """Read the table of projects.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.
        periods: how many periods there are.
        extra: further columns of numbers, such as a third objective.

    Returns:
        Projects and starts.

    Raises:
        OptionError: the number of periods is no whole number from 1 on.
        TableError: anything wrong in the table, or a project without any possible start.
    """
    whole = isinstance(periods, (int, np.integer)) and not isinstance(periods, bool)
    if not whole or periods < 1:
        raise OptionError(f"periods is {periods!r}; give a whole number from 1 on")
    taken = [column.name for column in _COLUMNS]
    for name in extra:
        if name in taken:
            raise OptionError(f"a further column is called {name!r}; give it a name of its own")
    numbers = [Column(name, "number", help="further objective") for name in extra]
    unused = "name it as the third objective (third={0!r}, --third {0}) where it is one, or remove it"
    table = read_table(source, (*_COLUMNS, *numbers), name="table of projects", unused=unused)
    problems, rows = table.problems(), []
    columns = [table.column(name) for name in ("project", "duration", "must", "earliest", "latest")]
    for i, (name, duration, must, earliest, latest) in enumerate(zip(*columns, strict=True)):
        for column, number in (("duration", duration), ("earliest", earliest), ("latest", latest)):
            if number == number and number != int(number):
                problems.add(f"{number:g} is not whole; periods are counted", row=i, column=column)
        if must not in ("", "in", "out"):
            problems.add(f"{must!r} is not legal; write 'in', 'out' or nothing", row=i, column="must")
        first = 1 if earliest != earliest else int(earliest)
        last = periods - int(duration) + 1
        if last < 1:
            words = f"it runs {int(duration)} periods, there are {periods}; shorten it, or plan for more"
            problems.add(words, row=i, column="duration")
        last = last if latest != latest else min(last, int(latest))
        if last >= 1 and first > last:
            words = f"{name!r} cannot start: the earliest period is {first}, the last possible one {last}"
            problems.add(words, row=i, column="earliest")
        held = "out" if must == "out" else ""
        for start in range(first, last + 1):
            label = f"{name} in period {start}"
            rows.append({"start": label, "group": name, "must": held, "row": i, "period": start})
    problems.raise_if_any()
    frame = pd.DataFrame(rows)
    frame.index = pd.Index([table.places[row["row"]] for row in rows])
    items = read_items(frame[["start", "group", "must"]], STARTS)
    where = (frame["row"].to_numpy(dtype=np.int64), frame["period"].to_numpy(dtype=np.int64))
    return Projects(table, items, *where, periods=int(periods))
