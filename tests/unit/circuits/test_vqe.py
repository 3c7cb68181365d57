"""The eigensolver as a whole: optimizers, stopping, interruption, seeds, wrong arguments."""

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.vqe import VQE
from hybrid_opt.circuits.vqe_optimizers import OPTIMIZERS

FIELD = qml.Z(0) @ qml.Z(1) + 0.5 * qml.X(0) + 0.5 * qml.X(1) + 3.0 * qml.I(0)
LOWEST = 3.0 - np.sqrt(2)


def solver(**settings):
    return VQE(FIELD, settings.pop("ansatz", "hva"), **{"simulator": "native", "seed": 1, **settings})


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_without_shots(optimizer):
    result = solver(optimizer=optimizer).minimize()
    assert result.energy == pytest.approx(LOWEST, abs=0.02 if optimizer == "SPSA" else 1e-8)
    assert result.energy >= LOWEST - 1e-12
    assert result.converged
    assert result.evaluations == len(result.energies)
    assert result.energy == pytest.approx(solver().value(result.weights), abs=1e-10)
    assert (result.standard_error, result.shots_used) == (None, 0)
    assert (result.gradients > 0) == (optimizer in ("L-BFGS-B", "Adam"))


@pytest.mark.parametrize("optimizer", ["Adam", "SPSA", "COBYLA", "Nelder-Mead"])
def test_every_optimizer_with_shots(optimizer):
    vqe = solver(optimizer=optimizer, shots=2000)
    result = vqe.minimize(max_evaluations=300)
    exact = vqe.value(result.weights)
    assert abs(result.energy - exact) < 5 * result.standard_error
    # one final estimate with ten times the shots, in two bases
    assert result.shots_used >= 2 * 2000 * result.evaluations + 2 * 20000
    assert result.standard_error < 0.02
    assert exact < LOWEST + 0.1
    again = solver(optimizer=optimizer, shots=2000).minimize(max_evaluations=300)
    assert np.array_equal(again.weights, result.weights)
    assert again.energy == result.energy


def test_defaults_follow_shots():
    assert solver().optimizer == "L-BFGS-B"
    assert solver(shots=10).optimizer == "SPSA"


def test_the_unit_of_energy_does_not_matter():
    small = VQE(FIELD, "brick_wall", simulator="native", seed=3).minimize()
    large = VQE(1e6 * FIELD, "brick_wall", simulator="native", seed=3).minimize()
    assert large.energy == pytest.approx(1e6 * small.energy, rel=1e-9)
    assert large.evaluations == small.evaluations


@pytest.mark.parametrize("unit", [1e200, 1e-200])
def test_units_whose_squares_are_no_numbers(unit):
    small, large = solver().minimize(), VQE(unit * FIELD, "hva", simulator="native", seed=1).minimize()
    assert large.energy / unit == pytest.approx(small.energy, rel=1e-9)


def test_max_evaluations():
    result = solver(optimizer="Adam").minimize(max_evaluations=5)
    assert (result.evaluations, result.converged) == (5, False)
    assert "max_evaluations (5) was used up" in result.reason
    assert result.energy == result.energies.min()
    only = solver().minimize(max_evaluations=1)
    assert np.array_equal(only.weights, solver().start)


def test_a_time_limit_ends_after_the_first_energy():
    result = solver(optimizer="Adam").minimize(time_limit=1e-9)
    assert (result.limited, result.interrupted, result.evaluations) == (True, False, 1)
    assert result.reason == "time_limit was used up"
    assert not solver().minimize(time_limit=60).limited


def test_ctrl_c_leaves_a_result():
    def press(share, words):
        if share >= 0.3:
            raise KeyboardInterrupt

    for settings in ({"optimizer": "Adam"}, {"optimizer": "SPSA", "shots": 100}, {"optimizer": "COBYLA"}):
        result = solver(**settings).minimize(max_evaluations=40, progress=press)
        assert (result.interrupted, result.converged, result.reason) == (True, False, "ctrl-C")
        assert 12 <= result.evaluations <= 20
        assert np.isfinite(result.energy)
        assert result.weights.shape == solver().weight_shape


def test_ctrl_c_before_anything(monkeypatch):
    vqe = solver(optimizer="COBYLA")
    monkeypatch.setattr(
        "hybrid_opt.circuits.vqe.optimize", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    result = vqe.minimize()
    assert result.interrupted
    assert result.energy == pytest.approx(vqe.value(vqe.start))


def test_progress_rises_and_names_the_energy():
    heard = []
    solver(optimizer="Adam").minimize(max_evaluations=20, progress=lambda *said: heard.append(said))
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)
    assert heard[-1][0] == 1.0
    assert "20 evaluations" in heard[-1][1]


def test_a_stationary_start_is_left_and_told():
    result = solver(ansatz="hva", initial_weights=np.zeros((2, 2))).minimize()
    assert result.energy == pytest.approx(LOWEST)
    assert "gradient vanished at the first weights" in result.notes[0]


def test_an_ansatz_that_cannot_move_the_energy_is_told():
    model = dimod.BinaryQuadraticModel({"a": 1.0, "b": -1.0}, {}, 0.0, "BINARY")
    result = VQE(model, "basic_entangler", initial_state="plus", simulator="native", seed=1).minimize()
    assert "seems not to change the energy" in result.notes[1]


def test_a_function_of_weights_and_wires():
    def ansatz(weights, wires):
        for wire, weight in zip(wires, weights):
            qml.RY(weight, wire)
        qml.CZ(wires)
        for wire, weight in zip(wires, weights):
            qml.RY(3 * weight, wire)

    result = solver(ansatz=ansatz, weight_shape=(2,), initial_weights=[0.3, 0.4]).minimize()
    assert result.weights.shape == (2,)
    assert result.ansatz == "ansatz"
    assert result.energy < 3.0 - 1.2


def test_a_model_of_bits():
    model = dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0, "c": 0.5}, {"ab": 4.0}, 0.25, "BINARY")
    result = VQE(model, "brick_wall", simulator="native", seed=1).minimize()
    assert result.energy == pytest.approx(-1.75)
    assert result.probabilities().argmax() == 0b010
    assert result.exact() == -1.75


def test_devices():
    exact = solver(simulator="aer", device=qml.device("default.qubit", wires=2)).minimize()
    assert exact.simulator == "default.qubit"
    assert exact.energy == pytest.approx(LOWEST)
    device = qml.device("default.qubit", wires=2, seed=4)
    shots = solver(simulator="aer", device=device, shots=200).minimize(max_evaluations=60)
    assert abs(shots.energy - LOWEST) < 0.3
    assert "follow the seed of default.qubit" in shots.notes[0]


def test_aer_is_the_default():
    result = VQE(FIELD, "hva", seed=1).minimize()
    assert result.simulator.startswith("Aer statevector")
    assert result.energy == pytest.approx(LOWEST)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"optimizer": "SGD"}, "optimizer is 'SGD'"),
        ({"optimizer": "L-BFGS-B", "shots": 10}, "noise with shots"),
        ({"shots": 0}, "shots is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"initial_weights": np.zeros(3)}, r"finite numbers of shape \(2, 2\)"),
        ({"initial_weights": np.full((2, 2), np.nan)}, "finite numbers"),
        ({"initial_weights": "zeros"}, "must be real numbers"),
        ({"initial_weights": 1j * np.ones((2, 2))}, "must be real numbers"),
        ({"ansatz": "magic"}, "legal names"),
        ({"compute": "tpu"}, "compute"),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises(CircuitError, match=words):
        solver(**settings)


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_evaluations": 0}, {"tolerance": 0.0}, {"gradient_tolerance": np.nan}, {"learning_rate": -1},
        {"final_shots": 0}, {"checkpoint_every": -1}, {"tolerance": "small"}, {"time_limit": 0.0},
        {"checkpoint": 3}, {"progress": 3},
    ],
)  # fmt: skip
def test_bad_arguments_of_minimize(arguments):
    with pytest.raises(CircuitError, match=next(iter(arguments))):
        solver().minimize(**arguments)
