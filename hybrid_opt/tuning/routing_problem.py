"""Clusters of tokens to experts under capacity, as a quadratic model of bits.

With x_me = 1 where cluster m goes to expert e, s_m its tokens, S = sum_m s_m, a the affinity, C the
co-activation and R the similarity of clusters:

    minimize   - sum_me (s_m / S) a_me x_me
               + c sum_{m<n} C_mn sum_e x_me x_ne - r sum_{m<n} R_mn sum_e x_me x_ne
    such that  sum_e x_me = 1 for every cluster m, and sum_m s_m x_me <= capacity_e for every expert e.

The first term is the mean affinity that a token meets, negated. The second makes it dear to put clusters on
one expert that are active together in one example, whose load would then be uneven within the example; the
third makes it cheap to put clusters there that are alike. Without the last two (or with weights 0) the
problem is *linear*: with clusters of equal size it is an assignment problem, solved to proven optimality in
polynomial time, and no quadratic model is needed.

Shapes: M clusters, E experts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import ceil, gcd
from typing import TYPE_CHECKING, Any

import dimod
import numpy as np
from numpy.typing import NDArray

from ..errors import OptionError
from .routing_checks import check_room, read_pairs, read_table, read_vector, read_weight

if TYPE_CHECKING:
    from .token_clusters import TokenClusters

__all__ = ["CAPACITY_FACTOR", "RoutingProblem", "capacity_row", "cluster_label"]

CAPACITY_FACTOR = 1.25
"""Capacity in even shares where none is given."""

ROUNDING = 1e-9  # relative: what a capacity may be exceeded by, for sums of numbers that are not whole


def cluster_label(cluster: int, expert: int) -> str:
    """Name of the bit that sends a cluster to an expert.

    Example:
        >>> cluster_label(0, 3)
        'cluster 0, expert 3'
    """
    return f"cluster {cluster}, expert {expert}"


def capacity_row(expert: int) -> str:
    """Name of the constraint on an expert's load."""
    return f"capacity of expert {expert}"


@dataclass(frozen=True, eq=False)
class RoutingProblem:
    """Which expert each cluster of tokens goes to.

    Attributes:
        affinity: (M, E), how well an expert serves a cluster; higher is better.
        sizes: (M,), tokens of each cluster, above 0; None for 1 each.
        capacity: tokens that an expert takes: (E,), or one number for all. None for ``capacity_factor``.
        capacity_factor: instead of ``capacity``: the same for all, this many times the even share S / E,
            rounded up to whole tokens where sizes are whole; 1.25 where neither is given. Afterwards
            ``capacity`` holds the numbers and this is None.
        coactivation: (M, M), symmetric, or None; see the head of this module. Diagonals play no part.
        similarity: (M, M), symmetric, or None.
        co_weight: c.
        sim_weight: r.
        clusters: the tokens behind it, where it was made of a model; `Routing.initialize` needs them.

    Raises:
        OptionError: another shape, numbers that are not finite, a matrix that is not symmetric, a weight
            below 0 or without its matrix, both capacity and capacity_factor.
        InfeasibleModelError: all experts together, or each alone for the largest cluster, have no room.

    Example:
        >>> problem = RoutingProblem([[3.0, 0.0], [2.0, 1.0]], capacity=1)
        >>> problem.is_linear, problem.objective([0, 1]), problem.feasible([0, 0])
        (True, -2.0, False)
        >>> sorted(problem.to_cqm().constraints)[0]
        'capacity of expert 0'
    """

    affinity: NDArray[np.float64]
    sizes: NDArray[np.float64] | None = None
    capacity: NDArray[np.float64] | float | None = None
    capacity_factor: float | None = None
    coactivation: NDArray[np.float64] | None = None
    similarity: NDArray[np.float64] | None = None
    co_weight: float = 0.0
    sim_weight: float = 0.0
    clusters: TokenClusters | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        affinity = read_table("affinity", self.affinity)
        clusters, experts = affinity.shape
        sizes = read_vector("sizes", 1.0 if self.sizes is None else self.sizes, clusters)
        if (sizes <= 0).any():
            raise OptionError(
                f"sizes begin with {sizes[:5].tolist()}; each must be above 0: leave out empty clusters"
            )
        if self.capacity is not None and self.capacity_factor is not None:
            raise OptionError("capacity and capacity_factor were both given; a problem has one of them")
        if self.capacity is None:
            factor = CAPACITY_FACTOR if self.capacity_factor is None else self.capacity_factor
            factor = read_weight("capacity_factor", factor)
            share = factor * float(sizes.sum()) / experts
            # A share of 7.0000000001 by rounding is 7.
            capacity = np.full(experts, ceil(share - ROUNDING * share) if _whole(sizes) else share)
        else:
            capacity = read_vector("capacity", self.capacity, experts)
        check_room(sizes, capacity)
        # The one way to set a field of a frozen object; callers may hand over lists or tensors.
        object.__setattr__(self, "capacity_factor", None)  # capacity says it now
        for name, value in (("affinity", affinity), ("sizes", sizes), ("capacity", capacity.astype(float))):
            object.__setattr__(self, name, value)
        for weight, matrix in (("co_weight", "coactivation"), ("sim_weight", "similarity")):
            object.__setattr__(self, weight, read_weight(weight, getattr(self, weight)))
            if getattr(self, matrix) is not None:
                object.__setattr__(self, matrix, read_pairs(matrix, getattr(self, matrix), clusters))
            elif getattr(self, weight):
                raise OptionError(f"{weight} is {getattr(self, weight)!r}, but no {matrix} is given")

    @property
    def shape(self) -> tuple[int, int]:
        """M and E."""
        return int(self.affinity.shape[0]), int(self.affinity.shape[1])

    @property
    def states(self) -> int:
        """Assignments of one expert to each cluster, whatever the capacity: E^M."""
        clusters, experts = self.shape
        return int(experts**clusters)

    @property
    def is_linear(self) -> bool:
        """Whether no pair of clusters counts, so that the problem is one of transport."""
        return not self.pairs.any()

    @property
    def equal_sizes(self) -> bool:
        """Whether all clusters have the same number of tokens."""
        return bool((self._tokens == self._tokens[0]).all())

    @cached_property
    def linear(self) -> NDArray[np.float64]:
        """Coefficients of x_me, (M, E)."""
        return np.asarray(-(self._tokens / self._tokens.sum())[:, None] * self.affinity)

    @cached_property
    def pairs(self) -> NDArray[np.float64]:
        """What two clusters on one expert cost, (M, M), symmetric with diagonal 0."""
        total = np.zeros((self.shape[0], self.shape[0]))
        if self.coactivation is not None:
            total = total + self.co_weight * self.coactivation
        if self.similarity is not None:
            total = total - self.sim_weight * self.similarity
        np.fill_diagonal(total, 0.0)
        return np.asarray(total)

    @property
    def unit(self) -> float:
        """What the model's objective is divided by: the largest coefficient."""
        return float(max(np.abs(self.linear).max(), np.abs(self.pairs).max())) or 1.0

    @property
    def _tokens(self) -> NDArray[np.float64]:
        return np.asarray(self.sizes)

    @property
    def _room(self) -> NDArray[np.float64]:
        return np.asarray(self.capacity)

    def read(self, assignment: Any) -> NDArray[np.int64]:
        """An assignment as whole numbers.

        Args:
            assignment: (M,), the expert of each cluster.

        Returns:
            The same, (M,).

        Raises:
            OptionError: another shape, or an expert that does not exist.
        """
        clusters, experts = self.shape
        given = read_vector("assignment", assignment, clusters)
        if not (np.isin(given, np.arange(experts))).all():
            raise OptionError(
                f"assignment begins with {given[:5].tolist()}; experts are whole numbers from 0 to "
                f"{experts - 1}"
            )
        return given.astype(np.int64)

    def objective(self, assignment: Any) -> float:
        """The objective of an assignment, whether it is feasible or not.

        Args:
            assignment: (M,), the expert of each cluster.

        Returns:
            The number; lower is better.

        Raises:
            OptionError: another shape, or an expert that does not exist.
        """
        chosen = self.read(assignment)
        together = chosen[:, None] == chosen[None, :]
        return float(
            self.linear[np.arange(len(chosen)), chosen].sum() + 0.5 * (self.pairs * together).sum()
        )

    def loads(self, assignment: Any) -> NDArray[np.float64]:
        """Tokens that each expert is sent, (E,).

        Raises:
            OptionError: an assignment of another shape, or an expert that does not exist.
        """
        loads = np.bincount(self.read(assignment), weights=self._tokens, minlength=self.shape[1])
        return loads.astype(np.float64)

    def feasible(self, assignment: Any) -> bool:
        """Whether every expert has room for what it is sent.

        Raises:
            OptionError: an assignment of another shape, or an expert that does not exist.
        """
        room = self._room + ROUNDING * np.maximum(1.0, self._room)
        return bool((self.loads(assignment) <= room).all())

    def capacity_rows(self) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
        """The capacity constraints as the model states them.

        Whole sizes are divided by their greatest common divisor and capacities rounded down to what whole
        clusters can fill; where the experts then hold just what there is, the rows are equations, which need
        no slack bits.

        Returns:
            Weights (M,), bounds (E,) and "<=" or "==".
        """
        weights, bounds = self._tokens, self._room
        if _whole(weights):
            divisor = gcd(*(int(size) for size in weights))
            weights = weights / divisor
            bounds = np.minimum(np.floor(bounds / divisor + ROUNDING), weights.sum())
            return weights, bounds, "==" if bounds.sum() == weights.sum() else "<="
        if self.equal_sizes:
            count = np.minimum(np.floor(bounds / weights[0] + ROUNDING), len(weights))
            return np.ones_like(weights), count, "==" if count.sum() == len(weights) else "<="
        return weights, bounds, "<="

    def to_cqm(self) -> dimod.ConstrainedQuadraticModel:
        """The model that solvers get; its energy times `unit` is the objective."""
        clusters, experts = self.shape
        unit = self.unit
        objective = dimod.BinaryQuadraticModel(dimod.BINARY)
        for (m, e), bias in np.ndenumerate(self.linear / unit):
            objective.add_variable(cluster_label(m, e), bias)
        for m, n in zip(*np.nonzero(np.triu(self.pairs, 1)), strict=True):
            for e in range(experts):
                bias = self.pairs[m, n] / unit
                objective.add_quadratic(cluster_label(int(m), e), cluster_label(int(n), e), bias)
        model = dimod.ConstrainedQuadraticModel()
        model.set_objective(objective)
        for m in range(clusters):
            own = [(cluster_label(m, e), 1.0) for e in range(experts)]
            model.add_constraint(own, "==", 1.0, label=f"one expert for cluster {m}")
        weights, bounds, sense = self.capacity_rows()
        for e in range(experts):
            terms = [(cluster_label(m, e), float(weights[m])) for m in range(clusters)]
            model.add_constraint(terms, sense, float(bounds[e]), label=capacity_row(e))
        return model

    def sample(self, assignment: Any) -> dict[str, int]:
        """An assignment as the model's bits, by label.

        Raises:
            OptionError: an assignment of another shape, or an expert that does not exist.
        """
        chosen = self.read(assignment)
        clusters, experts = self.shape
        return {
            cluster_label(m, e): int(chosen[m] == e) for m in range(clusters) for e in range(experts)
        }

    def assignment(self, sample: Any) -> NDArray[np.int64] | None:
        """The assignment of the model's bits, (M,); None where a cluster has not just one expert."""
        clusters, experts = self.shape
        bits = np.array(
            [[round(sample[cluster_label(m, e)]) for e in range(experts)] for m in range(clusters)]
        )
        return np.asarray(bits.argmax(1)) if (bits.sum(1) == 1).all() else None


def _whole(sizes: NDArray[np.float64]) -> bool:
    """Whether all sizes are whole numbers that a float holds exactly."""
    return bool((sizes == np.floor(sizes)).all() and sizes.max() < 2**53)
