"""Train QAOA angles within a time limit, with progress; the training itself is `circuits.qaoa_training`."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..circuits.objectives import Objective
from ..circuits.qaoa_training import OPTIMIZERS, train_angles
from ..circuits.trained_angles import TrainedAngles
from ..progress import Progress

__all__ = ["OPTIMIZERS", "Training", "train"]

SHARE = 0.8  # of the time allowed that training may take; the rest is for sampling


@dataclass(frozen=True, eq=False)
class Training:
    """Angles and how they were found.

    Attributes:
        angles: the best angles met and the effort spent.
        limited: the time limit ended the training.
    """

    angles: TrainedAngles
    limited: bool = False

    @property
    def interrupted(self) -> bool:
        """Whether ctrl-C ended the training."""
        return self.angles.stopped == "interrupted"


def train(
    engine: Any,
    gammas: NDArray[np.float64],
    betas: NDArray[np.float64],
    *,
    optimizer: str,
    objective: Objective,
    max_evaluations: int,
    shots: int | None,
    seed: int,
    allowed: float,
    progress: Progress,
) -> Training:
    """Minimize an objective over the angles.

    Args:
        engine: a QAOA engine.
        gammas: start.
        betas: start.
        optimizer: one of ``OPTIMIZERS``.
        objective: see `circuits.objectives`.
        max_evaluations: expectations at most; a value with all exact gradients counts as four.
        shots: measurements per value, or None for exact values.
        seed: of directions and measurements.
        allowed: seconds that training and sampling may take together.
        progress: told the share done.

    Returns:
        The best angles met, the start included.
    """
    begin = last = perf_counter()
    slowest, limited = 0.0, False

    def enough(record: TrainedAngles) -> bool:
        nonlocal last, slowest, limited
        now = perf_counter()
        # The first value may have waited for kernels to be compiled, which no later one will.
        if len(record.history) > 1:
            slowest = max(slowest, now - last)
        last = now
        progress(min(1.0, record.evaluations / max_evaluations), f"angles, {record.evaluations} evaluations")
        limited = now - begin + slowest > SHARE * allowed
        return limited

    angles = train_angles(
        engine,
        gammas,
        betas,
        objective=objective,
        optimizer=optimizer,
        max_evaluations=max_evaluations,
        shots=shots,
        seed=seed,
        callback=enough,
    )
    return Training(angles, limited)
