"""How a published table of QAOA angles is kept, and the one function that brings it to this package's form.

A table stays in the convention of its source: whether its cost was maximized, and how large that cost was.
The form every rule of this package works in is: cost **minimized**, scale 1 (see `cost_scale`), with
exp(-i gamma C) and exp(-i beta sum X).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .angle_interpolation import stretch_angles
from .arguments import whole_number

__all__ = ["AngleTable", "angles_for_minimization", "unit_schedule"]


@dataclass(frozen=True)
class AngleTable:
    """Angles as published, with their convention.

    Attributes:
        source: where the numbers are from.
        sense: what its authors did with their cost, "maximize" or "minimize".
        scale: of their cost: the root mean square of (h_i**2 + sum_j J_ij**2) over qubits, for the cost
            sum h_i Z_i + sum J_ij Z_i Z_j that their gamma multiplies.
        schedules: depth p: (p gammas, p betas).

    Example:
        >>> table = AngleTable("a paper", "maximize", 2.0, {1: ((0.25,), (0.4,))})
        >>> unit_schedule(table, 1)
        (array([0.5]), array([-0.4]))
    """

    source: str
    sense: Literal["maximize", "minimize"]
    scale: float
    schedules: Mapping[int, tuple[tuple[float, ...], tuple[float, ...]]]


def angles_for_minimization(
    gammas: NDArray[np.float64], betas: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn angles for a maximized cost C into angles that minimize the same C: beta -> -beta.

    Complex conjugation of every layer maps (gamma, beta) to (-gamma, -beta) with equal probabilities, and
    replacing C by -C maps gamma to -gamma; together they leave a change of sign in beta alone.

    Args:
        gammas: shape (p,).
        betas: shape (p,).

    Returns:
        (gammas, -betas), new arrays.

    Example:
        >>> angles_for_minimization(np.array([0.5]), np.array([0.25]))
        (array([0.5]), array([-0.25]))
    """
    return np.array(gammas, dtype=np.float64), -np.asarray(betas, dtype=np.float64)


def unit_schedule(table: AngleTable, depth: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A table's angles for a minimized cost of scale 1.

    A depth that the table lacks is stretched from the next deeper schedule it has, or from its deepest, see
    `stretch_angles`; that is a starting point, not a published optimum.

    Args:
        table: the angles as published.
        depth: number of layers p, at least 1.

    Returns:
        (gammas, betas), each of shape (depth,).

    Raises:
        CircuitError: the depth is no positive integer.

    Example:
        >>> table = AngleTable("a paper", "minimize", 1.0, {2: ((0.2, 0.4), (-0.4, -0.2))})
        >>> unit_schedule(table, 3)[0].round(6).tolist()
        [0.2, 0.3, 0.4]
    """
    depth = whole_number("depth", depth, 1)
    known = min((p for p in table.schedules if p >= depth), default=max(table.schedules))
    gammas, betas = (np.array(row) for row in table.schedules[known])
    if known != depth:
        gammas, betas = stretch_angles(gammas, betas, depth)
    if table.sense == "maximize":
        gammas, betas = angles_for_minimization(gammas, betas)
    return gammas * table.scale, betas
