"""One minimization in progress: what was evaluated, the best point, and where an optimizer stands.

Optimizers see energies divided by the norm of the Hamiltonian's coefficients, so that steps and tolerances
mean the same for every unit of energy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .vqe_energy import EnergyFunction

__all__ = ["EnoughError", "Iteration", "Run"]


class EnoughError(Exception):
    """Evaluations or time are used up; ends an optimizer from within and never leaves `VQE`."""


@dataclass(frozen=True)
class Iteration:
    """One step of an optimizer.

    Attributes:
        evaluations: energies computed until then.
        energy: at the step's point, an estimate with shots.
        standard_error: of that estimate; 0 for exact energies.
        gradient_norm: largest entry of the gradient, in units of energy per radian; None where there is none.
    """

    evaluations: int
    energy: float
    standard_error: float
    gradient_norm: float | None


@dataclass(eq=False)
class Run:
    """Evaluates for an optimizer and remembers.

    Args:
        function: the energy.
        start: flat weights to start from, shape (P,).
        max_evaluations: energies to compute at most.
        deadline: clock (``perf_counter``) after which no energy is computed but the first; infinity for none.
        scale: unit of the energies that optimizers see.
        step_done: called after every iteration.

    Attributes:
        weights: where the optimizer stands, shape (P,).
        energies: energy of every evaluation, in order.
        iterations: the steps.
        evaluations: energies computed; a gradient comes with one.
        gradients: gradients computed.
        best_energy: lowest energy met, infinity before the first.
        best_weights: where it was met.
        state: what an optimizer needs to go on; numbers and lists only.
        converged: the optimizer's own rule ended it.
        reason: what ended it, in words.
        late: whether the deadline has passed.
        notes: sentences for the user.
    """

    function: EnergyFunction
    start: NDArray[np.float64]
    max_evaluations: int
    deadline: float
    scale: float
    step_done: Callable[[Run], None]
    weights: NDArray[np.float64] = field(init=False)
    energies: list[float] = field(default_factory=list)
    iterations: list[Iteration] = field(default_factory=list)
    evaluations: int = 0
    gradients: int = 0
    best_energy: float = float("inf")
    best_weights: NDArray[np.float64] = field(init=False)
    state: dict[str, Any] = field(default_factory=dict)
    converged: bool = False
    reason: str = ""
    late: bool = False
    notes: list[str] = field(default_factory=list)
    _last: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.weights, self.best_weights = self.start.copy(), self.start.copy()

    @property
    def exact(self) -> bool:
        """Whether energies are exact."""
        return self.function.shots is None

    def _allow(self, count: int) -> None:
        self.late = bool(self.energies) and perf_counter() >= self.deadline
        if self.late or self.evaluations + count > self.max_evaluations:
            raise EnoughError

    def _met(self, weights: NDArray[np.float64], energy: float) -> None:
        self.evaluations += 1
        self.energies.append(energy)
        if energy < self.best_energy:
            self.best_energy, self.best_weights = energy, weights.copy()

    def energy(self, weights: NDArray[np.float64]) -> tuple[float, float]:
        """Scaled energy and standard error at one point.

        Raises:
            EnoughError: no evaluation is left.
        """
        energies, errors = self.pair(weights[None])
        return float(energies[0]), float(errors[0])

    def pair(self, rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scaled energies and standard errors at some points, in one run of the simulator.

        Raises:
            EnoughError: not enough evaluations are left.
        """
        self._allow(len(rows))
        energies, errors = self.function.energies(rows)
        for row, energy in zip(rows, energies.tolist()):
            self._met(row, energy)
        return energies / self.scale, errors / self.scale

    def gradient(self, weights: NDArray[np.float64]) -> tuple[float, float, NDArray[np.float64]]:
        """Scaled energy, standard error and gradient at one point; the last one is not computed again.

        Raises:
            EnoughError: no evaluation is left.
        """
        if self._last and self.exact and np.array_equal(self._last[0], weights):
            return self._last[1], self._last[2], self._last[3].copy()
        self._allow(1)
        energy, error, gradient = self.function.energy_and_gradient(weights)
        self._met(weights, energy)
        self.gradients += 1
        self._last = (weights.copy(), energy / self.scale, error / self.scale, gradient / self.scale)
        return self._last[1], self._last[2], self._last[3].copy()

    def step(
        self, weights: NDArray[np.float64], energy: float, error: float, gradient_norm: float | None = None
    ) -> None:
        """An optimizer finished a step at ``weights``; energy, error and norm are scaled."""
        self.weights = np.array(weights, dtype=np.float64)
        norm = None if gradient_norm is None else gradient_norm * self.scale
        self.iterations.append(Iteration(self.evaluations, energy * self.scale, error * self.scale, norm))
        self.step_done(self)

    def finish(self, reason: str, *, converged: bool = True) -> None:
        """The optimizer is done."""
        self.converged, self.reason = converged, reason
