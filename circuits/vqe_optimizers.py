"""Optimizers of an eigensolver: L-BFGS-B and Adam with gradients; SPSA, COBYLA and Nelder-Mead without.

Energies here are in units of the norm of the Hamiltonian's coefficients.

With shots no single energy can be trusted, least of all the lowest. Adam and SPSA then stop when the mean
energy of the last steps is no longer below that of as many steps before by more than its standard error, and
answer with the mean of the last weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .random_states import generator

if TYPE_CHECKING:
    from .vqe_run import Run

__all__ = ["GRADIENT_OPTIMIZERS", "OPTIMIZERS", "Settings", "optimize", "standing"]

GRADIENT_OPTIMIZERS = ("L-BFGS-B", "Adam")
OPTIMIZERS = (*GRADIENT_OPTIMIZERS, "SPSA", "COBYLA", "Nelder-Mead")

_MEMORY = 20  # steps that L-BFGS-B remembers
_PATIENCE = 50  # steps without progress after which Adam with exact energies stops
_WINDOWS = {"Adam": 20, "SPSA": 50}  # steps whose means are compared
_FIRST_STEP = 0.3  # radians, of the optimizers without gradients
_KICK = 0.1  # standard deviation of the weights added to a stationary start, radians
# J. C. Spall, "Implementation of the simultaneous perturbation algorithm for stochastic optimization", IEEE
# Transactions on Aerospace and Electronic Systems 34 (1998) 817-823
_ALPHA, _GAMMA = 0.602, 0.101
# Measured on Ising and Heisenberg chains, H2 and QUBOs with 1,000 shots: steps twice as long ended higher.
_PERTURBATION = 0.1  # radians, of the first SPSA steps
_SPSA_STEP = 0.02  # radians that the first SPSA steps move a weight, on average
_CALIBRATIONS = 5  # pairs of energies from which SPSA learns how steep the energy is


@dataclass(frozen=True)
class Settings:
    """When to stop, and how fast to go.

    Args:
        optimizer: one of `OPTIMIZERS`.
        tolerance: energy, in units of the norm of the coefficients.
        gradient_tolerance: largest entry of the gradient, in the same units per radian.
        learning_rate: of Adam, radians.
        seed: of random directions.
    """

    optimizer: str
    tolerance: float
    gradient_tolerance: float
    learning_rate: float
    seed: int


def optimize(run: Run, settings: Settings) -> NDArray[np.float64]:
    """Minimize, from where the run stands.

    Args:
        run: evaluates and remembers; its ``converged`` and ``reason`` are set.
        settings: which optimizer, and how.

    Returns:
        The weights it answers with, flat.

    Raises:
        EnoughError: no evaluation is left.
    """
    if settings.optimizer == "L-BFGS-B":
        return _lbfgs(run, settings)
    if settings.optimizer == "Adam":
        return _adam(run, settings)
    if settings.optimizer == "SPSA":
        return _spsa(run, settings)
    return _simplex(run, settings)


def _off_stationary(run: Run, settings: Settings) -> NDArray[np.float64]:
    """Weights where there is a gradient to follow."""
    if run.iterations or not run.exact:
        return run.weights
    _, _, gradient = run.gradient(run.weights)
    if np.abs(gradient).max() > settings.gradient_tolerance:
        return run.weights
    run.notes.append("the gradient vanished at the first weights, so small random numbers were added to them")
    moved = run.weights + generator(settings.seed, "vqe kick").normal(0, _KICK, len(run.weights))
    if np.abs(run.gradient(moved)[2]).max() <= settings.gradient_tolerance:
        run.notes.append(
            "the gradient vanishes there too: this ansatz seems not to change the energy at all; take "
            "another ansatz or initial_state"
        )
    return moved


def _lbfgs(run: Run, settings: Settings) -> NDArray[np.float64]:
    from scipy.optimize import minimize

    def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        energy, _, gradient = run.gradient(np.asarray(weights, dtype=np.float64))
        return energy, gradient

    def after_step(weights: NDArray[np.float64]) -> None:
        energy, error, gradient = run.gradient(np.asarray(weights, dtype=np.float64))
        run.step(weights, energy, error, float(np.abs(gradient).max()))

    # A line search that fails, or one small step, is no proof of a minimum: the memory is dropped and the
    # method starts again where it stood, until that helps no more.
    point, before = _off_stationary(run, settings), np.inf
    while True:
        options: dict[str, Any] = {
            "maxiter": run.max_evaluations,
            "maxfun": 10 * run.max_evaluations + 100,
            "maxcor": _MEMORY,
            "ftol": settings.tolerance,
            "gtol": settings.gradient_tolerance,
        }
        settled: dict[str, Any] = {
            "jac": True, "method": "L-BFGS-B", "callback": after_step, "options": options
        }  # fmt: skip
        found: Any = minimize(objective, point, **settled)
        if np.abs(found.jac).max() <= settings.gradient_tolerance:
            run.finish("the gradient fell below gradient_tolerance")
            break
        if before - found.fun <= settings.tolerance:
            run.finish("the energy fell by no more than tolerance")
            break
        point, before = np.asarray(found.x), float(found.fun)
    return np.asarray(found.x)


def _adam(run: Run, settings: Settings) -> NDArray[np.float64]:
    """D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", arXiv 1412.6980."""
    state = run.state
    weights = _off_stationary(run, settings) if not state else run.weights
    size = len(weights)
    mean = np.array(state.get("mean", np.zeros(size)))
    square = np.array(state.get("square", np.zeros(size)))
    lowest, since = state.get("lowest", np.inf), int(state.get("since", 0))
    window = _Window("Adam", state)
    while True:
        energy, error, gradient = run.gradient(weights)
        count = len(run.iterations) + 1
        norm = float(np.abs(gradient).max())
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        move = (mean / (1 - 0.9**count)) / (np.sqrt(square / (1 - 0.999**count)) + 1e-8)
        window.add(weights, energy, error)
        here, weights = weights, weights - settings.learning_rate * move
        improved = energy < lowest - settings.tolerance
        lowest, since = min(lowest, energy), 0 if improved else since + 1
        run.state = {
            "mean": mean.tolist(), "square": square.tolist(), "lowest": float(lowest), "since": since,
            **window.state(),
        }  # fmt: skip
        run.step(weights, energy, error, norm)
        if run.exact and norm <= settings.gradient_tolerance:
            run.finish("the gradient fell below gradient_tolerance")
            return here
        if run.exact and since >= _PATIENCE:
            run.finish(f"the lowest energy fell by no more than tolerance in {_PATIENCE} steps")
            return run.best_weights
        if not run.exact and window.level(settings.tolerance):
            run.finish("the mean energy of the last steps fell by no more than its standard error")
            return window.mean_weights()


def _spsa(run: Run, settings: Settings) -> NDArray[np.float64]:
    state = run.state or _calibrated(run, settings)
    weights, window = run.weights, _Window("SPSA", state)
    while True:
        count = len(run.iterations)
        move = _PERTURBATION / (count + 1) ** _GAMMA
        signs = _signs(settings.seed, f"vqe spsa {count}", len(weights))
        energies, errors = run.pair(np.stack([weights + move * signs, weights - move * signs]))
        slope = (energies[0] - energies[1]) / (2 * move)
        length = state["gain"] / (count + 1 + state["stability"]) ** _ALPHA * slope
        # One unlucky pair must not throw the weights far away.
        length = float(np.clip(length, -5 * _SPSA_STEP, 5 * _SPSA_STEP))
        energy, error = float(energies.mean()), float(np.sqrt((errors**2).sum()) / 2)
        window.add(weights, energy, error)
        weights = weights - length * signs
        run.state = {**state, **window.state()}
        run.step(weights, energy, error)
        if window.level(settings.tolerance):
            run.finish("the mean energy of the last steps fell by no more than its standard error")
            return window.mean_weights()


def standing(run: Run) -> NDArray[np.float64]:
    """The weights that a run answers with where something else than its optimizer ended it.

    Args:
        run: the run.

    Returns:
        Of Adam with shots and of SPSA, which never evaluates where it stands, the mean of the last steps;
        else the best weights met. Flat.
    """
    window = run.state.get("window")
    if not window or (run.exact and run.gradients):
        return run.best_weights
    return np.asarray(np.mean([step[2] for step in window[len(window) // 2 :]], axis=0))


def _calibrated(run: Run, settings: Settings) -> dict[str, Any]:
    """The gain with which the first steps have the wanted length."""
    slopes = []
    for number in range(min(_CALIBRATIONS, max(1, run.max_evaluations // 10))):
        signs = _PERTURBATION * _signs(settings.seed, f"vqe calibration {number}", len(run.weights))
        energies, _ = run.pair(np.stack([run.weights + signs, run.weights - signs]))
        slopes.append(abs(energies[0] - energies[1]) / (2 * _PERTURBATION))
    stability = 0.05 * run.max_evaluations
    steep = max(float(np.mean(slopes)), 1e-6)
    return {"gain": _SPSA_STEP * (1 + stability) ** _ALPHA / steep, "stability": stability}


def _signs(seed: int, purpose: str, size: int) -> NDArray[np.float64]:
    return np.asarray(2.0 * generator(seed, purpose).integers(0, 2, size) - 1.0, dtype=np.float64)


def _simplex(run: Run, settings: Settings) -> NDArray[np.float64]:
    """COBYLA and Nelder-Mead by SciPy."""
    from scipy.optimize import minimize

    start, last = run.weights, [0.0, 0.0]

    def objective(weights: NDArray[np.float64]) -> float:
        last[:] = run.energy(np.asarray(weights, dtype=np.float64))
        return last[0]

    def after_step(weights: NDArray[np.float64]) -> None:
        run.step(run.best_weights, run.best_energy / run.scale, last[1])

    # Close to a minimum the energy is quadratic, so a length of e stands for an energy of the order e**2;
    # with shots differences below their standard error mean nothing.
    level = settings.tolerance if run.exact else max(settings.tolerance, _error_of(run, start))
    length = float(np.sqrt(level)) if run.exact else max(0.02, float(np.sqrt(level)) / 10)
    options: dict[str, Any]
    if settings.optimizer == "COBYLA":
        options = {"rhobeg": _FIRST_STEP, "tol": min(length, _FIRST_STEP / 2), "maxiter": 10**7}
    else:
        simplex = np.vstack([start, start + _FIRST_STEP * np.eye(len(start))])
        options = {
            "initial_simplex": simplex, "xatol": length, "fatol": level, "maxiter": 10**7, "maxfev": 10**7,
            "adaptive": True,
        }  # fmt: skip
    settled: dict[str, Any] = {
        "method": settings.optimizer, "callback": after_step, "options": options
    }  # fmt: skip
    minimize(objective, start, **settled)
    run.finish("the steps became as short as tolerance and standard error allow")
    return run.best_weights


def _error_of(run: Run, weights: NDArray[np.float64]) -> float:
    return run.energy(weights)[1]


class _Window:
    """The last steps of an optimizer, twice as many as are compared."""

    def __init__(self, optimizer: str, state: dict[str, Any]) -> None:
        self._size = _WINDOWS[optimizer]
        self._steps: list[list[Any]] = [list(step) for step in state.get("window", [])]

    def add(self, weights: NDArray[np.float64], energy: float, error: float) -> None:
        self._steps = [*self._steps, [energy, error, weights.tolist()]][-2 * self._size :]

    def state(self) -> dict[str, Any]:
        return {"window": self._steps}

    def level(self, tolerance: float) -> bool:
        """Whether the energy has stopped falling."""
        if len(self._steps) < 2 * self._size:
            return False
        energies = np.array([step[0] for step in self._steps]).reshape(2, -1)
        errors = np.array([step[1] for step in self._steps])
        means = energies.mean(axis=1)
        error = float(np.sqrt((errors**2).sum())) / self._size
        return bool(means[0] - means[1] <= max(error, tolerance))

    def mean_weights(self) -> NDArray[np.float64]:
        return np.asarray(np.mean([step[2] for step in self._steps[-self._size :]], axis=0))
