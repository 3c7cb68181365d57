"""Enumeration inside rows that say "exactly k": only assignments that keep these rows are looked at.

Twelve of 24 binaries are 2.7 million assignments instead of 16.7 million, eight of 32 are 10.5 million
instead of 4.3 billion. The variables are cut into a first and a second part. Each part is listed on its own,
without what no other part can complete and without what breaks a row inside the part; then every first part
is joined with every second part whose counts make up k. The energies of a block are one matrix product:

    E(x, y) = E(x) + E(y) + (x C) . y,  C the pair costs between the parts.

Shapes: N variables, G groups, P assignments of a part, M of its variables, R rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .enumeration import AUTOMATIC_LIMIT, BLOCK_SIZE, Block, Census, Tally, count_and_minimize
from .problem import Problem, Row

__all__ = ["GROUPED_FACTOR", "GroupedStates", "automatic_census", "grouped_states"]

GROUPED_FACTOR = 4
"""So many assignments inside groups take no longer than one without, where rows are checked."""
MOST_OF_A_PART = 2**18
MOST_NUMBER = 2**62  # numbers of assignments are 64-bit
MOST_STATES = 2**16  # of one variable, so that states fit into 16 bits

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Group:
    """A row over variables of two states that fixes how many of them are in their second."""

    row: Row
    members: tuple[int, ...]
    count: int


@dataclass(frozen=True, eq=False)
class _Part:
    """All assignments of some neighboring variables that can be part of one that keeps the groups.

    Attributes:
        values: shape (P, M).
        energies: costs of the variables and of pairs inside the part, shape (P,).
        lefts: left sides of the rows between the parts, shape (P, R).
        numbers: what each adds to the number of the whole assignment, shape (P,).
        places: counts in every group -> where such assignments stand, ascending.
    """

    values: Floats
    energies: Floats
    lefts: Floats
    numbers: Indices
    places: dict[tuple[int, ...], Indices]


@dataclass(frozen=True, eq=False)
class GroupedStates:
    """The assignments of a problem that keep its groups; made by `grouped_states`.

    Attributes:
        problem: the model.
        groups: its rows that say "exactly k", without common variables.
        split: number of variables in the first part.
    """

    problem: Problem
    groups: Sequence[_Group]
    split: int

    @cached_property
    def n_states(self) -> int:
        """How many assignments are looked at: all that keep the groups and every row inside a part."""
        return sum(len(rows) * len(columns) for rows, columns in self._pairs())

    def blocks(self, block_size: int = BLOCK_SIZE) -> Iterator[Block]:
        """Yield these assignments in blocks.

        Args:
            block_size: most assignments per block, at least as many as a second part has.

        Yields:
            Blocks with the numbers of their assignments, in no particular order.
        """
        (first, second), start = self._parts, 0
        couplings = first.values @ _couplings(self.problem, *self._sides)
        for rows, columns in self._pairs():
            values, energies = second.values[columns].T, second.energies[columns] + self.problem.offset
            height = max(1, block_size // len(columns))
            for top in range(0, len(rows), height):
                some = rows[top : top + height]
                block = couplings[some] @ values
                block += first.energies[some][:, None]
                block += energies
                feasible = np.ones(block.shape, dtype=np.bool_)
                for r, row in enumerate(self._between):
                    left = first.lefts[some, r][:, None] + second.lefts[columns, r]
                    feasible &= _holds(self.problem, row, left)
                numbers = first.numbers[some][:, None] + second.numbers[columns]
                yield Block(start, block.ravel(), feasible.ravel(), numbers.ravel())
                start += block.size

    @property
    def _sides(self) -> tuple[range, range]:
        return range(self.split), range(self.split, len(self.problem.variables))

    @cached_property
    def _between(self) -> list[Row]:
        """Rows with variables in both parts, groups left out: they hold already."""
        held = {group.row.label for group in self.groups}
        rows = [row for row in self.problem.rows if row.label not in held]
        return [row for row in rows if all(any(i in side for i in row.terms) for side in self._sides)]

    @cached_property
    def _parts(self) -> tuple[_Part, _Part]:
        first, second = (self._part(side) for side in self._sides)
        return first, second

    def _pairs(self) -> Iterator[tuple[Indices, Indices]]:
        """Places in the first part, and all that go with each of them in the second."""
        first, second = self._parts
        for counts, rows in first.places.items():
            rest = tuple(group.count - count for group, count in zip(self.groups, counts))
            if rest in second.places:
                yield rows, second.places[rest]

    def _part(self, side: range) -> _Part:
        problem = self.problem
        states, counts = self._listed(side)
        for row in problem.rows:
            if all(i in side for i in row.terms):
                kept = _holds(problem, row, _left(problem, row, side, states))
                states, counts = states[kept], counts[kept]
        values = np.empty(states.shape)
        energies = np.zeros(len(states))
        numbers = np.zeros(len(states), dtype=np.int64)
        radix = prod(v.size for v in problem.variables[side.stop :])
        for k in reversed(range(len(side))):
            variable, column = problem.variables[side[k]], states[:, k]
            values[:, k] = variable.values()[column]
            energies += variable.costs()[column]
            numbers += radix * column.astype(np.int64)
            radix *= variable.size
        energies += np.einsum("pm,pm->p", values @ _couplings(problem, side, side), values)
        lefts = np.zeros((len(states), len(self._between)))
        for r, row in enumerate(self._between):
            lefts[:, r] = _left(problem, row, side, states)
        kinds, inverse = np.unique(counts, axis=0, return_inverse=True)
        places = {
            tuple(kind): np.flatnonzero(inverse.ravel() == k) for k, kind in enumerate(kinds.tolist())
        }
        return _Part(values, energies, lefts, numbers, places)

    def _listed(self, side: range) -> tuple[NDArray[np.uint16], Indices]:
        """States of a part, (P, M), in the order of their numbers, and counts in every group, (P, G)."""
        states = np.zeros((1, 0), dtype=np.uint16)
        counts = np.zeros((1, len(self.groups)), dtype=np.int64)
        for i in side:
            size = self.problem.variables[i].size
            column = np.tile(np.arange(size, dtype=np.uint16), len(states))
            states = np.column_stack([np.repeat(states, size, axis=0), column])
            counts = np.repeat(counts, size, axis=0)
            for g, group in enumerate(self.groups):
                if i in group.members:
                    counts[:, g] += column
                    # What the other part and the variables still to come can add.
                    others = sum(1 for j in group.members if j > i or j < side.start)
                    kept = (counts[:, g] <= group.count) & (counts[:, g] + others >= group.count)
                    states, counts = states[kept], counts[kept]
        return states, counts


def grouped_states(problem: Problem, *, limit: int) -> GroupedStates | None:
    """The assignments that keep the "exactly k" rows of a problem, if that makes enumeration possible.

    Args:
        problem: what is to be enumerated.
        limit: most assignments.

    Returns:
        None where no row over variables of two states says "exactly k", where pair costs are tables, or where
        too many assignments are left.

    Example:
        >>> import dimod
        >>> from .reading import read_model
        >>> cqm = dimod.ConstrainedQuadraticModel()
        >>> x = [dimod.Binary(i) for i in range(40)]
        >>> cqm.set_objective(sum(i * bit for i, bit in enumerate(x)) - 50 * x[3] * x[4])
        >>> _ = cqm.add_constraint(sum(x) == 3, label="three")
        >>> grouped_states(read_model(cqm), limit=10**4).n_states
        9880
    """
    if any(pair.table is not None for pair in problem.pairs) or problem.n_states >= MOST_NUMBER:
        return None
    if any(variable.size > MOST_STATES for variable in problem.variables):
        return None
    groups = _groups(problem)
    n = len(problem.variables)
    if not groups or _count(problem, groups, range(n)) > limit:
        return None
    sizes = [max(_count(problem, groups, part) for part in (range(k), range(k, n))) for k in range(n + 1)]
    split = int(np.argmin(np.array(sizes, dtype=np.float64)))
    return None if sizes[split] > MOST_OF_A_PART else GroupedStates(problem, groups, split)


def automatic_census(problem: Problem) -> Census | None:
    """Enumerate a problem in the quickest way, if that is quick.

    Args:
        problem: what to enumerate.

    Returns:
        None for more than 2**20 assignments, unless "exactly k" rows leave at most 2**22.
    """
    if problem.n_states <= AUTOMATIC_LIMIT:
        return count_and_minimize(problem)
    grouped = grouped_states(problem, limit=GROUPED_FACTOR * AUTOMATIC_LIMIT)
    if grouped is None:
        return None
    tally = Tally(problem)
    for block in grouped.blocks():
        tally.add(block)
    return tally.census()


def _groups(problem: Problem) -> list[_Group]:
    groups: list[_Group] = []
    used: set[int] = set()
    for row in problem.rows:
        steps = set()
        for i, term in row.terms.items():
            variable = problem.variables[i]
            plain = not isinstance(term, np.ndarray) and variable.size == 2
            steps.add(float(term) * variable.step if plain else 0.0)
        if row.sense != "==" or len(steps) != 1 or 0.0 in steps or used.intersection(row.terms):
            continue
        least = sum(float(problem.weights(row, i)[0]) for i in row.terms)
        count = (row.rhs - least) / steps.pop()
        # A count that is no whole number leaves nothing: that is for plain enumeration to say.
        if abs(count - round(count)) <= 1e-9 and 0 <= round(count) <= len(row.terms):
            groups.append(_Group(row, tuple(sorted(row.terms)), round(count)))
            used.update(row.terms)
    return groups


def _count(problem: Problem, groups: Sequence[_Group], part: range) -> int:
    """How many assignments of a part the rest of every group can complete."""
    grouped = {i for group in groups for i in group.members}
    total = prod(problem.variables[i].size for i in part if i not in grouped)
    for group in groups:
        own = sum(1 for i in group.members if i in part)
        others = len(group.members) - own
        total *= sum(comb(own, k) for k in range(max(0, group.count - others), min(own, group.count) + 1))
    return total


def _couplings(problem: Problem, rows: range, columns: range) -> Floats:
    """Pair costs of values between two ranges of variables, each pair once."""
    couplings = np.zeros((len(rows), len(columns)))
    for pair in problem.pairs:
        if pair.first in rows and pair.second in columns:
            couplings[pair.first - rows.start, pair.second - columns.start] += pair.coefficient
    return couplings


def _left(problem: Problem, row: Row, side: range, states: NDArray[np.uint16]) -> Floats:
    """What the variables of a part add to the left side of a row, shape (P,)."""
    left = np.zeros(len(states))
    for i in row.terms:
        if i in side:
            left += problem.weights(row, i)[states[:, i - side.start]]
    return left


def _holds(problem: Problem, row: Row, left: Floats) -> NDArray[np.bool_]:
    gap = left - row.rhs
    amount = {"<=": gap, ">=": -gap, "==": np.abs(gap)}[row.sense]
    return np.asarray(amount <= problem.tolerance(row))
