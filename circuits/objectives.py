"""What the angles of a QAOA are trained for: a number made of the distribution of energies.

An objective is a function of energies E_k and their probabilities p_k, k = 1..M, in any order and with
repeated energies allowed. Besides its value it returns the weights w_k = d value / d p_k. An engine that
knows exact gradients of sum_k w_k p_k thereby knows those of the objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError

__all__ = ["EXPECTATION", "CVaR", "Expectation", "Gibbs", "Objective", "read_objective", "weigh"]

Floats = NDArray[np.float64]


class Objective(Protocol):
    """Anything that turns energies and probabilities into a value and its derivatives."""

    def __call__(self, energies: Floats, probabilities: Floats) -> tuple[float, Floats]:
        """Value and d value / d probability, shape (M,), of energies and probabilities of shape (M,)."""
        ...


@dataclass(frozen=True)
class Expectation:
    """The mean energy, sum_k p_k E_k.

    Example:
        >>> value, weights = Expectation()(np.array([1.0, 3.0]), np.array([0.5, 0.5]))
        >>> value, weights.tolist()
        (2.0, [1.0, 3.0])
    """

    def __call__(self, energies: Floats, probabilities: Floats) -> tuple[float, Floats]:
        """See `Objective`."""
        return float(probabilities @ energies), energies


@dataclass(frozen=True)
class CVaR:
    """Mean of the lowest share alpha of the energies: conditional value at risk.

    P. Barkoutsos et al., "Improving Variational Quantum Optimization using CVaR", Quantum 4, 256 (2020),
    arXiv 1907.04769. In the form of R. T. Rockafellar and S. Uryasev, Journal of Risk 2 (2000) 21-41,

        CVaR = max_q [ q - sum_k p_k max(q - E_k, 0) / alpha ],

    the maximum is at the alpha-quantile q, so by the envelope theorem the weights are
    -max(q - E_k, 0) / alpha. Where a level is cut in two the function has a kink only as levels pass q; the
    weights are then one of its subgradients. They are right up to a constant, which no normalized
    distribution notices.

    Args:
        alpha: share of the distribution, above 0 and at most 1; 1 is the mean energy.

    Raises:
        CircuitError: an illegal share.

    Example:
        >>> CVaR(0.5)(np.array([4.0, 0.0, 2.0]), np.array([0.5, 0.25, 0.25]))[0]
        1.0
    """

    alpha: float = 0.1

    def __post_init__(self) -> None:
        number = isinstance(self.alpha, (int, float, np.floating, np.integer))
        if isinstance(self.alpha, bool) or not number or not 0 < self.alpha <= 1:
            raise CircuitError(f"alpha is {self.alpha!r}; it must be a number above 0 and at most 1")

    def __call__(self, energies: Floats, probabilities: Floats) -> tuple[float, Floats]:
        """See `Objective`."""
        order = np.argsort(energies, kind="stable")
        reached = np.cumsum(probabilities[order])
        # Single precision sums to slightly less or more than 1.
        place = int(np.searchsorted(reached, self.alpha * reached[-1]))
        quantile = energies[order[min(place, len(order) - 1)]]
        below = np.maximum(quantile - energies, 0.0)
        return float(quantile - probabilities @ below / self.alpha), -below / self.alpha


@dataclass(frozen=True)
class Gibbs:
    """The Gibbs objective -ln sum_k p_k exp(-eta E_k).

    L. Li et al., "Quantum optimization with a novel Gibbs objective function and ansatz architecture search",
    Physical Review Research 2, 023074 (2020), arXiv 1909.07621. Its derivative by p_k is
    -exp(-eta E_k) / sum_j p_j exp(-eta E_j).

    Args:
        eta: inverse energy scale, above 0. Large values reward the best states alone.

    Raises:
        CircuitError: an illegal eta.

    Example:
        >>> round(Gibbs(1.0)(np.array([0.0, 0.0]), np.array([0.5, 0.5]))[0], 6)
        0.0
    """

    eta: float = 1.0

    def __post_init__(self) -> None:
        number = isinstance(self.eta, (int, float, np.floating, np.integer))
        if isinstance(self.eta, bool) or not number or not 0 < self.eta < np.inf:
            raise CircuitError(f"eta is {self.eta!r}; it must be a finite number above 0")

    def __call__(self, energies: Floats, probabilities: Floats) -> tuple[float, Floats]:
        """See `Objective`."""
        # The lowest energy that occurs is taken out, so that the exponential cannot overflow where it counts.
        lowest = float(energies[probabilities > 0].min())
        factors = np.exp(np.minimum(-self.eta * (energies - lowest), 700.0))
        total = float(probabilities @ factors)
        return self.eta * lowest - float(np.log(total)), -factors / total


EXPECTATION = Expectation()
"""The mean energy, the objective where none is named."""


def read_objective(objective: Any) -> Objective:
    """An objective as a caller gives it.

    Args:
        objective: a function of energies and probabilities.

    Returns:
        The same.

    Raises:
        CircuitError: it cannot be called.

    Example:
        >>> read_objective(CVaR(0.5))
        CVaR(alpha=0.5)
    """
    if not callable(objective):
        raise CircuitError(
            f"objective is {objective!r}; it must be Expectation(), CVaR(...), Gibbs(...) or a function of "
            "energies and probabilities"
        )
    chosen: Objective = objective
    return chosen


def weigh(objective: Objective, energies: Floats, probabilities: Floats) -> tuple[float, Floats]:
    """An objective's value and weights as gradients take them: checked, and about 0.

    A part that all weights share changes no derivative, for the probabilities sum to 1; but beside a large
    one, such as a model's offset, the derivatives would lose their digits.

    Args:
        objective: what to evaluate.
        energies: shape (M,).
        probabilities: shape (M,).

    Returns:
        The value; the weights, shape (M,), less the middle of their range.

    Raises:
        CircuitError: the objective does not give a finite number and M finite weights.

    Example:
        >>> value, weights = weigh(EXPECTATION, np.array([1e9, 1e9 + 2]), np.array([0.5, 0.5]))
        >>> value - 1e9, weights.tolist()
        (1.0, [-1.0, 1.0])
    """
    answer: Any = read_objective(objective)(energies, probabilities)
    try:
        value, weights = float(answer[0]), np.asarray(answer[1], dtype=np.float64)
    except (TypeError, ValueError, IndexError) as error:
        raise CircuitError(
            f"the objective {objective!r} gave {type(answer).__name__}; it must give a value and its "
            "derivatives by the probabilities, shape (M,)"
        ) from error
    if weights.shape != energies.shape or not np.isfinite(value):
        raise CircuitError(
            f"the objective {objective!r} gave the value {value} and derivatives of shape {weights.shape}; "
            f"it must give a finite number and derivatives of shape {energies.shape}"
        )
    lowest, highest = float(weights.min()), float(weights.max())
    if not np.isfinite(highest - lowest):
        raise CircuitError(f"the objective {objective!r} gave derivatives that are NaN or infinite")
    return value, weights - (lowest + highest) / 2
