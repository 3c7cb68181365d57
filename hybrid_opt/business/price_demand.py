"""How much is sold at which prices: linear demand, constant elasticities, or multinomial logit.

    linear       q_i = a_i - b_i p_i + sum_j g_ij p_j
    elasticity   q_i = volume_i * prod_j (p_j / today_j) ** e_ij
    logit        q_i = customers * exp(u_i + s_i p_i) / (exp(outside) + sum_j exp(u_j + s_j p_j))

The profit of linear demand is quadratic in the prices, so pairs of options hold it exactly. Logit: D.
McFadden, "Conditional logit analysis of qualitative choice behavior" (1974); the outside choice buys nothing.

Shapes: P products, S price lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Demand", "ElasticDemand", "LinearDemand", "LogitDemand"]


class Demand(Protocol):
    """What is sold at given prices.

    Attributes:
        name: what the model is called.
    """

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    def quantities(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pieces sold: prices, shape (S, P), to shape (S, P)."""
        ...


@dataclass(frozen=True, eq=False)
class LinearDemand:
    """Linear demand.

    Attributes:
        base: a_i, shape (P,).
        slope: b_i, shape (P,).
        cross: g_ij, effect of price j on product i, shape (P, P), zero on the diagonal.

    Example:
        >>> demand = LinearDemand(np.array([10.0]), np.array([2.0]), np.zeros((1, 1)))
        >>> demand.quantities(np.array([[3.0]])).tolist()
        [[4.0]]
    """

    base: NDArray[np.float64]
    slope: NDArray[np.float64]
    cross: NDArray[np.float64]

    @property
    def name(self) -> str:
        """What the model is called."""
        return "linear demand"

    def quantities(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pieces sold: prices, shape (S, P), to shape (S, P)."""
        return np.asarray(self.base - self.slope * prices + prices @ self.cross.T)


@dataclass(frozen=True, eq=False)
class ElasticDemand:
    """Constant elasticities around today's prices.

    Attributes:
        volume: pieces sold today, shape (P,).
        today: prices today, shape (P,).
        elasticities: e_ij, of product i with regard to price j, shape (P, P).

    Example:
        >>> demand = ElasticDemand(np.array([8.0]), np.array([2.0]), np.array([[-2.0]]))
        >>> demand.quantities(np.array([[4.0]])).tolist()
        [[2.0]]
    """

    volume: NDArray[np.float64]
    today: NDArray[np.float64]
    elasticities: NDArray[np.float64]

    @property
    def name(self) -> str:
        """What the model is called."""
        return "demand of constant elasticities"

    def quantities(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pieces sold: prices, shape (S, P), to shape (S, P)."""
        return np.asarray(self.volume * np.exp(np.log(prices / self.today) @ self.elasticities.T))


@dataclass(frozen=True, eq=False)
class LogitDemand:
    """Multinomial logit: every customer buys one product or none.

    Attributes:
        utility: u_i, shape (P,).
        effect: s_i, utility per money of price, shape (P,).
        customers: how many choose.
        outside: utility of buying nothing; -inf where everybody buys.

    Example:
        >>> demand = LogitDemand(np.zeros(1), np.zeros(1), 100.0)
        >>> demand.quantities(np.array([[3.0]])).tolist()
        [[50.0]]
    """

    utility: NDArray[np.float64]
    effect: NDArray[np.float64]
    customers: float
    outside: float = 0.0

    @property
    def name(self) -> str:
        """What the model is called."""
        return "logit demand"

    def quantities(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pieces sold: prices, shape (S, P), to shape (S, P)."""
        score = self.utility + self.effect * prices
        top = np.maximum(score.max(axis=-1, keepdims=True), self.outside)
        weight = np.exp(score - top)
        total = weight.sum(axis=-1, keepdims=True) + np.exp(self.outside - top)
        return np.asarray(self.customers * weight / total)
