"""Optimizing on measured values: when to stop, when to measure more. See `qaoa_training.train_angles`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .angle_search import AngleSearch, StopSearchError
from .scipy_minimizer import minimize_scipy
from .spsa_minimizer import minimize_spsa, tail_mean
from .trained_angles import TrainedAngles

__all__ = ["search_with_shots", "stalled"]

Floats = NDArray[np.float64]

_PATIENCE = 2  # stages without an improvement
_FEWEST = 8  # values in a window


class _StageOverError(Exception):
    """The values of a stage no longer improve; never leaves this module."""


def stalled(values: list[float], errors: list[float], window: int) -> bool:
    """Whether the last values improve on those before by less than their noise.

    Args:
        values: measured so far.
        errors: standard error of each.
        window: values to compare with as many before.

    Returns:
        True if mean(before) - mean(last) is below its standard error; False as long as there are fewer than
        two windows.

    Example:
        >>> stalled([3.0, 3.0, 1.0, 1.0], [0.1] * 4, 2), stalled([1.0, 1.0, 1.0, 1.0], [0.1] * 4, 2)
        (False, True)
    """
    if len(values) < 2 * window:
        return False
    gain = np.mean(values[-2 * window : -window]) - np.mean(values[-window:])
    return bool(gain < np.sqrt(np.square(errors[-2 * window :]).sum()) / window)


def search_with_shots(
    search: AngleSearch,
    optimizer: str,
    first_step: float,
    shots: int,
    max_shots: int,
    growth: float,
    seed: int | None,
) -> TrainedAngles:
    """Run an optimizer on measured values, in stages of growing shots.

    Args:
        search: engine, start and budget of evaluations.
        optimizer: its name, not L-BFGS-B.
        first_step: of the first stage.
        shots: per value in the first stage.
        max_shots: in all.
        growth: of the shots from stage to stage.
        seed: of directions and measurements.

    Returns:
        The record, with angles that a last comparison found no worse than the start.
    """
    record, rng = search.record, np.random.default_rng(seed)
    point, best, misses, step = search.start, float("inf"), 0, first_step
    stage = _Stage(search, point, shots, max_shots, rng)
    try:
        while True:
            mean, error = stage.run(optimizer, step)
            point = stage.result
            misses = 0 if mean < best - error else misses + 1
            best = min(best, mean)
            if misses == _PATIENCE and not stage.spent:
                record.stopped = "noise"
            if misses == _PATIENCE or stage.spent:
                break
            step, shots = step / 2, round(stage.shots * growth)
            stage = _Stage(search, point, shots, max_shots, rng)
    except StopSearchError:
        point = stage.result
    except KeyboardInterrupt:
        record.stopped, point = "interrupted", stage.result
    _compare(search, point, stage, rng)
    return record


class _Stage:
    """One run of the optimizer with a fixed number of shots, and where it has come to."""

    def __init__(
        self, search: AngleSearch, start: Floats, shots: int, max_shots: int, rng: np.random.Generator
    ) -> None:
        self.search, self.start, self.shots, self.max_shots, self.rng = search, start, shots, max_shots, rng
        self.window = max(_FEWEST, len(start) + 1)
        self.values: list[float] = []
        self.errors: list[float] = []
        self.points: list[Floats] = []
        self.path: list[Floats] = []
        self.spent = False

    def __call__(self, point: Floats) -> float:
        record = self.search.record
        # Start and result are measured once more at the end.
        if record.evaluations + 3 > self.search.max_evaluations:
            self.spent, record.stopped = True, "evaluations"
            raise _StageOverError
        if record.shots + 3 * self.shots > self.max_shots:
            self.spent, record.stopped = True, "shots"
            raise _StageOverError
        found = self.search.measure(point, self.shots, _seed(self.rng))
        self.values.append(found.value)
        self.errors.append(found.standard_error)
        self.points.append(np.array(point, dtype=np.float64))
        if stalled(self.values, self.errors, self.window):
            raise _StageOverError
        return found.value

    @property
    def result(self) -> Floats:
        """For SPSA the mean of its last iterates, else the best of its points; the start if it has none."""
        if self.path:
            return tail_mean(self.path)
        return self.points[int(np.argmin(self.values))] if self.points else self.start

    def run(self, optimizer: str, step: float) -> tuple[float, float]:
        """The mean of the last window of values, and its standard error."""
        try:
            if optimizer == "SPSA":
                steps = max(1, (self.search.max_evaluations - self.search.record.evaluations) // 2)
                minimize_spsa(self, self.start, steps=steps, first_move=step, seed=self.rng, path=self.path)
            else:
                minimize_scipy(self, self.start, optimizer, step)
        except _StageOverError:
            pass
        if not self.values:
            return float("inf"), 0.0
        last, errors = self.values[-self.window :], self.errors[-self.window :]
        return float(np.mean(last)), float(np.sqrt(np.square(errors).sum())) / len(errors)


def _compare(search: AngleSearch, point: Floats, stage: _Stage, rng: np.random.Generator) -> None:
    """Measure the start and the result afresh with the last stage's shots, and keep the better one."""
    record = search.record
    alone = np.array_equal(point, search.start) or search.max_evaluations - record.evaluations < 2
    candidates = [search.start] if alone else [search.start, point]
    # A stage that could afford nothing leaves what is there for the comparison.
    shots = max(2, min(stage.shots, (stage.max_shots - record.shots) // len(candidates)))
    try:
        found = [search.measure(place, shots, _seed(rng), told=False) for place in candidates]
    except KeyboardInterrupt:
        # Unverified then: what the last stage saw is all there is.
        record.stopped = "interrupted"
        record.gammas, record.betas = search.angles(point)
        record.value = min(stage.values, default=record.value)
        return
    best = min(range(len(found)), key=lambda k: found[k].value)
    record.gammas, record.betas = search.angles(candidates[best])
    record.value, record.standard_error = found[best].value, found[best].standard_error
    record.start_value = found[0].value


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
