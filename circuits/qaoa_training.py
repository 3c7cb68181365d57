"""Train the angles of a QAOA engine: exact gradients where it has them, few and small steps with shots.

The start counts: it should come from `initial_angles`, and it is never lost. T. Hao et al., "End-to-end
protocol for high-quality QAOA parameters with few shots", arXiv 2408.00557, find that from rescaled published
angles, optimizers with a linear model (COBYLA) and a small first step do best below some 10,000 shots.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angles, read_layers
from .angle_ramps import linear_ramp
from .angle_search import AngleSearch
from .arguments import real_number, whole_number
from .errors import CircuitError
from .noisy_search import search_with_shots
from .objectives import EXPECTATION, Objective, read_objective
from .trained_angles import TrainedAngles

__all__ = ["OPTIMIZERS", "train_angles", "train_ramp"]

# On eight random weighted models of 9 qubits, with 100 or 1,000 shots and 1 or 4 layers, COBYLA kept 0.1 to
# 0.7 of the gain of exact training with a first step of 0.1, and 0.5 to 0.9 with 0.3; SPSA the reverse.
FIRST_STEP = 0.1
FIRST_NOISY_STEP = 0.3
OPTIMIZERS = ("L-BFGS-B", "COBYLA", "Nelder-Mead", "Powell", "SPSA")

Callback = Callable[[TrainedAngles], Any]
Energies = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def train_angles(
    engine: Any,
    gammas: ArrayLike,
    betas: ArrayLike,
    *,
    objective: Objective = EXPECTATION,
    optimizer: str | None = None,
    max_evaluations: int = 200,
    first_step: float | None = None,
    shots: int | None = None,
    max_shots: int | None = None,
    shot_growth: float = 2.0,
    energies: Energies | None = None,
    seed: int | None = None,
    callback: Callback | None = None,
) -> TrainedAngles:
    """Minimize an objective over all 2p angles, or over as many more as a multi-angle engine has.

    Gammas scale with one over the model's numbers and betas do not, so both are measured in units of their
    largest start value; steps mean the same for both.

    Exact (``shots=None``): the optimizer runs until it converges or the budget is spent. With shots: it runs
    in stages. A stage ends when the mean of the last values improves on the mean of as many before by less
    than the standard error of that difference; the next one starts at its result, with ``shot_growth`` times
    the shots and half the step. Two stages in a row without an improvement above the standard error end the
    training. At the end, start and result are measured afresh with equal shots, and the better one is
    returned: the lowest of many noisy values is no estimate of anything.

    Args:
        engine: has ``value(gammas, betas)``; for exact gradients ``value_and_grad``; for shots ``sample``;
            for an objective other than the expectation these take it as third argument.
        gammas: start, shape (p,), or (p, K) for an engine with an angle for every term.
        betas: start, shape (p,), or (p, N) for an engine with an angle for every qubit.
        objective: see `objectives`.
        optimizer: "L-BFGS-B" (exact gradients where the engine has them, else differences), "COBYLA",
            "Nelder-Mead", "Powell", or "SPSA"; None for L-BFGS-B if exact and the engine has gradients, else
            COBYLA.
        max_evaluations: effort at most, in expectations, see `TrainedAngles`; the comparison at the end of a
            training with shots included.
        first_step: size of the first step in the units above; None for 0.1, or with shots 0.3 (not SPSA):
            the difference that a step makes must stand out from the noise. Halved from stage to stage.
        shots: measurements per value in the first stage, or None for exact values.
        max_shots: measurements in all; None for ``shots * max_evaluations``.
        shot_growth: factor from stage to stage, at least 1.
        energies: from measured bits (S, N) to energies (S,), for engines without a table of energies.
        seed: of directions and measurements.
        callback: called with the record after every value; a true result ends the training.

    Returns:
        The best angles and what they took. Ctrl-C ends the training and keeps what was found.

    Raises:
        CircuitError: illegal angles, numbers or optimizer, or an engine that cannot do what is asked.

    Example:
        >>> import dimod
        >>> from .closed_form import ClosedFormQAOA
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> found = train_angles(ClosedFormQAOA(edge), [0.5], [-0.3])
        >>> round(found.value, 6), found.stopped
        (-1.0, 'converged')
    """
    rows = read_angles(gammas, betas) if np.ndim(gammas) < 2 else read_layers(gammas, betas)
    start = np.concatenate([row.ravel() for row in rows])
    scale = np.concatenate([np.full(row.size, np.abs(row).max(initial=0.0) or 1.0) for row in rows])
    shapes = (rows[0].shape, rows[1].shape)
    search = _search(
        engine, scale, start / scale, shapes, objective, energies, max_evaluations, callback
    )
    return _run(search, optimizer, first_step, shots, max_shots, shot_growth, seed)


def train_ramp(
    engine: Any,
    depth: int,
    delta_gamma: float,
    delta_beta: float,
    *,
    objective: Objective = EXPECTATION,
    optimizer: str | None = None,
    max_evaluations: int = 60,
    first_step: float | None = None,
    shots: int | None = None,
    max_shots: int | None = None,
    shot_growth: float = 2.0,
    energies: Energies | None = None,
    seed: int | None = None,
    callback: Callback | None = None,
) -> TrainedAngles:
    """Minimize an objective over the two slopes of `linear_ramp`, whatever the depth.

    Args:
        engine: see `train_angles`.
        depth: number of layers p.
        delta_gamma: start of the last gamma, not 0; for instance 0.6 divided by the model's `cost_scale`.
        delta_beta: start of the size of the first beta, not 0.
        objective: see `train_angles`; the options that follow as there.
        optimizer: see `train_angles`.
        max_evaluations: see `train_angles`.
        first_step: in units of the start values.
        shots: see `train_angles`.
        max_shots: see `train_angles`.
        shot_growth: see `train_angles`.
        energies: see `train_angles`.
        seed: see `train_angles`.
        callback: see `train_angles`.

    Returns:
        The best angles, all p of each, and what they took.

    Raises:
        CircuitError: as `train_angles`, or a slope of 0.

    Example:
        >>> import dimod
        >>> from .closed_form import ClosedFormQAOA
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> round(train_ramp(ClosedFormQAOA(edge), 1, 0.6, 0.6).value, 6)
        -1.0
    """
    first, second = linear_ramp(depth, delta_gamma, delta_beta)
    if not delta_gamma or not delta_beta:
        raise CircuitError("delta_gamma and delta_beta must differ from 0; they set the size of a step")
    matrix = np.zeros((2 * len(first), 2))
    matrix[: len(first), 0], matrix[len(first) :, 1] = first, second
    shapes = (first.shape, second.shape)
    search = _search(engine, matrix, np.ones(2), shapes, objective, energies, max_evaluations, callback)
    return _run(search, optimizer, first_step, shots, max_shots, shot_growth, seed)


def _search(
    engine: Any,
    mapping: NDArray[np.float64],
    start: NDArray[np.float64],
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    objective: Objective,
    energies: Energies | None,
    max_evaluations: int,
    callback: Callback | None,
) -> AngleSearch:
    if not hasattr(engine, "value"):
        raise CircuitError(f"engine is {engine!r}; it must be a QAOA engine, such as DiagonalQAOA(model)")
    if not (callback is None or callable(callback)):
        raise CircuitError(f"callback is {callback!r}; it must be a function of the record, or None")
    budget = whole_number("max_evaluations", max_evaluations, 1)
    goal = read_objective(objective)
    return AngleSearch(engine, mapping, start, shapes, goal, energies, budget, callback)


def _run(
    search: AngleSearch,
    optimizer: str | None,
    first_step: float | None,
    shots: int | None,
    max_shots: int | None,
    shot_growth: float,
    seed: int | None,
) -> TrainedAngles:
    if optimizer is None:
        optimizer = "L-BFGS-B" if shots is None and search.has_gradients else "COBYLA"
    if optimizer not in OPTIMIZERS:
        names = ", ".join(map(repr, OPTIMIZERS))
        raise CircuitError(f"optimizer is {optimizer!r}; it must be one of {names}, or None")
    if first_step is None:
        first_step = FIRST_STEP if shots is None or optimizer == "SPSA" else FIRST_NOISY_STEP
    first_step = real_number("first_step", first_step, 0, above=True)
    if seed is not None:
        whole_number("seed", seed, 0)
    if shots is None:
        return search.run_exact(optimizer, first_step, seed)
    shots = whole_number("shots", shots, 2)
    if optimizer == "L-BFGS-B":
        raise CircuitError("L-BFGS-B cannot work on measured values; take COBYLA or SPSA, or shots=None")
    shot_growth = real_number("shot_growth", shot_growth, 1)
    total = (
        shots * search.max_evaluations if max_shots is None else whole_number("max_shots", max_shots, shots)
    )
    return search_with_shots(search, optimizer, first_step, shots, total, shot_growth, seed)
