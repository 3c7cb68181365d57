"""A quadratic function of one-hot groups: what a surrogate draws, and what a QUBO solver minimizes.

The value of a point is ``offset + linear . x + x . couplings . x / 2`` with x the 0/1 columns of its levels.
Couplings stand between columns of different parameters only: within a group exactly one column is 1.

Shapes: C columns, N parameters, S points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..qubo import LevelModel
from .level_space import LevelSpace

__all__ = ["QuadraticSurrogate"]


@dataclass(frozen=True, eq=False)
class QuadraticSurrogate:
    """Costs of levels and of pairs of levels.

    Attributes:
        space: the grid.
        linear: cost of each level, shape (C,).
        couplings: cost of each pair of levels of different parameters, symmetric, zero within a parameter,
            shape (C, C).
        offset: constant cost.
    """

    space: LevelSpace
    linear: NDArray[np.float64]
    couplings: NDArray[np.float64]
    offset: float = 0.0

    def energies(self, states: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values of points of the grid: (S, N) levels to (S,)."""
        x = self.space.one_hot(states)
        return np.asarray(self.offset + x @ self.linear + 0.5 * ((x @ self.couplings) * x).sum(axis=1))

    def to_model(self) -> LevelModel:
        """The same function as a model that ``hybrid_opt.solve`` takes; its groups stay whole.

        Returns:
            A model with one variable per parameter, its label the parameter's name.
        """
        model = LevelModel()
        model.offset = float(self.offset)
        names: list[Any] = [parameter.name for parameter in self.space.parameters]
        blocks = [slice(a, b) for a, b in zip(self.space.starts.tolist(), self.space.starts[1:].tolist())]
        for name, block in zip(names, blocks):
            model.add_variable(name, self.linear[block])
        for i, first in enumerate(blocks):
            for j in range(i + 1, len(blocks)):
                table = self.couplings[first, blocks[j]]
                if table.any():
                    model.add_pair(names[i], names[j], table=table)
        return model
