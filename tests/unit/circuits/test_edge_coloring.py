"""Steps of two-qubit gates."""

import itertools

import networkx as nx
import numpy as np
import pytest

from hybrid_opt.circuits.edge_coloring import color_edges


def count(pairs, n):
    colors = color_edges(np.array(pairs, dtype=np.int64).reshape(-1, 2), n)
    seen = set()
    for (a, b), color in zip(pairs, colors.tolist()):
        assert (a, color) not in seen
        assert (b, color) not in seen
        seen |= {(a, color), (b, color)}
    assert set(colors.tolist()) == set(range(int(colors.max(initial=-1)) + 1))
    return int(colors.max(initial=-1)) + 1


@pytest.mark.parametrize("n", range(2, 21))
def test_complete_graphs_are_nearly_optimal(n):
    best = n - 1 if n % 2 == 0 else n
    assert best <= count(list(itertools.combinations(range(n), 2)), n) <= best + 1


def test_known_graphs():
    assert count([], 3) == 0
    assert count([(0, 1)], 2) == 1
    assert count([(i, i + 1) for i in range(9)], 10) == 2
    assert count([(0, i) for i in range(1, 7)], 7) == 6
    assert count(sorted(nx.cycle_graph(5).edges), 5) == 3


@pytest.mark.parametrize("seed", range(5))
def test_random_graphs_stay_below_twice_the_degree(seed):
    graph = nx.gnp_random_graph(16, 0.4, seed=seed)
    degree = max(dict(graph.degree).values())
    assert degree <= count([tuple(sorted(edge)) for edge in graph.edges], 16) <= 2 * degree - 1
