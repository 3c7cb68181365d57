"""CircuitQAOA: its interface, other devices, seeds, resources, bad input. Conventions: tests/reference."""

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits import AerDevice, CircuitQAOA, memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError, DeviceUnavailableError

GAMMAS, BETAS = [0.21, 0.37], [-0.5, -0.25]


@pytest.fixture
def model():
    model = dimod.BinaryQuadraticModel({"a": 1.0, "b": -2.5, "c": 0.5, "d": 0.0}, {}, 3.25, "BINARY")
    model.add_quadratic_from({("a", "b"): 1.5, ("d", "b"): -0.75, ("c", "a"): 2.0})
    return model


@pytest.fixture
def qaoa(model):
    return CircuitQAOA(model, compute="cpu", seed=4)


def test_the_parts_agree(qaoa, model):
    state = qaoa.state(GAMMAS, BETAS)
    probabilities = qaoa.probabilities(GAMMAS, BETAS)
    assert state.dtype == np.complex128
    assert probabilities.shape == qaoa.energies.shape == (16,)
    np.testing.assert_allclose(np.abs(state) ** 2, probabilities, atol=1e-12)
    assert probabilities.sum() == pytest.approx(1)
    assert qaoa.value(GAMMAS, BETAS) == pytest.approx(probabilities @ qaoa.energies)
    assert qaoa.energies[0b0100] == model.energy({"a": 0, "b": 1, "c": 0, "d": 0})
    assert qaoa.variables == ("a", "b", "c", "d")
    assert qaoa.simulator == "Aer statevector (CPU)"


def test_zero_angles_are_the_uniform_mean(qaoa):
    np.testing.assert_allclose(qaoa.probabilities([0.0], [0.0]), 1 / 16)
    assert qaoa.value([0.0], [0.0]) == pytest.approx(qaoa.energies.mean())


def test_offset_only_shifts_the_value(model, qaoa):
    shifted = model.copy()
    shifted.offset += 100
    other = CircuitQAOA(shifted, compute="cpu")
    assert other.value(GAMMAS, BETAS) == pytest.approx(qaoa.value(GAMMAS, BETAS) + 100)


def test_model_may_change_afterwards(model):
    qaoa = CircuitQAOA(model, compute="cpu")
    before = CircuitQAOA(model, compute="cpu").value(GAMMAS, BETAS)
    model.add_linear("a", 50.0)
    assert qaoa.value(GAMMAS, BETAS) == pytest.approx(before)


def test_energies_are_read_only(qaoa):
    with pytest.raises(ValueError, match="read-only"):
        qaoa.energies[0] = 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: qml.device("default.qubit", wires=4),
        lambda: qml.device("default.qubit"),
        lambda: qml.device("default.qubit", wires=["w", "x", "y", "z"]),
        lambda: AerDevice(wires=["w", "x", "y", "z"], compute="cpu"),
        lambda: AerDevice(compute="cpu"),
    ],
)
def test_devices_agree(make, model, qaoa):
    other = CircuitQAOA(model, make())
    expected = qaoa.probabilities(GAMMAS, BETAS)
    np.testing.assert_allclose(other.probabilities(GAMMAS, BETAS), expected, atol=1e-12)
    np.testing.assert_allclose(other.state(GAMMAS, BETAS), qaoa.state(GAMMAS, BETAS), atol=1e-12)
    assert other.value(GAMMAS, BETAS) == pytest.approx(qaoa.value(GAMMAS, BETAS), abs=1e-12)
    assert other.sample(GAMMAS, BETAS, shots=7).shape == (7, 4)


def test_simulator_of_another_device(model):
    assert CircuitQAOA(model, qml.device("default.qubit", wires=4)).simulator == "default.qubit"


def test_mixed_state_device_has_probabilities_but_no_state(model, qaoa):
    other = CircuitQAOA(model, qml.device("default.mixed", wires=4))
    expected = qaoa.probabilities(GAMMAS, BETAS)
    np.testing.assert_allclose(other.probabilities(GAMMAS, BETAS), expected, atol=1e-12)
    with pytest.raises(CircuitError, match="no statevector"):
        other.state(GAMMAS, BETAS)


def test_samples_follow_the_probabilities(qaoa):
    bits = qaoa.sample(GAMMAS, BETAS, shots=20_000, seed=11)
    assert bits.dtype == np.uint8
    assert bits.shape == (20_000, 4)
    counts = np.bincount(bits @ np.array([8, 4, 2, 1]), minlength=16) / 20_000
    np.testing.assert_allclose(counts, qaoa.probabilities(GAMMAS, BETAS), atol=0.015)


def test_sample_seeds(model, qaoa):
    def draw(source, **options):
        return source.sample(GAMMAS, BETAS, shots=50, **options).tolist()

    assert draw(qaoa, seed=1) == draw(qaoa, seed=1) != draw(qaoa, seed=2)
    again = CircuitQAOA(model, compute="cpu", seed=4)
    first, second = draw(qaoa), draw(qaoa)
    assert first != second
    assert [draw(again), draw(again)] == [first, second]
    mine = CircuitQAOA(model, AerDevice(wires=4, compute="cpu", seed=9), seed=4)
    assert draw(mine) == first


def test_one_qubit():
    qaoa = CircuitQAOA(dimod.BinaryQuadraticModel({"a": 2.0}, {}, 0.0, "BINARY"), compute="cpu")
    assert qaoa.value([np.pi / 4], [-np.pi / 4]) == pytest.approx(0, abs=1e-12)
    assert qaoa.sample([np.pi / 4], [-np.pi / 4], shots=4, seed=1).tolist() == [[0]] * 4
    assert qaoa.resources(3) == {
        "qubits": 1,
        "depth": 3,
        "one_qubit_gates": 7,
        "two_qubit_gates": 0,
        "two_qubit_depth": 0,
    }


def test_constant_objective():
    qaoa = CircuitQAOA(dimod.BinaryQuadraticModel({"a": 0.0, "b": 0.0}, {}, 4.0, "BINARY"), compute="cpu")
    assert qaoa.value(GAMMAS, BETAS) == pytest.approx(4)
    np.testing.assert_allclose(qaoa.probabilities(GAMMAS, BETAS), 0.25)


def test_resources_count_the_circuit(qaoa):
    resources = qaoa.resources(2)
    gates = [operation.name for operation in qaoa.circuit(GAMMAS, BETAS).operations]
    assert resources["two_qubit_gates"] == gates.count("IsingZZ") == 6
    assert resources["one_qubit_gates"] == len(gates) - 6
    # c - a - b - d is a path: two steps a layer.
    assert (resources["qubits"], resources["depth"], resources["two_qubit_depth"]) == (4, 2, 4)


def test_circuit_can_be_drawn(qaoa):
    drawing = qaoa.circuit([0.1], [0.2]).draw()
    assert drawing.count("╭IsingZZ") == 3
    assert len(drawing.splitlines()) == 4


@pytest.mark.parametrize(
    ("gammas", "betas", "words"),
    [
        ([0.1, 0.2], [0.3], "2 gammas and 1 betas"),
        ([], [], r"gammas has shape \(0,\)"),
        (0.1, 0.2, "shape"),
        ([[0.1]], [[0.2]], "shape"),
        ([np.nan], [0.2], "NaN"),
        ([0.1], [np.inf], "betas holds"),
        (["x"], [0.2], "list of numbers"),
    ],
)
def test_bad_angles(qaoa, gammas, betas, words):
    for call in (qaoa.value, qaoa.state, qaoa.probabilities, qaoa.circuit):
        with pytest.raises(CircuitError, match=words):
            call(gammas, betas)
    with pytest.raises(CircuitError, match=words):
        qaoa.sample(gammas, betas, shots=3)


@pytest.mark.parametrize("shots", [0, -1, 2.5, None, True])
def test_bad_shots(qaoa, shots):
    with pytest.raises(CircuitError, match="shots"):
        qaoa.sample(GAMMAS, BETAS, shots=shots)


@pytest.mark.parametrize("depth", [0, 1.0, True])
def test_bad_depth(qaoa, depth):
    with pytest.raises(CircuitError, match="depth"):
        qaoa.resources(depth)


def test_bad_device(model):
    with pytest.raises(CircuitError, match="5 wires and the model 4"):
        CircuitQAOA(model, qml.device("default.qubit", wires=5))
    with pytest.raises(CircuitError, match="must be a PennyLane device"):
        CircuitQAOA(model, "default.qubit")
    with pytest.raises(CircuitError, match="compute"):
        CircuitQAOA(model, compute="quantum")
    with pytest.raises(CircuitError, match="to the device itself"):
        CircuitQAOA(model, qml.device("default.qubit", wires=4), seed=3)
    with pytest.raises(CircuitError, match="to the device itself"):
        CircuitQAOA(model, qml.device("default.qubit", wires=4)).sample(GAMMAS, BETAS, shots=3, seed=3)


def test_gpu_absent(model, monkeypatch):
    from hybrid_opt.circuits import aer_backend

    monkeypatch.setattr(aer_backend, "_gpu_problem", lambda precision: "there is none")
    aer_backend._open.cache_clear()
    with pytest.raises(DeviceUnavailableError, match="there is none"):
        CircuitQAOA(model, compute="gpu")
    aer_backend._open.cache_clear()


def test_bad_models():
    with pytest.raises(CircuitError, match="NaN"):
        CircuitQAOA(dimod.BinaryQuadraticModel({"a": np.nan}, {}, 0.0, "BINARY"))
    with pytest.raises(CircuitError, match="no variables"):
        CircuitQAOA(dimod.BinaryQuadraticModel("SPIN"))
    with pytest.raises(CircuitError, match="BinaryQuadraticModel is needed"):
        CircuitQAOA({"a": 1.0})


def test_too_many_qubits():
    wide = dimod.BinaryQuadraticModel(dict.fromkeys(range(70), 1.0), {}, 0.0, "BINARY")
    with pytest.raises(CircuitTooLargeError, match=r"70 qubits need .* enough for \d+ qubits"):
        CircuitQAOA(wide, compute="cpu")


def test_limit_follows_free_memory(model, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 64 * 8)
    with pytest.raises(CircuitTooLargeError, match="enough for 3 qubits"):
        CircuitQAOA(model, compute="cpu")
