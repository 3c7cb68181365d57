"""Mixers by name, and what acts on each axis."""

import numpy as np
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.level_graphs import adjacency, gate_order
from hybrid_opt.circuits.subspace_groups import GroupWires
from hybrid_opt.circuits.subspace_mixers import MatrixAxis, RankOneAxis, axis_mixers, read_mixer
from hybrid_opt.circuits.weight_axis import WeightAxis


def group(m, w=1):
    return GroupWires(tuple(range(m)), w)


def kinds(groups, mixer, topology, n_free=0):
    return [type(axis) for axis in axis_mixers(groups, n_free, read_mixer(mixer, topology, len(groups)))]


def test_rank_one_wherever_the_graph_is_complete():
    groups = [group(5), group(5, 4), group(3, 2), group(2), group(1), group(4, 0), group(4, 4)]
    assert kinds(groups, "xy-exact", "complete", 2) == [RankOneAxis] * 9
    small = [group(3), group(3, 2), group(2), group(1)]
    assert kinds(small, "xy-exact", "ring") == [RankOneAxis] * 4
    assert kinds([group(3), group(2)], "xy-trotter", "ring") == [MatrixAxis, RankOneAxis]


def test_matrices_for_few_levels_graphs_for_many():
    groups = [group(5), group(6, 3), group(9, 4)]
    assert kinds(groups, "xy-exact", "ring") == [MatrixAxis, MatrixAxis, WeightAxis]
    assert kinds(groups, "xy-exact", "complete") == [RankOneAxis, MatrixAxis, WeightAxis]
    assert kinds([group(62)], "xy-trotter", "complete") == [MatrixAxis]


def test_names_per_group():
    choice = read_mixer(["xy-exact", "xy-trotter"], ["ring", "complete"], 2)
    assert (choice.exact, choice.topologies) == ((True, False), ("ring", "complete"))
    assert choice.label == "xy-exact (ring), xy-trotter (complete)"
    assert read_mixer("xy-trotter", "ring", 3).label == "xy-trotter (ring)"
    assert read_mixer("grover", "complete", 3).label == "grover"
    assert read_mixer("xy-exact", "complete", 0).label == "xy-exact"


@pytest.mark.parametrize(
    ("mixer", "topology", "words"),
    [
        ("xy", "complete", "mixer is 'xy'; it must be one of xy-exact, xy-trotter, grover"),
        ("xy-exact", "star", "topology is 'star'; it must be one of complete, ring"),
        (["xy-exact"], "complete", "1 names are given as mixer and there are 2 groups"),
        ("xy-exact", ["ring"] * 3, "3 names are given as topology"),
        (["xy-exact", "grover"], "complete", "all groups at once"),
        (["xy-exact", None], "complete", "mixer is None"),
        (7, "complete", "mixer is 7"),
        ({0: "xy-exact"}, "complete", "mixer is {0"),
    ],
)
def test_bad_names(mixer, topology, words):
    with pytest.raises(CircuitError, match=words):
        read_mixer(mixer, topology, 2)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_rank_one_is_the_exponential_of_the_complete_graph(k):
    step = np.exp(0.4j) * (np.eye(k) + RankOneAxis(k).coefficient(0.4) * np.ones((k, k)))
    np.testing.assert_allclose(step, expm(-0.4j * (np.ones((k, k)) - np.eye(k))), atol=1e-14)


@pytest.mark.parametrize("topology", ["complete", "ring"])
def test_exact_matrices(topology):
    mine = group(6, 3)
    graph = adjacency(mine, gate_order(6, topology))
    step, generator = MatrixAxis(mine, topology, True).matrices(-0.7)
    np.testing.assert_allclose(step, expm(0.7j * graph), atol=1e-13)
    np.testing.assert_array_equal(generator, graph)
