"""Learning rates over a run: warm-up with half a cosine, torch's one-cycle, or a constant."""

from __future__ import annotations

import math

import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from .errors import ConfigurationError
from .training_settings import TrainingSettings

__all__ = ["build_schedule", "warmup_steps"]


def build_schedule(
    optimizer: torch.optim.Optimizer, settings: TrainingSettings, total_steps: int
) -> LRScheduler:
    """The scheduler that a run's settings ask for; it is stepped once after each optimizer step.

    The factor of ``"cosine"`` after the warm-up is (1 + cos(pi x)) / 2 with x the share of the remaining
    steps that are done (Loshchilov and Hutter, SGDR, arXiv:1608.03983, one cycle to 0). ``"one_cycle"`` is
    Smith's policy (arXiv:1708.07120) as torch implements it, with cosine annealing.

    Args:
        optimizer: the optimizer whose groups are scheduled.
        settings: schedule, learning rate and warm-up.
        total_steps: optimizer steps of the whole run.

    Returns:
        The scheduler.

    Raises:
        ConfigurationError: one_cycle gets fewer than 3 steps.

    Example:
        >>> optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))], lr=1.0)
        >>> schedule = build_schedule(optimizer, TrainingSettings(learning_rate=1.0, warmup_ratio=0.5), 4)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates.append(round(schedule.get_last_lr()[0], 3))
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates
        [0.5, 1.0, 1.0, 0.5]
    """
    warmup = warmup_steps(settings, total_steps)
    if settings.schedule == "one_cycle":
        if total_steps < 3:
            raise ConfigurationError(
                f"one_cycle has {total_steps} step(s), and needs some up and some down; give at least 3, or "
                "take cosine"
            )
        # A warm-up of fewer than two steps would make torch divide by zero.
        share = max(settings.warmup_ratio, 2.0 / total_steps)
        return OneCycleLR(optimizer, max_lr=settings.learning_rate, total_steps=total_steps, pct_start=share)
    if settings.schedule == "constant":
        return LambdaLR(optimizer, _Warmup(warmup))
    return LambdaLR(optimizer, _WarmupCosine(warmup, total_steps))


def warmup_steps(settings: TrainingSettings, total_steps: int) -> int:
    """Steps of the warm-up: its share of all steps, rounded up, leaving at least one step after it.

    Example:
        >>> warmup_steps(TrainingSettings(warmup_ratio=0.1), 25)
        3
    """
    return min(math.ceil(settings.warmup_ratio * total_steps), max(total_steps - 1, 0))


class _Warmup:
    """Factor of step t: (t + 1) / warm-up, then 1; the first step already learns."""

    def __init__(self, warmup: int) -> None:
        self.warmup = warmup

    def __call__(self, step: int) -> float:
        return min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0


class _WarmupCosine(_Warmup):
    """The same, then half a cosine, which would reach 0 one step after the last."""

    def __init__(self, warmup: int, total: int) -> None:
        super().__init__(warmup)
        self.total = total

    def __call__(self, step: int) -> float:
        if step < self.warmup:
            return super().__call__(step)
        share = (step - self.warmup) / max(1, self.total - self.warmup)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))
