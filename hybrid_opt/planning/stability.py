"""How a plan holds up when the curves are not quite what they were said to be.

Each draw moves the whole curve of a line within its interval: one standard normal number z per line, the
ends of the interval being read as a central 90 % range (z = -1.645 and 1.645), each side scaled on its own.
The question is solved again with proof. Lines without an interval keep their curve. Curves of different
lines move independently, which is an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import OptionError
from ..progress import Progress, silent
from ..seeds import child_seed, resolve_seed
from .lines import LevelQuestion, Line
from .proven_answer import ProvenAnswer, prove

__all__ = ["Stability", "plan_stability"]

NINETY = 1.6448536269514722  # the 95 % point of the standard normal distribution


@dataclass(frozen=True, eq=False)
class Stability:
    """What re-solving over draws of the curves showed.

    Attributes:
        asked: draws that were asked for.
        spends: units per line in the best plan of each draw, shape (draws, N).
        best: value of that plan under the draw, shape (draws,).
        kept: value of the plan under the draw, shape (draws,).
        seed: repeats the draws.
    """

    asked: int
    spends: NDArray[np.int64]
    best: NDArray[np.float64]
    kept: NDArray[np.float64]
    seed: int

    @property
    def draws(self) -> int:
        """Draws that were solved before the time was over."""
        return len(self.best)

    @property
    def losses(self) -> NDArray[np.float64]:
        """Share of each draw's best value that the plan loses, shape (draws,)."""
        return np.maximum(0.0, self.best - self.kept) / np.maximum(np.abs(self.best), 1e-9)

    def moves(self, plan: NDArray[np.float64], today: NDArray[np.float64]) -> pd.DataFrame:
        """How each line's move holds up.

        Args:
            plan: units of the plan, shape (N,).
            today: units today, whole or not, shape (N,).

        Returns:
            One row per line: same_move (share of draws whose best plan moves the line the same way: up, down
            or not), low, middle and high (units: 5 %, 50 % and 95 % points over the draws).
        """
        away, asked = np.sign(self.spends - today), np.sign(plan - today)
        low, middle, high = np.quantile(self.spends, [0.05, 0.5, 0.95], axis=0, method="nearest")
        same = (away == asked).mean(axis=0)
        return pd.DataFrame({"same_move": same, "low": low, "middle": middle, "high": high}, dtype=float)


def plan_stability(
    question: LevelQuestion,
    choice: NDArray[np.int64],
    below: Sequence[NDArray[np.float64]],
    above: Sequence[NDArray[np.float64]],
    *,
    draws: int,
    tied: Sequence[int] | None = None,
    solve: Callable[..., ProvenAnswer] = prove,
    seed: int | None = None,
    time_limit: float = 60.0,
    progress: Progress = silent,
) -> Stability:
    """Solve the question again for draws of its curves.

    Args:
        question: the question.
        choice: its plan, level of each line, shape (N,).
        below: per line, value minus the lower end of its interval at each level, shape (levels,).
        above: per line, the upper end minus the value, likewise.
        draws: how many.
        tied: number of each line, N of them; lines of the same number move together. None moves each alone.
        solve: what answers a question, called as ``prove`` is.
        seed: makes the draws repeatable.
        time_limit: seconds for all draws; those solved until then are returned.
        progress: told the share done.

    Returns:
        The best plan and the plan's value in each draw.

    Raises:
        OptionError: fewer than one draw.
    """
    if draws < 1:
        raise OptionError(f"draws is {draws!r}; it must be at least 1")
    seed = resolve_seed(seed)
    rng = np.random.default_rng(child_seed(seed, "stability"))
    moves = rng.standard_normal((draws, len(question.lines))) / NINETY
    if tied is not None:
        moves = moves[:, list(tied)]
    deadline = monotonic() + time_limit
    spends, best, kept = [], [], []
    for done, move in enumerate(moves):
        if done and monotonic() > deadline:
            break
        lines = [
            Line(line.label, line.spends, line.values + z * (up if z > 0 else down), line.group)
            for line, z, down, up in zip(question.lines, move.tolist(), below, above)
        ]
        drawn = replace(question, lines=lines)
        answer = solve(drawn, start=choice, time_limit=time_limit)
        spends.append(drawn.spends(answer.choice))
        best.append(answer.value)
        kept.append(drawn.value(choice))
        progress((done + 1) / draws, f"draw {done + 1} of {draws}")
    return Stability(draws, np.array(spends), np.array(best), np.array(kept), seed)
