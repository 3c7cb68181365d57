"""Questions about more heads than a simulator holds: blocks of heads around an incumbent.

Shapes: N heads of the model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import SolverError
from ..seeds import child_seed
from ..solvers.base import Solver
from ..solvers.greedy import Greedy
from ..solvers.solve import solve
from .head_question import HeadQuestion

if TYPE_CHECKING:
    from ..solvers.solution import Solution

__all__ = ["BLOCK_HEADS", "answer_in_blocks"]

BLOCK_HEADS = 16
"""Heads that are free at once."""

_ROUNDS = 3


def answer_in_blocks(
    question: HeadQuestion, solver: Solver, *, seed: int, time_limit: float, size: int = BLOCK_HEADS
) -> tuple[NDArray[np.int64], Solution, list[str]]:
    """Let a solver improve an answer of the greedy method, a block of heads at a time.

    A block holds the kept and the removed heads whose change costs least, half of each, leaving out those of
    the blocks before; all others are held. Its answer is taken if it is no worse.

    Args:
        question: for a number of heads.
        solver: for the blocks.
        seed: of everything random.
        time_limit: seconds for each block.
        size: most heads of a block.

    Returns:
        The mask, the solution of the last block that was taken (of the first where none was), and sentences
        on what was done.

    Raises:
        SolverError: the greedy method found no legal mask.
    """
    incumbent = solve(question.to_cqm(), Greedy(), seed=seed)
    if not incumbent.feasible:
        raise SolverError(
            f"{incumbent.method} found no legal mask for blocks to begin at; take numbers per layer"
        )
    mask = question.mask(incumbent.sample or {})
    start = value = float(question.objective(mask))
    tried = np.zeros(len(mask), dtype=np.int64)
    kept: Solution | None = None
    blocks = 0
    for number in range(max(1, _ROUNDS * len(mask) // size)):
        free = _block(question, mask, tried, size)
        tried[free] += 1
        held = np.where(np.isin(np.arange(len(mask)), free), -1, mask)
        part = replace(question, fixed=held)
        answer = solve(part.to_cqm(), solver, seed=child_seed(seed, f"block {number}"), time_limit=time_limit)
        blocks += 1
        if answer.feasible and answer.sample is not None:
            found = part.mask(answer.sample)
            if float(question.objective(found)) <= value:
                mask, value, kept = found, float(question.objective(found)), answer
        kept = kept or answer
        if answer.interrupted:
            kept = replace(kept, interrupted=True)  # it may be an earlier one, which ended by itself
            break
    notes = [
        f"{len(mask)} heads are more than one quantum row holds: {solver.name} was asked in {blocks} blocks "
        f"of at most {size} heads around the answer of {incumbent.method}; predicted change {start:+.6f} "
        f"before, {value:+.6f} after; the quantum row is that of one block, and nothing is proven about the "
        "whole"
    ]
    return mask, kept or incumbent, notes


def _block(
    question: HeadQuestion, mask: NDArray[np.int64], tried: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """Heads to set free: those tried least often first, then those whose flip costs least."""
    flipped = np.abs(mask[None, :] - np.eye(len(mask), dtype=np.int64))
    cost = question.objective(flipped)
    order = np.lexsort((cost, tried))
    halves = [order[mask[order] == value][: size // 2] for value in (0, 1)]
    return np.sort(np.concatenate(halves))
