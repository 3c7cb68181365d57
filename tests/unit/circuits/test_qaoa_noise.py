"""CircuitQAOA under gate noise and readout errors: values and samples against a density matrix by hand."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits import AerDevice, CircuitQAOA, noise
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError

GAMMAS, BETAS = [0.21, 0.37], [-0.5, -0.25]
N = 4
X = np.array([[0, 1], [1, 0]])
Z = np.diag([1.0, -1.0])


@pytest.fixture
def model():
    model = dimod.BinaryQuadraticModel({0: 1.0, 1: -2.5, 2: 0.5, 3: 0.0}, {}, 3.25, "BINARY")
    model.add_quadratic_from({(0, 1): 1.5, (3, 1): -0.75, (2, 0): 2.0})
    return model


def noisy(model, noise_model, seed=1):
    device = AerDevice(wires=len(model.variables), compute="cpu", noise_model=noise_model, seed=seed)
    return CircuitQAOA(model, device=device)


def on(operator, *wires):
    """A product of one-qubit operators on some wires, wire 0 most significant, as a dense matrix."""
    whole = np.eye(1)
    for wire in range(N):
        whole = np.kron(whole, operator if wire in wires else np.eye(2))
    return whole


def rotated(rho, generator, angle):
    """exp(-i angle generator) applied, for a generator that squares to one."""
    unitary = np.cos(angle) * np.eye(2**N) - 1j * np.sin(angle) * generator
    return unitary @ rho @ unitary.conj().T


def depolarized(rho, p, wires):
    """(1 - p) rho + p (I / 2**k on the wires): the average over all Pauli operators on them."""
    mixed = rho
    for wire in wires:
        x, z = on(X, wire), on(Z, wire)
        mixed = (mixed + x @ mixed @ x + z @ mixed @ z + x @ z @ mixed @ z @ x) / 4
    return (1 - p) * rho + p * mixed


def by_hand(model, one, two, flips=(0.0, 0.0)):
    """Probabilities of all bit strings, every gate followed by its noise, RZ without any."""
    spin = model.change_vartype("SPIN", inplace=False)  # s = -Z
    rho = np.zeros((2**N, 2**N), dtype=complex)
    rho[0, 0] = 1
    hadamard = (X + Z) / np.sqrt(2)
    for wire in range(N):
        gate = on(hadamard, wire)
        rho = depolarized(gate @ rho @ gate, one, [wire])
    for gamma, beta in zip(GAMMAS, BETAS):
        for wire in range(N):
            rho = rotated(rho, on(Z, wire), -gamma * spin.linear[wire])
        # Depolarizing noise on other pairs does not commute with a gate: the order is that of the circuit.
        order = sorted(
            (sorted(pair) for pair in spin.quadratic), key=lambda p: (p[1] // 3, p[0] // 3, p[0], p[1])
        )
        for first, second in order:
            rho = rotated(rho, on(Z, first, second), gamma * spin.quadratic[first, second])
            rho = depolarized(rho, two, [first, second])
        for wire in range(N):
            rho = depolarized(rotated(rho, on(X, wire), beta), one, [wire])
    read = np.array([[1 - flips[0], flips[1]], [flips[0], 1 - flips[1]]])
    confusion = np.eye(1)
    for _ in range(N):
        confusion = np.kron(confusion, read)
    return confusion @ np.real(np.diag(rho))


def shares(bits):
    indices = bits @ (1 << np.arange(N - 1, -1, -1))
    return np.bincount(indices, minlength=2**N) / len(bits)


@pytest.mark.parametrize(("one", "two", "readout"), [(0.0, 0.0, 0.0), (0.02, 0.0, 0.0), (0.01, 0.1, 0.03)])
def test_exact_values_are_those_of_the_density_matrix(model, one, two, readout):
    qaoa = noisy(model, noise.depolarizing_noise(one, two, readout=readout))
    expected = by_hand(model, one, two, (readout, readout))
    np.testing.assert_allclose(qaoa.probabilities(GAMMAS, BETAS), expected, atol=1e-10)
    assert qaoa.value(GAMMAS, BETAS) == pytest.approx(expected @ qaoa.energies, abs=1e-9)


def test_readout_errors_of_both_kinds(model):
    qaoa = noisy(model, noise.readout_noise(0.1, 0.02))
    expected = by_hand(model, 0.0, 0.0, (0.1, 0.02))
    np.testing.assert_allclose(qaoa.probabilities(GAMMAS, BETAS), expected, atol=1e-10)
    assert np.abs(expected - by_hand(model, 0.0, 0.0)).max() > 0.01


@pytest.mark.parametrize("preset", ["gates", "readout", "both"])
def test_samples_follow_the_exact_probabilities(model, preset):
    gates, readout = preset != "readout", preset != "gates"
    noise_model = noise.depolarizing_noise(0.01 * gates, 0.05 * gates, readout=0.04 * readout)
    qaoa = noisy(model, noise_model)
    exact = qaoa.probabilities(GAMMAS, BETAS)
    bits = qaoa.sample(GAMMAS, BETAS, 20_000, seed=5)
    assert bits.shape == (20_000, N)
    assert bits.dtype == np.uint8
    # Five standard deviations of every share.
    assert (np.abs(shares(bits) - exact) < 5 * np.sqrt(exact * (1 - exact) / 20_000)).all()
    assert (qaoa.sample(GAMMAS, BETAS, 50, seed=5) == qaoa.sample(GAMMAS, BETAS, 50, seed=5)).all()


def test_a_noise_model_of_the_user(model):
    """A bit flip after every mixer gate of wire 2: the last one is a flip of that bit, the rest commute."""
    from qiskit_aer.noise import NoiseModel, pauli_error

    noise_model = NoiseModel()
    noise_model.add_quantum_error(pauli_error([("X", 0.3), ("I", 0.7)]), ["rx"], [2])
    alone = dimod.BinaryQuadraticModel({0: 1.0, 1: 1.0, 2: 0.5, 3: 1.0}, {}, 0.0, "BINARY")
    clean = CircuitQAOA(alone, compute="cpu").probabilities(GAMMAS[:1], BETAS[:1]).reshape(2, 2, 2, 2)
    found = noisy(alone, noise_model).probabilities(GAMMAS[:1], BETAS[:1])
    np.testing.assert_allclose(found, (0.7 * clean + 0.3 * clean[:, :, ::-1]).ravel(), atol=1e-10)


def test_full_noise_is_the_uniform_mean(model):
    qaoa = noisy(model, noise.depolarizing_noise(1.0, 1.0))
    assert qaoa.value(GAMMAS, BETAS) == pytest.approx(qaoa.energies.mean())


def test_more_noise_is_closer_to_the_mean():
    ring = dimod.BinaryQuadraticModel({}, {(i, (i + 1) % 6): 1.0 for i in range(6)}, 0.0, "SPIN")
    values = [
        noisy(ring, noise.depolarizing_noise(p / 10, p)).value([0.39], [-0.39]) for p in (0.0, 0.02, 0.1, 0.5)
    ]
    assert values == sorted(values)
    assert values[0] < -2.9
    assert values[-1] < 0


def test_labels_and_what_noise_does_not_have(model):
    qaoa = noisy(model, noise.depolarizing_noise(0.01, 0.01))
    assert "noise" in qaoa.simulator
    with pytest.raises(CircuitError, match="no statevector"):
        qaoa.state(GAMMAS, BETAS)


def test_exact_values_that_do_not_fit_are_refused_but_samples_are_drawn():
    chain = dimod.BinaryQuadraticModel({}, {(i, i + 1): 1.0 for i in range(19)}, 0.0, "SPIN")
    qaoa = noisy(chain, noise.depolarizing_noise(0.001, 0.01))
    with pytest.raises(CircuitTooLargeError):
        qaoa.value([0.4], [-0.4])
    assert qaoa.sample([0.4], [-0.4], 2, seed=1).shape == (2, 20)
