"""VQE as a solver: its row is that of the circuit it trained, everything that training took is counted."""

import dimod
import numpy as np
import pennylane as qml
import pytest

import hybrid_opt as ho
from hybrid_opt.circuits.vqe import VQE as Eigensolver  # noqa: N811
from hybrid_opt.errors import MissingDependencyError, ModelTooLargeError, OptionError
from hybrid_opt.qubo import to_qubo
from hybrid_opt.seeds import child_seed
from hybrid_opt.solvers import VQE


def knapsack() -> dimod.ConstrainedQuadraticModel:
    cqm = dimod.ConstrainedQuadraticModel()
    items = list(dimod.Binaries(["a", "b", "c", "d"]))
    cqm.set_objective(sum(-value * item for value, item in zip((5, 4, 3, 2), items)))
    cqm.add_constraint(sum(weight * item for weight, item in zip((3, 2, 2, 1), items)) <= 4, label="weight")
    return cqm


def random_bqm(n: int, seed: int = 0) -> dimod.BinaryQuadraticModel:
    return dimod.BinaryQuadraticModel(
        np.triu(np.random.default_rng(seed).integers(-9, 10, (n, n))).astype(float), "BINARY"
    )


def test_the_row_is_that_of_the_trained_circuit():
    solution = ho.solve(knapsack(), VQE(shots=500, restarts=1), seed=3)
    record, qubo = solution.quantum, to_qubo(knapsack())
    trial = Eigensolver(qubo.bqm, "hardware_efficient", n_layers=2, seed=child_seed(3, "vqe 0"))
    result = trial.minimize(max_evaluations=200)
    assert record.weights == pytest.approx(result.weights.reshape(-1))
    assert record.expected_energy == pytest.approx(result.energy)
    optimal = feasible = 0.0
    for index, probability in enumerate(result.probabilities()):
        bits = [(index >> (qubo.n_bits - 1 - k)) & 1 for k in range(qubo.n_bits)]
        sample = qubo.decode(dict(zip(qubo.bqm.variables, bits)))
        if knapsack().check_feasible(sample):
            feasible += probability
            optimal += probability * (knapsack().objective.energy(sample) == -7)
    assert record.p_optimum == pytest.approx(optimal)
    assert record.feasible_share == pytest.approx(feasible)
    assert (record.qubits, record.depth, record.shots, record.ansatz) == (
        qubo.n_bits,
        2,
        500,
        "hardware_efficient",
    )
    assert (record.gammas, record.betas) == ((), ())
    assert (record.evaluations, record.gradients) == (result.evaluations, result.gradients)
    assert record.samples_counted == 1000 * (result.evaluations + 3 * result.gradients) + 500
    assert record.two_qubit_gates == trial.resources()["two_qubit_gates"]
    assert record.uniform.n_feasible == 9
    assert record.simulator.startswith("Aer")
    assert record.source == "exact probabilities"
    assert solution.samples == 500


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_small_optima(seed):
    model = random_bqm(6, seed)
    solution = ho.solve(model, VQE(restarts=5), compare=["exact"], seed=1)
    assert solution.objective == solution.baselines[0].objective


def test_same_seed_same_answer():
    first, again, other = (
        ho.solve(random_bqm(5), VQE(shots=50, restarts=1), seed=seed) for seed in (8, 8, 9)
    )
    assert first.sampleset == again.sampleset
    assert first.quantum.weights == again.quantum.weights != other.quantum.weights
    assert first.deterministic


def test_restarts_take_the_lowest_energy_and_all_are_counted():
    model = random_bqm(8, 5)
    one = ho.solve(model, VQE(shots=None, restarts=1), seed=2).quantum
    three = ho.solve(model, VQE(shots=None, restarts=3), seed=2).quantum
    assert three.expected_energy <= one.expected_energy
    assert three.evaluations > one.evaluations
    assert three.samples_counted == 1000 * (three.evaluations + 3 * three.gradients) + 1000


def test_training_with_shots_counts_shots():
    solver = VQE(shots=100, training_shots=40, max_evaluations=60, restarts=1)
    record = ho.solve(random_bqm(4), solver, seed=1).quantum
    assert record.gradients == 0
    # SPSA in one basis, and the final estimate with ten times the shots
    assert record.samples_counted == 40 * record.evaluations + 400 + 100


@pytest.mark.parametrize("optimizer", ["L-BFGS-B", "Adam", "SPSA", "COBYLA", "Nelder-Mead"])
def test_optimizers(optimizer):
    model = random_bqm(4, seed=4)
    solver = VQE(shots=None, optimizer=optimizer, max_evaluations=60, restarts=1)
    record = ho.solve(model, solver, seed=1).quantum
    start = Eigensolver(to_qubo(model).bqm, "hardware_efficient", n_layers=2, seed=child_seed(1, "vqe 0"))
    assert record.expected_energy < start.value(start.start)
    assert record.evaluations <= 61


def test_exact_probabilities_propose_the_most_probable_assignment():
    solution = ho.solve(random_bqm(6, 2), VQE(shots=None), seed=1)
    assert len(solution.sampleset) == 1
    assert solution.samples is None
    assert "most probable feasible" in " ".join(solution.notes)


def test_no_entanglement_is_a_control():
    record = ho.solve(random_bqm(5), VQE(ansatz="separable"), seed=1).quantum
    assert (record.two_qubit_gates, record.two_qubit_depth, record.ansatz) == (0, 0, "separable")


def test_postprocessing_is_labelled():
    polished = ho.solve(random_bqm(8, 3), VQE(depth=1, shots=50, postprocess="descent"), seed=2)
    assert polished.method == "vqe+descent"
    assert "post-processed" in " ".join(polished.notes)


def test_time_ends_the_training_and_is_said():
    solution = ho.solve(random_bqm(5), VQE(optimizer="Adam"), seed=1, time_limit=1e-6)
    assert not solution.deterministic
    assert not solution.interrupted
    assert "the time limit ended the training after 1 evaluations" in solution.notes


def test_ctrl_c_during_training_still_samples(monkeypatch):
    from hybrid_opt.circuits import vqe

    monkeypatch.setattr(vqe, "optimize", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    solution = ho.solve(random_bqm(4), VQE(), seed=1)
    assert solution.interrupted
    assert solution.samples == 1000
    assert "ctrl-C ended the training" in " ".join(solution.notes)


def test_another_device_keeps_its_own_seed():
    device = qml.device("default.qubit", wires=4, seed=5)
    solution = ho.solve(random_bqm(4), VQE(shots=40, device=device), seed=1)
    assert solution.quantum.simulator == "default.qubit"
    assert not solution.deterministic
    assert "follow the seed of default.qubit" in " ".join(solution.notes)
    assert ho.solve(random_bqm(4), VQE(shots=None, device=device), seed=1).deterministic


def test_too_many_qubits_and_devices_that_do_not_fit(monkeypatch):
    from hybrid_opt.circuits import errors

    with pytest.raises(ModelTooLargeError, match=r"needs 19 qubits.*VQE\(max_qubits=\.\.\.\)"):
        ho.solve(random_bqm(19), "vqe")
    with pytest.raises(OptionError, match="wires"):
        ho.solve(random_bqm(4), VQE(device=qml.device("default.qubit", wires=3)))
    with pytest.raises(OptionError, match="all terms of the Hamiltonian commute"):
        ho.solve(random_bqm(4), VQE(ansatz="hva"))
    error = errors.MissingAerError("install hybrid-opt[aer]")
    monkeypatch.setattr(VQE, "_run", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(MissingDependencyError, match="install"):
        ho.solve(random_bqm(4), "vqe")


def test_nothing_left_to_choose_runs_no_circuit():
    cqm = dimod.ConstrainedQuadraticModel()
    a, b = dimod.Binaries("ab")
    cqm.set_objective(a + 2 * b)
    cqm.add_constraint(a + b >= 2, label="both")
    solution = ho.solve(cqm, VQE(), seed=1)
    assert (solution.objective, solution.quantum) == (3.0, None)


def test_beside_annealing_at_equal_samples():
    solution = ho.solve(random_bqm(5), VQE(max_evaluations=5), compare=["uniform"], seed=1)
    names = [row.method for row in solution.baselines]
    assert "uniform (equal samples)" in names


@pytest.mark.parametrize(
    "settings",
    [
        {"depth": 0}, {"shots": 0}, {"shots": 10.0}, {"optimizer": "SGD"}, {"max_evaluations": 0},
        {"training_shots": -1}, {"restarts": 0}, {"compute": "tpu"}, {"postprocess": "magic"},
        {"max_qubits": 0}, {"encoding": None}, {"penalty": [1]},
        {"optimizer": "L-BFGS-B", "training_shots": 10}, {"compute": "gpu", "device": object()},
    ],
)  # fmt: skip
def test_illegal_settings(settings):
    with pytest.raises(OptionError, match=next(iter(settings))):
        VQE(**settings)


def test_an_unknown_ansatz():
    with pytest.raises(OptionError, match="legal names"):
        ho.solve(random_bqm(3), VQE(ansatz="magic"))
