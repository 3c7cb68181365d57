"""Routing problems of more states than a simulator holds: blocks of clusters around an incumbent.

Shapes: M clusters, E experts, B clusters of a block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import SolverError
from ..seeds import child_seed
from ..solvers.base import Solver
from ..solvers.greedy import Greedy
from ..solvers.solve import solve
from .routing_guide import ask_solver
from .routing_problem import RoutingProblem

if TYPE_CHECKING:
    from ..solvers.quantum import QuantumRecord

__all__ = ["BLOCK_STATES", "BlockAnswer", "block_problem", "route_in_blocks"]

BLOCK_STATES = 2**16
"""States of a block, at most."""

_ROUNDS = 2


@dataclass(frozen=True, eq=False)
class BlockAnswer:
    """What the blocks led to.

    Attributes:
        assignment: (M,), the expert of each cluster.
        quantum: the quantum row of the first block, or None.
        note: a sentence on what was done.
        interrupted: ctrl-C ended the blocks.
    """

    assignment: NDArray[np.int64]
    quantum: QuantumRecord | None
    note: str
    interrupted: bool


def block_problem(
    problem: RoutingProblem, assignment: NDArray[np.int64], free: NDArray[np.int64]
) -> RoutingProblem:
    """The problem of some clusters while all others stay where they are.

    Args:
        problem: the whole.
        assignment: (M,), where the others stay.
        free: (B,), the clusters that may move.

    Returns:
        A problem of B clusters; its objective differs from that of the whole by a constant.

    Example:
        >>> whole = RoutingProblem([[3.0, 0.0], [2.0, 1.0], [0.0, 1.0]], capacity=2)
        >>> block_problem(whole, np.array([0, 0, 1]), np.array([1])).capacity
        array([1., 1.])
    """
    held = np.setdiff1d(np.arange(problem.shape[0]), free)
    places = np.eye(problem.shape[1])[assignment[held]]
    sizes = np.asarray(problem.sizes)
    linear = problem.linear[free] + problem.pairs[np.ix_(free, held)] @ places
    weights = sizes[free] / sizes[free].sum()
    return RoutingProblem(
        -linear / weights[:, None],
        sizes[free],
        # Rounding may leave a full expert a hair below nothing.
        np.maximum(np.asarray(problem.capacity) - sizes[held] @ places, 0.0),
        coactivation=problem.pairs[np.ix_(free, free)],
        co_weight=1.0,
    )


def route_in_blocks(
    problem: RoutingProblem,
    make_solver: Callable[[RoutingProblem], Solver],
    *,
    guided: bool,
    seed: int,
    time_limit: float,
    most_states: int = BLOCK_STATES,
) -> BlockAnswer:
    """Let a solver improve an answer of the greedy method, a block of clusters at a time.

    Half of a block are clusters whose move alone would cost least, half are drawn; those moved least often
    come first. A block's answer is taken where it is better.

    Args:
        problem: the problem.
        make_solver: the solver for a block.
        guided: see `routing_guide.ask_solver`.
        seed: of everything random.
        time_limit: seconds for all blocks together; a block is not stopped half-way.
        most_states: states of a block, at most; a block has two clusters at least.

    Returns:
        The answer.

    Raises:
        SolverError: the greedy method found no feasible assignment.
    """
    begin = perf_counter()
    clusters, experts = problem.shape
    incumbent = solve(problem.to_cqm(), Greedy(), seed=seed, time_limit=time_limit)
    chosen = problem.assignment(incumbent.sample) if incumbent.feasible else None
    if chosen is None:
        raise SolverError(
            f"{incumbent.method} found no feasible assignment for blocks to begin at; give more capacity, or "
            "more and smaller clusters"
        )
    size = min(clusters, max(2, int(log2(most_states) / max(1.0, log2(experts)))))
    rng = np.random.default_rng(child_seed(seed, "routing blocks"))
    start = value = problem.objective(chosen)
    tried = np.zeros(clusters, dtype=np.int64)
    record: QuantumRecord | None = None
    blocks, name, interrupted = 0, "", False
    for number in range(max(1, -(-_ROUNDS * clusters // size))):
        if number and perf_counter() - begin > time_limit:
            break
        free = _block(problem, chosen, tried, size, rng)
        tried[free] += 1
        part = block_problem(problem, chosen, free)
        solver = make_solver(part)
        answer, found = ask_solver(
            part, solver, guided=guided, seed=child_seed(seed, f"block {number}"), time_limit=time_limit
        )
        blocks, name, record = blocks + 1, answer.method, record or answer.quantum
        if found is not None and part.feasible(found):
            whole = chosen.copy()
            whole[free] = found
            if problem.feasible(whole) and problem.objective(whole) < value:
                chosen, value = whole, problem.objective(whole)
        if answer.interrupted:
            interrupted = True
            break
    note = (
        f"{experts}^{clusters} states are more than one quantum row holds: {name} was asked in {blocks} "
        f"blocks of {size} clusters around the answer of {incumbent.method}; objective {start:+.6f} before, "
        f"{value:+.6f} after; the quantum row is that of one block, and nothing is proven about the whole"
    )
    return BlockAnswer(chosen, record, note, interrupted)


def _block(
    problem: RoutingProblem,
    chosen: NDArray[np.int64],
    tried: NDArray[np.int64],
    size: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Clusters to set free: those tried least often first, half by the cost of a move, half drawn."""
    places = np.eye(problem.shape[1])[chosen]
    costs = problem.linear + problem.pairs @ places
    own = costs[np.arange(len(chosen)), chosen]
    others = np.where(places == 1, np.inf, costs).min(1) - own
    order = np.lexsort((others, tried))[: size - size // 2]
    rest = np.setdiff1d(np.arange(len(chosen)), order)
    drawn = rest[np.lexsort((rng.random(len(rest)), tried[rest]))][: size // 2]
    return np.sort(np.concatenate([order, drawn]))
