"""Cosines and sines of half the angles of a table, eight rows at a time.

Gates on eight rows of a few qubits take less time than the cosines of their angles taken one by one.
"""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from . import vector_lanes
from .compiled import compile_kernel
from .vector_lanes import load, splat, store

__all__ = ["HalfAngles"]

# pi in three parts, of which the first two have 33 bits: their products with integers below 2**20 are exact
# (W. J. Cody, W. Waite, "Software Manual for the Elementary Functions", 1980).
_PI_1, _PI_2, _PI_3 = 3.14159265346825122833, 1.21542010126079319532e-10, 4.04453249759190126308e-21
_LARGEST = 2.0**20
# Adding and subtracting it rounds to an integer.
_ROUND = 1.5 * 2.0**52
# Taylor's series: the first terms left out are below 2e-17 and 2e-18 for arguments up to pi / 2.
_COSINE = tuple((-1.0) ** k / factorial(2 * k) for k in range(10, -1, -1))
_SINE = tuple((-1.0) ** k / factorial(2 * k + 1) for k in range(10, -1, -1))


def _waves(table: Any, cosines: Any, sines: Any) -> bool:
    """Write all cosines and sines; whether no angle was too large."""
    n_rows, n_slots = table.shape
    fine = True
    for unit in range((n_rows + 7) // 8):
        start = 8 * unit * n_slots
        for lane in range(8):
            row = 8 * unit + lane
            for slot in range(n_slots):
                half = 0.5 * table[row, slot] if row < n_rows else 0.0
                fine = fine and abs(half) < _LARGEST
                cosines[start + 8 * slot + lane] = half
        for p in range(start, start + 8 * n_slots, 8):
            x = load(cosines, p)
            turns = x * splat(1 / np.pi) + splat(_ROUND) - splat(_ROUND)
            rest = x - turns * splat(_PI_1)
            rest = rest - turns * splat(_PI_2)
            rest = rest - turns * splat(_PI_3)
            odd = turns - splat(2.0) * (turns * splat(0.5) + splat(_ROUND) - splat(_ROUND))
            sign = splat(1.0) - splat(2.0) * odd * odd
            square = rest * rest
            cosine = splat(_COSINE[0])
            sine = splat(_SINE[0])
            for k in range(1, 11):
                cosine = cosine * square + splat(_COSINE[k])
                sine = sine * square + splat(_SINE[k])
            store(cosines, p, sign * cosine)
            store(sines, p, sign * rest * sine)
    return fine


# The table may be marked read-only or not.
_TABLE = types.Array(types.float64, 2, "C", readonly=True)
waves = compile_kernel(
    _waves,
    signature=types.boolean(_TABLE, types.float64[::1], types.float64[::1]),
    uses=(vector_lanes,),
)


class HalfAngles:
    """Cosines and sines of half the angles, in the order in which sweeps need them.

    Args:
        table: angles in radians, shape (B, S).

    Attributes:
        cosines: flat; that of row b and slot s stands at ``((b // 8) * S + s) * 8 + b % 8``. Rows that fill
            up the last eight have angle 0.
        sines: likewise.
        n_slots: S.

    Example:
        >>> HalfAngles(np.array([[np.pi]])).sines.round(15).tolist()
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, table: NDArray[np.float64]) -> None:
        n_rows, n_slots = table.shape
        self.n_rows, self.n_slots = n_rows, n_slots
        shape = (-(-n_rows // 8), n_slots, 8)
        self.cosines, self.sines = np.empty((2, shape[0] * n_slots * 8))
        if not waves(np.ascontiguousarray(table), self.cosines, self.sines):
            halves = np.zeros((8 * shape[0], n_slots))
            halves[:n_rows] = table / 2
            turned = np.ascontiguousarray(halves.reshape(-1, 8, n_slots).swapaxes(1, 2)).reshape(-1)
            np.cos(turned, out=self.cosines)
            np.sin(turned, out=self.sines)

    def to_rows(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers in the order of the cosines, as a table.

        Args:
            values: one per cosine.

        Returns:
            Shape (B, S).
        """
        n_units = -(-self.n_rows // 8)
        by_lane = values.reshape(n_units, self.n_slots, 8).swapaxes(1, 2)
        return by_lane.reshape(8 * n_units, self.n_slots)[: self.n_rows]
