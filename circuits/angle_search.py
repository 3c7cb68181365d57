"""One run of an optimizer over angles: counting, keeping the best, stopping. `qaoa_training` is its door.

Shapes: p layers, P parameters of the search, A angles in all (2p, or one for each term and qubit of a layer).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .objectives import Expectation, Objective
from .scipy_minimizer import minimize_scipy
from .shot_estimates import Estimate, energy_lookup, estimate
from .spsa_minimizer import minimize_spsa
from .trained_angles import GRADIENT_COST, Stop, TrainedAngles

__all__ = ["AngleSearch", "StopSearchError"]

Floats = NDArray[np.float64]


class StopSearchError(Exception):
    """Ends an optimizer from within the objective; never leaves the training."""


class AngleSearch:
    """An engine, the directions in which its angles may move, and the record of what was tried.

    Args:
        engine: see `qaoa_training.train_angles`.
        mapping: angles per parameter, gammas first: a matrix of shape (A, P), or where every angle is a
            parameter their units, shape (A,).
        start: first point, shape (P,).
        shapes: of the engine's gammas and betas.
        objective: what is minimized.
        energies: of measured bits, or None for the engine's table.
        max_evaluations: effort at most, in expectations.
        callback: called with the record after every value; a true result ends the search.

    Attributes:
        record: best angles and effort so far.
    """

    def __init__(
        self,
        engine: Any,
        mapping: Floats,
        start: Floats,
        shapes: tuple[tuple[int, ...], tuple[int, ...]],
        objective: Objective,
        energies: Callable[[NDArray[np.uint8]], Floats] | None,
        max_evaluations: int,
        callback: Callable[[TrainedAngles], Any] | None,
    ) -> None:
        self._engine = engine
        self._map = mapping
        self._shapes = shapes
        self.start = start
        self._objective = objective
        self._energies = energies
        self.max_evaluations = max_evaluations
        self._callback = callback
        # An engine that knows only the expectation need not know objectives.
        self._extra = () if isinstance(objective, Expectation) else (objective,)
        self.record = TrainedAngles(*self.angles(start))

    @property
    def has_gradients(self) -> bool:
        """Whether the engine gives exact gradients."""
        return hasattr(self._engine, "value_and_grad")

    def angles(self, point: Floats) -> tuple[Floats, Floats]:
        """Gammas and betas of a point, in the engine's shapes."""
        parameters = np.asarray(point, dtype=np.float64)
        angles = self._map * parameters if self._map.ndim == 1 else self._map @ parameters
        gammas, betas = self._shapes
        n_gammas = prod(gammas)
        return angles[:n_gammas].reshape(gammas), angles[n_gammas:].reshape(betas)

    def value(self, point: Floats) -> float:
        """Exact value at a point; counted."""
        self._require(1)
        gammas, betas = self.angles(point)
        result = float(self._engine.value(gammas, betas, *self._extra))
        self._keep(result, gammas, betas, 1)
        return result

    def value_and_slope(self, point: Floats) -> tuple[float, Floats]:
        """Exact value and its derivative by the parameters, shape (P,); counted."""
        self._require(GRADIENT_COST)
        gammas, betas = self.angles(point)
        result, by_gamma, by_beta = self._engine.value_and_grad(gammas, betas, *self._extra)
        self._keep(float(result), gammas, betas, GRADIENT_COST)
        slopes: Floats = np.concatenate([by_gamma.ravel(), by_beta.ravel()])
        return float(result), self._map * slopes if self._map.ndim == 1 else self._map.T @ slopes

    def measure(self, point: Floats, shots: int, seed: int, *, told: bool = True) -> Estimate:
        """Measured value at a point; counted, but not kept as the best. ``told``: show it to the callback."""
        gammas, betas = self.angles(point)
        if self._energies is None:
            self._energies = energy_lookup(self._engine)
        found = estimate(
            self._engine, gammas, betas, shots, objective=self._objective, energies=self._energies, seed=seed
        )
        self.record.note(found.value, 1, shots)
        if told:
            self.tell()
        return found

    def tell(self) -> None:
        """Show the record to the callback, and stop if it says so."""
        if self._callback is not None and self._callback(self.record):
            self.stop("callback")

    def stop(self, reason: Stop) -> None:
        """End the optimizer that is running."""
        self.record.stopped = reason
        raise StopSearchError

    def _require(self, cost: int) -> None:
        if self.record.evaluations + cost > self.max_evaluations:
            self.stop("evaluations")

    def _keep(self, result: float, gammas: Floats, betas: Floats, cost: int) -> None:
        record = self.record
        if not np.isfinite(result):
            where = f"gammas {gammas.tolist()}, betas {betas.tolist()}"
            raise CircuitError(f"the engine's value is {result} at {where}; it must be a finite number")
        if not record.history:
            record.start_value = result
        record.note(result, cost, 0)
        if result < record.value:
            record.value, record.gammas, record.betas = result, gammas, betas
        self.tell()

    def run_exact(self, optimizer: str, first_step: float, seed: int | None) -> TrainedAngles:
        """Run an optimizer on exact values."""
        record = self.record
        exact = optimizer == "L-BFGS-B" and self.has_gradients and self.max_evaluations >= GRADIENT_COST
        try:
            if optimizer == "SPSA":
                # Its pairs lie beside the points it visits, so these are not evaluated, but for the two ends.
                self.value(self.start)
                steps = (self.max_evaluations - 2) // 2
                if steps > 0:
                    end = minimize_spsa(self.value, self.start, steps=steps, first_move=first_step, seed=seed)
                    self.value(end)
                record.stopped = "evaluations"
            else:
                function = self.value_and_slope if exact else self.value
                minimize_scipy(function, self.start, optimizer, first_step, exact)
                record.stopped = "converged"
        except StopSearchError:
            pass
        except KeyboardInterrupt:
            record.stopped = "interrupted"
        return record
