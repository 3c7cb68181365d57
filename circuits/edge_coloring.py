"""Which commuting two-qubit gates run side by side: a greedy coloring of the edges of a graph.

Gates of one color touch disjoint qubits, so a color is one step and the number of colors the depth. At least
as many steps are needed as the busiest qubit has gates; greedy coloring needs less than twice as many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["color_edges", "count_steps"]


def _greedy(pairs: Sequence[tuple[int, int]], order: Iterable[int], n_nodes: int) -> NDArray[np.int64]:
    used = [0] * n_nodes  # one integer per node, bit c set where color c is taken
    colors = np.zeros(len(pairs), dtype=np.int64)
    for k in order:
        a, b = pairs[k]
        taken = used[a] | used[b]
        free = ~taken & (taken + 1)
        colors[k] = free.bit_length() - 1
        used[a] |= free
        used[b] |= free
    return colors


def color_edges(pairs: NDArray[np.int64], n_nodes: int) -> NDArray[np.int64]:
    """Give every edge a color such that edges sharing a node differ.

    Two orders are tried and the one with fewer colors is kept: as given, and by (a + b) mod n, which
    is the timetable of a round-robin tournament and nearly optimal on dense graphs.

    Args:
        pairs: edges (a, b), shape (K, 2), a != b.
        n_nodes: number of nodes.

    Returns:
        Colors 0, 1, ... without a gap, shape (K,).

    Example:
        >>> color_edges(np.array([[0, 1], [1, 2], [2, 3]]), 4).tolist()
        [0, 1, 0]
    """
    edges = [(int(a), int(b)) for a, b in pairs]
    modulus = n_nodes - 1 + n_nodes % 2
    tournament = sorted(range(len(edges)), key=lambda k: (_round(edges[k], modulus), edges[k]))
    colorings = [_greedy(edges, order, n_nodes) for order in (range(len(edges)), tournament)]
    return min(colorings, key=lambda colors: int(colors.max(initial=-1)))


def count_steps(pairs: ArrayLike, n_nodes: int) -> int:
    """Steps of commuting two-qubit gates when gates on disjoint qubits run at once.

    Args:
        pairs: qubits of each gate, shape (K, 2); K may be 0.
        n_nodes: number of qubits.

    Returns:
        The number of colors of `color_edges`.

    Example:
        >>> count_steps([(0, 1), (1, 2), (2, 3)], 4), count_steps([], 4)
        (2, 0)
    """
    edges = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    return int(color_edges(edges, n_nodes).max(initial=-1)) + 1


def _round(edge: tuple[int, int], modulus: int) -> int:
    """Round in which two players meet when an odd number plays, the last of an even number staying put."""
    a, b = sorted(edge)
    return (2 * a) % modulus if b == modulus else (a + b) % modulus
