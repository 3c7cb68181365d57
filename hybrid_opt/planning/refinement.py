"""Plans on grids too fine for one dynamic program: a chain of small ones, and a bound from prices.

The plan: dynamic programming on a window around the best plan so far, first with a wide step over the whole
range, then with finer steps closer by. The bound: for any price lambda per unit of money

    value(plan) = sum_i [v_i - lambda s_i] + lambda * total
                <= sum_i max_k [v_i(k) - lambda s_i(k)] + lambda * B

for every plan that spends B (for "at most B" with lambda >= 0), the caps left out. The best price is found
by bisection on the money that the lines would take at it (Lagrangian dual; H. Everett, Operations Research
11 (1963)).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dynamic_program import DynamicProgram, operations
from .lines import LevelQuestion
from .windows import common_step, own_steps, window

__all__ = ["price_bound", "refine"]

NEAR = 64  # steps to either side in a window of finer step


def price_bound(question: LevelQuestion) -> float:
    """Upper bound on the value of every plan of a separable question.

    Args:
        question: lines and budget; caps are left out, synergies must be none.

    Returns:
        The bound; equal to the optimum where all values are concave and no cap binds, up to one step.

    Example:
        >>> from hybrid_opt.planning.lines import Line
        >>> lines = [Line(name, [0, 1, 2], [0.0, 3.0, 5.0]) for name in "ab"]
        >>> round(price_bound(LevelQuestion(lines, budget=2)), 6)
        6.0
    """

    def dual(price: float) -> tuple[float, int]:
        total, spent = price * question.budget, 0
        for line in question.lines:
            net = line.values - price * line.spends
            best = int(np.argmax(net))
            total, spent = total + float(net[best]), spent + int(line.spends[best])
        return total, spent

    slopes = [np.abs(np.diff(line.values) / np.diff(line.spends)).max(initial=0.0) for line in question.lines]
    high = float(max(slopes)) + 1.0
    low = 0.0 if question.spend == "at_most" else -high
    best = min(dual(low)[0], dual(high)[0])
    for _ in range(100):
        middle = (low + high) / 2
        bound, spent = dual(middle)
        best = min(best, bound)
        low, high = (middle, high) if spent > question.budget else (low, middle)
    return best


def refine(
    question: LevelQuestion, anchor: NDArray[np.integer[Any]], most_operations: int
) -> NDArray[np.int64]:
    """Improve a feasible plan of a separable question by dynamic programs of bounded size.

    Args:
        question: the whole question.
        anchor: a feasible plan, level of each line, shape (N,).
        most_operations: additions that each dynamic program may need.

    Returns:
        A plan at least as good, level of each line, shape (N,).
    """
    best = np.array(anchor, dtype=np.int64)
    base = common_step(question)
    finest = int(np.gcd.reduce(own_steps(question) or [1]))
    widest = max(int(line.spends[-1] - line.spends[0]) for line in question.lines)
    step, reach = base, None
    while operations(window(question, best, step).question) > most_operations and step < widest:
        step *= 2
    while True:
        small = window(question, best, step, reach)
        choice = small.lift(DynamicProgram(small.question).choice)
        if question.value(choice) > question.value(best):
            best = choice
        if step <= finest:
            return best
        step, reach = (max(base, step // 2) if step > base else finest), NEAR
