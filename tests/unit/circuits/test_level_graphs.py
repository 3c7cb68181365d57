"""Pairs, adjacency and Trotter steps of a group."""

import numpy as np
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.level_graphs import adjacency, gate_order, pair_levels, trotter_step
from hybrid_opt.circuits.subspace_groups import GroupWires
from hybrid_opt.circuits.weight_walks import weight_patterns


def one_hot(k):
    return GroupWires(tuple(range(k)), 1)


def test_orders():
    assert gate_order(4, "complete") == ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
    assert gate_order(4, "ring") == ((0, 1), (1, 2), (2, 3), (0, 3))
    assert gate_order(2, "ring") == ((0, 1),)
    assert gate_order(1, "ring") == gate_order(1, "complete") == ()


def test_one_hot_graphs():
    np.testing.assert_array_equal(
        adjacency(one_hot(4), gate_order(4, "complete")), np.ones((4, 4)) - np.eye(4)
    )
    cycle = np.roll(np.eye(5), 1, axis=0) + np.roll(np.eye(5), -1, axis=0)
    np.testing.assert_array_equal(adjacency(one_hot(5), gate_order(5, "ring")), cycle)


def test_complete_on_fixed_weight_is_the_johnson_graph():
    patterns = weight_patterns(6, 3).astype(int)
    group = GroupWires(tuple(range(6)), 3)
    np.testing.assert_array_equal(adjacency(group, gate_order(6, "complete")), patterns @ patterns.T == 2)


def test_pair_levels_are_partners():
    patterns = weight_patterns(5, 2)
    one, other = pair_levels(patterns, 1, 4)
    assert len(one) == 3
    for x, y in zip(one, other):
        moved = patterns[x].copy()
        moved[[1, 4]] = moved[[4, 1]]
        assert patterns[x, 1] == 1
        assert patterns[x, 4] == 0
        np.testing.assert_array_equal(moved, patterns[y])


@pytest.mark.parametrize(
    ("k", "topology", "deviation"),
    [
        (3, "complete", 0.086), (4, "complete", 0.198), (5, "complete", 0.319),
        (3, "ring", 0.086), (4, "ring", 0.152), (5, "ring", 0.088),
    ],
)  # fmt: skip
def test_known_deviations_of_the_trotter_step(k, topology, deviation):
    pairs = gate_order(k, topology)
    exact = expm(-0.4j * adjacency(one_hot(k), pairs))
    step, _ = trotter_step(one_hot(k), pairs, 0.4)
    assert np.abs(step - exact).max() == pytest.approx(deviation, abs=5e-4)


def test_even_pairs_before_odd_ones_are_exact_on_a_ring_of_four():
    pairs = [(0, 1), (2, 3), (1, 2), (0, 3)]
    step, _ = trotter_step(one_hot(4), pairs, 0.4)
    np.testing.assert_allclose(step, expm(-0.4j * adjacency(one_hot(4), pairs)), atol=1e-14)


@pytest.mark.parametrize("group", [one_hot(4), GroupWires(tuple(range(5)), 2)])
@pytest.mark.parametrize("topology", ["complete", "ring"])
def test_step_is_the_product_and_the_generator_its_derivative(group, topology):
    pairs = gate_order(len(group.wires), topology)
    step, generator = trotter_step(group, pairs, 0.3)
    product = np.eye(group.levels)
    for pair in pairs:
        product = expm(-0.3j * adjacency(group, [pair])) @ product
    np.testing.assert_allclose(step, product, atol=1e-13)
    np.testing.assert_allclose(generator, generator.conj().T, atol=1e-13)
    above, below = (trotter_step(group, pairs, 0.3 + change)[0] for change in (1e-5, -1e-5))
    np.testing.assert_allclose(1j * (above - below) / 2e-5 @ step.conj().T, generator, atol=1e-8)
