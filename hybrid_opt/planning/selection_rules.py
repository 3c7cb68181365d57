"""The rules of a selection as limits: how many, budgets, exclusions, precedence, limits of groups.

With x_i in {0, 1} for every item:

    sum x_i = k (or at most k)            how many
    sum c_i x_i <= C                      a budget, several of them
    x_i + x_j <= 1                        i and j exclude each other
    x_i <= x_j                            i needs j
    sum over a group x_i <= m or >= m     at most, at least so many of a group
    sum over a group s_i x_i >= share * sum s_i x_i     at least a share of what is chosen
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError
from .line_side import LineSide
from .money import exact, money_text
from .pair_table import read_links
from .selection_items import ItemTable
from .table import CheckedTable, Column, TableSource, nearest, read_table

__all__ = ["GroupSource", "ShareSide", "check_count", "group_limits", "pair_sides", "resource_limits"]

GroupSource = TableSource | Mapping[str, Mapping[str, float]]
"""Limits of groups: a table, or group -> {"at_least": 1, "at_most": 2, "min_share": 0.3}."""

POINT = Fraction(1, 100)  # a minimum share is moved by one percentage point
_COLUMNS = (
    Column("group", "text", unique=True, help="a group of the table"),
    Column("at_least", "number", required=False, minimum=0, help="fewest chosen of the group"),
    Column("at_most", "number", required=False, minimum=0, help="most chosen of the group"),
    Column("min_share", "number", required=False, minimum=0, maximum=1, help="least share of the group"),
)


@dataclass(frozen=True)
class ShareSide(LineSide):
    """At least a share of what is chosen comes from a group.

    Attributes:
        share: the least share, 0 to 1.
        sizes: size of each item, N of them.
        members: whether each item is in the group.
    """

    share: Fraction = Fraction(0)
    sizes: tuple[Fraction, ...] = ()
    members: tuple[bool, ...] = ()

    @classmethod
    def of(
        cls, group: str, measure: str, share: Fraction, sizes: Sequence[Fraction], members: Sequence[bool]
    ) -> ShareSide:
        """Make the limit; what is counted is called ``measure``."""
        weights = [(share - int(member)) * size for size, member in zip(sizes, members)]
        label = f"at least {money_text(100 * share)}% of {measure} from group {group}"
        step = min(POINT, share)
        return cls(
            label, "share", tuple(weights), Fraction(0), step, minimum=True, share=share,
            sizes=tuple(sizes), members=tuple(members), column=measure,
        )  # fmt: skip

    def moved(self) -> ShareSide:
        """The same with a share lower by one percentage point."""
        share = self.share - self.step
        weights = [(share - int(member)) * size for size, member in zip(self.sizes, self.members)]
        return replace(self, weights=tuple(weights), share=share)


def check_count(choose: int | None, n: int, lines: str) -> int | None:
    """Check how many are to be chosen.

    Args:
        choose: the number, or None for any.
        n: how many there are.
        lines: what they are called.

    Returns:
        The number.

    Raises:
        OptionError: it is no whole number from 1 to the number of items.
    """
    whole = isinstance(choose, (int, np.integer)) and not isinstance(choose, bool)
    if choose is not None and (not whole or not 1 <= choose <= n):
        raise OptionError(
            f"choose is {choose!r}; there are {n} {lines}, legal are whole numbers from 1 to {n}, or None "
            "for any number"
        )
    return choose


def resource_limits(items: ItemTable, limits: Mapping[str, float]) -> list[LineSide]:
    """One limit per budget.

    Args:
        items: the items; each budget has a column of numbers.
        limits: name of the column -> how much there is.

    Returns:
        The limits; each is moved by the least that some item uses of it.

    Raises:
        OptionError: a limit is no finite number of at least 0.
        TableError: a blank cell in the column of a budget.
    """
    sides = []
    for name, limit in limits.items():
        number = isinstance(limit, (int, float, np.number)) and not isinstance(limit, bool)
        if not number or not math.isfinite(limit) or limit < 0:
            raise OptionError(f"the limit of {name!r} is {limit!r}; it must be a finite number, 0 or more")
        problems = items.checked.problems()
        for i, use in enumerate(items.numbers(name).tolist()):
            if math.isnan(use):
                problems.add("the cell is blank, but there is a limit; fill in 0 or more", row=i, column=name)
        problems.raise_if_any()
        uses = [exact(use) for use in items.numbers(name).tolist()]
        step = min((use for use in uses if use), default=Fraction(1))
        sides.append(LineSide(name, "resource", tuple(uses), exact(float(limit)), step, column=name))
    return sides


def pair_sides(
    items: ItemTable, exclusions: TableSource | None, needs: TableSource | None
) -> list[LineSide]:
    """Items that exclude each other, and items that need others.

    Args:
        items: the items.
        exclusions: table of pairs, columns named as the items' own and "other"; or None.
        needs: table of pairs, columns named as the items' own and "needs"; or None.

    Returns:
        One limit per pair.

    Raises:
        TableError: unknown or equal items, a pair twice, anything wrong in a table.
    """
    labels, words = items.labels, items.table.words
    sides = []
    for first, other in read_links(exclusions, labels, words, "other", name="table of exclusions"):
        weights = _weights(labels, {first: 1, other: 1})
        label = f"{first} and {other} exclude each other"
        sides.append(LineSide(label, "exclusion", weights, Fraction(1), Fraction(1)))
    for first, other in read_links(needs, labels, words, "needs", name="table of needs"):
        weights = _weights(labels, {first: 1, other: -1})
        sides.append(LineSide(f"{first} needs {other}", "precedence", weights, Fraction(0), Fraction(1)))
    return sides


def _weights(labels: Sequence[str], given: Mapping[str, int]) -> tuple[Fraction, ...]:
    return tuple(Fraction(given.get(label, 0)) for label in labels)


def group_limits(
    items: ItemTable,
    groups: GroupSource | None,
    measure: str,
    sizes: NDArray[np.float64] | None = None,
) -> tuple[dict[str, float], list[LineSide]]:
    """Limits of groups.

    Args:
        items: the items with their groups.
        groups: a table (group, at_least, at_most, min_share), a mapping, or None.
        measure: what a minimum share counts.
        sizes: how much of it each item has, shape (N,); the column of that name where None.

    Returns:
        Most of each group, and the other limits.

    Raises:
        TableError: an unknown group, a number that is not whole, more than the group has.
    """
    if groups is None:
        return {}, []
    if isinstance(groups, Mapping):
        frame = pd.DataFrame([{"group": name, **limits} for name, limits in groups.items()], dtype=object)
        groups = frame.set_index(pd.Index(list(groups)))
    table = read_table(groups, _COLUMNS, name="table of groups")
    members = {group: [line.label for line in lines] for group, lines in items.table.groups.items()}
    _check_groups(table, members, items.table.words.line)
    counted = [exact(size) for size in (items.numbers(measure) if sizes is None else sizes).tolist()]
    caps: dict[str, float] = {}
    sides: list[LineSide] = []
    for group, least, most, share in table.frame.itertuples(index=False):
        inside = [label in members[group] for label in items.labels]
        if most == most:
            caps[group] = most
        if least == least and least > 0:
            weights = tuple(Fraction(-int(member)) for member in inside)
            label = f"at least {money_text(least)} of group {group}"
            sides.append(LineSide(label, "minimum", weights, -exact(least), Fraction(1), minimum=True))
        if share == share and share > 0:
            sides.append(ShareSide.of(group, measure, exact(share), counted, inside))
    return caps, sides


def _check_groups(table: CheckedTable, members: Mapping[str, Sequence[str]], line: str) -> None:
    problems = table.problems()
    for i, (group, least, most, _) in enumerate(table.frame.itertuples(index=False)):
        if group not in members:
            near = nearest(group, members)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(members) or 'none'}"
            problems.add(f"no {line} is in group {group!r}; {hint}", row=i, column="group")
            continue
        for column, number in (("at_least", least), ("at_most", most)):
            if number == number and number != int(number):
                problems.add(f"{number:g} is not whole; write a whole number", row=i, column=column)
        if least > len(members[group]):
            problems.add(
                f"{least:g} is more than the {len(members[group])} that group {group!r} has; lower it",
                row=i,
                column="at_least",
            )
        if least > most:
            problems.add(f"at_least {least:g} is above at_most {most:g}; lower it", row=i, column="at_least")
    problems.raise_if_any()
