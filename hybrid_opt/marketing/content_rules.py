"""Rules of a content plan: pairs of levels, a budget for production, exploration, and what is made once.

With x_i in {0, 1} for every level and made_v for every shared production:

    x_i <= made_v                                     shown only if made
    sum c_i x_i + sum c_v made_v <= budget            production
    x_i + x_j <= 1                                    forbidden together
    x_i <= x_j                                        i needs j
    sum over levels of an audience that explore x_i >= m
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ..errors import OptionError
from ..planning.line_side import LineSide
from ..planning.money import exact
from ..planning.table import Column, TableSource, nearest, read_table
from .content_columns import MOST, ContentLevels
from .content_model import ContentModel, Production

__all__ = ["LevelPair", "budget_side", "explore_sides", "made_sides", "pair_sides", "read_level_pairs"]


class LevelPair(NamedTuple):
    """Two levels of one audience.

    Attributes:
        first: position of one.
        other: position of the other.
        row: row of the table; one row may serve several audiences.
        effect: number of the row, 0 where the table has none.
        error: its standard error, NaN where not stated.
    """

    first: int
    other: int
    row: int
    effect: float = 0.0
    error: float = math.nan


def read_level_pairs(
    source: TableSource | None, levels: ContentLevels, *, second: str = "other", effects: bool, name: str
) -> list[LevelPair]:
    """Read a table of pairs of levels.

    Args:
        source: table (audience, factor, level, other, other_level) whose last two columns are named after
            ``second``; without an audience a row counts for all that have both levels.
        levels: the levels.
        second: name of the other factor's column.
        effects: whether the table has the columns effect and error.
        name: what messages call it.

    Returns:
        The pairs by audience.

    Raises:
        TableError: an unknown audience, factor or level, a pair of one factor, a pair twice.
    """
    if source is None:
        return []
    columns = [
        Column("audience", "text", required=False, help="blank for every audience"),
        Column("factor", "text", help="a factor of the plan"),
        Column("level", "text", help="a level of it"),
        Column(second, "text", help="another factor"),
        Column(f"{second}_level", "text", help="a level of that"),
    ]
    if effects:
        columns += [
            Column("effect", "number", minimum=-MOST, maximum=MOST, help="what both together add"),
            Column("error", "number", required=False, minimum=0, maximum=MOST, help="its standard error"),
        ]
    table = read_table(source, columns, name=name)
    problems, found, seen = table.problems(), [], set()
    for i, row in enumerate(table.frame.itertuples(index=False)):
        who, factor, level, other, other_level = row[:5]
        names = [f"{a} = {b}" for a, b in dict.fromkeys(zip(levels.factor, levels.level))]
        ends = ((f"{factor} = {level}", "level"), (f"{other} = {other_level}", f"{second}_level"))
        for label, column in ends:
            if label not in names:
                near = nearest(label, names)
                hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(names)}"
                problems.add(f"{label!r} is no level of the plan; {hint}", row=i, column=column)
        if who and who not in levels.audiences:
            hint = f"there are {', '.join(levels.audiences)}"
            problems.add(f"{who!r} is no audience of the plan; {hint}", row=i, column="audience")
        if factor == other:
            words = f"both levels are of {factor!r}, of which one is chosen anyway"
            problems.add(words, row=i, column=second)
        own = []
        for a, audience in enumerate(levels.audiences):
            first, last = levels.find(a, factor, level), levels.find(a, other, other_level)
            if who in ("", audience) and first is not None and last is not None:
                own.append((first, last))
        for first, last in own:
            if frozenset((first, last)) in seen:
                both = f"{levels.labels[first]!r} and {levels.labels[last]!r}"
                problems.add(f"the pair of {both} stands in the table twice", row=i)
            seen.add(frozenset((first, last)))
            numbers = (float(row[5]), float(row[6])) if effects else (0.0, math.nan)
            found.append(LevelPair(first, last, i, *numbers))
        if not own and not problems.messages:
            problems.add("no audience has both levels; correct the row, or remove it", row=i)
    problems.raise_if_any()
    return found


def _weights(count: int, given: dict[int, int | Fraction]) -> tuple[Fraction, ...]:
    return tuple(Fraction(given.get(i, 0)) for i in range(count))


def pair_sides(
    forbidden: Sequence[LevelPair], required: Sequence[LevelPair], labels: Sequence[str]
) -> list[LineSide]:
    """Levels that are not shown together, and levels that need others; names of all options, N of them."""
    sides, one = [], Fraction(1)
    for pair in forbidden:
        label = f"{labels[pair.first]} not with {labels[pair.other]}"
        weights = _weights(len(labels), {pair.first: 1, pair.other: 1})
        sides.append(LineSide(label, "exclusion", weights, one, one))
    for pair in required:
        label = f"{labels[pair.first]} needs {labels[pair.other]}"
        weights = _weights(len(labels), {pair.first: 1, pair.other: -1})
        sides.append(LineSide(label, "precedence", weights, Fraction(0), one))
    return sides


def made_sides(productions: Sequence[Production], labels: Sequence[str]) -> list[LineSide]:
    """A shared level is shown only where it is made."""
    return [
        LineSide(
            f"{labels[i]} is made",
            "definition",
            _weights(len(labels), {i: 1, item.made: -1}),
            Fraction(0),
            Fraction(0),  # no step: what "made" means is no limit to move
        )
        for item in productions
        for i in item.members.tolist()
    ]


def budget_side(model: ContentModel, budget: float | None) -> list[LineSide]:
    """What all production costs at most.

    Raises:
        OptionError: the budget is no finite number of at least 0.
    """
    if budget is None:
        return []
    number = isinstance(budget, (int, float, np.number)) and not isinstance(budget, bool)
    if not number or not math.isfinite(budget) or budget < 0:
        raise OptionError(f"budget is {budget!r}; legal is a finite number of at least 0, or None")
    uses: dict[int, int | Fraction] = {i: exact(cost) for i, cost in enumerate(model.own_cost.tolist())}
    uses |= {item.made: exact(item.cost) for item in model.productions}
    step = min((Fraction(use) for use in uses.values() if use), default=Fraction(1))
    weights = _weights(model.options, uses)
    return [LineSide("production", "resource", weights, exact(float(budget)), step)]


def explore_sides(
    levels: ContentLevels, options: int, explore: int | None, bound: float | None
) -> list[LineSide]:
    """At least so many factors of every audience at a level that teaches something.

    Args:
        levels: the levels.
        options: how many options there are, N.
        explore: how many factors, None for no such rule.
        bound: a level explores where its standard error is above it, or not known; where None, a level
            explores if it is not today's.

    Returns:
        One rule per audience.

    Raises:
        OptionError: the number is no whole number from 1 to the number of factors, the bound is negative or
            given without a number, or nobody knows what is shown today.
    """
    if explore is None:
        if bound is not None:
            raise OptionError("explore_error is given without explore; say how many factors must explore")
        return []
    owners = [int(levels.owner[own[0]]) for own in levels.members()]
    groups = [owners.count(a) for a in range(len(levels.audiences))]
    whole = isinstance(explore, (int, np.integer)) and not isinstance(explore, bool)
    if not whole or not 1 <= explore <= min(groups):
        raise OptionError(
            f"explore is {explore!r}; legal are whole numbers from 1 to {min(groups)}, the fewest factors of "
            "an audience, or None"
        )
    if bound is None:
        if not levels.has_today:
            raise OptionError(
                "explore counts levels that are not shown today; add the column current to the levels, or "
                "give explore_error, above which an effect counts as uncertain"
            )
        flags = ~levels.current
    else:
        number = isinstance(bound, (int, float, np.number)) and not isinstance(bound, bool)
        if not number or not 0 <= bound < np.inf:
            raise OptionError(f"explore_error is {bound!r}; legal is a finite number of at least 0, or None")
        flags = np.isnan(levels.error) | (levels.error > bound)
    sides = []
    for a, audience in enumerate(levels.audiences):
        own: dict[int, int | Fraction] = dict.fromkeys(
            np.flatnonzero(flags & (levels.owner == a)).tolist(), -1
        )
        who = f" for {audience}" if len(levels.audiences) > 1 else ""
        label = f"at least {explore} factor{'s' if explore > 1 else ''} explored{who}"
        high = Fraction(-int(explore))
        sides.append(LineSide(label, "minimum", _weights(options, own), high, Fraction(1), minimum=True))
    return sides
