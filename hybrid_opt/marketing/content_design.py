"""Tests of content as a table, and the design matrix of one audience's tests.

A row says which level of every factor was shown, how often, and how often it worked.

Shapes: R rows of tests, P parameters, M levels of the audience in the plan, K pairs of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError, TableError
from ..planning.table import CheckedTable, Column, TableSource, nearest, read_raw, read_table
from .content_columns import ContentLevels

__all__ = ["Design", "ShownTests", "read_tests"]

_FIXED = ("audience", "impressions", "conversions")
_NULL = 1e-8


@dataclass(frozen=True, eq=False)
class ShownTests:
    """The checked table of tests.

    Attributes:
        checked: the table.
        factors: its columns of levels.
    """

    checked: CheckedTable
    factors: list[str]

    @property
    def audiences(self) -> list[str]:
        """Names of the audiences that the tests tell apart."""
        return [name for name in dict.fromkeys(self.checked.column("audience")) if name]

    def levels(self, audiences: Sequence[str] = ()) -> pd.DataFrame:
        """Every level that was shown, as a table of levels: audience, factor, level.

        Args:
            audiences: names known from elsewhere, which must be those of the tests; empty where none are.

        Raises:
            TableError: the tests tell other audiences apart.
        """
        frame = self.checked.frame
        self._check_audiences(audiences)
        rows = [
            (who, factor, level)
            for factor in self.factors
            for who, level in dict.fromkeys(zip(frame["audience"], frame[factor]))
        ]
        return pd.DataFrame(rows, columns=["audience", "factor", "level"])


    def _check_audiences(self, planned: Sequence[str]) -> None:
        problems, tested = self.checked.problems(), self.audiences
        if planned and tested:
            for name in tested:
                if name not in planned:
                    row = list(self.checked.column("audience")).index(name)
                    words = f"audience {name!r} is not among the audiences of the plan, {', '.join(planned)}"
                    problems.add(f"{words}; add it there, or take its tests out", row=row, column="audience")
            for name in planned:
                if name not in tested:
                    problems.add(f"there is no row for the audience {name!r}; add some, or leave it out")
        problems.raise_if_any()


def read_tests(source: TableSource) -> ShownTests:
    """Read a table of tests.

    Args:
        source: path of a .csv or .xlsx file, or a DataFrame: a column per factor with the level that was
            shown, impressions, conversions, and perhaps audience.

    Returns:
        The tests.

    Raises:
        TableError: more conversions than impressions, an audience in some rows only, no factor, anything else
            wrong in the table.

    Example:
        >>> table = {"image": ["photo", "chart"], "impressions": [90, 80], "conversions": [9, 4]}
        >>> read_tests(pd.DataFrame(table)).levels()["level"].tolist()
        ['photo', 'chart']
    """
    name = "table of tests"
    fixed = [Column(column, "text") for column in _FIXED]
    factors = [column for column in read_raw(source, fixed, name=name).header if column not in _FIXED]
    columns = (
        Column("audience", "text", required=False, help="who saw it"),
        *(Column(factor, "text", help="level that was shown") for factor in factors),
        Column("impressions", "number", above=0, help="how often it was shown"),
        Column("conversions", "number", minimum=0, help="how often it worked"),
    )
    table = read_table(source, columns, name=name)
    problems = table.problems()
    if not factors:
        problems.add("there is no column of a factor; add one with the levels that were shown")
    blank = [not who for who in table.column("audience")]
    for i, (shown, worked) in enumerate(zip(table.column("impressions"), table.column("conversions"))):
        if worked > shown:
            problems.add(f"{worked:g} is more than the {shown:g} impressions", row=i, column="conversions")
        if blank[i] and not all(blank):
            words = "the cell is blank; name the audience in every row or in none"
            problems.add(words, row=i, column="audience")
    problems.raise_if_any()
    return ShownTests(table, factors)


@dataclass(frozen=True, eq=False)
class Design:
    """The design matrix of one audience: a constant, and one column per level but the first of a factor.

    Attributes:
        x: 0 or 1, shape (R, P).
        shown: impressions, shape (R,).
        worked: conversions, shape (R,).
        names: what each column stands for, P of them.
        members: positions of the audience's levels in the plan, shape (M,).
        pairs: positions of two levels with an effect together, K of them.
        effects: from parameters to effects of levels and pairs, shape (M + K, P).
        base: from parameters to the score of the mean of all levels, shape (P,).
        notes: what was never shown.
    """

    x: NDArray[np.float64]
    shown: NDArray[np.float64]
    worked: NDArray[np.float64]
    names: list[str]
    members: NDArray[np.int64]
    pairs: list[tuple[int, int]]
    effects: NDArray[np.float64]
    base: NDArray[np.float64]
    notes: list[str]

    @classmethod
    def of(
        cls, tests: ShownTests, levels: ContentLevels, a: int, interactions: Sequence[tuple[str, str]]
    ) -> Design:
        """The design of audience ``a``.

        Raises:
            TableError: the audience, a factor or a level of the plan has no tests.
            OptionError: an interaction of factors that the plan does not have.
        """
        frame, audience = tests.checked.frame, levels.audiences[a]
        if tests.audiences:
            frame = frame[frame["audience"] == audience]
        if not len(frame):
            raise TableError(f"the table of tests has no row for the audience {audience!r}; add some")
        members = np.flatnonzero(levels.owner == a)
        factors = list(dict.fromkeys(levels.factor[i] for i in members))
        _check_factors(tests, levels.factors)
        columns = [np.ones(len(frame))]
        names, place = ["the base"], {}
        for factor in tests.factors:
            own = [levels.level[i] for i in members if levels.factor[i] == factor]
            seen = list(dict.fromkeys(frame[factor]))
            unseen = [level for level in own if level not in seen]
            if unseen:
                raise TableError(
                    f"{factor} = {unseen[0]} was never shown to {audience!r} in the table of tests, so that "
                    "no effect can be estimated; test it, or take it out of the levels"
                )
            for level in [*own, *(level for level in seen if level not in own)][1:]:
                place[factor, level] = len(columns)
                names.append(f"{factor} = {level}")
                columns.append((frame[factor] == level).to_numpy(dtype=np.float64))
        pairs, places, notes = [], [], []
        for first, other in _checked_pairs(interactions, levels.factors):
            for i, j in product(*([k for k in members if levels.factor[k] == f] for f in (first, other))):
                keys = [(levels.factor[k], levels.level[k]) for k in (i, j)]
                if not all(key in place for key in keys):
                    continue
                both = columns[place[keys[0]]] * columns[place[keys[1]]]
                words = " with ".join(" = ".join(key) for key in keys)
                if not both.any():
                    notes.append(f"{words} was never shown to {audience!r}: their joint effect is taken as 0")
                    continue
                pairs.append((int(i), int(j)))
                places.append(len(columns))
                names.append(words)
                columns.append(both)
        effects = np.zeros((len(members) + len(pairs), len(columns)))
        base = np.zeros(len(columns))
        base[0] = 1.0
        for factor in factors:
            own_rows = [r for r, i in enumerate(members) if levels.factor[i] == factor]
            for r in own_rows:
                at = place.get((factor, levels.level[int(members[r])]))
                if at is not None:
                    effects[r, at] += 1.0
                    effects[own_rows, at] -= 1.0 / len(own_rows)
                    base[at] += 1.0 / len(own_rows)
        effects[np.arange(len(members), len(effects)), places] = 1.0
        return cls(
            np.column_stack(columns),
            frame["impressions"].to_numpy(dtype=np.float64),
            frame["conversions"].to_numpy(dtype=np.float64),
            names,
            members,
            pairs,
            effects,
            base,
            notes,
        )

    def null(self) -> NDArray[np.float64]:
        """Directions of parameters of which the tests say nothing, shape (P, directions)."""
        _, values, right = np.linalg.svd(self.x)
        rank = int((values > _NULL * values[0]).sum())
        return np.asarray(right[rank:].T)

    def hidden(self) -> NDArray[np.bool_]:
        """Which effects of levels and pairs the tests cannot tell, shape (M + K,)."""
        return np.asarray(np.abs(self.effects @ self.null()).max(axis=1, initial=0.0) > np.sqrt(_NULL))

    def confounded(self) -> list[str]:
        """Names of the levels that always came together, so that their effects cannot be told apart."""
        part = np.abs(self.null()).max(axis=1, initial=0.0) > np.sqrt(_NULL)
        return [name for name, flag in zip(self.names[1:], part[1:]) if flag]


def _check_factors(tests: ShownTests, planned: list[str]) -> None:
    problems = tests.checked.problems()
    for factor in tests.factors:
        if factor not in planned:
            near = nearest(factor, planned)
            hint = f"did you mean {near!r}?" if near else f"the plan has {', '.join(planned)}"
            problems.add(f"column {factor!r} is no factor of the plan; {hint}")
    for factor in planned:
        if factor not in tests.factors:
            problems.add(f"there is no column for the factor {factor!r}; add the level that was shown")
    problems.raise_if_any()


def _checked_pairs(given: Sequence[tuple[str, str]], planned: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    legal = f"legal are pairs of two factors out of {', '.join(planned)}"
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise OptionError(f"interactions is {given!r}; {legal}, in a list")
    for pair in given:
        two = isinstance(pair, (tuple, list)) and len(pair) == 2 and all(name in planned for name in pair)
        if not two or pair[0] == pair[1]:
            raise OptionError(f"interactions holds {pair!r}; {legal}")
        if set(pair) in [set(other) for other in found]:
            raise OptionError(f"interactions holds the factors {pair!r} twice; name them once")
        found.append((pair[0], pair[1]))
    return found
