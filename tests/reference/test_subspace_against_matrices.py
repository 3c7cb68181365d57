"""The subspace engine against dense matrices and against its circuit on Aer and on default.qubit.

The matrices are made of bit strings alone: an exchange of two bits where they differ, a flip of a free bit,
the energies that dimod computes.
"""

import itertools

import dimod
import numpy as np
import pennylane as qml
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.subspace_circuit import SubspaceCircuit
from hybrid_opt.circuits.subspace_groups import FixedWeight, OneHot
from hybrid_opt.circuits.subspace_qaoa import SubspaceQAOA

GAMMAS, BETAS = [0.3, -0.2], [-0.4, 0.7]
CASES = {
    "one-hot": ([(0, 1, 2), OneHot((6, 4, 3, 5))], 7),
    "mixed": ([FixedWeight((0, 2, 4, 5), 2), (1, 3, 6)], 8),
    "trivial": ([(0,), FixedWeight((1, 2, 3), 0), FixedWeight((4, 5), 2), (6, 7, 8)], 9),
    "heavy": ([FixedWeight((1, 3, 4, 5, 6), 4), (2, 0)], 7),
    "free": (None, 4),
}
NAMES = [
    ("xy-exact", "complete"),
    ("xy-exact", "ring"),
    ("xy-trotter", "complete"),
    ("xy-trotter", "ring"),
    ("grover", "complete"),
]


def random_model(n, whole=False):
    rng = np.random.default_rng(n)
    pairs = list(itertools.combinations(range(n), 2))
    draws = rng.integers(-2, 3, n + len(pairs)).astype(float) if whole else rng.normal(size=n + len(pairs))
    return dimod.BinaryQuadraticModel(dict(enumerate(draws[:n])), dict(zip(pairs, draws[n:])), 0.7, "BINARY")


def gate_generators(groups, n, topology, states):
    """For every gate of a layer, in order, its generator on the listed bit strings."""
    index = {state: number for number, state in enumerate(states)}

    def matrix(change):
        result = np.zeros((len(states), len(states)))
        for number, state in enumerate(states):
            other = change(list(state))
            if other != list(state):
                result[number, index[tuple(other)]] = 1
        return result

    def exchange(a, b):
        def change(bits):
            bits[a], bits[b] = bits[b], bits[a]
            return bits

        return matrix(change)

    def flip(a):
        def change(bits):
            bits[a] = 1 - bits[a]
            return bits

        return matrix(change)

    members = [getattr(group, "variables", group) for group in groups or []]
    generators = []
    for wires in members:
        m = len(wires)
        pairs = list(itertools.combinations(range(m), 2))
        if topology == "ring" and m > 2:
            pairs = [*((i, i + 1) for i in range(m - 1)), (0, m - 1)]
        generators += [exchange(wires[a], wires[b]) for a, b in pairs]
    free = set(range(n)) - {wire for wires in members for wire in wires}
    return generators + [flip(wire) for wire in sorted(free)]


def dense_state(engine, model, groups, mixer, topology):
    states = [tuple(row) for row in engine.space.bits(np.arange(engine.space.dimension)).tolist()]
    energies = np.array([model.energy(dict(enumerate(state))) for state in states])
    generators = gate_generators(groups, len(states[0]), topology, states)
    size = len(states)
    vector = np.full(size, size**-0.5, dtype=complex)
    for gamma, beta in zip(GAMMAS, BETAS):
        vector = expm(-1j * gamma * np.diag(energies)) @ vector
        if mixer == "grover":
            vector = expm(-1j * beta * np.full((size, size), 1 / size)) @ vector
        elif mixer == "xy-exact":
            vector = expm(-1j * beta * sum(generators)) @ vector
        else:
            for generator in generators:
                # Exchanges and flips square to projectors.
                once = generator @ vector
                vector = vector + (np.cos(beta) - 1) * (generator @ once) - 1j * np.sin(beta) * once
    return vector, energies


def without_phase(vector, reference):
    overlap = np.vdot(vector, reference)
    return vector * overlap / abs(overlap)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("mixer", "topology"), NAMES)
def test_engine_is_the_product_of_dense_matrices(case, mixer, topology):
    groups, n = CASES[case]
    model = random_model(n)
    engine = SubspaceQAOA(model, groups, mixer=mixer, topology=topology)
    expected, energies = dense_state(engine, model, groups, mixer, topology)
    np.testing.assert_allclose(engine.energies, energies, atol=1e-12)
    np.testing.assert_allclose(without_phase(engine.state(GAMMAS, BETAS), expected), expected, atol=1e-12)
    assert engine.value(GAMMAS, BETAS) == pytest.approx(np.abs(expected) ** 2 @ energies, abs=1e-11)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("mixer", "topology"), NAMES)
@pytest.mark.parametrize("device", ["hybrid.aer", "default.qubit"])
def test_engine_is_the_circuit(case, mixer, topology, device):
    groups, n = CASES[case]
    model = random_model(n)
    engine = SubspaceQAOA(model, groups, mixer=mixer, topology=topology)
    circuit = SubspaceCircuit(model, groups, mixer, topology, qml.device(device, wires=n))
    whole = circuit.state(GAMMAS, BETAS)
    inside = whole[circuit.places]
    assert np.linalg.norm(inside) == pytest.approx(1, abs=1e-10)
    np.testing.assert_allclose(without_phase(engine.state(GAMMAS, BETAS), inside), inside, atol=1e-10)
    np.testing.assert_allclose(
        circuit.subspace_probabilities(GAMMAS, BETAS), engine.probabilities(GAMMAS, BETAS), atol=1e-10
    )
    assert circuit.value(GAMMAS, BETAS) == pytest.approx(engine.value(GAMMAS, BETAS), abs=1e-10)


@pytest.mark.parametrize(("mixer", "topology"), NAMES)
@pytest.mark.parametrize("whole", [False, True])
def test_large_groups_of_fixed_weight(mixer, topology, whole):
    model, groups = random_model(11, whole), [FixedWeight(tuple(range(1, 10)), 4)]
    engine = SubspaceQAOA(model, groups, mixer=mixer, topology=topology)
    assert engine.space.shape == (126, 4)
    expected, _ = dense_state(engine, model, groups, mixer, topology)
    np.testing.assert_allclose(without_phase(engine.state(GAMMAS, BETAS), expected), expected, atol=1e-12)
    _, by_gamma, by_beta = engine.value_and_grad(GAMMAS, BETAS)
    angles = np.array(GAMMAS + BETAS)
    for number, derivative in enumerate([*by_gamma, *by_beta]):
        change = np.zeros(4)
        change[number] = 1e-5
        above = engine.value(*np.split(angles + change, 2))
        below = engine.value(*np.split(angles - change, 2))
        assert derivative == pytest.approx((above - below) / 2e-5, abs=1e-6)


def test_polynomials_and_their_circuit():
    model = dimod.BinaryPolynomial(
        {(0, 3, 5): 1.5, (1, 3): -0.5, (2,): 1.0, (0, 1, 4, 5): 2.0, (4, 2): 0.5}, "BINARY"
    )
    groups = [(0, 1, 2), FixedWeight((3, 4, 5), 2)]
    engine = SubspaceQAOA(model, groups)
    np.testing.assert_allclose(
        engine.circuit_probabilities(GAMMAS, BETAS), engine.probabilities(GAMMAS, BETAS), atol=1e-10
    )
    bits = engine.space.bits(np.arange(9))
    columns = [engine.variables.index(i) for i in range(6)]
    expected = [model.energy(dict(enumerate(row[columns].tolist()))) for row in bits]
    np.testing.assert_allclose(engine.energies, expected, atol=1e-12)


def test_minimizing_betas_are_negative():
    model = random_model(7)
    engine = SubspaceQAOA(model, CASES["one-hot"][0])
    mean = engine.energies.mean()
    assert engine.value([0.2], [-0.3]) < mean < engine.value([0.2], [0.3])
