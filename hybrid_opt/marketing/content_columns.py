"""The table of factors and levels: what each level does to the outcome of each audience, and what it costs.

A row without an audience counts for every audience, and what it describes is produced once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.selection_items import MUST
from ..planning.table import Column, TableSource, nearest, read_raw, read_table
from ..planning.vocabulary import Vocabulary

__all__ = ["MOST", "OPTIONS", "ContentLevels", "read_audiences", "read_levels"]

EVERYBODY = "everybody"
MOST = 1e15  # of effects, sizes, costs and worth: their products and sums must stay finite

OPTIONS = Vocabulary(
    title="Content plan",
    line="option",
    lines="options",
    amount="choice",
    amounts="choices",
    amount_unit="0 or 1",
    measure="money",
    value="outcome",
    period="",
    what="Which content for which audience",
    strength="outcome",
    product="added where both are chosen",
    total="the number of factors",
    choice=True,
    fixed_caps=True,
    fixed_total=True,
)


def level_columns(*, estimated: bool) -> tuple[Column, ...]:
    """Columns of the table of levels.

    Args:
        estimated: whether effects come from tests, so that the table must not hold any.

    Returns:
        The columns.
    """
    effects = (
        Column("effect", "number", minimum=-MOST, maximum=MOST,
               help="what the level adds to the outcome (log-odds on the logit scale)"),
        Column("error", "number", required=False, minimum=0, maximum=MOST,
               help="standard error of the effect"),
    )
    return (
        Column("audience", "text", required=False, help="blank for every audience"),
        Column("factor", "text", help="what is chosen, e.g. headline"),
        Column("level", "text", help="one way to do it, e.g. question"),
        *(() if estimated else effects),
        Column("cost", "money", required=False, default=0.0, maximum=MOST, unit="money",
               help="what its production costs"),
        Column("shared", "flag", required=False, help="true: rows of the level share one production"),
        Column("current", "flag", required=False, help="whether it is shown today"),
        Column("exposure", "number", required=False, default=0.0, minimum=0, maximum=1,
               help="share of the last weeks in which it was shown"),
        Column("must", "text", required=False, help="'in' takes the level, 'out' leaves it"),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class ContentLevels:
    """Levels of all factors for all audiences, L of them, A audiences.

    Attributes:
        audiences: names of the audiences, A of them.
        owner: audience of each level, shape (L,).
        factor: name of the factor of each.
        level: name of each.
        row: row of the table that it comes from, shape (L,); one row may serve several audiences.
        effect: shape (L,), NaN where effects are estimated.
        error: standard error, shape (L,), NaN where not stated.
        cost: shape (L,).
        shared: whether its production serves all audiences with that level, shape (L,).
        current: whether it is shown today, shape (L,).
        exposure: share of the last weeks, shape (L,).
        must: "in", "out" or "".
        places: where each stands in the table.
        has_today: whether the table says what is shown today.
    """

    audiences: list[str]
    owner: NDArray[np.int64]
    factor: list[str]
    level: list[str]
    row: NDArray[np.int64]
    effect: NDArray[np.float64]
    error: NDArray[np.float64]
    cost: NDArray[np.float64]
    shared: NDArray[np.bool_]
    current: NDArray[np.bool_]
    exposure: NDArray[np.float64]
    must: list[str]
    places: list[str]
    has_today: bool

    @property
    def factors(self) -> list[str]:
        """Names of the factors in the order of the table."""
        return list(dict.fromkeys(self.factor))

    @property
    def groups(self) -> list[str]:
        """Group of each level: its factor, with the audience before it where there are several."""
        return [f"{self._who(i)}{self.factor[i]}" for i in range(len(self.factor))]

    @property
    def labels(self) -> list[str]:
        """Name of each level within the plan."""
        return [f"{group} = {level}" for group, level in zip(self.groups, self.level)]

    def _who(self, i: int) -> str:
        return f"{self.audiences[int(self.owner[i])]}: " if len(self.audiences) > 1 else ""

    def members(self) -> list[NDArray[np.int64]]:
        """Positions of the levels of each group, in the order of the groups."""
        found: dict[tuple[int, str], list[int]] = {}
        for i, key in enumerate(zip(self.owner.tolist(), self.factor)):
            found.setdefault(key, []).append(i)
        return [np.array(own, dtype=np.int64) for own in found.values()]

    def find(self, audience: int, factor: str, level: str) -> int | None:
        """Position of a level of an audience, or None."""
        keys = zip(self.owner.tolist(), self.factor, self.level)
        return next((i for i, key in enumerate(keys) if key == (audience, factor, level)), None)


def read_levels(
    source: TableSource, audiences: Sequence[str] = (), *, estimated: bool = False
) -> ContentLevels:
    """Read the table of levels.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame.
        audiences: names known from elsewhere, such as a table of audiences.
        estimated: whether effects come from tests.

    Returns:
        The levels by audience.

    Raises:
        TableError: a level twice, an audience without levels, two factors under one name, costs of a shared
            level that differ, not exactly one level of a factor shown today, levels of a factor that all must
            be out or of which two must be in, anything else wrong in the table.

    Example:
        >>> import pandas as pd
        >>> table = {"factor": ["image", "image"], "level": ["photo", "chart"], "effect": [0, 2]}
        >>> table = pd.DataFrame(table)
        >>> read_levels(table, ["startup", "consumer"]).labels[:2]
        ['startup: image = photo', 'startup: image = chart']
    """
    name = "table of levels"
    header = read_raw(source, level_columns(estimated=False), name=name).header
    given = [column for column in ("effect", "error") if column in header]
    if estimated and given:
        raise TableError(f"the {name} has the column {given[0]!r}, but effects come from tests; leave it out")
    table = read_table(source, level_columns(estimated=estimated), name=name)
    frame, problems = table.frame, table.problems()
    named = [label for label in frame["audience"] if label]
    known = list(audiences) or list(dict.fromkeys(named))
    for i, label in enumerate(frame["audience"]):
        if label and label not in known:
            near = nearest(label, known)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(known)}"
            problems.add(f"{label!r} is no audience; {hint}", row=i, column="audience")
    for i, must in enumerate(frame["must"]):
        if must not in MUST:
            problems.add(f"{must!r} is not legal; write 'in', 'out' or nothing", row=i, column="must")
    problems.raise_if_any()
    known = known or [EVERYBODY]
    seen: dict[tuple[int, str, str], int] = {}
    for i, (who, factor, level) in enumerate(zip(frame["audience"], frame["factor"], frame["level"])):
        for a in [known.index(who)] if who else range(len(known)):
            first = seen.setdefault((a, factor, level), i)
            if first != i:
                problems.add(
                    f"{factor!r} = {level!r} of audience {known[a]!r} is there already in "
                    f"{table.places[first]}; keep one of the two",
                    row=i,
                )
    problems.raise_if_any()
    order = list(dict.fromkeys(frame["factor"]))
    keys = sorted(seen, key=lambda key: (key[0], order.index(key[1]), seen[key]))
    rows = np.array([seen[key] for key in keys], dtype=np.int64)
    blank = np.full(len(keys), np.nan)
    several = np.array([not frame["audience"][r] and len(known) > 1 for r in rows])
    found = ContentLevels(
        audiences=known,
        owner=np.array([a for a, _, _ in keys], dtype=np.int64),
        factor=[factor for _, factor, _ in keys],
        level=[level for _, _, level in keys],
        row=rows,
        effect=blank if estimated else frame["effect"].to_numpy()[rows],
        error=blank if estimated else frame["error"].to_numpy()[rows],
        cost=frame["cost"].to_numpy()[rows],
        shared=frame["shared"].to_numpy()[rows] | several,
        current=frame["current"].to_numpy()[rows],
        exposure=frame["exposure"].to_numpy()[rows],
        must=[str(frame["must"][r]) for r in rows],
        places=[table.places[r] for r in rows],
        has_today="current" in header,
    )
    _check_names(found)
    _check_today(found)
    _check_shared(found)
    _check_must(found)
    missing = [label for a, label in enumerate(known) if a not in found.owner]
    if missing:
        raise TableError(
            f"the {name} has no level for the audience {', '.join(missing)}; add some, or name "
            "the audiences of the plan in the option audiences"
        )
    return found


def _check_names(levels: ContentLevels) -> None:
    """Audience "x" with factor "y: z" and audience "x: y" with factor "z" would be one group of the plan."""
    first: dict[str, int] = {}
    for own in levels.members():
        i = int(own[0])
        k = first.setdefault(levels.groups[i], i)
        if k != i:
            pairs = [f"audience {levels.audiences[int(levels.owner[n])]!r} with factor {levels.factor[n]!r}"
                     for n in (k, i)]  # fmt: skip
            raise TableError(
                f"table of levels: {pairs[0]} ({levels.places[k]}) and {pairs[1]} ({levels.places[i]}) would "
                f"both be called {levels.groups[i]!r}; rename one of them"
            )


def _check_today(levels: ContentLevels) -> None:
    if not levels.has_today:
        return
    for own in levels.members():
        shown = int(levels.current[own].sum())
        if shown != 1:
            raise TableError(
                f"table of levels, column 'current': {shown} levels of {levels.groups[int(own[0])]!r} are "
                "shown today; mark exactly one, or leave the column out"
            )


def _check_shared(levels: ContentLevels) -> None:
    first: dict[tuple[str, str], int] = {}
    for i in np.flatnonzero(levels.shared).tolist():
        k = first.setdefault((levels.factor[i], levels.level[i]), i)
        if levels.cost[k] != levels.cost[i]:
            raise TableError(
                f"table of levels, {levels.places[i]}, column 'cost': {levels.factor[i]} = {levels.level[i]} "
                f"is produced once for all, at {levels.cost[i]:g} here and {levels.cost[k]:g} in "
                f"{levels.places[k]}; write the same cost, or shared false"
            )


def _check_must(levels: ContentLevels) -> None:
    """One level of every factor is shown: neither none nor two of them may be settled."""
    for own in levels.members():
        settled = [levels.must[i] for i in own]
        taken = [i for i in own if levels.must[i] == "in"]
        if len(taken) > 1:
            who = " and ".join(f"{levels.level[i]!r} ({levels.places[i]})" for i in taken[:2])
            raise TableError(
                f"table of levels, column 'must': {len(taken)} levels of {levels.groups[int(own[0])]!r} are "
                f"'in', {who}, but one is shown; leave 'in' at one of them"
            )
        if all(must == "out" for must in settled):
            raise TableError(
                f"table of levels, column 'must': all levels of {levels.groups[int(own[0])]!r} are 'out', "
                f"but one is shown; leave the cell of one of them blank, e.g. in {levels.places[int(own[0])]}"
            )


def read_audiences(source: TableSource | Mapping[str, float] | None) -> dict[str, tuple[float, float]]:
    """Read the table of audiences.

    Args:
        source: table (audience, size, base), name -> size, or None.

    Returns:
        Name -> size (1 where not stated) and base (outcome before all effects, 0 where not stated).

    Raises:
        TableError: anything wrong in the table.
        OptionError: a name that is no text, or a size that is no positive number up to 1e15.

    Example:
        >>> read_audiences({"startup": 200})
        {'startup': (200.0, 0.0)}
    """
    if source is None:
        return {}
    if isinstance(source, Mapping):
        for name, size in source.items():
            if not isinstance(name, str) or not name.strip():
                raise OptionError(f"audiences has the name {name!r}; legal is text, such as 'startup'")
            number = isinstance(size, (int, float, np.number)) and not isinstance(size, bool)
            if not number or not 0 < size <= MOST:
                raise OptionError(
                    f"the size of audience {name!r} is {size!r}; legal are numbers above 0 up to {MOST:g}"
                )
        return {name: (float(size), 0.0) for name, size in source.items()}
    columns = (
        Column("audience", "text", unique=True, help="name of the audience"),
        Column("size", "number", required=False, default=1.0, above=0, maximum=MOST,
               help="how many it reaches"),
        Column("base", "number", required=False, default=0.0, minimum=-MOST, maximum=MOST,
               help="outcome of one before all effects"),
    )  # fmt: skip
    frame = read_table(source, columns, name="table of audiences").frame
    return {name: (size, base) for name, size, base in frame.itertuples(index=False)}
