"""What methods with a circuit share: how effort is counted, which errors users see, what is proposed."""

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits import errors
from hybrid_opt.errors import MissingDependencyError, ModelTooLargeError, OptionError
from hybrid_opt.qubo import to_qubo
from hybrid_opt.solvers.quantum_run import check_qubits, circuit_errors, nothing_to_run, propose, record_run

CIRCUIT = {
    "simulator": "none", "depth": 2, "two_qubit_gates": 0, "two_qubit_depth": 0, "gammas": (), "betas": (),
    "ansatz": "brick_wall", "weights": (0.5,),
}  # fmt: skip


@pytest.fixture
def qubo():
    return to_qubo(dimod.BinaryQuadraticModel({"a": -1.0, "b": -2.0}, {"ab": 4.0}, 0.0, "BINARY"))


def test_every_expectation_gradient_and_shot_is_counted(qubo):
    uniform, energies = np.full(4, 0.25), np.array([0.0, -2.0, -1.0, 1.0])
    given = {"bits": None, "probabilities": uniform, "energies": energies, "shots": None, **CIRCUIT}
    record, likely = record_run(qubo, evaluations=5, gradients=3, **given)
    assert record.samples_counted == 1000 * (5 + 3 * 3) + 1000
    assert (record.evaluations, record.gradients, record.qubits) == (5, 3, 2)
    assert record.expected_energy == record.expected_value == -0.5
    assert (record.p_optimum, record.feasible_share, record.qubo_optimum) == (0.25, 1.0, -2.0)
    assert likely.tolist() == [0, 0]
    assert record.to_dict()["weights"] == [0.5]
    drawn, _ = record_run(qubo, evaluations=5, training_samples=77, **{**given, "shots": 10})
    assert drawn.samples_counted == 87


def test_figures_from_draws(qubo):
    bits = np.array([[0, 1], [1, 1], [0, 1], [1, 0]], dtype=np.uint8)
    record, likely = record_run(
        qubo, bits=bits, probabilities=None, energies=None, shots=4, evaluations=0, **CIRCUIT
    )
    assert (record.p_optimum, record.expected_energy, record.source) == (0.5, -1.0, "shots")
    assert likely is None


def test_proposals_are_draws_or_the_most_probable_assignment(qubo):
    bits = np.array([[1, 1], [1, 0], [1, 1]], dtype=np.uint8)
    states, counts, notes = propose(qubo, bits, None, None)
    assert (states.tolist(), counts.tolist(), notes) == ([[1, 0], [1, 1]], [1, 2], [])
    states, counts, notes = propose(qubo, bits, None, "descent")
    assert states.tolist() == [[0, 1], [1, 0]]
    assert "post-processed" in notes[0]
    states, _, notes = propose(qubo, None, np.array([1, 0]), None)
    assert states.tolist() == [[1, 0]]
    assert "most probable" in notes[0]
    states, _, _ = propose(qubo, None, None, None)
    assert states.shape == (0, 2)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (errors.MissingAerError, MissingDependencyError),
        (errors.ConflictingAerError, MissingDependencyError),
        (errors.DeviceUnavailableError, OptionError),
        (errors.CircuitTooLargeError, ModelTooLargeError),
        (errors.CircuitError, OptionError),
    ],
)
def test_errors_of_circuits_become_those_of_solve(raised, expected):
    with pytest.raises(expected, match="the reason"), circuit_errors("cpu"):
        raise raised("the reason")


def test_too_many_qubits_names_the_method_and_its_setting(qubo):
    check_qubits("qaoa", "QAOA(max_qubits=...)", qubo, 2)
    with pytest.raises(ModelTooLargeError, match=r"needs 2 qubits.*vqe is set to at most 1.*raise VQE\("):
        check_qubits("vqe", "VQE(max_qubits=...)", qubo, 1)


def test_a_qubo_without_bits_has_one_assignment():
    cqm = dimod.ConstrainedQuadraticModel()
    a, b = dimod.Binaries("ab")
    cqm.set_objective(a + 2 * b)
    cqm.add_constraint(a + b >= 2, label="both")
    outcome = nothing_to_run(to_qubo(cqm), 0.5)
    assert outcome.states.tolist() == [[1, 1]]
    assert (outcome.quantum, outcome.timings) == (None, {"compile": 0.5})
