"""Angles of one depth from those of another, by linear interpolation over the layers.

INTERP: L. Zhou, S.-T. Wang, S. Choi, H. Pichler, M. D. Lukin, "Quantum approximate optimization algorithm:
performance, mechanism, and implementation on near-term devices", Physical Review X 10, 021067 (2020), arXiv
1812.01041, appendix B. With theta_0 = theta_(p+1) = 0 the step from p to p + 1 layers is

    theta'_i = (i - 1) / p * theta_(i-1) + (p - i + 1) / p * theta_i,    i = 1 .. p + 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .angle_arguments import read_angles
from .arguments import whole_number
from .errors import CircuitError

__all__ = ["interpolate_angles", "stretch_angles"]


def interpolate_angles(
    gammas: ArrayLike, betas: ArrayLike, depth: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """INTERP: a start for a deeper circuit from good angles of a shallower one, one layer at a time.

    Args:
        gammas: cost angles, shape (p,).
        betas: mixer angles, shape (p,).
        depth: layers wanted, at least p.

    Returns:
        (gammas, betas), each of shape (depth,); the formula at the head of this module, depth - p times.

    Raises:
        CircuitError: illegal angles, or a depth below their number.

    Example:
        >>> gammas, betas = interpolate_angles([0.2, 0.4], [-0.4, -0.2], 3)
        >>> gammas.round(6).tolist(), betas.round(6).tolist()
        ([0.2, 0.3, 0.4], [-0.4, -0.3, -0.2])
    """
    rows = np.stack(read_angles(gammas, betas))
    if whole_number("depth", depth, 1) < rows.shape[1]:
        raise CircuitError(
            f"depth is {depth}, but {rows.shape[1]} angles of each kind were given; interpolation goes to "
            "deeper circuits only, stretch_angles in both directions"
        )
    for p in range(rows.shape[1], int(depth)):
        padded = np.pad(rows, ((0, 0), (1, 1)))
        share = np.arange(p + 1) / p
        rows = share * padded[:, :-1] + (1 - share) * padded[:, 1:]
    return rows[0], rows[1]


def stretch_angles(
    gammas: ArrayLike, betas: ArrayLike, depth: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read angles as curves over the layers, first to last, and take the depth wanted from them.

    Args:
        gammas: cost angles, shape (p,).
        betas: mixer angles, shape (p,).
        depth: layers wanted, more or fewer.

    Returns:
        (gammas, betas), each of shape (depth,). The first and the last angle stay; for a single layer, the
        middle of the curve.

    Raises:
        CircuitError: illegal angles or depth.

    Example:
        >>> stretch_angles([0.2, 0.4], [-0.4, -0.2], 1)[0].round(6).tolist()
        [0.3]
    """
    rows = read_angles(gammas, betas)
    depth = whole_number("depth", depth, 1)
    known = np.linspace(0, 1, len(rows[0]))
    wanted = np.linspace(0, 1, depth) if depth > 1 else np.array([0.5])
    return np.interp(wanted, known, rows[0]), np.interp(wanted, known, rows[1])
