"""Which axes of a state are treated together in one pass over it, and how a pass is told to the kernels.

A panel of the kernels (`panel_sweep`) has the rows of some neighboring axes and eight columns. Columns are
what follows in memory, or for the last axes of a state, which nothing follows, eight blocks of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .subspace_mixers import MatrixAxis, RankOneAxis

__all__ = ["Encoded", "Pass", "encode_axes", "plan_passes"]

Encoded: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Axes, one per row (levels, rows between two levels, offset, whether a matrix), and their numbers."""

# Rows of a panel: 128 bytes each, so that a panel stays in a core's second cache.
_MOST_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Pass:
    """One pass.

    Attributes:
        members: numbers of its axes.
        axes: as in `Encoded`, offsets and kinds still missing.
        geometry: rows, distance of rows, distance of lanes, number of lanes in all, distance of blocks.
        n_panels: number of panels.
    """

    members: tuple[int, ...]
    axes: NDArray[np.int64]
    geometry: tuple[int, int, int, int, int]
    n_panels: int

    @property
    def cost(self) -> int:
        """Operations on vectors of eight numbers per panel, roughly."""
        return self.geometry[0] * (len(self.members) + 2)


def plan_passes(levels: Sequence[int], alone: Sequence[bool], dimension: int) -> list[Pass]:
    """Passes in the order of a layer, from the last axis to the first.

    Args:
        levels: of each axis.
        alone: whether an axis has a pass of its own, which is not done in panels.
        dimension: D, the product of the levels, or of any states where there are no axes.

    Returns:
        At least one pass; the first is done in panels, if need be without axes, so that a phase can be part
        of it.

    Example:
        >>> [step.members for step in plan_passes([5] * 10, [False] * 10, 5**10)]
        [(5, 6, 7, 8, 9), (0, 1, 2, 3, 4)]
    """
    # Small states: fewer rows, so that all eight lanes have columns.
    most = min(_MOST_ROWS, max(8, dimension // 16))
    passes: list[Pass] = []
    stop = len(levels)
    while stop > 0:
        start = stop - 1
        if not alone[start]:
            while start > 0 and not alone[start - 1] and prod(levels[start - 1 : stop]) <= most:
                start -= 1
        elif not passes:
            passes.append(_make(levels, stop, stop, dimension))
        passes.append(_make(levels, start, stop, dimension))
        stop = start
    return passes or [_make(levels, 0, 0, dimension)]


def _make(levels: Sequence[int], start: int, stop: int, dimension: int) -> Pass:
    rows, inner = prod(levels[start:stop]), prod(levels[stop:])
    outer = dimension // (rows * inner)
    axes = [(levels[axis], prod(levels[axis + 1 : stop]), 0, 0) for axis in range(start, stop)]
    encoded = np.array(axes, dtype=np.int64).reshape(-1, 4)
    members = tuple(range(start, stop))
    if inner > 1:
        return Pass(members, encoded, (rows, inner, 1, inner, rows * inner), outer * -(-inner // 8))
    return Pass(members, encoded, (rows, 1, rows, outer, 0), -(-outer // 8))


def encode_axes(
    step: Pass, mixers: Sequence[RankOneAxis | MatrixAxis], beta: float, *, undo: bool
) -> Encoded:
    """The axes of a pass for one angle.

    Args:
        step: the pass.
        mixers: of its axes.
        beta: angle.
        undo: whether the step is to be taken back.

    Returns:
        For a rank-one axis its coefficient, for a matrix axis the matrix and its generator.

    Example:
        >>> (step,) = plan_passes([2], [False], 2)
        >>> axes, numbers = encode_axes(step, [RankOneAxis(2)], 0.0, undo=False)
        >>> axes.tolist(), numbers.tolist()
        ([[2, 1, 0, 0]], [0.0, 0.0])
    """
    axes = step.axes.copy()
    numbers: list[NDArray[np.complex128]] = []
    offset = 0
    for row, mixer in zip(axes, mixers):
        if isinstance(mixer, RankOneAxis):
            entries = np.array([mixer.coefficient(-beta if undo else beta)])
        else:
            turn, generator = mixer.matrices(beta)
            entries = np.concatenate([(turn.conj().T if undo else turn).ravel(), generator.ravel()])
            row[3] = 1
        row[2] = offset
        numbers.append(entries)
        offset += 2 * len(entries)
    return axes, np.concatenate([np.zeros(0, dtype=np.complex128), *numbers]).view(np.float64)
