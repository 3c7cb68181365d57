"""The answer to a routing problem: the assignment, what it means for loads, and every method beside it.

Shapes: M clusters, E experts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..solvers.solution import relative_gap
from .quantum_rows import quantum_label
from .routing_problem import RoutingProblem
from .routing_rows import RoutingRow

if TYPE_CHECKING:
    import pandas

__all__ = ["Routing", "dropped_share", "load_variation", "max_violation"]


def max_violation(problem: RoutingProblem, assignment: Any) -> float:
    """MaxVio = largest load / mean load - 1: 0 when even, E - 1 at worst. Wang et al. 2024, arXiv 2408.15664.

    Example:
        >>> max_violation(RoutingProblem(np.zeros((4, 2)), capacity=4), [0, 0, 0, 1])
        0.5
    """
    loads = problem.loads(assignment)
    return float(loads.max() / loads.mean() - 1.0)


def load_variation(problem: RoutingProblem, assignment: Any) -> float:
    """Standard deviation of the loads over their mean (coefficient of variation).

    Example:
        >>> load_variation(RoutingProblem(np.zeros((4, 2)), capacity=4), [0, 0, 0, 1])
        0.5
    """
    loads = problem.loads(assignment)
    return float(loads.std() / loads.mean())


def dropped_share(problem: RoutingProblem, assignment: Any) -> float:
    """Share of all tokens that find no room at their expert.

    Example:
        >>> dropped_share(RoutingProblem(np.zeros((4, 2)), capacity=2), [0, 0, 0, 1])
        0.25
    """
    loads = problem.loads(assignment)
    over = np.maximum(loads - np.asarray(problem.capacity), 0.0)
    # A load above its capacity by rounding drops nothing.
    over[over <= 1e-9 * np.maximum(1.0, loads)] = 0.0
    return float(over.sum() / loads.sum())


@dataclass(frozen=True, eq=False)
class Routing:
    """Which expert each cluster goes to.

    Attributes:
        problem: what was asked.
        rows: the method's answer, then one row per method it was compared with.
        seed: what repeats it.
        statement: one plain sentence on what is proven, and by whom.
        notes: further sentences.
    """

    problem: RoutingProblem
    rows: tuple[RoutingRow, ...]
    seed: int
    statement: str
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return (
            f"Routing({self.problem.shape[0]} clusters, {self.problem.shape[1]} experts, "
            f"objective={self.objective:.6g}, method={self.method!r}, status={self.rows[0].status!r}, "
            f"seed={self.seed})"
        )

    @property
    def assignment(self) -> NDArray[np.int64]:
        """The expert of each cluster, (M,)."""
        return np.asarray(self.rows[0].assignment)

    @property
    def method(self) -> str:
        """What found it."""
        return self.rows[0].method

    @property
    def objective(self) -> float:
        """Its objective; lower is better."""
        return self.problem.objective(self.assignment)

    @property
    def feasible(self) -> bool:
        """Whether every expert has room."""
        return self.problem.feasible(self.assignment)

    @property
    def bound(self) -> float | None:
        """The highest lower bound that any row proved, or None."""
        bounds = [row.bound for row in self.rows if row.bound is not None]
        return max(bounds, default=None)

    @property
    def gap(self) -> float | None:
        """Distance from the bound, as ``solvers.solution.relative_gap``; None without bound or room."""
        return relative_gap(self.objective if self.feasible else None, self.bound)

    @property
    def loads(self) -> NDArray[np.float64]:
        """Tokens of each expert, (E,)."""
        return self.problem.loads(self.assignment)

    @property
    def max_violation(self) -> float:
        """MaxVio, see `max_violation`."""
        return max_violation(self.problem, self.assignment)

    @property
    def load_variation(self) -> float:
        """Coefficient of variation of the loads."""
        return load_variation(self.problem, self.assignment)

    @property
    def dropped_share(self) -> float:
        """Share of all tokens beyond the capacities."""
        return dropped_share(self.problem, self.assignment)

    def initialize(self, model: nn.Module, layer: int, *, margin: float = 2.0) -> float:
        """Set the weights of a layer's softmax router so that centroids prefer their experts.

        See `routed_model.initialize_router`. It may be called again between trainings, with a routing made
        of the model as it is then.

        Args:
            model: the model that the clusters are of, or one built alike.
            layer: its layer, as in ``cluster_tokens``.
            margin: mean logit by which a centroid's expert is ahead of the next.

        Returns:
            Share of the tokens whose centroid prefers its expert; 1.0 where a linear router can do it.

        Raises:
            OptionError: no clusters behind the problem, no such layer, another router or other sizes.
        """
        from .routed_model import initialize_router

        return initialize_router(self, model, layer, margin=margin)

    def freeze(self, model: nn.Module, layer: int, *, temperature: float = 0.1) -> None:
        """Put a table in place of a layer's router: nearest centroid, its expert. It is saved with the model.

        Args:
            model: the model that the clusters are of, or one built alike.
            layer: its layer, as in ``cluster_tokens``.
            temperature: the expert's logit is 1 / temperature, all others are 0.

        Raises:
            OptionError: no clusters behind the problem, no such layer, other sizes or temperature, or a layer
                under expert choice, which would not obey it.
        """
        from .routed_model import freeze_router

        freeze_router(self, model, layer, temperature=temperature)

    def table(self) -> pandas.DataFrame:
        """All methods, one row each.

        Returns:
            Columns method, status, objective, feasible, gap (to the best bound that any row proved),
            max_violation, load_variation, dropped_share, samples, feasible_share, seconds, quantum (simulator
            and size, empty for classical rows), note.
        """
        import pandas

        return pandas.DataFrame([self._row(row) for row in self.rows])

    def _row(self, row: RoutingRow) -> dict[str, Any]:
        found, problem = row.assignment, self.problem
        return {
            "method": row.method,
            "status": row.status,
            "objective": row.objective,
            "feasible": row.feasible,
            "gap": relative_gap(row.objective if row.feasible else None, self.bound),
            "max_violation": None if found is None else max_violation(problem, found),
            "load_variation": None if found is None else load_variation(problem, found),
            "dropped_share": None if found is None else dropped_share(problem, found),
            "samples": row.samples,
            "feasible_share": row.feasible_share,
            "seconds": row.seconds,
            "quantum": "" if row.quantum is None else quantum_label(row.quantum),
            "note": row.note,
        }

    def to_dict(self) -> dict[str, Any]:
        """Numbers, strings, lists and dictionaries; what `to_json` writes."""
        return {
            "assignment": self.assignment.tolist(),
            "method": self.method,
            "status": self.rows[0].status,
            "objective": self.objective,
            "feasible": self.feasible,
            "bound": self.bound,
            "gap": self.gap,
            "sizes": np.asarray(self.problem.sizes).tolist(),
            "capacity": np.asarray(self.problem.capacity).tolist(),
            "loads": self.loads.tolist(),
            "max_violation": self.max_violation,
            "load_variation": self.load_variation,
            "dropped_share": self.dropped_share,
            "linear": self.problem.is_linear,
            "seed": self.seed,
            "statement": self.statement,
            "notes": list(self.notes),
            "rows": [self._row(row) for row in self.rows],
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """`to_dict` as strict JSON.

        Args:
            indent: spaces per level, None for one line.

        Returns:
            The text.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __str__(self) -> str:
        from .routing_tables import describe_routing

        return describe_routing(self)
