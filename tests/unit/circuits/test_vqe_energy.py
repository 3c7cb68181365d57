"""Energies, gradients and shots are the same whatever runs the circuit."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.aer_device import AerDevice
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.vqe_ansatz import trial_circuit
from hybrid_opt.circuits.vqe_energy import EnergyFunction
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian
from hybrid_opt.circuits.vqe_runners import open_runner

READ = read_hamiltonian(
    qml.Z(0) @ qml.Z(1) + 0.3 * qml.Y(1) @ qml.X(2) + 0.5 * qml.X(0) + 2 * qml.I(0) + qml.Y(2)
)
CIRCUIT = trial_circuit(READ, "strongly_entangling", n_layers=2)
WEIGHTS = np.random.default_rng(0).uniform(0, 6, CIRCUIT.n_weights)


def reference(weights):
    tape = CIRCUIT.tape(None, weights.reshape(CIRCUIT.weight_shape), [qml.expval(READ.operator)])
    return float(qml.execute([tape], qml.device("default.qubit", wires=3), diff_method=None)[0])


RUNNERS = {
    "aer": dict,
    "native": lambda: {"simulator": "native"},
    "aer device": lambda: {"device": AerDevice(wires=3, compute="cpu")},
    "default.qubit": lambda: {"device": qml.device("default.qubit", wires=["a", "b", "c"], seed=3)},
    "lightning": lambda: {"device": qml.device("lightning.qubit", wires=3, seed=3)},
}


@pytest.fixture(params=RUNNERS)
def runner(request):
    return open_runner(CIRCUIT, READ, **RUNNERS[request.param]())


def test_exact_energy_and_gradient(runner):
    function = EnergyFunction(CIRCUIT, READ, runner)
    energies, errors = function.energies(np.stack([WEIGHTS, WEIGHTS + 0.5]))
    assert energies == pytest.approx([reference(WEIGHTS), reference(WEIGHTS + 0.5)], abs=1e-10)
    assert not errors.any()
    energy, error, gradient = function.energy_and_gradient(WEIGHTS)
    assert (energy, error) == (pytest.approx(energies[0], abs=1e-10), 0.0)
    for place in (1, 7, 17):
        move = 1e-5 * np.eye(len(WEIGHTS))[place]
        slope = (reference(WEIGHTS + move) - reference(WEIGHTS - move)) / 2e-5
        assert gradient[place] == pytest.approx(slope, abs=1e-8)
    assert function.shots_used == function.draws == 0


def test_shots_estimate_energy_error_and_gradient(runner):
    exact = EnergyFunction(CIRCUIT, READ, runner)
    function = EnergyFunction(CIRCUIT, READ, runner, shots=4000, seed=1)
    energy, error, gradient = function.energy_and_gradient(WEIGHTS)
    assert 0 < error < 0.1
    assert abs(energy - reference(WEIGHTS)) < 5 * error
    # a derivative is half a difference of two energies
    assert np.abs(gradient - exact.energy_and_gradient(WEIGHTS)[2]).max() < 5 * error
    assert function.n_groups == 2
    assert function.shots_used == 4000 * 2 * (1 + 2 * len(WEIGHTS))


def test_standard_errors_are_right():
    runner = open_runner(CIRCUIT, READ, simulator="native")
    function = EnergyFunction(CIRCUIT, READ, runner, shots=50, seed=1)
    energies, errors = function.energies(np.repeat(WEIGHTS[None], 2000, axis=0))
    assert energies.mean() == pytest.approx(reference(WEIGHTS), abs=5 * energies.std() / np.sqrt(2000))
    assert np.sqrt((errors**2).mean()) == pytest.approx(energies.std(), rel=0.08)


def test_draws_depend_on_seed_and_number_only():
    runner = open_runner(CIRCUIT, READ, simulator="native")

    def draws(seed, skip=0):
        function = EnergyFunction(CIRCUIT, READ, runner, shots=100, seed=seed)
        function.draws = skip
        return [function.energies(WEIGHTS[None])[0][0] for _ in range(3)]

    assert draws(1) == draws(1) != draws(2)
    assert draws(1, skip=2)[0] == draws(1)[1]


def test_noise_acts_on_exact_energies_and_gradients():
    noisy = EnergyFunction(
        CIRCUIT, READ, open_runner(CIRCUIT, READ, noise_model=depolarizing_noise(0.05, 0.1), compute="cpu")
    )
    energy, _, gradient = noisy.energy_and_gradient(WEIGHTS)
    assert abs(energy - READ.constant) < 0.9 * abs(reference(WEIGHTS) - READ.constant)
    move = 1e-4 * np.eye(len(WEIGHTS))[17]
    rows = np.stack([WEIGHTS + move, WEIGHTS - move])
    above, below = noisy.energies(rows)[0]
    assert gradient[17] == pytest.approx((above - below) / 2e-4, abs=1e-6)


def test_samples_follow_the_state(runner):
    table = EnergyFunction(CIRCUIT, READ, runner).table(WEIGHTS[None])
    bits = runner.samples(table, 3000, 7)
    assert bits.shape == (3000, 3)
    shares = np.bincount(bits @ [4, 2, 1], minlength=8) / 3000
    chances = np.abs(runner.states(table)[0]) ** 2
    assert np.abs(shares - chances).max() < 5 * 0.5 / np.sqrt(3000)


def test_states_of_runners_agree(runner):
    table = EnergyFunction(CIRCUIT, READ, runner).table(WEIGHTS[None])
    (state,) = runner.states(table)
    assert np.vdot(state, READ.matrix() @ state).real == pytest.approx(reference(WEIGHTS))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"device": "default.qubit"}, "must be a PennyLane device"),
        ({"device": qml.device("default.qubit", wires=2)}, "has 2 wires and the Hamiltonian 3"),
        ({"device": AerDevice(wires=4)}, "has 4 wires and the Hamiltonian 3"),
        ({"device": AerDevice(wires=3), "simulator": "native"}, "leave them out"),
        ({"simulator": "quest"}, "simulator is 'quest'"),
    ],
)
def test_runners_that_do_not_fit(settings, words):
    with pytest.raises(CircuitError, match=words):
        open_runner(CIRCUIT, READ, **settings)
