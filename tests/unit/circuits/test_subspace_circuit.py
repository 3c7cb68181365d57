"""SubspaceCircuit: its interface, devices, seeds, bad input."""

import dimod
import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits import AerDevice
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.subspace_circuit import SubspaceCircuit
from hybrid_opt.circuits.subspace_groups import FixedWeight

GAMMAS, BETAS = [0.21], [-0.5]
GROUPS = [("a", "b", "c"), FixedWeight(("d", "e", "f"), 2)]


@pytest.fixture
def model():
    pairs = {"ab": 1.5, "ad": -2.0, "cf": 0.5, "eg": 1.0}
    model = dimod.BinaryQuadraticModel({name: 0.3 * i for i, name in enumerate("abcdefg")}, {}, 1.0, "BINARY")
    model.add_quadratic_from({tuple(pair): bias for pair, bias in pairs.items()})
    return model


def test_interface(model):
    circuit = SubspaceCircuit(model, GROUPS, compute="cpu", seed=4)
    probabilities = circuit.probabilities(GAMMAS, BETAS)
    assert circuit.space.shape == (3, 3, 2)
    inside = circuit.subspace_probabilities(GAMMAS, BETAS)
    assert inside.sum() == pytest.approx(probabilities.sum()) == pytest.approx(1)
    np.testing.assert_array_equal(inside, probabilities[circuit.places])
    assert circuit.value(GAMMAS, BETAS) == pytest.approx(inside @ circuit.energies[circuit.places])
    one = dict(zip("abcdefg", (0, 1, 0, 0, 0, 1, 1)))
    assert circuit.energies[0b0100011] == pytest.approx(model.energy(one))
    assert circuit.simulator == "Aer statevector (CPU)"
    assert (circuit.variables, circuit.n_qubits) == (tuple("abcdefg"), 7)
    bits = circuit.sample(GAMMAS, BETAS, shots=2000, seed=1)
    assert (circuit.space.indices(bits) >= 0).all()
    np.testing.assert_allclose(
        np.bincount(circuit.space.indices(bits), minlength=18) / 2000, inside, atol=0.05
    )
    assert (
        circuit.sample(GAMMAS, BETAS, 9, seed=1).tolist() == circuit.sample(GAMMAS, BETAS, 9, seed=1).tolist()
    )
    with pytest.raises(ValueError, match="read-only"):
        circuit.energies[0] = 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: qml.device("default.qubit", wires=7),
        lambda: qml.device("default.qubit", wires=list("tuvwxyz")),
        lambda: AerDevice(wires=list("tuvwxyz"), compute="cpu"),
        lambda: qml.device("default.qubit"),
    ],
)
@pytest.mark.parametrize("mixer", ["xy-exact", "xy-trotter", "grover"])
def test_devices_agree(model, make, mixer):
    first = SubspaceCircuit(model, GROUPS, mixer, compute="cpu").probabilities(GAMMAS, BETAS)
    second = SubspaceCircuit(model, GROUPS, mixer, device=make()).probabilities(GAMMAS, BETAS)
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_bad_input(model):
    with pytest.raises(CircuitError, match="6 wires and the model 7"):
        SubspaceCircuit(model, GROUPS, device=qml.device("default.qubit", wires=6))
    with pytest.raises(CircuitError, match="must be a PennyLane device"):
        SubspaceCircuit(model, GROUPS, device="default.qubit")
    with pytest.raises(CircuitError, match="xy-exact, xy-trotter, grover"):
        SubspaceCircuit(model, GROUPS, "x", compute="cpu")
    with pytest.raises(CircuitError, match="'q'"):
        SubspaceCircuit(model, [("a", "q")], compute="cpu")
    with pytest.raises(CircuitError, match="gammas"):
        SubspaceCircuit(model, GROUPS, compute="cpu").probabilities([], [])


def test_large_groups_are_refused_at_once():
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(11), 1.0), {}, 0.0, "BINARY")
    with pytest.raises(CircuitTooLargeError, match="a group of 11 bits"):
        SubspaceCircuit(model, [tuple(range(11))], compute="cpu")
    assert SubspaceCircuit(model, [tuple(range(11))], "xy-trotter", compute="cpu").space.dimension == 11
