"""Climb the depths: train a shallow circuit, interpolate its angles, train the next.

The strategy INTERP of L. Zhou et al., Physical Review X 10, 021067 (2020), arXiv 1812.01041; see
`angle_interpolation`.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from .angle_arguments import read_angles
from .angle_interpolation import interpolate_angles
from .arguments import whole_number
from .errors import CircuitError
from .qaoa_training import train_angles
from .trained_angles import TrainedAngles

__all__ = ["train_depths"]


def train_depths(
    engine: Any, gammas: ArrayLike, betas: ArrayLike, depth: int, *, seed: int | None = None, **options: Any
) -> list[TrainedAngles]:
    """Train the given angles, then every deeper circuit from the interpolated result of the one before.

    Args:
        engine: see `qaoa_training.train_angles`; it takes any depth.
        gammas: start of the shallowest circuit, shape (p,).
        betas: likewise.
        depth: of the deepest circuit, at least p.
        seed: of the shallowest; each further one counts on by 1.
        options: of `train_angles`, the same at every depth; ``max_evaluations`` is for one depth.

    Returns:
        One record per depth p, p + 1, ..., depth. The effort of a result is that of its record and of all
        before it. A training that was interrupted or ended by the callback is the last.

    Raises:
        CircuitError: as `train_angles`, or a depth below the number of angles given.

    Example:
        >>> import dimod
        >>> from .closed_form import ClosedFormQAOA
        >>> edge = dimod.BinaryQuadraticModel({}, {("a", "b"): 1.0}, 0.0, "SPIN")
        >>> records = train_depths(ClosedFormQAOA(edge), [0.5], [-0.3], 1)
        >>> [round(record.value, 6) for record in records]
        [-1.0]
    """
    rows = read_angles(gammas, betas)
    if whole_number("depth", depth, 1) < len(rows[0]):
        raise CircuitError(f"depth is {depth}, but the start has {len(rows[0])} layers already")
    records: list[TrainedAngles] = []
    for p in range(len(rows[0]), int(depth) + 1):
        rows = interpolate_angles(*rows, p)
        record = train_angles(engine, *rows, seed=None if seed is None else seed + len(records), **options)
        records.append(record)
        if record.stopped in ("interrupted", "callback"):
            break
        rows = record.gammas, record.betas
    return records
