"""Response to a constant weekly spend: geometric adstock in its steady state, then a Hill curve.

Steady state: a spend b that is repeated every period, of which a share theta carries over from each period
to the next, acts like b + theta b + theta^2 b + ... = b / (1 - theta). Carry-in from before the plan and
carry-over beyond it are not modelled; plans for single bursts of spending need another curve.

Sources: A. V. Hill, J. Physiol. 40 (1910), iv-vii, for the curve; Y. Jin, Y. Wang, Y. Sun, D. Chan,
J. Koehler, "Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects", Google 2017,
equations for geometric adstock and Hill saturation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import PlanError
from .table import Column, TableSource, read_table
from .vocabulary import CHANNELS, Vocabulary

__all__ = ["HILL_PARAMETERS", "HillCurve", "read_hill"]

HILL_PARAMETERS = (
    Column("theta", "number", minimum=0, below=1, help="share that carries over to the next period"),
    Column("alpha", "number", above=0, help="shape: up to 1 concave, above 1 S-shaped"),
    Column("K", "money", above=0, help="effective amount at which half of beta is reached"),
    Column("beta", "number", minimum=0, help="value that is approached as the amount grows"),
)
"""Columns of a table of Hill parameters, beside the name of the line."""


@dataclass(frozen=True)
class HillCurve:
    """Response r(b) = beta x^alpha / (K^alpha + x^alpha) with x = b / (1 - theta).

    Attributes:
        theta: carry-over share, 0 <= theta < 1.
        alpha: shape, above 0.
        K: half-saturation in effective money per period, above 0.
        beta: saturation level in units of the response, at least 0.

    Raises:
        PlanError: a parameter outside its range.

    Example:
        >>> HillCurve(theta=0.5, alpha=1.0, K=100.0, beta=60.0).response([0, 50, 100])
        array([ 0., 30., 40.])
    """

    theta: float
    alpha: float
    K: float
    beta: float

    def __post_init__(self) -> None:
        legal = 0 <= self.theta < 1 and 0 < self.alpha < math.inf
        legal = legal and 0 < self.K < math.inf and 0 <= self.beta < math.inf
        if not legal:
            raise PlanError(f"{self} is no Hill curve; legal are 0 <= theta < 1, alpha > 0, K > 0, beta >= 0")

    def response(self, spends: ArrayLike) -> NDArray[np.float64]:
        """Response at constant spends.

        Args:
            spends: money per period, at least 0, any shape.

        Returns:
            Response per period, same shape.
        """
        effective = np.asarray(spends, dtype=np.float64) / (1 - self.theta)
        share = np.zeros(effective.shape)
        used = effective > 0
        # x^a / (K^a + x^a) = 1 / (1 + (K/x)^a), through logarithms so that no power overflows.
        share[used] = np.exp(-np.logaddexp(0, self.alpha * (np.log(self.K) - np.log(effective[used]))))
        return np.asarray(self.beta * share)


def read_hill(source: TableSource, words: Vocabulary = CHANNELS) -> dict[str, HillCurve]:
    """Read a table of Hill parameters.

    Args:
        source: file or DataFrame with the columns channel (or what the task calls its lines), theta, alpha,
            K, beta.
        words: what the task calls its lines.

    Returns:
        Name of the line -> curve, in the order of the table.

    Raises:
        TableError: anything wrong in the table, with row and column.
    """
    columns = (Column(words.line, "text", unique=True, help=f"name of the {words.line}"), *HILL_PARAMETERS)
    table = read_table(source, columns, name="curve table")
    labels, *parameters = (table.column(column.name) for column in columns)
    return {label: HillCurve(*values) for label, *values in zip(labels, *parameters, strict=True)}
