"""Angles without optimization give the published numbers: on graphs, on the tree, on dense matrices."""

import dimod
import networkx as nx
import numpy as np
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.angle_tables import ANGLE_RULES, initial_angles, regular_graph_angles
from hybrid_opt.circuits.cost_scales import cost_scale
from hybrid_opt.circuits.diagonal_qaoa import DiagonalQAOA
from hybrid_opt.circuits.regular_graph_table import GUARANTEES
from hybrid_opt.circuits.tree_graph_table import TREE_SHARES


def cut_model(graph):
    """C = -cut = sum over edges of (s s' - 1) / 2."""
    return dimod.BinaryQuadraticModel(
        {}, dict.fromkeys(graph.edges, 0.5), -graph.number_of_edges() / 2, "SPIN"
    )


def walsh(values):
    size, half = values.size, 1
    while half < size:
        pair = values.reshape(-1, 2, half)
        values = np.stack([pair[:, 0] + pair[:, 1], pair[:, 0] - pair[:, 1]], axis=1)
        half *= 2
    return values.reshape(-1)


def tree_share(degree, gammas, betas):
    """Share of edges cut on the infinite tree, by the iteration of arXiv 2110.14206, section 3.

    A path is the spin of one vertex before each mixer of the ket, in the middle, and likewise of the bra,
    with a weight by the mixers. An edge between two paths has a phase that depends on their product only, so
    that summing over a neighbor is a convolution under XOR.
    """
    p = len(gammas)
    n = 2 * p + 1
    spins = 1 - 2 * (np.arange(2**n) >> np.arange(n)[:, None] & 1)
    weights = np.full(2**n, 0.5, dtype=complex)
    for k in range(p):
        for one, two, sign in ((k, k + 1, -1j), (n - 1 - k, n - 2 - k, 1j)):
            turned = np.where(spins[one] == spins[two], np.cos(betas[k]), sign * np.sin(betas[k]))
            weights *= turned
    phases = sum(gamma * (spins[k] - spins[n - 1 - k]) for k, gamma in enumerate(gammas))
    kernel = walsh(np.exp(-0.5j * phases))

    def over_neighbor(values):
        return walsh(walsh(values) * kernel) / 2**n

    branch = np.ones(2**n, dtype=complex)
    for _ in range(p):
        branch = over_neighbor(weights * branch) ** (degree - 1)
    ends = spins[p] * weights * branch
    correlation = (ends * over_neighbor(ends)).sum()
    assert abs(correlation.imag) < 1e-9
    return (1 - correlation.real) / 2


@pytest.mark.parametrize("degree", range(3, 12))
def test_every_regular_table_reaches_its_share_on_the_tree(degree):
    shares = GUARANTEES[degree] | TREE_SHARES.get(degree, {})
    for depth, share in shares.items():
        if depth <= (8 if degree in (3, 4) else 6):
            gammas, betas = regular_graph_angles(depth, degree)
            found = tree_share(degree, gammas / (np.sqrt(degree) / 2), betas)
            assert found == pytest.approx(share, abs=6e-5), depth


def test_depths_beyond_the_tables_still_gain():
    gammas, betas = regular_graph_angles(9, 4)
    assert tree_share(4, gammas, betas) > TREE_SHARES[4][8] + 0.004


def test_petersen_graph_pins_both_signs():
    qaoa = DiagonalQAOA(cut_model(nx.petersen_graph()))
    gammas, betas = initial_angles(cut_model(nx.petersen_graph()), 1, rule="regular")
    assert gammas[0] == pytest.approx(np.arctan(1 / np.sqrt(2)), abs=1e-4)
    assert -qaoa.value(gammas, betas) / 15 == pytest.approx(0.69245, abs=1e-5)
    assert -qaoa.value(gammas, -betas) / 15 == pytest.approx(0.30755, abs=1e-5)


def test_girth_6_pins_two_layers():
    # On the Heawood graph two layers see no cycle.
    model = cut_model(nx.heawood_graph())
    value = DiagonalQAOA(model).value(*initial_angles(model, 2, rule="regular"))
    assert -value / 21 == pytest.approx(GUARANTEES[3][2], abs=5e-5)


@pytest.mark.parametrize("seed", range(4))
def test_cubic_graphs_reach_the_guarantee(seed):
    model = cut_model(nx.random_regular_graph(3, 14, seed=seed))
    qaoa = DiagonalQAOA(model)
    best = qaoa.energies.min()
    for depth in (*range(1, 9), 11, 12, 17):
        ratio = qaoa.value(*initial_angles(model, depth, rule="regular")) / best
        assert ratio >= GUARANTEES[3][depth] - 1e-4, depth


def test_spin_glass_angles_give_the_known_energy():
    # Energy per spin at infinite size: 0.3033, 0.4075 and 0.4726 for 1, 2 and 3 layers (arXiv 1910.08187).
    n, found = 14, {1: [], 2: [], 3: []}
    for seed in range(12):
        rng = np.random.default_rng(seed)
        pairs = {(i, j): rng.normal() / np.sqrt(n) for i in range(n) for j in range(i)}
        model = dimod.BinaryQuadraticModel({}, pairs, 0.0, "SPIN")
        # Finite size: the weights of these models, not those of their distribution.
        unit = np.sqrt((n - 1) / n) / cost_scale(model)
        for depth, values in found.items():
            values.append(-DiagonalQAOA(model).value(*initial_angles(model, depth)) * unit / n)
    for depth, expected in ((1, 0.3033), (2, 0.4075), (3, 0.4726)):
        assert np.mean(found[depth]) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("rule", ANGLE_RULES)
def test_weighted_model_with_fields_against_dense_matrices(rule):
    rng = np.random.default_rng(7)
    n = 5
    fields, couplings = 3 * rng.normal(size=n), np.triu(rng.exponential(size=(n, n)) * 2, 1)
    model = dimod.BinaryQuadraticModel(
        dict(enumerate(fields)),
        {(i, j): couplings[i, j] for i in range(n) for j in range(i + 1, n)},
        1.5,
        "BINARY",
    )
    bits = np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1) & 1
    energies = 1.5 + bits @ fields + np.einsum("si,ij,sj->s", bits, couplings, bits)
    flips = sum(np.kron(np.kron(np.eye(2**i), [[0, 1], [1, 0]]), np.eye(2 ** (n - 1 - i))) for i in range(n))
    gammas, betas = initial_angles(model, 3, rule=rule)

    def value(sign):
        state = np.full(2**n, 2 ** (-n / 2), dtype=complex)
        for gamma, beta in zip(gammas, betas):
            state = expm(-1j * sign * beta * flips) @ expm(-1j * gamma * np.diag(energies)) @ state
        return np.abs(state) ** 2 @ energies

    qaoa = DiagonalQAOA(model)
    assert qaoa.value(gammas, betas) == pytest.approx(value(1))
    assert qaoa.value(gammas, -betas) == pytest.approx(value(-1))
    spread = energies.max() - energies.min()
    assert value(1) < energies.mean() - 0.2 * spread
    assert value(-1) > energies.mean() + 0.05 * spread
