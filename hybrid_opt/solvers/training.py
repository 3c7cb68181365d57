"""Improve QAOA angles with a SciPy optimizer; the start is never random and never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress

__all__ = ["OPTIMIZERS", "Angles", "train"]

OPTIMIZERS = ("COBYLA", "Nelder-Mead", "Powell", "L-BFGS-B")
FIRST_STEP = 0.1  # of an angle in units of its largest start value; small, because the start is good
SHARE = 0.8  # of the time allowed that training may take; the rest is for sampling

Value = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


class _EnoughError(Exception):
    """Ends the optimizer from within the objective; never leaves this module."""


@dataclass
class Angles:
    """The best angles so far.

    Attributes:
        gammas: cost angles, shape (p,).
        betas: mixer angles, shape (p,).
        value: expectation at them, infinity before the first evaluation.
        evaluations: expectations computed.
        limited: time ended the training.
        interrupted: ctrl-C ended it.
        history: value after each evaluation.
    """

    gammas: NDArray[np.float64]
    betas: NDArray[np.float64]
    value: float = float("inf")
    evaluations: int = 0
    limited: bool = False
    interrupted: bool = False
    history: list[float] = field(default_factory=list)


def train(
    value: Value,
    gammas: NDArray[np.float64],
    betas: NDArray[np.float64],
    *,
    optimizer: str,
    max_evaluations: int,
    allowed: float,
    progress: Progress,
) -> Angles:
    """Minimize an expectation over 2p angles.

    Args:
        value: (gammas, betas) -> expectation.
        gammas: start, shape (p,).
        betas: start, shape (p,).
        optimizer: one of ``OPTIMIZERS``.
        max_evaluations: expectations to compute at most, gradients by differences included.
        allowed: seconds that training and sampling may take together.
        progress: told the share done.

    Returns:
        The best angles met, the start included.
    """
    from scipy.optimize import minimize

    depth, begin = len(gammas), perf_counter()
    best = Angles(gammas, betas)
    # Gammas scale with one over the model's numbers, betas do not: unit steps must mean the same for both.
    scale = np.concatenate([np.full(depth, np.abs(gammas).max()), np.full(depth, np.abs(betas).max())])
    slowest = 0.0

    def objective(point: NDArray[np.float64]) -> float:
        nonlocal slowest
        if best.evaluations >= max_evaluations:
            raise _EnoughError
        started = perf_counter()
        if best.evaluations and started - begin + slowest > SHARE * allowed:
            best.limited = True
            raise _EnoughError
        angles = np.asarray(point, dtype=np.float64) * scale
        result = float(value(angles[:depth], angles[depth:]))
        slowest = max(slowest, perf_counter() - started)
        best.evaluations += 1
        best.history.append(result)
        if result < best.value:
            best.value, best.gammas, best.betas = result, angles[:depth], angles[depth:]
        progress(best.evaluations / max_evaluations, f"angles, {best.evaluations} evaluations")
        return result

    options: dict[str, Any] = {"COBYLA": {"rhobeg": FIRST_STEP, "maxiter": max_evaluations + 2 * depth + 2}}
    start = np.concatenate([gammas, betas]) / scale
    if optimizer == "Nelder-Mead":
        simplex = np.vstack([start, start + FIRST_STEP * np.eye(2 * depth)])
        options["Nelder-Mead"] = {"initial_simplex": simplex}
    try:
        arguments: dict[str, Any] = {"method": optimizer, "options": options.get(optimizer, {})}
        minimize(objective, start, **arguments)
    except _EnoughError:
        pass
    except KeyboardInterrupt:
        best.interrupted = True
    return best
