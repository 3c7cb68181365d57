"""One-layer closed forms against dense matrices, and against what is known of large models."""

import dimod
import networkx as nx
import numpy as np
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.closed_form import ClosedFormQAOA
from hybrid_opt.circuits.depth_one_angles import best_depth_one_angles

X = np.array([[0.0, 1.0], [1.0, 0.0]])
Z = np.diag([1.0, -1.0])


def on_wire(matrix, wire, n):
    return np.kron(np.kron(np.eye(2**wire), matrix), np.eye(2 ** (n - wire - 1)))


def dense_state(model, gamma, beta):
    """exp(-i beta sum X) exp(-i gamma C) |+...+>, written out with matrix exponentials."""
    variables, n = list(model.variables), len(model.variables)
    cost = np.eye(2**n) * model.offset
    bits = {v: (np.eye(2**n) - on_wire(Z, i, n)) / 2 for i, v in enumerate(variables)}
    if model.vartype is dimod.SPIN:
        bits = {v: 2 * bit - np.eye(2**n) for v, bit in bits.items()}
    for v, bias in model.linear.items():
        cost = cost + bias * bits[v]
    for (u, v), bias in model.quadratic.items():
        cost = cost + bias * bits[u] @ bits[v]
    mixer = sum(on_wire(X, i, n) for i in range(n))
    state = expm(-1j * beta * mixer) @ expm(-1j * gamma * cost) @ np.full(2**n, 2 ** (-n / 2))
    return state, cost


def random_model(n, density, seed, vartype="BINARY"):
    rng = np.random.default_rng(seed)
    linear = {f"v{i}": rng.normal() for i in range(n)}
    quadratic = {
        (f"v{i}", f"v{j}"): 3 * rng.exponential() * rng.choice([-1, 1])
        for i in range(n) for j in range(i) if rng.random() < density
    }  # fmt: skip
    return dimod.BinaryQuadraticModel(linear, quadratic, rng.normal(), vartype)


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
@pytest.mark.parametrize(("n", "density"), [(1, 0), (2, 1), (3, 1), (5, 0.5), (6, 1), (7, 0.3)])
def test_energy_spins_and_correlations_equal_dense_matrices(n, density, vartype):
    model = random_model(n, density, seed=n, vartype=vartype)
    qaoa = ClosedFormQAOA(model)
    for gamma, beta in [(0.31, -0.27), (-0.8, 0.63), (2.9, 1.4), (0.0, 0.3), (0.4, 0.0)]:
        state, cost = dense_state(model, gamma, beta)
        assert qaoa.value([gamma], [beta]) == pytest.approx((state.conj() @ cost @ state).real, abs=1e-11)
        spins = [(state.conj() @ on_wire(Z, i, n) @ state).real for i in range(n)]
        np.testing.assert_allclose(qaoa.spins([gamma], [beta]), spins, atol=1e-12)
        np.testing.assert_allclose(qaoa.marginals([gamma], [beta]), (1 - np.array(spins)) / 2, atol=1e-12)
        products = [(state.conj() @ on_wire(Z, i, n) @ on_wire(Z, j, n) @ state).real for i, j in qaoa.pairs]
        np.testing.assert_allclose(qaoa.correlations([gamma], [beta]), products, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_gradient_equals_differences(seed):
    qaoa = ClosedFormQAOA(random_model(8, 0.6, seed))
    rng = np.random.default_rng(seed)
    for gamma, beta in rng.normal(size=(4, 2)):
        value, by_gamma, by_beta = qaoa.value_and_grad([gamma], [beta])
        step = 1e-5
        assert value == qaoa.value([gamma], [beta])
        slope = (qaoa.value([gamma + step], [beta]) - qaoa.value([gamma - step], [beta])) / (2 * step)
        assert by_gamma[0] == pytest.approx(slope, abs=1e-6, rel=1e-6)
        slope = (qaoa.value([gamma], [beta + step]) - qaoa.value([gamma], [beta - step])) / (2 * step)
        assert by_beta[0] == pytest.approx(slope, abs=1e-6, rel=1e-6)


def test_cosines_of_zero_do_not_spoil_the_gradient():
    # gamma = pi / 4 makes every cos(2 gamma J) of unit weights 0.
    qaoa = ClosedFormQAOA(
        dimod.BinaryQuadraticModel({}, dict.fromkeys([(0, 1), (1, 2), (0, 2)], 1.0), 0.0, "SPIN")
    )
    value, by_gamma, by_beta = qaoa.value_and_grad([np.pi / 4], [0.3])
    assert np.isfinite([value, by_gamma[0], by_beta[0]]).all()
    step = 1e-5
    slope = (qaoa.value([np.pi / 4 + step], [0.3]) - qaoa.value([np.pi / 4 - step], [0.3])) / (2 * step)
    assert by_gamma[0] == pytest.approx(slope, abs=1e-8)


def test_triangle_free_cubic_graph_has_the_known_optimum():
    model = dimod.BinaryQuadraticModel({}, dict.fromkeys(nx.heawood_graph().edges, 1.0), 0.0, "SPIN")
    found = best_depth_one_angles(model)
    assert (21 - found.value) / 42 == pytest.approx(0.5 + 1 / (3 * np.sqrt(3)), abs=1e-9)
    assert found.gammas[0] == pytest.approx(np.arctan(1 / np.sqrt(2)) / 2, abs=1e-5)
    assert found.betas[0] == pytest.approx(-np.pi / 8, abs=1e-6)


def test_large_spin_glass_has_the_energy_of_infinite_size():
    # 1 / sqrt(4 e) per spin at gamma = 1 / 2, beta = pi / 8 (arXiv 1910.08187, equation 3).
    rng = np.random.default_rng(3)
    n = 250
    pairs = {(i, j): w for i in range(n) for j, w in enumerate(rng.normal(size=i) / np.sqrt(n))}
    found = best_depth_one_angles(dimod.BinaryQuadraticModel({}, pairs, 0.0, "SPIN"), points=30)
    assert found.value / n == pytest.approx(-1 / np.sqrt(4 * np.e), abs=0.01)
    assert found.gammas[0] == pytest.approx(0.5, abs=0.02)


def test_thousands_of_qubits_are_quick():
    from time import perf_counter

    rng = np.random.default_rng(5)
    graph = nx.random_regular_graph(3, 2000, seed=5)
    model = dimod.BinaryQuadraticModel(
        dict.fromkeys(graph.nodes, 0.5), {edge: rng.normal() for edge in graph.edges}, 0.0, "SPIN"
    )
    qaoa = ClosedFormQAOA(model)
    qaoa.value([0.3], [-0.3])
    begin = perf_counter()
    for _ in range(10):
        qaoa.value_and_grad([0.3], [-0.3])
    # 1 ms each where it was written; a pass over all pairs of qubits would take minutes.
    assert perf_counter() - begin < 2
    assert best_depth_one_angles(model, points=20).value < qaoa.value([0.3], [-0.3])


@pytest.mark.parametrize("seed", range(4))
def test_best_angles_beat_a_fine_grid(seed):
    model = random_model(6, 0.6, seed)
    qaoa, found = ClosedFormQAOA(model), best_depth_one_angles(model)
    sets = np.array(
        [(g, b) for g in np.linspace(0.005, 1, 200) for b in np.linspace(-np.pi / 2, np.pi / 2, 90)]
    )
    assert found.value <= qaoa.values(sets[:, :1], sets[:, 1:]).min() + 1e-9
    assert found.value == pytest.approx(qaoa.value(found.gammas, found.betas), abs=1e-12)
