"""An objective estimated from measured bit strings, with its standard error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arguments import to_floats, whole_number
from .errors import CircuitError
from .objectives import EXPECTATION, Objective, weigh

__all__ = ["Estimate", "energy_lookup", "estimate"]


@dataclass(frozen=True)
class Estimate:
    """A value from a finite number of shots.

    Attributes:
        value: of the objective on the measured energies.
        standard_error: of the value, to first order in the shares of the energies: the standard deviation of
            the objective's weights over the shots, divided by the square root of their number. For the
            expectation this is the usual one.
        shots: number of measurements.
    """

    value: float
    standard_error: float
    shots: int


def energy_lookup(engine: Any) -> Callable[[NDArray[np.uint8]], NDArray[np.float64]]:
    """A function from measured bit strings to their energies, from an engine's own table.

    Args:
        engine: has ``energies``, one per state, and ``space`` unless its states are all 2**N bit strings.

    Returns:
        Bits of shape (S, N) to energies of shape (S,). It raises CircuitError where the engine has no such
        table, or a string lies outside its space (readout errors do that).

    Example:
        >>> class Table:
        ...     energies = np.array([0.0, 1.0, 2.0, 5.0])
        >>> energy_lookup(Table())(np.array([[1, 1], [0, 1]], dtype=np.uint8)).tolist()
        [5.0, 1.0]
    """
    # Read once: an engine that keeps its energies compressed spells them out at each request.
    table, space = getattr(engine, "energies", None), getattr(engine, "space", None)

    def lookup(bits: NDArray[np.uint8]) -> NDArray[np.float64]:
        if space is not None and table is not None:
            indices = space.indices(bits)
        elif table is not None and len(table) == 2 ** bits.shape[1]:
            indices = bits.astype(np.int64) @ (1 << np.arange(bits.shape[1] - 1, -1, -1, dtype=np.int64))
        else:
            raise CircuitError(
                f"{type(engine).__name__} has no table of energies for {bits.shape[1]} bits; give "
                "energies=, a function from bits of shape (S, N) to energies of shape (S,)"
            )
        if (indices < 0).any():
            raise CircuitError(
                "a measured bit string lies outside the engine's space; give energies=, a function of bits"
            )
        found: NDArray[np.float64] = np.asarray(table).reshape(-1)[indices].astype(np.float64)
        return found

    return lookup


def estimate(
    engine: Any,
    gammas: NDArray[np.float64],
    betas: NDArray[np.float64],
    shots: int,
    *,
    objective: Objective = EXPECTATION,
    energies: Callable[[NDArray[np.uint8]], NDArray[np.float64]] | None = None,
    seed: int | None = None,
) -> Estimate:
    """Measure an engine's circuit and estimate an objective.

    Args:
        engine: has ``sample(gammas, betas, shots, seed=None)``.
        gammas: cost angles, shape (p,).
        betas: mixer angles, shape (p,).
        shots: number of measurements S, at least 1.
        objective: of the measured energies, each with probability 1 / S.
        energies: from bits (S, N) to energies (S,); None for the engine's own table.
        seed: of the measurement.

    Returns:
        Value and standard error; the latter is infinite for a single shot.

    Raises:
        CircuitError: illegal shots or angles, or bits without an energy.

    Example:
        >>> class Coin:
        ...     energies = np.array([0.0, 1.0])
        ...     def sample(self, gammas, betas, shots, seed=None):
        ...         return np.random.default_rng(seed).integers(0, 2, (shots, 1), dtype=np.uint8)
        >>> found = estimate(Coin(), [0.1], [0.1], 10_000, seed=1)
        >>> abs(found.value - 0.5) < 0.02, round(found.standard_error, 3)
        (True, 0.005)
    """
    shots = whole_number("shots", shots, 1)
    if not hasattr(engine, "sample"):
        raise CircuitError(f"{type(engine).__name__} draws no samples; train it with shots=None")
    bits = engine.sample(gammas, betas, shots, seed=seed)
    lookup = energy_lookup(engine) if energies is None else energies
    levels = to_floats(lookup(bits), None, "energies")
    if levels.shape != (shots,) or not np.isfinite(levels).all():
        raise CircuitError(f"energies must give {shots} finite numbers; it gave an array of {levels.shape}")
    value, weights = weigh(objective, levels, np.full(shots, 1 / shots))
    error = float(np.std(weights, ddof=1) / np.sqrt(shots)) if shots > 1 else float("inf")
    return Estimate(value, error, shots)
