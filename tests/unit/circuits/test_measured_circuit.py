"""What all QAOA circuits share, on the smallest circuit that has it."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.aer_device import AerDevice
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.measured_circuit import MeasuredCircuit


class Turn(MeasuredCircuit):
    """One RX on one qubit; its bit is the energy."""

    def __init__(self, device=None, seed=None):
        super().__init__(("bit",), device, "cpu", seed)

    @property
    def energies(self):
        return np.array([0.0, 1.0])

    def _operations(self, gammas, betas):
        return [qml.RX(betas[0], self._wires[0])]


@pytest.mark.parametrize("device", [None, qml.device("default.qubit", wires=["q"]), AerDevice(compute="cpu")])
def test_figures(device):
    turn = Turn(device)
    assert turn.probabilities([0], [np.pi / 3]) == pytest.approx([0.75, 0.25])
    assert turn.value([0], [np.pi / 3]) == pytest.approx(0.25)
    np.testing.assert_allclose(np.abs(turn.state([0], [np.pi])), [0, 1], atol=1e-12)
    assert turn.sample([0], [np.pi], shots=3).tolist() == [[1]] * 3
    assert (turn.n_qubits, turn.variables) == (1, ("bit",))
    assert turn.circuit([0], [0.5]).operations[0].data == (0.5,)


def test_seeds():
    turn = Turn(seed=3)
    assert turn.sample([0], [1.5], 40, seed=1).tolist() == turn.sample([0], [1.5], 40, seed=1).tolist()
    assert turn.sample([0], [1.5], 40).tolist() == Turn(seed=3).sample([0], [1.5], 40).tolist()
    other = qml.device("default.qubit", wires=1)
    with pytest.raises(CircuitError, match=r"seed cannot be set for default\.qubit"):
        Turn(other, seed=3)
    with pytest.raises(CircuitError, match="takes none per call"):
        Turn(other).sample([0], [1.5], 40, seed=1)


@pytest.mark.parametrize("shots", [0, 2.5, True])
def test_bad_shots(shots):
    with pytest.raises(CircuitError, match="shots is"):
        Turn().sample([0], [1.5], shots)
