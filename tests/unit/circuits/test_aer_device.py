"""The PennyLane device hybrid.aer against default.qubit."""

import copy
import itertools
import pickle
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pennylane as qml
import pytest
from pennylane.exceptions import DeviceError, WireError
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error
from scipy.sparse import csr_matrix

from hybrid_opt.circuits import AerDevice, aer_execution, device_results, memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError

LABELS = ["north", "east", 7, "west"]
MATRIX = np.array([[1.0, 0.5 - 0.2j], [0.5 + 0.2j, -0.3]])
SPARSE = csr_matrix(MATRIX)


def layers(angles, wires):
    for k, wire in enumerate(wires):
        qml.RY(angles[k], wire)
        qml.RZ(angles[k] ** 2, wire)
    for first, second in itertools.pairwise(wires):
        qml.CNOT([first, second])
    qml.IsingXX(angles[0], [wires[-1], wires[0]])
    qml.QFT([wires[1], wires[0]])


def both(measurements, wires=LABELS, seed=3, shots=None, aer_wires=None):
    """Results of one random circuit on Aer and on default.qubit."""
    angles = np.random.default_rng(seed).uniform(0.2, 2.8, len(wires))

    def circuit():
        layers(angles, wires)
        return [measure() for measure in measurements]

    results = []
    for device in (
        AerDevice(wires=wires if aer_wires is None else aer_wires, compute="cpu", seed=1),
        qml.device("default.qubit", wires=wires, seed=1),
    ):
        results.append(qml.set_shots(qml.QNode(circuit, device), shots=shots)())
    return results


EXACT = [
    lambda: qml.state(),
    lambda: qml.expval(qml.Z("east")),
    lambda: qml.expval(qml.X("north") @ qml.Y(7)),
    lambda: qml.expval(qml.Hamiltonian([0.5, -1.5, 2.0], [qml.Z("west"), qml.X(7) @ qml.X("east"), qml.I()])),
    lambda: qml.expval(qml.Hermitian(MATRIX, "west")),
    lambda: qml.expval(qml.Hermitian(np.kron(MATRIX, MATRIX), ["west", "north"])),
    lambda: qml.expval(qml.Projector([1, 0], ["west", "east"])),
    lambda: qml.expval(qml.Projector(np.array([0.6, 0.8]), [7])),
    lambda: qml.expval(qml.SparseHamiltonian(SPARSE, [7])),
    lambda: qml.expval(qml.Identity("north")),
    lambda: qml.expval(qml.Hadamard("east")),
    lambda: qml.var(qml.Y("west")),
    lambda: qml.var(qml.X("west") + 2 * qml.Z(7)),
    lambda: qml.var(qml.Hermitian(MATRIX, 7)),
    lambda: qml.probs(),
    lambda: qml.probs(wires=["west", "north"]),
    lambda: qml.probs(op=qml.X(7)),
    lambda: qml.density_matrix([7, "north"]),
    lambda: qml.purity(["east"]),
    lambda: qml.vn_entropy(["east", "west"]),
]
SAMPLED = [measure for k, measure in enumerate(EXACT) if k not in (0, 8, 12, 17, 18, 19)]


@pytest.mark.parametrize("measure", EXACT)
def test_exact_measurements(measure):
    ours, theirs = both([measure])
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-12)


def test_several_exact_measurements_at_once():
    ours, theirs = both(EXACT)
    assert len(ours) == len(EXACT)
    for mine, other in zip(ours, theirs):
        np.testing.assert_allclose(mine, other, atol=1e-12)


def test_device_order_decides_the_state():
    ours, _ = both([qml.state], aer_wires=LABELS[::-1])
    _, theirs = both([qml.state])
    expected = np.asarray(theirs[0]).reshape((2,) * 4).transpose().reshape(-1)
    np.testing.assert_allclose(ours[0], expected, atol=1e-12)


def test_unused_wires_are_zero():
    @qml.qnode(AerDevice(wires=3, compute="cpu"))
    def circuit():
        qml.X(1)
        return qml.state()

    assert np.flatnonzero(circuit()).tolist() == [0b010]


@pytest.mark.parametrize("labels", [None, 2, ["a", "b"]])
def test_wires_may_be_left_open(labels):
    wires = labels if isinstance(labels, list) else [0, 1]

    @qml.qnode(AerDevice(wires=labels, compute="cpu"))
    def circuit():
        qml.X(wires[0])
        qml.CNOT(wires)
        return qml.probs(wires=wires)

    assert circuit().tolist() == [0, 0, 0, 1]


def test_nothing_to_run():
    device = AerDevice(compute="cpu")
    empty = qml.tape.QuantumScript([qml.GlobalPhase(0.3)], [qml.state()])
    full = qml.tape.QuantumScript([qml.X(0)], [qml.state()])
    results = qml.execute([empty, full, empty], device)
    np.testing.assert_allclose(results[0], np.exp([-0.3j]))
    np.testing.assert_allclose(results[1], [0, 1])
    np.testing.assert_allclose(results[2], np.exp([-0.3j]))


def test_broadcasting():
    angles = np.linspace(0, 2, 5)

    def circuit(x):
        qml.RX(x, 0)
        qml.Rot(0.1, x, 0.2, 1)
        qml.CNOT([0, 1])
        return qml.expval(qml.Z(1)), qml.probs(wires=[0])

    ours = qml.QNode(circuit, AerDevice(wires=2, compute="cpu"))(angles)
    theirs = qml.QNode(circuit, qml.device("default.qubit", wires=2))(angles)
    for mine, other in zip(ours, theirs):
        np.testing.assert_allclose(mine, other, atol=1e-12)


def test_batches_are_cut_by_size(monkeypatch):
    monkeypatch.setattr(device_results, "_CHUNK_AMPLITUDES", 8)
    tapes = [
        qml.tape.QuantumScript([qml.RX(0.1 * k, w) for w in range(n)], [qml.probs(wires=[n - 1])])
        for k, n in enumerate([1, 2, 5, 1, 3, 3, 1, 2, 2, 2, 2])
    ]
    ours = qml.execute(tapes, AerDevice(compute="cpu"))
    for k, probabilities in enumerate(ours):
        assert probabilities[1] == pytest.approx(np.sin(0.05 * k) ** 2)


def test_gradient_in_autograd():
    def circuit(x, y):
        qml.RX(x, 0)
        qml.CRY(y, [0, 1])
        qml.IsingZZ(x * y, [0, 1])
        qml.Hadamard(1)
        return qml.expval(qml.Z(0) @ qml.X(1) + 0.3 * qml.Y(1))

    point = (qml.numpy.array(0.4), qml.numpy.array(0.7))
    ours = qml.grad(qml.QNode(circuit, AerDevice(wires=2, compute="cpu")))(*point)
    theirs = qml.grad(qml.QNode(circuit, qml.device("default.qubit", wires=2)))(*point)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_measurement_inside_the_circuit():
    @qml.qnode(AerDevice(wires=3, compute="cpu"))
    def circuit():
        qml.RY(0.8, 0)
        outcome = qml.measure(0)
        qml.cond(outcome, qml.X)(1)
        return qml.probs(wires=1)

    assert circuit()[1] == pytest.approx(np.sin(0.4) ** 2)


def test_single_precision():
    angles = np.linspace(0.3, 1.7, 4)

    def circuit():
        layers(angles, range(4))
        return qml.state()

    ours = qml.QNode(circuit, AerDevice(wires=4, compute="cpu", precision="single"))()
    theirs = qml.QNode(circuit, qml.device("default.qubit", wires=4))()
    difference = np.abs(ours - theirs).max()
    assert 1e-12 < difference < 1e-5


@pytest.mark.parametrize("measure", SAMPLED)
def test_sampled_measurements_approach_the_exact_ones(measure):
    sampled, _ = both([measure], shots=40_000)
    exact, _ = both([measure])
    np.testing.assert_allclose(sampled[0], exact[0], atol=0.025)


def test_several_sampled_measurements_at_once():
    sampled, _ = both(SAMPLED, shots=40_000)
    exact, _ = both(SAMPLED)
    for mine, other in zip(sampled, exact):
        np.testing.assert_allclose(mine, other, atol=0.025)


def test_pauli_words_that_agree_share_their_samples():
    words = [
        lambda: qml.expval(qml.X("north")),
        lambda: qml.expval(qml.X("north") @ qml.Y(7)),
        lambda: qml.expval(qml.Y(7) @ qml.Z("west")),
        lambda: qml.var(qml.X("north") @ qml.Z("west")),
    ]
    sampled, _ = both(words, shots=40_000)
    exact, _ = both(words)
    np.testing.assert_allclose(sampled, exact, atol=0.025)
    tape = qml.tape.QuantumScript([qml.Hadamard("north")], [word() for word in words], shots=10)
    device = AerDevice(wires=LABELS, compute="cpu")
    with qml.Tracker(device) as tracker:
        qml.execute([tape], device)
    assert tracker.totals["simulations"] == 1


def test_shot_vectors():
    measurements = [lambda: qml.probs(wires=["east"]), lambda: qml.sample(wires=["east", 7])]
    shapes = both(measurements, shots=(10, 20, 20))
    ours, theirs = ([[np.shape(value) for value in part] for part in result] for result in shapes)
    assert ours == theirs == [[(2,), (10, 2)], [(2,), (20, 2)], [(2,), (20, 2)]]


def bell(device, shots, *measurements):
    def circuit():
        qml.X("c")
        qml.Hadamard("a")
        qml.CNOT(["a", "b"])
        return [measurement() for measurement in measurements]

    return qml.set_shots(qml.QNode(circuit, device), shots=shots)()


def test_counts_and_samples_name_the_right_bits():
    device = AerDevice(wires=["a", "b", "c"], compute="cpu", seed=5)
    counts, samples, single = bell(device, 1000, qml.counts, qml.sample, lambda: qml.sample(wires="c"))
    assert set(counts) == {"001", "111"}
    assert sum(counts.values()) == 1000
    assert abs(counts["001"] - 500) < 60
    assert samples.shape == (1000, 3)
    assert (samples[:, 0] == samples[:, 1]).all()
    assert (samples[:, 2] == 1).all()
    assert np.asarray(single).reshape(-1).tolist() == [1] * 1000


def test_seeds():
    def draw(device, times):
        return [bell(device, 64, qml.sample)[0].tolist() for _ in range(times)]

    wires = ["a", "b", "c"]
    first = draw(AerDevice(wires=wires, compute="cpu", seed=5), 3)
    assert first == draw(AerDevice(wires=wires, compute="cpu", seed=5), 3)
    assert first[0] != first[1] != first[2]
    assert first != draw(AerDevice(wires=wires, compute="cpu", seed=6), 3)
    assert first == draw(AerDevice(wires=wires, compute="cpu", seed=8).with_seed(5), 3)


def test_exact_runs_leave_the_stream_alone():
    wires = ["a", "b", "c"]
    device = AerDevice(wires=wires, compute="cpu", seed=5)
    bell(device, None, qml.probs)
    other = AerDevice(wires=wires, compute="cpu", seed=5)
    assert bell(device, 64, qml.sample)[0].tolist() == bell(other, 64, qml.sample)[0].tolist()


def test_tracker_counts():
    device = AerDevice(wires=["a", "b", "c"], compute="cpu")
    with qml.Tracker(device) as tracker:
        bell(device, 50, qml.counts)
    assert tracker.totals["shots"] == 50
    assert tracker.totals["executions"] == 1


def test_entry_point_of_the_package_makes_the_device(monkeypatch):
    root = Path(__file__).parents[3]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    target = project["entry-points"]["pennylane.plugins"]["hybrid.aer"]
    entry = EntryPoint("hybrid.aer", target, "pennylane.plugins")
    from pennylane.devices import device_constructor

    monkeypatch.setitem(device_constructor.plugin_devices, "hybrid.aer", entry)
    device = qml.device("hybrid.aer", wires=3, compute="cpu")
    assert isinstance(device, AerDevice)
    assert device.name == "hybrid.aer"
    assert (device.compute, device.label) == ("cpu", "Aer statevector (CPU)")
    assert "asked" in device.reason


def test_unknown_wires():
    @qml.qnode(AerDevice(wires=2, compute="cpu"))
    def circuit():
        qml.X(5)
        return qml.state()

    with pytest.raises(WireError, match="not found on the device"):
        circuit()


def test_too_many_qubits_are_refused_before_anything_runs(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 2**20)
    monkeypatch.setattr(aer_execution, "_SMALL", 0)

    device = AerDevice(wires=20, compute="cpu")

    def run(measurement, shots=None):
        return qml.execute([qml.tape.QuantumScript([qml.X(19)], [measurement], shots=shots)], device)[0]

    assert run(qml.probs(wires=0)).tolist() == [1, 0]  # only wires in use take part
    with pytest.raises(CircuitTooLargeError, match="20 qubits need"):
        run(qml.state())
    with pytest.raises(CircuitTooLargeError, match="20 qubits need"):
        run(qml.sample(), shots=5)


@pytest.mark.parametrize("seed", [-1, 1.5, "x", True])
def test_bad_seed(seed):
    with pytest.raises(CircuitError, match="seed"):
        AerDevice(wires=1, compute="cpu", seed=seed)


@pytest.mark.parametrize(
    ("measure", "shots"),
    [
        (lambda: qml.sample(), None),
        (lambda: qml.counts(), None),
        (lambda: qml.state(), 10),
        (lambda: qml.vn_entropy([0]), 10),
        (lambda: qml.var(qml.X(0) + qml.Z(0)), 10),
        (lambda: qml.classical_shadow([0]), 10),
    ],
)
def test_measurements_that_do_not_fit_the_mode(measure, shots):
    node = qml.QNode(lambda: (qml.Hadamard(0), measure())[1], AerDevice(wires=1, compute="cpu"))
    with pytest.raises(DeviceError, match="not accepted"):
        qml.set_shots(node, shots=shots)()


def test_other_ways_of_measuring_inside_are_refused():
    node = qml.QNode(
        lambda: (qml.measure(0), qml.probs(wires=0))[1],
        AerDevice(wires=2, compute="cpu"),
        mcm_method="tree-traversal",
    )
    with pytest.raises(DeviceError, match="deferred"):
        node()


def test_operation_without_matrix_and_decomposition():
    class Unknown(qml.operation.Operation):
        num_wires = 1

    node = qml.QNode(lambda: (Unknown(0), qml.probs(wires=0))[1], AerDevice(wires=1, compute="cpu"))
    with pytest.raises(DeviceError, match=r"not supported with hybrid\.aer"):
        node()


def test_global_phase_after_a_prepared_state():
    vector = np.array([0.6, 0.0, 0.8j, 0.0])

    def circuit():
        qml.StatePrep(vector, wires=[0, 1])
        qml.GlobalPhase(0.8)
        qml.Rot(0.1, 0.2, 0.3, wires=1)
        return qml.state()

    ours = qml.QNode(circuit, AerDevice(wires=2, compute="cpu"))()
    theirs = qml.QNode(circuit, qml.device("default.qubit", wires=2))()
    assert np.allclose(ours, theirs, atol=1e-12)


def noisy(label):
    """Both wires turned by 0.3, the gate on wire "a" followed by a complete loss of its qubit."""
    model = NoiseModel()
    model.add_quantum_error(depolarizing_error(1.0, 1), ["rx"], [0])

    @qml.qnode(AerDevice(wires=["a", "b"], compute="cpu", noise_model=model))
    def circuit():
        qml.RX(0.3, label)
        return qml.expval(qml.Z(label))

    return circuit()


def test_noise_acts_on_the_wire_that_is_its_qubit():
    assert noisy("a") == pytest.approx(0, abs=1e-12)
    assert noisy("b") == pytest.approx(np.cos(0.3))


def test_a_noise_model_needs_wires():
    with pytest.raises(CircuitError, match="give the device its wires"):
        AerDevice(compute="cpu", noise_model=NoiseModel())


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (lambda: qml.expval(qml.Z(0)), 0.5),
        (lambda: qml.probs(wires=[1, 0]), [0.0, 0.0, 0.75, 0.25]),
        (lambda: qml.var(qml.Z(0)), 0.75),
        (lambda: qml.var(qml.Z(1)), 0.0),
        (lambda: qml.expval(qml.Hamiltonian([2.0, 1.0], [qml.Z(0), qml.X(1)])), 1.0),
    ],
)
def test_readout_errors_act_on_exact_results(measure, expected):
    """Wire 0 is |0>, read wrongly one time in four; wire 1 is |1>, read right."""
    model = NoiseModel()
    model.add_readout_error(ReadoutError([[0.75, 0.25], [0.25, 0.75]]), [0])

    @qml.qnode(AerDevice(wires=2, compute="cpu", noise_model=model))
    def circuit():
        qml.X(1)
        return measure()

    np.testing.assert_allclose(circuit(), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("operations", "measure"),
    [
        ([qml.MultiRZ(0.7, ["a", "b"]), qml.X("b")], qml.probs),
        ([qml.ctrl(qml.RZ(0.3, "b"), ["a", "c"]), qml.X("b")], qml.probs),
        ([qml.PauliRot(0.7, "IX", [0, 1])], qml.state),
    ],
)
def test_results_of_all_wires_keep_their_order_without_device_wires(operations, measure):
    results = []
    for device in (AerDevice(compute="cpu"), qml.device("default.qubit")):

        @qml.qnode(device)
        def circuit():
            for operation in operations:
                qml.apply(operation)
            return measure()

        results.append(circuit())
    np.testing.assert_allclose(*results, atol=1e-12)


@pytest.mark.parametrize("shots", [5, (5, 7)])
def test_identities_with_shots(shots):
    @qml.set_shots(shots)
    @qml.qnode(AerDevice(wires=2, compute="cpu", seed=0))
    def circuit():
        qml.X(0)
        return (
            qml.expval(3 * qml.I(0)),
            qml.expval(qml.Z(0)),
            qml.var(qml.I(0)),
            qml.sample(qml.I(1)),
            qml.counts(qml.I(0)),
            qml.probs(op=qml.I(0)),
        )

    parts = circuit() if isinstance(shots, tuple) else (circuit(),)
    for number, part in zip(shots if isinstance(shots, tuple) else (shots,), parts):
        assert [float(value) for value in part[:3]] == [3, -1, 0]
        assert part[3].tolist() == [1] * number
        assert part[4] == {1.0: number}
        assert part[5].tolist() == [0, 1]


def test_batches_that_pennylane_cannot_decompose():
    angles = np.array([0.3, 0.4])
    for operation in (qml.ctrl(qml.RX(angles[:1], 2), [0, 1]), qml.FermionicSWAP(angles, [0, 1])):
        results = []
        for device in (AerDevice(wires=3, compute="cpu"), qml.device("default.qubit", wires=3)):

            @qml.qnode(device)
            def circuit(operation=operation):
                qml.X(0)
                qml.X(1)
                qml.apply(operation)
                return qml.probs()

            results.append(circuit())
        np.testing.assert_allclose(*results, atol=1e-12)


def test_an_empty_hamiltonian_is_zero():
    tape = qml.tape.QuantumScript([qml.H(0)], [qml.expval(qml.Hamiltonian([], []))])
    assert AerDevice(wires=1, compute="cpu").execute([tape]) == (0.0,)


def drawn(device):
    tape = qml.tape.QuantumScript([qml.H(0)], [qml.sample(wires=0)], shots=40)
    return np.ravel(qml.execute([tape], device)[0]).tolist()


def test_copies_repeat_a_seed_and_differ_without():
    seeded, fresh = AerDevice(wires=1, compute="cpu", seed=3), AerDevice(wires=1, compute="cpu")
    copies = [copy.deepcopy(seeded), pickle.loads(pickle.dumps(seeded))]
    assert drawn(copies[0]) == drawn(copies[1]) == drawn(seeded)
    assert drawn(copy.deepcopy(fresh)) != drawn(copy.deepcopy(fresh))


def test_a_long_batch_is_cut(monkeypatch):
    monkeypatch.setattr(device_results, "_CHUNK_AMPLITUDES", 8)
    angles = np.linspace(0, 3, 11)
    tape = qml.tape.QuantumScript([qml.RX(angles, 0)], [qml.expval(qml.Z(0)), qml.probs(wires=[0])])
    values, probabilities = AerDevice(wires=1, compute="cpu").execute([tape])[0]
    np.testing.assert_allclose(values, np.cos(angles), atol=1e-12)
    assert probabilities.shape == (11, 2)
