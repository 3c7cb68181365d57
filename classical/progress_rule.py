"""When the learning rate follows progress: a factor that falls where validation stalls, and may rise again.

    progress:  loss < best - threshold * |best|; then best <- loss
    patience validations without progress:   factor <- max(smallest, factor * decrease)
    streak validations with progress:        factor <- min(largest, factor * increase)

After a change ``cooldown`` validations are looked at only for progress of the best loss. The first validation
sets the best. A gain too small to be progress leaves the best where it is, so that small gains add up.

The falling half is torch's ``ReduceLROnPlateau`` (mode "min", threshold_mode "rel") for losses above 0, with
one count apart: torch's patience is the validations without progress that it bears, here it is those that
make a stall, so that ``patience`` here is torch's plus 1. (Below 0, torch calls progress what rose a little.)
The raising half is the "bold driver" of Battiti 1989, "Accelerated backpropagation learning: two optimization
methods", Complex Systems 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .performance_rules import PerformanceRule

__all__ = ["ProgressRule", "ProgressState"]


@dataclass(frozen=True)
class ProgressState:
    """What the rule remembers between validations.

    Attributes:
        factor: what the schedule's learning rate is multiplied by.
        best: validation loss of the last progress; None before the first.
        stalled: validations without progress since the last progress or change.
        advanced: validations with progress one after the other.
        resting: validations of the cool-down that are left.
    """

    factor: float = 1.0
    best: float | None = None
    stalled: int = 0
    advanced: int = 0
    resting: int = 0


@dataclass(frozen=True)
class ProgressRule(PerformanceRule):
    """Settings of the learning rate that follows progress.

    Args:
        decrease: factor after a stall, above 0 and below 1.
        patience: validations without progress that make a stall.
        threshold: share of the best loss by which a loss must be lower to count as progress.
        cooldown: validations after a change in which nothing is counted.
        increase: factor after a streak of progress, 1 to 2; 1 never raises.
        streak: validations with progress, one after the other, that make a streak.
        smallest: lower bound of the factor, above 0, at most 1.
        largest: upper bound of the factor, at least 1.

    Raises:
        ConfigurationError: a value is not legal.

    Example:
        >>> rule, state = ProgressRule(patience=2, cooldown=0), ProgressState()
        >>> for loss in (1.0, 0.8, 0.8, 0.8):
        ...     state = rule.after(state, loss)
        >>> state.factor, state.best
        (0.5, 0.8)
    """

    name = "progress_learning_rate"

    decrease: float = 0.5
    patience: int = 2
    threshold: float = 0.01
    cooldown: int = 1
    increase: float = 1.0
    streak: int = 3
    smallest: float = 0.05
    largest: float = 2.0

    def __post_init__(self) -> None:
        self._check_number("decrease", 0.0, 1.0, open_low=True, open_high=True)
        self._check_number("increase", 1.0, 2.0)
        self._check_number("threshold", 0.0, 1.0, open_high=True)
        self._check_number("smallest", 0.0, 1.0, open_low=True)
        self._check_number("largest", 1.0, math.inf)
        self._check_whole("patience", 1)
        self._check_whole("streak", 1)
        self._check_whole("cooldown", 0)

    def after(self, state: ProgressState, loss: float) -> ProgressState:
        """The state after one more validation.

        Args:
            state: the state before.
            loss: the validation loss; one that is not finite is no progress.

        Returns:
            The state after.
        """
        if state.best is None:
            return replace(state, best=loss if math.isfinite(loss) else None)
        progress = math.isfinite(loss) and loss < state.best - self.threshold * abs(state.best)
        best = loss if progress else state.best
        if state.resting:
            return replace(state, best=best, stalled=0, advanced=0, resting=state.resting - 1)
        stalled = 0 if progress else state.stalled + 1
        advanced = state.advanced + 1 if progress else 0
        factor = state.factor
        if stalled >= self.patience:
            factor, stalled = max(self.smallest, factor * self.decrease), 0
        elif advanced >= self.streak:
            factor, advanced = min(self.largest, factor * self.increase), 0
        resting = self.cooldown if factor != state.factor else 0
        return ProgressState(factor, best, stalled, advanced, resting)
