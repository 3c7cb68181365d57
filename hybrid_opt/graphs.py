"""networkx graphs in, dimod models out: maximum cut, independent set, coloring.

Variable labels are the graph's own nodes, in its order, so a solution reads as a statement about nodes.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import isfinite
from numbers import Integral, Real
from typing import Any

import dimod
import networkx

from .errors import ModelError, OptionError, UnsupportedModelError

__all__ = ["coloring", "independent_set", "maxcut"]


def _check_graph(graph: Any, purpose: str) -> None:
    if not isinstance(graph, networkx.Graph):
        raise UnsupportedModelError(
            f"{purpose} takes a networkx.Graph, not a {type(graph).__name__}. From a list of edges use "
            "networkx.Graph(edges)"
        )
    if graph.is_directed():
        raise UnsupportedModelError(
            f"{purpose} takes an undirected graph, this one is directed; use graph.to_undirected()"
        )
    loop = next((node for node in graph if graph.has_edge(node, node)), None)
    if loop is not None:
        raise ModelError(
            f"node {loop!r} has an edge to itself, which {purpose} cannot use; remove such edges with "
            "graph.remove_edges_from(list(networkx.selfloop_edges(graph)))"
        )


def _weight(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
        raise ModelError(f"the weight of {where} is {value!r}; it must be a finite number")
    return float(value)


def _edges(graph: Any) -> list[tuple[Hashable, Hashable]]:
    """Every pair of adjacent nodes once, in the order of the graph, parallel edges or not."""
    return list(networkx.Graph(graph).edges)


def maxcut(graph: Any) -> Any:
    """Split the nodes into two sides so that the edges between them weigh most.

    Args:
        graph: undirected ``networkx`` graph; edge attribute ``weight``, 1 where it is missing, may be
            negative. Parallel edges of a multigraph add up.

    Returns:
        A binary ``dimod.BinaryQuadraticModel`` with a variable per node (its side). Its energy is **minus**
        the weight of the cut, since models are minimized.

    Raises:
        UnsupportedModelError: no networkx graph, or a directed one.
        ModelError: an edge from a node to itself, or a weight that is no finite number.

    Example:
        >>> import networkx
        >>> triangle = networkx.complete_graph(3)
        >>> float(maxcut(triangle).energy({0: 0, 1: 1, 2: 1}))
        -2.0
    """
    _check_graph(graph, "maxcut")
    model = dimod.BinaryQuadraticModel("BINARY")
    for node in graph:
        model.add_linear(node, 0.0)
    for u, v, value in graph.edges(data="weight", default=1):
        weight = _weight(value, f"edge {u!r} - {v!r}")
        # The edge is cut if x_u + x_v - 2 x_u x_v is 1.
        model.add_linear(u, -weight)
        model.add_linear(v, -weight)
        model.add_quadratic(u, v, 2.0 * weight)
    return model


def independent_set(graph: Any) -> Any:
    """Choose nodes of greatest total weight of which no two are adjacent.

    Args:
        graph: undirected ``networkx`` graph; node attribute ``weight``, 1 where it is missing.

    Returns:
        A ``dimod.ConstrainedQuadraticModel`` with a binary variable per node (1: chosen) and a constraint
        ``x_u + x_v <= 1`` per edge, labelled ``(u, v)``. Its objective is **minus** the weight chosen, since
        models are minimized.

    Raises:
        UnsupportedModelError: no networkx graph, or a directed one.
        ModelError: an edge from a node to itself, or a weight that is no finite number.

    Example:
        >>> import networkx
        >>> model = independent_set(networkx.path_graph(3))
        >>> float(model.objective.energy({0: 1, 1: 0, 2: 1}))
        -2.0
        >>> model.check_feasible({0: 1, 1: 0, 2: 1}), model.check_feasible({0: 1, 1: 1, 2: 0})
        (True, False)
    """
    _check_graph(graph, "independent_set")
    model = dimod.ConstrainedQuadraticModel()
    objective = dimod.QuadraticModel()
    for node, value in graph.nodes(data="weight", default=1):
        model.add_variable("BINARY", node)
        objective.add_variable("BINARY", node)
        objective.add_linear(node, -_weight(value, f"node {node!r}"))
    model.set_objective(objective)
    for u, v in _edges(graph):
        model.add_constraint([(u, 1), (v, 1)], "<=", 1, label=(u, v))
    return model


def coloring(graph: Any, k: int) -> Any:
    """Give each node one of k colors so that adjacent nodes differ.

    Args:
        graph: undirected ``networkx`` graph.
        k: number of colors, at least 1.

    Returns:
        A ``dimod.ConstrainedQuadraticModel`` with binary variables ``(node, color)``, colors 0..k-1. There
        is nothing to minimize: the objective is 0, and the model is feasible if and only if the graph can be
        colored. Constraints are labelled ``("node", node)`` (exactly one color) and ``("edge", u, v, color)``
        (not both ends).

    Raises:
        UnsupportedModelError: no networkx graph, or a directed one.
        ModelError: an edge from a node to itself.
        OptionError: k is no whole number of at least 1.

    Example:
        >>> import networkx
        >>> model = coloring(networkx.path_graph(2), 2)
        >>> chosen = {(0, 0): 1, (0, 1): 0, (1, 0): 0, (1, 1): 1}
        >>> model.check_feasible(chosen)
        True
    """
    _check_graph(graph, "coloring")
    if isinstance(k, bool) or not isinstance(k, Integral) or k < 1:
        raise OptionError(f"k is {k!r}; the number of colors must be a whole number of at least 1")
    model = dimod.ConstrainedQuadraticModel()
    for node in graph:
        for color in range(k):
            model.add_variable("BINARY", (node, color))
    for node in graph:
        model.add_constraint([((node, color), 1) for color in range(k)], "==", 1, label=("node", node))
    for u, v in _edges(graph):
        for color in range(k):
            ends = [((u, color), 1), ((v, color), 1)]
            model.add_constraint(ends, "<=", 1, label=("edge", u, v, color))
    return model
