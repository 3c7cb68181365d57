"""The plan table: what each line gets today and what it may get, in absolute amounts.

Grids are exact: amounts are fractions of the decimals that were written, and every line counts whole units
of one common amount above its lowest spend. Counting from the lowest spend keeps odd cents of a fixed
line or of a minimum out of the unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from .caps import read_caps
from .grid import Grid, check_row, row_grid
from .lines import Spend
from .money import common_unit, exact, money_text
from .table import REMOVE, Column, TableSource, read_table
from .vocabulary import CHANNELS, Vocabulary

__all__ = ["LineTable", "PlanLine", "Spend", "plan_columns", "read_plan"]

_MOST_UNITS = 10_000_000


def plan_columns(words: Vocabulary = CHANNELS) -> tuple[Column, ...]:
    """Columns of the plan table that every task has."""
    amount, unit = words.amount, words.amount_unit
    return (
        Column(words.line, "text", unique=True, help=f"name of the {words.line}"),
        Column("current", "money", unit=unit, help=f"{amount} today"),
        Column("min", "money", unit=unit, help=f"least {amount}"),
        Column("max", "money", unit=unit, help=f"most {amount}"),
        Column("step", "money", above=0, unit=words.measure, help=f"the {amount} moves in such steps"),
        Column("fixed", "flag", required=False, help=f"true keeps the current {amount}"),
        Column("group", "text", required=False, help=f"{words.lines} that share a cap"),
        Column("min_if_used", "money", required=False, above=0, help="off or at least this; needs min 0"),
    )


@dataclass(frozen=True, eq=False)
class PlanLine:
    """One line of the plan, such as a channel.

    Attributes:
        label: its name.
        current: spend today, in money per period.
        spends: allowed spends in money per period, strictly increasing, shape (levels,).
        units: the same in whole units above the lowest spend, starting at 0, shape (levels,), int64.
        grid: the allowed spends exactly.
        fixed: whether the current spend is kept.
        group: name of its group, ``""`` for none.
        place: where the line stands in the plan table, e.g. ``"row 2"``.
        extra: what else the task's own columns say of it, column -> value.
        lowest_kind: which limit makes the lowest amount, ``"min"`` or one of the task.
    """

    label: str
    current: float
    spends: NDArray[np.float64]
    units: NDArray[np.int64]
    grid: Grid
    fixed: bool
    group: str
    place: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    lowest_kind: str = "min"

    @property
    def lowest(self) -> float:
        """Lowest allowed spend."""
        return float(self.spends[0])

    @property
    def highest(self) -> float:
        """Highest allowed spend."""
        return float(self.spends[-1])

    def level_of(self, amount: float) -> int | None:
        """Position of an amount among ``spends``, or None where it is not allowed."""
        position = int(np.searchsorted(self.spends, amount))
        found = position < len(self.spends) and self.spends[position] == amount
        return position if found else None


@dataclass(frozen=True, eq=False)
class LineTable:
    """A checked plan table on its exact grid.

    Attributes:
        lines: one per line, in the order of the table.
        caps: group -> most money the group may spend.
        unit: money per unit.
        name: what messages call the table.
        words: what the task calls its lines.

    Example:
        >>> table = pd.DataFrame({"channel": ["tv", "search"], "current": [20, 10], "min": [10, 0],
        ...                       "max": [30, 15], "step": [10, 5]})
        >>> plan = read_plan(table)
        >>> plan.lines[0].spends, plan.lines[0].units, float(plan.unit)
        (array([10., 20., 30.]), array([0, 2, 4]), 5.0)
        >>> plan.budget_units(30), plan.current_problems(25, "at_most")
        (4, ['today spends 30 in all, the budget is 25'])
    """

    lines: tuple[PlanLine, ...]
    caps: Mapping[str, float]
    unit: Fraction
    name: str
    words: Vocabulary = CHANNELS

    @property
    def labels(self) -> list[str]:
        """Names of the lines in the order of the table."""
        return [line.label for line in self.lines]

    @property
    def groups(self) -> dict[str, list[PlanLine]]:
        """Group -> its lines, for every group that is named in the table."""
        found: dict[str, list[PlanLine]] = {}
        for line in self.lines:
            if line.group:
                found.setdefault(line.group, []).append(line)
        return found

    @property
    def current_total(self) -> float:
        """What all lines get today."""
        return float(self._current)

    @property
    def _current(self) -> Fraction:
        return sum((exact(line.current) for line in self.lines), Fraction(0))

    @property
    def base(self) -> Fraction:
        """What all lines get at their lowest, where every line stands at unit 0."""
        return sum((line.grid.lowest for line in self.lines), Fraction(0))

    def budget_units(self, budget: float) -> int:
        """Units that fit into a budget, rounded down; negative where the lowest spends exceed it.

        Args:
            budget: money per period.

        Returns:
            Units above ``base``, to compare with the sum of the lines' units.
        """
        return math.floor((exact(budget) - self.base) / self.unit)

    def cap_units(self, group: str) -> int:
        """Units that fit under a group's cap, rounded down, above the group's lowest spends.

        Args:
            group: a group with a cap.

        Returns:
            Units to compare with the sum of the units of the group's lines.
        """
        lowest = sum((line.grid.lowest for line in self.groups[group]), Fraction(0))
        return math.floor((exact(self.caps[group]) - lowest) / self.unit)

    def total(self, units: int) -> float:
        """Amount of all lines together when the lines' units add up to ``units``."""
        return float(self.base + units * self.unit)

    def current_problems(self, budget: float | None, spend: Spend = "exactly") -> list[str]:
        """Why today's spends are no answer to the plan.

        Args:
            budget: money per period; None leaves the total free.
            spend: ``"exactly"`` or ``"at_most"``.

        Returns:
            Reasons in words; empty where today's spends are allowed.

        Raises:
            OptionError: ``spend`` is neither, or the budget is no finite amount of at least 0.
        """
        if budget is not None:
            check_budget(budget)
        check_spend(spend)
        reasons = []
        for line in self.lines:
            if line.level_of(line.current) is None:
                listed = " and ".join(money_text(amount) for amount in line.grid.around(line.current))
                reasons.append(
                    f"today's {money_text(line.current)} of {line.label!r} is not among its allowed"
                    f" {self.words.amounts} (nearest: {listed})"
                )
        for group, cap in self.caps.items():
            spent = sum(exact(line.current) for line in self.groups[group])
            if spent > exact(cap):
                reasons.append(
                    f"today group {group!r} spends {money_text(spent)}, its cap is {money_text(cap)}"
                )
        if budget is None:
            return reasons
        if self._current > exact(budget) or (spend == "exactly" and self._current != exact(budget)):
            today = money_text(self._current)
            reasons.append(f"today spends {today} in all, the budget is {money_text(budget)}")
        return reasons

    def is_current_feasible(self, budget: float | None, spend: Spend = "exactly") -> bool:
        """Say whether today's spends are an answer to the plan, see ``current_problems``."""
        return not self.current_problems(budget, spend)

    def to_frame(self) -> pd.DataFrame:
        """The resolved bounds: one row per line with its lowest and highest allowed amount."""
        return pd.DataFrame(
            {
                self.words.line: [line.label for line in self.lines],
                "current": [line.current for line in self.lines],
                "lowest": [line.lowest for line in self.lines],
                "highest": [line.highest for line in self.lines],
                "levels": [len(line.spends) for line in self.lines],
                "fixed": [line.fixed for line in self.lines],
                "group": [line.group for line in self.lines],
            }
        )


def check_spend(spend: str) -> None:
    """Raise an OptionError unless ``spend`` is ``"exactly"`` or ``"at_most"``."""
    if spend not in ("exactly", "at_most"):
        raise OptionError(f"spend is {spend!r}; legal are 'exactly' and 'at_most'")


def check_budget(budget: float) -> None:
    """Raise an OptionError unless the budget is a finite amount of at least 0."""
    number = isinstance(budget, Real) and not isinstance(budget, bool)
    if not number or not math.isfinite(budget) or budget < 0:
        raise OptionError(f"budget is {budget!r}; legal is a finite amount of money, 0 or more")


def read_plan(
    source: TableSource,
    *,
    caps: TableSource | Mapping[str, float] | None = None,
    words: Vocabulary = CHANNELS,
    extra: Sequence[Column] = (),
    unused: str = REMOVE,
) -> LineTable:
    """Read the plan table and put it on its grid.

    The amounts of a line are min, min + step, ... up to max; max must be one of them. With ``min_if_used``
    they are 0, then min_if_used, min_if_used + step, ... up to max. A fixed line has its current one only.

    Args:
        source: file or DataFrame with the columns channel (or what the task calls its lines), current, min,
            max, step and perhaps fixed, group, min_if_used; all amounts are absolute.
        caps: most per group: a mapping, or a table with the columns group and cap.
        words: what the task calls its lines.
        extra: further columns of the task; their values are kept in ``PlanLine.extra``.
        unused: what to do about another column, see ``read_table``.

    Returns:
        The plan table.

    Raises:
        TableError: anything wrong in a table, with row and column.
    """
    columns = (*plan_columns(words), *extra)
    table = read_table(source, columns, name="plan table", unused=unused)
    rows = [
        dict(zip((column.name for column in columns), row, strict=True))
        for row in table.frame.itertuples(index=False, name=None)
    ]
    problems = table.problems()
    for i, row in enumerate(rows):
        for column, message in check_row(row, words):
            problems.add(message, row=i, column=column)
    problems.raise_if_any()
    grids = [row_grid(row) for row in rows]
    unit = common_unit(gap for grid in grids for gap in grid.gaps)
    _check_size(grids, [str(row[words.line]) for row in rows], unit, table.name)
    lines = tuple(
        PlanLine(
            label=str(row[words.line]),
            current=float(row["current"]),
            spends=grid.spends(),
            units=grid.units(unit),
            grid=grid,
            fixed=bool(row["fixed"]),
            group=str(row["group"]),
            place=place,
            extra={column.name: row[column.name] for column in extra},
        )
        for row, grid, place in zip(rows, grids, table.places, strict=True)
    )
    groups = list(dict.fromkeys(line.group for line in lines if line.group))
    known = {} if caps is None else read_caps(caps, groups, words)
    return LineTable(lines, known, unit, table.name, words)


def _check_size(grids: list[Grid], labels: list[str], unit: Fraction, name: str) -> None:
    total = sum((grid.highest - grid.lowest for grid in grids), Fraction(0)) / unit
    if total <= _MOST_UNITS:
        return
    steps = {label: grid.step for label, grid in zip(labels, grids, strict=True) if grid.count > 1}
    listed = ", ".join(f"{label!r} {money_text(step)}" for label, step in steps.items())
    raise TableError(
        f"{name}, column 'step': the steps ({listed}) have only {money_text(unit)} in common, which makes"
        f" {money_text(total)} units; at most {_MOST_UNITS:,} are handled. Choose coarser steps that are"
        " multiples of one another"
    )
