"""The best angles of one-layer QAOA, from closed forms: any number of qubits, no circuit, no start needed."""

from __future__ import annotations

from dataclasses import dataclass

import dimod
import numpy as np
from numpy.typing import NDArray

from .arguments import whole_number
from .closed_form import ClosedFormQAOA

__all__ = ["DepthOneAngles", "best_depth_one_angles"]


@dataclass(frozen=True)
class DepthOneAngles:
    """Angles found by `best_depth_one_angles`.

    Attributes:
        gammas: shape (1,).
        betas: shape (1,).
        value: exact expectation there.
        evaluations: expectations (with gradients) computed.
    """

    gammas: NDArray[np.float64]
    betas: NDArray[np.float64]
    value: float
    evaluations: int


def best_depth_one_angles(
    model: dimod.BinaryQuadraticModel, *, points: int = 120, refine: int = 3, threads: int | None = None
) -> DepthOneAngles:
    """Search gamma on a grid with the best beta at each point, then refine the best cells.

    Changing the sign of both angles changes nothing, so gamma > 0 suffices. The grid is geometric, from a
    tenth of 1 / s_max to three times 1 / s_min, s_i = sqrt(h_i**2 + sum_j J_ij**2) being the strength at
    qubit i: where weights differ by orders of magnitude the optimum may lie anywhere between. It is the
    best of a search, not a proven optimum; with equal weights the landscape repeats beyond, and has no lower
    values there.

    Args:
        model: BINARY or SPIN model.
        points: of the grid per factor of 30 in gamma, at least 2.
        refine: cells around the best grid points to refine.
        threads: see `ClosedFormQAOA`.

    Returns:
        The best angles met, gammas[0] > 0; gamma = 0 for a constant cost.

    Raises:
        CircuitError: the model cannot be used, or illegal numbers.

    Example:
        >>> import networkx as nx
        >>> edges = {edge: 1.0 for edge in nx.petersen_graph().edges}
        >>> found = best_depth_one_angles(dimod.BinaryQuadraticModel({}, edges, 0.0, "SPIN"))
        >>> round((15 - found.value) / 30, 5), round(float(found.betas[0] / np.pi), 5)
        (0.69245, -0.125)
    """
    from scipy.optimize import minimize_scalar

    whole_number("points", points, 2)
    whole_number("refine", refine, 0)
    qaoa = ClosedFormQAOA(model, threads=threads)
    strengths = qaoa.strengths
    strengths = strengths[strengths > 0]
    if not len(strengths):
        return DepthOneAngles(np.zeros(1), np.zeros(1), qaoa.value([0.0], [0.0]), 1)
    lowest, highest = 0.1 / float(strengths.max()), 3 / float(strengths.min())
    number = 1 + round(points * max(1.0, np.log(highest / lowest) / np.log(30)))
    grid = np.geomspace(lowest, highest, number)
    evaluations = 0

    def least(gamma: float) -> float:
        nonlocal evaluations
        evaluations += 1
        return qaoa.best_beta(gamma)[1]

    values = np.array([least(float(gamma)) for gamma in grid])
    # Minima of the grid: the lowest ones, and the first, which the landscape of equal weights repeats.
    padded = np.concatenate([[np.inf], values, [np.inf]])
    minima = np.flatnonzero((values <= padded[:-2]) & (values <= padded[2:]))
    chosen = set(minima[np.argsort(values[minima], kind="stable")][:refine].tolist()) | {int(minima[0])}
    candidates = [(float(values.min()), float(grid[values.argmin()]))]
    for k in chosen if refine else ():
        bounds = grid[max(k - 1, 0)], grid[min(k + 1, number - 1)]
        found = minimize_scalar(least, bounds=bounds, method="bounded", options={"xatol": 1e-8 * bounds[1]})
        candidates.append((float(found.fun), float(found.x)))
    # Equal up to rounding: the smallest gamma, which noise and rounding hurt least.
    lowest_value = min(candidates)[0]
    same = 1e-9 * (float(values.max()) - lowest_value)
    best = min(gamma for value, gamma in candidates if value <= lowest_value + same)
    beta, value = qaoa.best_beta(best)
    return DepthOneAngles(np.array([best]), np.array([beta]), value, evaluations + 1)
