"""Angles on two straight lines: gamma rises, beta falls, as in a coarse quantum annealing.

J. A. Montanez-Barrera, K. Michielsen, "Toward a linear-ramp QAOA protocol: evidence of a scaling advantage in
solving some combinatorial optimization problems", npj Quantum Information 11, 131 (2025), arXiv 2405.09169:

    gamma_l = l / p * delta_gamma,    beta_l = (1 - (l - 1) / p) * delta_beta,    l = 1 .. p.

With equal deltas it is a first-order Trotterized annealing of time p * delta (S. Sack, M. Serbyn, "Quantum
annealing initialization of the quantum approximate optimization algorithm", Quantum 5, 491 (2021)) but for
its end points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arguments import whole_number
from .errors import CircuitError

__all__ = ["default_slopes", "linear_ramp"]


def default_slopes(depth: int) -> tuple[float, float]:
    """Slopes of a ramp for a cost of scale 1, if nobody tunes them.

    Fitted by eye to the slopes with the best mean energy at depths 1, 2, 3, 5, 8 and 10 over 32 models of 12
    qubits: MaxCut on 3-regular and on weighted random graphs, random models with fields, and one-hot groups
    with penalties. They saturate at 1.0 and 0.55.

    Args:
        depth: number of layers p, at least 1.

    Returns:
        (delta_gamma, delta_beta).

    Raises:
        CircuitError: the depth is no positive integer.

    Example:
        >>> default_slopes(1), default_slopes(50)
        ((0.5, 0.385), (1.0, 0.55))
    """
    depth = whole_number("depth", depth, 1)
    return round(1 - 0.5**depth, 4), round(0.55 * (1 - 0.3**depth), 4)


def linear_ramp(
    depth: int, delta_gamma: float | None = None, delta_beta: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angles of a two-parameter ramp that minimizes a cost of scale 1.

    Args:
        depth: number of layers p, at least 1.
        delta_gamma: the last gamma; None for that of `default_slopes`. Divide the gammas by the model's
            `cost_scale`, as `initial_angles` does with ``rule="ramp"``.
        delta_beta: size of the first beta, for the X mixer; None for the default. Betas are negative, because
            the cost is minimized.

    Returns:
        (gammas, betas), each of shape (depth,).

    Raises:
        CircuitError: the depth is no positive integer, or a slope is no finite number.

    Example:
        >>> gammas, betas = linear_ramp(2, 0.6, 0.4)
        >>> gammas.tolist(), betas.tolist()
        ([0.3, 0.6], [-0.4, -0.2])
    """
    depth = whole_number("depth", depth, 1)
    slopes = default_slopes(depth)
    delta_gamma = slopes[0] if delta_gamma is None else delta_gamma
    delta_beta = slopes[1] if delta_beta is None else delta_beta
    for name, value in (("delta_gamma", delta_gamma), ("delta_beta", delta_beta)):
        number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
        if not (number and np.isfinite(value)):
            raise CircuitError(f"{name} is {value!r}; it must be a finite number of radians")
    layers = np.arange(1, depth + 1)
    return layers / depth * float(delta_gamma), -(1 - (layers - 1) / depth) * float(delta_beta)
