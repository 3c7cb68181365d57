"""How many plans are almost as good as the best one, how far each line may move, and which differ most.

The best plan is rarely alone: within 1 % there may be a hundred others, and a reader who dislikes one move
wants to know which of them avoids it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from .dynamic_program import DynamicProgram
from .lines import LevelQuestion, Line
from .prefix_search import PrefixSearch
from .steps import in_steps

__all__ = ["NearOptimal", "farthest_first", "near_optimal_plans"]

ORDERS = 4
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class NearOptimal:
    """Plans within a tolerance of the best one.

    Attributes:
        tolerance: share of the best value that may be lost.
        threshold: least value of a plan that counts: best - tolerance * abs(best).
        count: how many there are.
        exact: whether they were all counted; otherwise ``count`` is a proven lower bound.
        ranges: smallest and largest spend of each line over all of them, in units, shape (N, 2). Exact
            even where the count is not.
        plans: a few that differ much from each other, the best plan first, level positions, shape (P, N).
        values: their values, shape (P,).
        work: prefixes looked at.
        seed: the seed of the draws.
        ranges_exact: whether the ranges cover all such plans, not only those found.
    """

    tolerance: float
    threshold: float
    count: int
    exact: bool
    ranges: NDArray[np.int64]
    plans: NDArray[np.int64]
    values: NDArray[np.float64]
    work: int
    seed: int
    ranges_exact: bool = True


def near_optimal_plans(
    program: DynamicProgram,
    *,
    tolerance: float = 0.01,
    most: int = 10,
    work_limit: int = 30_000_000,
    pool_limit: int = 50_000,
    draws: int = 2_000,
    seed: int | None = None,
    progress: Progress = silent,
) -> NearOptimal:
    """Count the plans within a tolerance of the best, and select some that differ much from each other.

    The selection is greedy (farthest first: the next plan is the one whose smallest distance to those
    chosen is largest, distance being the money that moves), so its spread is not proven to be the largest
    possible. It looks at all plans where there are at most ``pool_limit`` of them. Otherwise it looks at,
    for each line, the best plan with the line at either end of its range, and at random plans.

    Args:
        program: the solved question.
        tolerance: share of the best value that may be lost, 0.01 is 1 %.
        most: how many plans to select at most.
        work_limit: most prefixes to look at when counting; 10**7 take about half a second.
        pool_limit: most plans to select from as a whole.
        draws: random plans to select from where there are more.
        seed: seed of those draws.
        progress: told about the share of ``work_limit`` used.

    Returns:
        Count, ranges and selection.

    Raises:
        OptionError: a negative or infinite tolerance, ``most`` below one, a negative limit.

    Example:
        >>> lines = [Line(name, [0, 1, 2], [0.0, 3.0, 5.0]) for name in "abc"]
        >>> program = DynamicProgram(LevelQuestion(lines, budget=3))
        >>> near = near_optimal_plans(program, tolerance=0.12, most=2, seed=1)
        >>> near.count, near.ranges.tolist(), near.plans.tolist()
        (7, [[0, 2], [0, 2], [0, 2]], [[1, 1, 1], [0, 1, 2]])
    """
    if not (np.isfinite(tolerance) and tolerance >= 0):
        raise OptionError(f"tolerance is {tolerance!r}; it must be zero or a positive share, e.g. 0.01")
    for what, number, least in (("most", most, 1), ("work_limit", work_limit, 0), ("draws", draws, 0)):
        if number < least:
            raise OptionError(f"{what} is {number!r}; it must be at least {least}")
    seed = resolve_seed(seed)
    question = program.question
    n = len(question.lines)
    threshold = program.value - tolerance * abs(program.value)
    # Sums of the same numbers in another order differ by rounding; a tie must count as one.
    accepted = threshold - ROUNDING * sum(float(np.abs(line.values).max()) for line in question.lines)

    def on_chunk(work: int) -> None:
        progress(min(1.0, work / max(work_limit, 1)), "counting plans within tolerance")

    full = _with_the_rest_as_a_line(program)
    census = PrefixSearch(full, accepted).count(work_limit=work_limit, keep=pool_limit, on_chunk=on_chunk)
    if census.plans is not None:
        pool = census.plans[:, :n]
    else:
        pool = _sample(full, accepted, draws, np.random.default_rng(child_seed(seed, "near optimal")))[:, :n]
    pool = np.concatenate([program.choice[None, :], pool])
    chosen = farthest_first(question.spends(pool), most)
    ranges = [_range(line, best, accepted) for line, best in zip(question.lines, program.best_with_levels())]
    return NearOptimal(
        tolerance=tolerance,
        threshold=threshold,
        count=census.count if census.exact else max(census.count, len(np.unique(pool, axis=0))),
        exact=census.exact,
        ranges=np.array(ranges, dtype=np.int64),
        plans=pool[chosen],
        values=question.values(pool[chosen]),
        work=census.work,
        seed=seed,
    )


def _with_the_rest_as_a_line(program: DynamicProgram) -> DynamicProgram:
    """The same plans as a spend-exactly question: what may stay unspent becomes a line without value."""
    question = program.question
    if question.spend == "exactly":
        return program
    steps = in_steps(question)
    label = "unspent"
    while any(line.label == label for line in question.lines):
        label += " "
    rest = np.arange(steps.budget + 1, dtype=np.int64) * steps.stride
    lines = [*question.lines, Line(label, rest, np.zeros(len(rest)))]
    budget = steps.base + steps.budget * steps.stride
    return DynamicProgram(LevelQuestion(lines, budget, "exactly", question.caps, unit=question.unit))


def _range(line: Line, best: NDArray[np.float64], accepted: float) -> tuple[int, int]:
    levels = np.flatnonzero(best >= accepted)
    return int(line.spends[levels[0]]), int(line.spends[levels[-1]])


def _sample(
    program: DynamicProgram, accepted: float, draws: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Best plans at both ends of every line's range, then draws in several orders of the lines."""
    plans = []
    for line, best in enumerate(program.best_with_levels()):
        levels = np.flatnonzero(best >= accepted)
        plans += [program.plan_with_level(line, int(levels[end])) for end in (0, -1)]
    pools = [np.array(plans)]
    for number in np.diff(np.linspace(0, draws, ORDERS + 1).astype(int)):
        order = rng.permutation(len(program.question.lines))
        pools.append(PrefixSearch(program, accepted, order=order).draw(int(number), rng))
    return np.concatenate(pools)


def farthest_first(spends: NDArray[np.int64], most: int) -> list[int]:
    """Greedy selection by the L1 distance of spends, from entry 0 on; ends when nothing differs any more.

    Args:
        spends: units of each plan, shape (P, N).
        most: how many plans to select at most.

    Returns:
        Positions, entry 0 first.

    Example:
        >>> farthest_first(np.array([[0, 3], [1, 2], [3, 0]]), 2)
        [0, 2]
    """
    chosen = [0]
    distance = np.abs(spends - spends[0]).sum(axis=1)
    while len(chosen) < most and distance.max() > 0:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.abs(spends - spends[chosen[-1]]).sum(axis=1))
    return chosen
