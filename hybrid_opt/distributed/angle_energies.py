"""Energies of a QAOA engine at many sets of angles, as a function of rows.

Shapes: B sets of angles, p layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import OptionError

__all__ = ["AngleEnergies"]


class AngleEnergies:
    """Mean energies of a QAOA at rows of angles, for `map_batches`.

    Args:
        engine: ``DiagonalQAOA``, ``SubspaceQAOA`` or another engine; it is sent to the workers once.

    Raises:
        OptionError: it has no ``value`` of angles.

    Example:
        >>> from hybrid_opt.circuits import DiagonalQAOA
        >>> energies = AngleEnergies(DiagonalQAOA([0.0, 1.0]))
        >>> energies([[0.0, 0.0], [np.pi / 2, -np.pi / 4]]).round(6).tolist()
        [0.5, 0.0]
    """

    def __init__(self, engine: Any) -> None:
        if not callable(getattr(engine, "value", None)):
            raise OptionError(f"engine is {engine!r}; give a QAOA engine, e.g. circuits.DiagonalQAOA(model)")
        self.engine = engine

    def __call__(self, rows: ArrayLike) -> NDArray[np.float64]:
        """The energies.

        Args:
            rows: cost angles, then mixer angles, shape (B, 2 p).

        Returns:
            Shape (B,).

        Raises:
            OptionError: rows of an odd width.
            CircuitError: illegal angles.
        """
        angles = np.asarray(rows, dtype=np.float64)
        if angles.ndim != 2 or angles.shape[1] % 2:
            raise OptionError(
                f"rows has shape {angles.shape}; it must be (B, 2 p): p cost angles, then p mixer angles"
            )
        gammas, betas = np.split(angles, 2, axis=1)
        many = getattr(self.engine, "values", None)
        if many is not None:
            return np.asarray(many(gammas, betas))
        return np.array([self.engine.value(gamma, beta) for gamma, beta in zip(gammas, betas)])
