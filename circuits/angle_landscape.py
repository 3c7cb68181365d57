"""The energy of one layer of QAOA over both of its angles: what an optimizer has to walk on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import to_floats, whole_number
from .errors import CircuitError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Landscape", "landscape"]


@dataclass(frozen=True, eq=False)
class Landscape:
    """Mean energies on a grid of angles.

    Attributes:
        gammas: cost angles, shape (G,).
        betas: mixer angles, shape (H,).
        values: mean energy at each pair, shape (G, H).
        simulator: name of the engine.
    """

    gammas: NDArray[np.float64]
    betas: NDArray[np.float64]
    values: NDArray[np.float64]
    simulator: str

    def best(self) -> tuple[float, float, float]:
        """The lowest point of the grid.

        Returns:
            gamma, beta and the mean energy there.
        """
        row, column = np.unravel_index(int(self.values.argmin()), self.values.shape)
        return float(self.gammas[row]), float(self.betas[column]), float(self.values[row, column])

    def plot(self, marks: dict[str, tuple[float, float]] | None = None) -> Figure:
        """Draw the energies as colors.

        Args:
            marks: points to mark, name -> (gamma, beta), such as the angles of a rule.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 4.6), layout="constrained")
        axes = figure.subplots()
        colors = axes.pcolormesh(self.gammas, self.betas, self.values.T, shading="nearest", cmap="viridis")
        figure.colorbar(colors, ax=axes, label="mean energy")
        gamma, beta, _ = self.best()
        white: dict[str, Any] = {"color": "white", "markersize": 9, "markeredgewidth": 2}
        axes.plot(gamma, beta, "x", label="lowest of the grid", **white)
        for (name, point), marker in zip((marks or {}).items(), "os^Dv*"):
            axes.plot(*point, marker, color="#ff7043", markeredgecolor="white", markersize=8, label=name)
        axes.set_xlabel("gamma")
        axes.set_ylabel("beta")
        axes.set_title(f"one layer, {self.simulator}")
        figure.legend(loc="outside lower center", ncols=4, facecolor="#b0bec5")
        return figure


def landscape(
    engine: Any, gammas: ArrayLike | None = None, betas: ArrayLike | None = None, *, points: int = 41
) -> Landscape:
    """Mean energies of one layer over a grid of angles.

    Args:
        engine: a QAOA engine with ``values``.
        gammas: cost angles, shape (G,); None for ``points`` from -2 / s to 2 / s, s being the standard
            deviation of the energies over all states divided by the square root of half the number of qubits,
            so that the structure near zero is seen whatever the model's unit.
        betas: mixer angles, shape (H,); None for ``points`` from -pi / 2 to pi / 2.
        points: of each grid that is not given, at least 2.

    Returns:
        The grid and its energies; ``plot()`` draws them.

    Raises:
        CircuitError: angles that are no list of finite numbers, an illegal number of points.

    Example:
        >>> from .diagonal_qaoa import DiagonalQAOA
        >>> found = landscape(DiagonalQAOA([1.0, -1.0, -1.0, 1.0]), [0.0, np.pi / 4], [-np.pi / 8, np.pi / 8])
        >>> (found.values.round(6) + 0.0).tolist()
        [[0.0, 0.0], [-1.0, 1.0]]
    """
    number = whole_number("points", points, 2)
    if gammas is None:
        spread = float(np.std(engine.energies)) / np.sqrt(max(1.0, engine.n_qubits / 2))
        gammas = np.linspace(-2, 2, number) / (spread or 1.0)
    if betas is None:
        betas = np.linspace(-np.pi / 2, np.pi / 2, number)
    rows, columns = _grid("gammas", gammas), _grid("betas", betas)
    pairs = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    values = engine.values(pairs[:, :1], pairs[:, 1:]).reshape(len(rows), len(columns))
    return Landscape(rows, columns, values, str(engine.simulator))


def _grid(name: str, angles: Any) -> NDArray[np.float64]:
    grid: NDArray[np.float64] = to_floats(angles, None, name)
    if grid.ndim != 1 or grid.size == 0 or not np.isfinite(grid).all():
        raise CircuitError(f"{name} must be a list of finite angles; its shape is {grid.shape}")
    return grid
