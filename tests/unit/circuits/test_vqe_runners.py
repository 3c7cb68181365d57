"""What is special to each runner; that they agree is in test_vqe_energy."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits import vqe_runners
from hybrid_opt.circuits.energy_groups import energy_groups
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.vqe_ansatz import trial_circuit
from hybrid_opt.circuits.vqe_energy import EnergyFunction
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian
from hybrid_opt.circuits.vqe_runners import DeviceRunner, open_runner

READ = read_hamiltonian(qml.Z(0) @ qml.Z(1) + 0.5 * qml.X(0) + 2 * qml.I(0))
CIRCUIT = trial_circuit(READ, "brick_wall")
WEIGHTS = np.linspace(0.1, 0.8, 4)


def test_words_one_by_one_where_a_matrix_would_be_large(monkeypatch):
    def energy():
        runner = open_runner(CIRCUIT, READ, simulator="native")
        return EnergyFunction(CIRCUIT, READ, runner).energy_and_gradient(WEIGHTS)

    small = energy()
    monkeypatch.setattr(vqe_runners, "_MATRIX_ENTRIES", 0)
    large = energy()
    assert large[0] == pytest.approx(small[0])
    np.testing.assert_allclose(large[2], small[2], atol=1e-12)


def test_a_group_always_brings_the_same_program():
    class Spy:
        label, compute, threads = "spy", "cpu", None

        def __init__(self):
            self.programs = []

        def states(self, *arguments, **more):
            raise AssertionError

        def counts(self, program, table, wires, shots, seed):
            self.programs.append(program)
            return [(np.array([0]), np.array([shots]))] * len(table)

    spy = Spy()
    function = EnergyFunction(CIRCUIT, READ, open_runner(CIRCUIT, READ, simulator=spy), shots=5)
    energies, errors = function.energies(np.stack([WEIGHTS, WEIGHTS]))
    assert energies.tolist() == [3.5, 3.5]
    assert errors.tolist() == [0.0, 0.0]
    function.energies(WEIGHTS[None])
    assert len({id(program) for program in spy.programs}) == len(energy_groups(READ)) == 2


def test_labels_and_gradients():
    assert open_runner(CIRCUIT, READ, simulator="native").gradient == "adjoint"
    runner = open_runner(CIRCUIT, READ, device=qml.device("default.qubit", wires=2))
    assert (runner.label, runner.gradient) == ("default.qubit", "best")
    assert isinstance(runner, DeviceRunner)


def test_a_device_without_wires_and_one_without_pure_states():
    anywhere = open_runner(CIRCUIT, READ, device=qml.device("default.qubit"))
    exact = open_runner(CIRCUIT, READ, simulator="native")
    table = EnergyFunction(CIRCUIT, READ, exact).table(WEIGHTS[None])
    assert anywhere.energies(table) == pytest.approx(exact.energies(table))
    mixed = open_runner(CIRCUIT, READ, device=qml.device("default.mixed", wires=2))
    assert mixed.energies(table) == pytest.approx(exact.energies(table))
    with pytest.raises(CircuitError, match="holds no statevector"):
        mixed.states(table)
