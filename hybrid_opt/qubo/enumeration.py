"""Exact answers by looking at every assignment, in blocks of bounded memory.

Assignments are numbered in mixed radix with variable 0 the most significant digit, so for binary variables
the number of an assignment is PennyLane's integer index of the bit string.

Energies come by doubling: appending variable k to a block of b assignments costs b * size_k additions, so a
block costs about two additions per assignment and term instead of one pass per pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelTooLargeError
from .problem import Problem, Row
from .spelled_count import spelled_count

__all__ = [
    "AUTOMATIC_LIMIT",
    "REQUEST_LIMIT",
    "Block",
    "Census",
    "Tally",
    "blocks",
    "count_and_minimize",
    "decode_index",
]

AUTOMATIC_LIMIT = 2**20
REQUEST_LIMIT = 2**24
BLOCK_SIZE = 2**18
BLOCK_NUMBERS = 2**23  # in all rows of a block, 64 MB
SMALLEST_BLOCK = 2**8


@dataclass(frozen=True, eq=False)
class Block:
    """Some assignments with the energy and feasibility of each, shape (b,).

    Attributes:
        start: how many the blocks before hold.
        energies: shape (b,).
        feasible: shape (b,).
        numbers: of the assignments, shape (b,); None where they are ``start`` onwards.
    """

    start: int
    energies: NDArray[np.float64]
    feasible: NDArray[np.bool_]
    numbers: NDArray[np.int64] | None = None

    def numbers_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the assignments at some places of the block."""
        return places + self.start if self.numbers is None else self.numbers[places]


@dataclass(frozen=True, eq=False)
class Census:
    """What enumeration found over all assignments of a problem.

    Attributes:
        n_states: assignments looked at.
        n_feasible: those that satisfy every row.
        minimum: lowest feasible objective, None if nothing is feasible.
        n_minimum: feasible assignments within rounding of the minimum.
        minimizers: up to 1,000 of them, shape (K, N), in order of their number.
        mean: mean objective over the feasible assignments (uniform feasible sampling), None likewise.
    """

    n_states: int
    n_feasible: int
    minimum: float | None
    n_minimum: int
    minimizers: NDArray[np.int64]
    mean: float | None


def _outer_sum(vectors: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """All sums of one entry per vector, first vector most significant."""
    total = np.zeros(1)
    for vector in vectors:
        total = (total[:, None] + vector[None, :]).ravel()
    return total


def _row_vectors(problem: Problem, row: Row, members: range) -> list[NDArray[np.float64]]:
    zero = [np.zeros(problem.variables[i].size) for i in members]
    return [problem.weights(row, i) if i in row.terms else zero[k] for k, i in enumerate(members)]


def decode_index(problem: Problem, index: int) -> NDArray[np.int64]:
    """States of the assignment with this number, shape (N,)."""
    states = np.zeros(len(problem.variables), dtype=np.int64)
    for i in reversed(range(len(problem.variables))):
        index, states[i] = divmod(index, problem.variables[i].size)
    return states


def blocks(problem: Problem, *, block_size: int = BLOCK_SIZE, limit: int = REQUEST_LIMIT) -> Iterator[Block]:
    """Yield every assignment of a problem, block by block, in order of its number.

    Args:
        problem: what to enumerate.
        block_size: most assignments per block.
        limit: most assignments in all.

    Yields:
        Blocks that follow each other without a hole.

    Raises:
        ModelTooLargeError: the problem has more assignments than ``limit``.
    """
    if problem.n_states > limit:
        raise ModelTooLargeError(
            f"the model has {spelled_count(problem.n_states)} assignments; enumeration is limited to "
            f"{limit:,}. "
            "Use method='milp' for a proven answer or 'anneal' for a heuristic one"
        )
    n = len(problem.variables)
    sizes = [variable.size for variable in problem.variables]
    split, width = n, 1
    # A block holds one number per assignment and row.
    block_size = min(block_size, max(SMALLEST_BLOCK, BLOCK_NUMBERS // (1 + len(problem.rows))))
    while split > 0 and width * sizes[split - 1] <= block_size:
        split -= 1
        width *= sizes[split]
    tail = range(split, n)
    costs = [variable.costs() for variable in problem.variables]
    tables = {(p.first, p.second): problem.pair_table(p) for p in problem.pairs}

    base = np.zeros(1)
    for k in tail:
        field = np.zeros((1, sizes[k]))
        for j in range(split, k):
            table = tables.get((j, k), np.zeros((sizes[j], 1)))
            field = (field[:, None, :] + table[None, :, :]).reshape(-1, sizes[k])
        base = (base[:, None] + costs[k][None, :] + field).ravel()

    tails = [_outer_sum(_row_vectors(problem, row, tail)) for row in problem.rows]
    heads = [_row_vectors(problem, row, range(split)) for row in problem.rows]
    n_heads = problem.n_states // max(width, 1)
    for number in range(n_heads):
        head = np.zeros(split, dtype=np.int64)
        rest = number
        for i in reversed(range(split)):
            rest, head[i] = divmod(rest, sizes[i])
        constant = problem.offset + sum(float(costs[i][head[i]]) for i in range(split))
        constant += sum(float(t[head[i], head[j]]) for (i, j), t in tables.items() if j < split)
        shift = {k: np.zeros(sizes[k]) for k in tail}
        for (i, j), table in tables.items():
            if i < split <= j:
                shift[j] = shift[j] + table[head[i]]
        energies = base + constant
        if split and any(vector.any() for vector in shift.values()):
            energies = energies + _outer_sum([shift[k] for k in tail])
        feasible = np.ones(width, dtype=np.bool_)
        for row, tail_sum, head_vectors in zip(problem.rows, tails, heads):
            fixed = sum(float(vector[head[i]]) for i, vector in enumerate(head_vectors))
            gap = tail_sum + (fixed - row.rhs)
            amount = {"<=": gap, ">=": -gap, "==": np.abs(gap)}[row.sense]
            feasible &= amount <= problem.tolerance(row)
        yield Block(number * width, energies, feasible)


class Tally:
    """Count, minimum, minimizers and mean over the blocks seen so far; may be read at any time.

    Args:
        problem: what is enumerated.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        # Energies are sums of at most 2 N rounded partial sums, none larger than the sum of magnitudes.
        magnitude = abs(problem.offset) + sum(float(np.abs(v.costs()).max()) for v in problem.variables)
        magnitude += sum(float(np.abs(problem.pair_table(p)).max()) for p in problem.pairs)
        self._noise = 4 * (len(problem.variables) + 1) * float(np.finfo(np.float64).eps) * magnitude
        self._winners: list[int] = []
        self._best = np.inf
        self._total = 0.0
        self._n_minimum = self._n_feasible = self._n_states = 0

    def add(self, block: Block) -> None:
        """Take in the next block."""
        energies = np.where(block.feasible, block.energies, np.inf)
        count = int(block.feasible.sum())
        if count:
            low = float(energies.min())
            winners, n_minimum = self._winners, self._n_minimum
            if low < self._best - self._noise:
                winners, n_minimum = [], 0
            if low <= self._best + self._noise:
                best = min(self._best, low)
                hits = np.flatnonzero(energies <= best + self._noise)
                n_minimum += len(hits)
                winners = winners + block.numbers_at(hits[: max(0, 1000 - len(winners))]).tolist()
                # At once, so that ctrl-C cannot lose the winners of earlier blocks.
                self._best, self._winners, self._n_minimum = best, winners, n_minimum
            self._n_feasible += count
            self._total += float(block.energies[block.feasible].sum())
        self._n_states = block.start + len(block.energies)

    def census(self) -> Census:
        """What was found in the assignments looked at so far."""
        states = [decode_index(self._problem, index) for index in sorted(self._winners)]
        return Census(
            n_states=self._n_states,
            n_feasible=self._n_feasible,
            minimum=self._best if states else None,
            n_minimum=self._n_minimum,
            minimizers=np.array(states, dtype=np.int64).reshape(len(states), len(self._problem.variables)),
            mean=self._total / self._n_feasible if self._n_feasible else None,
        )


def count_and_minimize(
    problem: Problem,
    *,
    limit: int = REQUEST_LIMIT,
    on_block: Callable[[int], Any] | None = None,
) -> Census:
    """Look at every assignment once.

    Args:
        problem: what to enumerate.
        limit: most assignments in all.
        on_block: called with the assignments done so far; raise in it to stop.

    Returns:
        Count, minimum, minimizers and mean over the feasible assignments.

    Raises:
        ModelTooLargeError: the problem has more assignments than ``limit``.
    """
    tally = None
    for block in blocks(problem, limit=limit):
        tally = tally or Tally(problem)
        tally.add(block)
        if on_block is not None:
            on_block(block.start + len(block.energies))
    return (tally or Tally(problem)).census()
