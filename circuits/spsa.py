"""Gradients from two circuits per sample: simultaneous perturbation along random directions.

J. C. Spall, "Multivariate stochastic approximation using a simultaneous perturbation gradient approximation",
IEEE Transactions on Automatic Control 37 (1992) 332-341, with directions of +-1 (Rademacher).

The estimate is made per row of the table of angles, for its S slots; the chain rule carries it on to whatever
the angles were computed from. This stays unbiased (up to the error of the step) for the weights of a layer,
which feed the same column in every row of a batch, and for sources shared by several slots: given the table,
both are fixed linear maps of the gradient at the slots, and an expectation passes through a linear map.
Directions are independent between the rows of a batch, so that their noise averages out in the sum over the
batch; one direction for all rows would not do that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .parameter_shift import RowPlan, check_count, check_real, check_wanted

__all__ = ["SpsaPlan", "spsa_table"]


class SpsaPlan(RowPlan):
    """The rows of simultaneous perturbation and how their values combine; see `spsa_table`.

    Args:
        table: shape (B, S), checked.
        columns: numbers of the columns to differentiate, shape (W,).
        step: distance of each row from its origin in every one of these columns, radians.
        directions: of +-1, shape (B, D, W).
    """

    def __init__(
        self,
        table: NDArray[np.float64],
        columns: NDArray[np.intp],
        step: float,
        directions: NDArray[np.int8],
    ) -> None:
        self._columns = columns
        self._step = step
        self._directions = directions
        # Without a column to move, the values would not be looked at.
        super().__init__(table, 2 * directions.shape[1] if len(columns) else 0)

    def _move(self, rows: NDArray[np.float64], origins: NDArray[np.intp], terms: NDArray[np.intp]) -> None:
        if len(rows):
            signs = np.where(terms % 2 == 0, self._step, -self._step)
            rows[:, self._columns] += signs[:, None] * self._directions[origins, terms // 2]

    def gradient(self, values: NDArray[Any], cotangents: NDArray[Any]) -> NDArray[np.float64]:
        """Estimate of the derivative of sum(cotangents * values of the table) with respect to the angles.

        Args:
            values: expectation values of the plan's rows, shape (n_rows, O), exact or estimated.
            cotangents: shape (B, O).

        Returns:
            Shape (B, S); 0 for columns that are not wanted.

        Raises:
            CircuitError: shapes that do not fit, or entries that are no real numbers.
        """
        read, weights = self._read(values, cotangents)
        gradient = np.zeros(self.base.shape)
        if self.n_rows:
            losses = np.matmul(read, weights[:, :, None])[:, :, 0]
            # Divided by a direction of +-1 is the same as multiplied by it.
            slopes = (losses[:, 0::2] - losses[:, 1::2]) / (2 * self._step * self._directions.shape[1])
            gradient[:, self._columns] = np.einsum("bd,bdw->bw", slopes, self._directions)
        return gradient


def spsa_table(
    table: NDArray[Any],
    wanted: NDArray[Any] | None = None,
    step: float = 0.1,
    n_directions: int = 1,
    seed: int | np.random.Generator | None = None,
) -> SpsaPlan:
    """Plan the estimate of a gradient by simultaneous perturbation.

    Each of the B rows gives two rows per direction, whatever the number of angles: all wanted angles moved by
    +-step, and all of them moved the opposite way. With exact values, a small step and D directions, the
    variance of component i is the sum of the squares of the other components, divided by D. Shots add
    v / (2 D step**2), v being the variance of one estimate of sum(cotangents * values), so that a small step
    needs many shots. A large one biases the estimate, by an error of order step**2; a linear function has no
    such error at any step.

    Args:
        table: the angles, shape (B, S).
        wanted: columns to differentiate, shape (S,), bool; None for all. The others are not moved. Leave out
            columns that turn no gate (`parameter_shift.used_slots`): their estimate is 0 only in the mean.
        step: in radians, greater than 0.
        n_directions: number of directions D averaged per row.
        seed: of the directions; the same integer gives the same directions. A generator is used as it stands.

    Returns:
        The plan; evaluate its ``table()``, at once or by ``chunks()``, and hand the values to ``gradient``.

    Raises:
        CircuitError: a table without columns or with a NaN, a mask that does not fit, a step that is not
            positive, n_directions below 1, an illegal seed.

    Example:
        >>> plan = spsa_table(np.array([[0.5]]), step=0.01, seed=1)
        >>> plan.n_rows
        2
        >>> plan.gradient(np.cos(plan.table()), np.ones((1, 1))).round(4).tolist()
        [[-0.4794]]
    """
    angles = check_real("table", table)
    if angles.ndim != 2:
        raise CircuitError(f"the table of angles has shape {angles.shape}; it must be (executions, angles)")
    if not angles.shape[1]:
        raise CircuitError("the program has no angles, so there is nothing to differentiate")
    if not np.isfinite(angles).all():
        raise CircuitError("the table of angles holds a NaN or infinite value")
    columns = np.flatnonzero(check_wanted(wanted, angles.shape[1]))
    number = isinstance(step, (int, float, np.integer, np.floating)) and not isinstance(step, bool)
    if not (number and 0 < step < np.inf):
        raise CircuitError(f"step is {step!r}; it must be a number of radians greater than 0, such as 0.1")
    shape = (len(angles), check_count("n_directions", n_directions), len(columns))
    directions = 2 * _generator(seed).integers(0, 2, size=shape, dtype=np.int8) - 1
    return SpsaPlan(angles, columns, float(step), directions)


def _generator(seed: Any) -> np.random.Generator:
    if seed is None or isinstance(seed, np.random.Generator):
        return np.random.default_rng(seed)
    return np.random.default_rng(check_count("seed", seed, 0))
