"""Large plans by small questions: a coarse step first, then half of it, always around the best plan so far.

Each round keeps a few levels per line around the incumbent, solves that small question, and moves only if
the plan gets better. The number of bits stays the same from the first step to the last. What comes out is a
good plan, not a proof: the bound has to come from the whole question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from ..solvers import Solver, solve
from .level_models import to_choice, to_level_model, to_sample
from .lines import LevelQuestion
from .windows import common_step, own_steps, window

__all__ = ["Zoom", "zoom"]


@dataclass(eq=False)
class Zoom:
    """The end of a zoom.

    Attributes:
        choice: level of each line, shape (N,).
        value: value of the plan.
        rounds: per round the step in units, the bits of its QUBO, the value afterwards.
        deterministic: False if a time limit or ctrl-C ended a round or the zoom.
        interrupted: whether ctrl-C ended it; the plan so far is kept.
    """

    choice: NDArray[np.int64]
    value: float
    rounds: list[dict[str, Any]] = field(default_factory=list)
    deterministic: bool = True
    interrupted: bool = False


def zoom(
    question: LevelQuestion,
    start: NDArray[np.integer[Any]],
    method: str | Solver,
    *,
    max_bits: int = 16,
    seed: int | None = None,
    time_limit: float = 60.0,
    max_rounds: int = 60,
    progress: Progress = silent,
) -> Zoom:
    """Improve a feasible plan round by round.

    Args:
        question: the whole question.
        start: a feasible plan, level of each line, shape (N,); the result is never worse.
        method: any method of ``solve`` for the small questions.
        max_bits: most bits of a small question's QUBO (each of k levels needs at most k - 1 of them).
        seed: of the method and of the choice of lines where not all fit at once.
        time_limit: seconds for all rounds.
        max_rounds: most rounds.
        progress: told the share of steps done.

    Returns:
        The plan with the history of rounds.

    Raises:
        OptionError: the start is not feasible, or fewer than 4 bits are allowed.
    """
    if not question.feasible(start):
        raise OptionError("the start of a zoom must be a feasible plan; use nearest_plan to get one")
    if max_bits < 4:
        raise OptionError(f"max_bits is {max_bits}; a round needs two lines with three levels, so at least 4")
    seed = resolve_seed(seed)
    rng = np.random.default_rng(child_seed(seed, "zoom"))
    steps = _steps(question)
    n = len(question.lines)
    # A block of lines at three levels each fits the bits; with all lines in the block one pass is enough.
    block = min(n, max_bits // 2)
    passes = int(np.ceil(n / block)) * (1 if block == n else 2)
    result = Zoom(np.array(start, dtype=np.int64), question.value(start))
    deadline = monotonic() + time_limit
    stage, idle = 0, 0
    while len(result.rounds) < max_rounds:
        left = deadline - monotonic()
        if left <= 0:
            result.deterministic = False
            break
        free = set(rng.permutation(n)[:block].tolist())
        reach = 2 if 4 * len(free) <= max_bits else 1
        small = window(question, result.choice, steps[stage], reach, free=free)
        model = to_level_model(small.question)
        anchor = np.array([int(np.searchsorted(k, c)) for k, c in zip(small.kept, result.choice)])
        answer = solve(
            model,
            method,
            seed=child_seed(seed, f"round {len(result.rounds)}"),
            time_limit=left,
            start=to_sample(small.question, anchor),
        )
        result.deterministic &= answer.deterministic
        choice = small.lift(to_choice(small.question, answer.sample or {}))
        value = question.value(choice)
        improved = question.feasible(choice) and value > result.value + 1e-12 * max(1.0, abs(value))
        if improved:
            result.choice, result.value, idle = choice, value, 0
        else:
            idle += 1
        result.rounds.append(
            {"step": steps[stage], "levels": [len(k) for k in small.kept], "value": result.value}
        )
        progress(stage / len(steps), f"step {question.money(steps[stage])}")
        if answer.interrupted:
            result.interrupted, result.deterministic = True, False
            break
        if idle >= passes:
            if stage == len(steps) - 1:
                break
            stage, idle = stage + 1, 0
    return result


def _steps(question: LevelQuestion) -> list[int]:
    """Steps from coarse to fine: the common step times powers of two, then what all steps have in common."""
    base = common_step(question)
    widest = max(int(line.spends[-1] - line.spends[0]) for line in question.lines)
    halvings = max(0, int(np.floor(np.log2(max(1, widest // (2 * base))))))
    steps = [base * 2**k for k in reversed(range(halvings + 1))]
    finest = gcd(*own_steps(question)) or 1
    return steps if finest == base else [*steps, finest]
