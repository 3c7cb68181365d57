"""Signs, factors and bit order of QAOA, pinned without any optimization.

On an asymmetric model with linear terms a wrong sign, a factor of two or a reversed index shows; on MaxCut
alone most of them hide.
"""

import itertools

import dimod
import networkx as nx
import numpy as np
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits import CircuitQAOA

X = np.array([[0.0, 1.0], [1.0, 0.0]])


def minus_cut(graph):
    """-cut of a graph: x_a + x_b - 2 x_a x_b edges are cut."""
    model = dimod.BinaryQuadraticModel(dict.fromkeys(graph.nodes, 0.0), {}, 0.0, "BINARY")
    for a, b in graph.edges:
        model.add_linear(a, -1.0)
        model.add_linear(b, -1.0)
        model.add_quadratic(a, b, 2.0)
    return model


def asymmetric_model(n=6, seed=7):
    rng = np.random.default_rng(seed)
    model = dimod.BinaryQuadraticModel({f"x{i}": rng.normal() for i in range(n)}, {}, rng.normal(), "BINARY")
    for i, j in itertools.combinations(range(n), 2):
        if rng.random() < 0.6:
            model.add_quadratic(f"x{i}", f"x{j}", rng.normal())
    return model


def dense_state(model, gammas, betas):
    """The state by matrix exponentials of energies that dimod computes, wire 0 the most significant bit."""
    names = list(model.variables)
    n = len(names)
    values = (0, 1) if model.vartype is dimod.BINARY else (-1, 1)
    cost = [model.energy(dict(zip(names, row))) for row in itertools.product(values, repeat=n)]
    mixer = sum(np.kron(np.kron(np.eye(2**i), X), np.eye(2 ** (n - 1 - i))) for i in range(n))
    state = np.full(2**n, 2 ** (-n / 2), dtype=complex)
    for gamma, beta in zip(gammas, betas):
        state = expm(-1j * gamma * np.diag(cost)) @ state
        state = expm(-1j * beta * mixer) @ state
    return state, np.array(cost)


@pytest.mark.parametrize(("sign", "share"), [(-1, 0.69245), (1, 0.30755)])
def test_petersen_graph_both_signs(sign, share):
    graph = nx.petersen_graph()
    qaoa = CircuitQAOA(minus_cut(graph), compute="cpu")
    value = qaoa.value([np.arctan(1 / np.sqrt(2))], [sign * np.pi / 8])
    assert -value / graph.number_of_edges() == pytest.approx(share, abs=5e-6)
    # The closed form of the guarantee for cubic graphs without triangles: 1/2 + 1/(3 sqrt 3).
    assert -value / graph.number_of_edges() == pytest.approx(0.5 - sign / (3 * np.sqrt(3)), abs=1e-12)


@pytest.mark.parametrize(
    "graph",
    [nx.petersen_graph(), nx.hypercube_graph(3), nx.complete_bipartite_graph(3, 3), nx.heawood_graph()],
)
def test_fixed_angles_on_cubic_graphs_without_triangles(graph):
    graph = nx.convert_node_labels_to_integers(graph)
    assert not any(nx.triangles(graph).values())
    value = CircuitQAOA(minus_cut(graph), compute="cpu").value([np.arctan(1 / np.sqrt(2))], [-np.pi / 8])
    assert round(-value / graph.number_of_edges(), 4) == 0.6925


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
@pytest.mark.parametrize("seed", [7, 8])
def test_depth_two_equals_dense_matrices(vartype, seed):
    model = asymmetric_model(6 - seed % 2, seed=seed)
    if vartype == "SPIN":
        model.change_vartype("SPIN", inplace=True)
    gammas, betas = [0.31, -0.74], [-0.53, 0.22]
    expected, cost = dense_state(model, gammas, betas)
    qaoa = CircuitQAOA(model, compute="cpu")
    state = qaoa.state(gammas, betas)
    phase = np.vdot(state, expected)
    assert abs(phase) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(state * phase, expected, atol=1e-12)
    np.testing.assert_allclose(qaoa.probabilities(gammas, betas), np.abs(expected) ** 2, atol=1e-12)
    np.testing.assert_allclose(qaoa.energies, cost, atol=1e-12)
    assert qaoa.value(gammas, betas) == pytest.approx(np.abs(expected) ** 2 @ cost, abs=1e-12)
    # The instance tells orders and signs apart: none of the usual mistakes gives the same probabilities.
    reversed_bits = (np.abs(expected) ** 2).reshape((2,) * qaoa.n_qubits).transpose().reshape(-1)
    flipped_bits = np.abs(expected[::-1]) ** 2
    flipped_beta = np.abs(dense_state(model, gammas, [-beta for beta in betas])[0]) ** 2
    for mistake in (reversed_bits, flipped_bits, flipped_beta):
        assert np.abs(mistake - np.abs(expected) ** 2).max() > 1e-2


def test_binary_and_spin_forms_have_the_same_probabilities():
    binary = asymmetric_model()
    spin = binary.change_vartype("SPIN", inplace=False)
    angles = ([0.4, 0.2], [-0.3, -0.6])
    first, second = (CircuitQAOA(model, compute="cpu") for model in (binary, spin))
    np.testing.assert_allclose(first.probabilities(*angles), second.probabilities(*angles), atol=1e-12)
    assert first.value(*angles) == pytest.approx(second.value(*angles), abs=1e-12)


def test_samples_are_variables_in_order():
    model = dimod.BinaryQuadraticModel({"p": -2.0, "q": 2.0, "r": -2.0}, {}, 0.0, "BINARY")
    qaoa = CircuitQAOA(model, compute="cpu")
    # With fields of +-1 these angles turn every qubit exactly into its minimum.
    bits = qaoa.sample([np.pi / 4], [-np.pi / 4], shots=5, seed=1)
    assert bits.tolist() == [[1, 0, 1]] * 5
    assert qaoa.probabilities([np.pi / 4], [-np.pi / 4])[0b101] == pytest.approx(1)


def test_hadamard_layer_is_in_phase():
    qaoa = CircuitQAOA(asymmetric_model(), compute="cpu")
    np.testing.assert_allclose(qaoa.state([0.0], [0.0]), 2**-3, atol=1e-12)
