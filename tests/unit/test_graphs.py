import itertools

import dimod
import networkx as nx
import numpy as np
import pytest

from hybrid_opt import graphs
from hybrid_opt.errors import ModelError, OptionError, UnsupportedModelError
from hybrid_opt.qubo.enumeration import count_and_minimize
from hybrid_opt.qubo.reading import read_model


def cut_weight(graph, side):
    return sum(d.get("weight", 1) for u, v, d in graph.edges(data=True) if side[u] != side[v])


def test_maximum_cut_of_the_petersen_graph():
    graph = nx.petersen_graph()
    model = graphs.maxcut(graph)
    assert isinstance(model, dimod.BinaryQuadraticModel)
    assert model.vartype is dimod.BINARY
    assert list(model.variables) == list(graph)
    assert count_and_minimize(read_model(model)).minimum == -12


def test_energy_is_minus_the_cut_of_every_assignment():
    rng = np.random.default_rng(0)
    graph = nx.gnp_random_graph(6, 0.6, seed=2)
    for u, v in graph.edges:
        graph.edges[u, v]["weight"] = float(rng.normal())
    graph = nx.relabel_nodes(graph, dict(enumerate("fedcba")))
    graph.add_node(("alone",))
    model = graphs.maxcut(graph)
    for bits in itertools.product((0, 1), repeat=7):
        side = dict(zip(graph, bits))
        assert model.energy(side) == pytest.approx(-cut_weight(graph, side), abs=1e-12)


def test_parallel_edges_of_a_multigraph_add_up():
    graph = nx.MultiGraph()
    graph.add_edge("a", "b", weight=2)
    graph.add_edge("b", "a", weight=3)
    assert graphs.maxcut(graph).energy({"a": 1, "b": 0}) == -5
    assert len(graphs.independent_set(graph).constraints) == 1
    assert len(graphs.coloring(graph, 2).constraints) == 2 + 2


def test_largest_independent_set():
    model = graphs.independent_set(nx.cycle_graph(5))
    assert isinstance(model, dimod.ConstrainedQuadraticModel)
    assert count_and_minimize(read_model(model)).minimum == -2
    assert set(model.constraints) == set(nx.cycle_graph(5).edges)


def test_heaviest_independent_set_by_brute_force():
    graph = nx.gnp_random_graph(9, 0.4, seed=4)
    nx.set_node_attributes(graph, {node: (node * 7) % 5 - 1 for node in list(graph)[:-1]}, "weight")
    weights = {node: graph.nodes[node].get("weight", 1) for node in graph}
    independent = [
        chosen
        for size in range(10)
        for chosen in itertools.combinations(graph, size)
        if not graph.subgraph(chosen).edges
    ]
    best = max(sum(weights[node] for node in chosen) for chosen in independent)
    census = count_and_minimize(read_model(graphs.independent_set(graph)))
    assert census.minimum == -best
    assert census.n_feasible == len(independent)


@pytest.mark.parametrize(
    ("graph", "k", "colorings"),
    [
        (nx.complete_graph(4), 3, 0),
        (nx.complete_graph(4), 4, 24),
        (nx.cycle_graph(5), 2, 0),
        (nx.cycle_graph(4), 3, 18),  # (k-1)^n + (k-1) by the chromatic polynomial
        (nx.empty_graph(2), 1, 1),
        (nx.path_graph(2), 1, 0),
    ],
)
def test_colorings_are_counted_by_the_chromatic_polynomial(graph, k, colorings):
    census = count_and_minimize(read_model(graphs.coloring(graph, k)))
    assert census.n_feasible == colorings
    assert census.minimum == (0.0 if colorings else None)


def test_coloring_labels():
    model = graphs.coloring(nx.Graph([("x", "y")]), 2)
    assert list(model.variables) == [("x", 0), ("x", 1), ("y", 0), ("y", 1)]
    assert set(model.constraints) == {
        ("node", "x"),
        ("node", "y"),
        ("edge", "x", "y", 0),
        ("edge", "x", "y", 1),
    }


def test_empty_graphs():
    assert graphs.maxcut(nx.Graph()).num_variables == 0
    assert len(graphs.independent_set(nx.Graph()).variables) == 0
    assert len(graphs.coloring(nx.Graph(), 2).variables) == 0


BUILDERS = [graphs.maxcut, graphs.independent_set, lambda graph: graphs.coloring(graph, 2)]


@pytest.mark.parametrize("build", BUILDERS)
def test_graphs_that_are_refused(build):
    with pytest.raises(UnsupportedModelError, match=r"directed; use graph\.to_undirected"):
        build(nx.DiGraph([(0, 1)]))
    with pytest.raises(UnsupportedModelError, match="not a list"):
        build([(0, 1)])
    with pytest.raises(ModelError, match="node 'b' has an edge to itself"):
        build(nx.Graph([("a", "b"), ("b", "b")]))


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), "3", None, True])
def test_weights_that_are_no_finite_numbers(weight):
    graph = nx.Graph()
    graph.add_edge("a", "b", weight=weight)
    with pytest.raises(ModelError, match="the weight of edge 'a' - 'b' is"):
        graphs.maxcut(graph)
    graph = nx.Graph()
    graph.add_node("a", weight=weight)
    with pytest.raises(ModelError, match="the weight of node 'a' is"):
        graphs.independent_set(graph)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "2"])
def test_numbers_of_colors_that_are_refused(k):
    with pytest.raises(OptionError, match="k is"):
        graphs.coloring(nx.path_graph(2), k)
