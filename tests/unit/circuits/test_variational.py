"""Variational circuits: table and program against tapes, torch habits, drawings, counts, wrong arguments."""

import copy
import pickle

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits.ansatz import BrickWall, StronglyEntangling, ansatz_names
from hybrid_opt.circuits.encodings import IQP, Amplitude, Angle, Chebyshev, encoding_names
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import FIXED_MATRICES, gate_matrix
from hybrid_opt.circuits.variational import VariationalCircuit

RNG = np.random.default_rng(0)


def legal_inputs(circuit, rows):
    if circuit.encoding is None:
        return None
    if circuit.encoding.name == "basis":
        return RNG.integers(0, 2, (rows, circuit.n_inputs)).astype(float)
    return RNG.uniform(-0.9, 0.9, (rows, circuit.n_inputs))


def run(program, angles, state):
    """A dense walk through the program: the oracle for one row of the table."""
    size = program.n_qubits
    state = np.asarray(state, dtype=complex)
    for gate in program.gates:
        if gate.kind in FIXED_MATRICES:
            matrix = FIXED_MATRICES[gate.kind]
        else:
            matrix = gate_matrix(gate.kind, angles[gate.slot : gate.slot + gate.n_angles])
        full = np.eye(2 ** (len(gate.controls) + len(gate.targets)), dtype=complex)
        full[-len(matrix) :, -len(matrix) :] = matrix
        wires = [*gate.controls, *gate.targets]
        state = qml.QubitUnitary(full, wires).matrix(wire_order=range(size)) @ state
    return state


def states_of(circuit, inputs, weights):
    tape = circuit.tape(inputs, weights, [qml.state()])
    device = qml.device("default.qubit", wires=circuit.n_qubits)
    return qml.execute([tape], device, diff_method="backprop")[0]


@pytest.mark.parametrize("encoding", [None, *encoding_names(), Angle("Z"), IQP(2), Amplitude(3)], ids=repr)
@pytest.mark.parametrize("ansatz", [*ansatz_names(), StronglyEntangling(mirror=2)], ids=repr)
def test_program_and_table_are_the_tape(encoding, ansatz):
    for n_layers, reupload in [(0, False), (3, False), (3, True)]:
        if reupload and (encoding is None or getattr(encoding, "name", encoding) == "amplitude"):
            continue
        circuit = VariationalCircuit(2, n_layers, encoding=encoding, ansatz=ansatz, reupload=reupload)
        inputs = legal_inputs(circuit, 2)
        weights = RNG.normal(size=circuit.weight_shape)
        table = circuit.table(inputs, weights)
        assert table.shape == (1 if inputs is None else 2, circuit.program.n_slots)
        starts = circuit.initial_states(inputs)
        assert (starts is not None) == circuit.program.prepared
        expected = np.atleast_2d(states_of(circuit, inputs, weights))
        for row, angles in enumerate(table):
            start = np.eye(4)[0] if starts is None else starts[row]
            np.testing.assert_allclose(run(circuit.program, angles, start), expected[row], atol=1e-12)
            if inputs is not None:
                single = states_of(circuit, inputs[row], weights)
                np.testing.assert_allclose(np.ravel(single), expected[row], atol=1e-12)


def test_reuploading_puts_the_encoding_before_every_layer():
    names = [
        operation.name
        for operation in VariationalCircuit(1, 2, ansatz="brick_wall", reupload=True).operations(
            [0.1], np.zeros((2, 1, 1))
        )
    ]
    assert names == ["RX", "RY", "RX", "RY"]


@pytest.mark.parametrize("encoding", ["angle", "iqp", "chebyshev", "basis", Chebyshev(2, True)])
def test_table_is_differentiable(encoding):
    circuit = VariationalCircuit(2, 2, encoding=encoding, reupload=True)
    inputs = torch.tensor(legal_inputs(circuit, 3), requires_grad=True)
    weights = torch.tensor(circuit.initial_weights(seed=1), requires_grad=True)
    if encoding == "basis":
        assert circuit.table(inputs, weights).requires_grad
        circuit.table(inputs, weights).sum().backward()
        np.testing.assert_allclose(inputs.grad.numpy(), 2 * np.pi)
        return
    assert torch.autograd.gradcheck(circuit.table, (inputs, weights))


def test_prepared_states_are_differentiable():
    circuit = VariationalCircuit(2, 1, encoding="amplitude")
    inputs = torch.tensor(legal_inputs(circuit, 2), requires_grad=True)
    assert torch.autograd.gradcheck(circuit.initial_states, inputs)
    np.testing.assert_allclose(
        circuit.initial_states(inputs).detach().numpy(), circuit.initial_states(inputs.detach().numpy())
    )


def test_kinds_of_arrays():
    circuit = VariationalCircuit(2, 1)
    inputs, weights = legal_inputs(circuit, 2), circuit.initial_weights(seed=1)
    expected = circuit.table(inputs, weights)
    assert type(expected) is np.ndarray
    assert circuit.table(inputs.tolist(), weights.tolist()).tolist() == expected.tolist()
    parameter = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float32))
    for pair in [(torch.tensor(inputs), weights), (inputs, torch.tensor(weights)), (inputs, parameter)]:
        table = circuit.table(*pair)
        assert table.dtype == torch.float64
        np.testing.assert_allclose(table.detach().numpy(), expected, atol=1e-6)
    circuit.table(inputs, parameter).sum().backward()
    assert parameter.grad.dtype == torch.float32
    assert circuit.table(torch.tensor([[1, 0]]), parameter).dtype == torch.float64


def test_rows_of_weights_and_empty_batches():
    circuit = VariationalCircuit(2, 1)
    inputs, weights = legal_inputs(circuit, 3), RNG.normal(size=(3, *circuit.weight_shape))
    single = [circuit.table(row[None], own)[0] for row, own in zip(inputs, weights)]
    np.testing.assert_array_equal(circuit.table(inputs, weights), single)
    free = VariationalCircuit(2, 1, encoding=None)
    assert free.table(None, weights).shape == (3, free.program.n_slots)
    assert free.table(np.zeros((5, 0)), weights[0]).shape == (5, free.program.n_slots)
    assert circuit.table(inputs[:0], weights[0]).shape == (0, circuit.program.n_slots)
    assert circuit.table(torch.tensor(inputs[:0]), weights[0]).shape == (0, circuit.program.n_slots)
    assert VariationalCircuit(2, 0).table(inputs).shape == (3, 2)


def test_read_once(monkeypatch):
    circuit = VariationalCircuit(2, 1)
    first = circuit.program
    monkeypatch.setattr(VariationalCircuit, "gates", None)
    assert circuit.program is first
    circuit.table(np.zeros((1, 2)), np.zeros(circuit.weight_shape))


def test_pickles_of_a_circuit_share_what_was_read_of_it():
    text = pickle.dumps(VariationalCircuit(2, 1))
    assert pickle.loads(text).program is pickle.loads(text).program


def test_equal_by_settings_copied_pickled():
    circuit = VariationalCircuit(2, 1, encoding=IQP(2), ansatz=BrickWall(2), reupload=True)
    assert circuit.program.n_slots > 0
    for again in (copy.deepcopy(circuit), copy.copy(circuit), pickle.loads(pickle.dumps(circuit))):
        assert again == circuit
        assert hash(again) == hash(circuit)
        assert repr(again) == repr(circuit)
        assert again.program is circuit.program
    assert len(pickle.dumps(circuit)) < 500
    assert eval(repr(circuit)) == circuit
    assert circuit != VariationalCircuit(2, 1, encoding=IQP(2), ansatz=BrickWall(2))
    assert circuit != 3


class Doubled:
    """An encoding of a user: two angles per feature."""

    name = "doubled"
    prepares = False

    def n_features(self, n_qubits):
        return 1

    def n_angles(self, n_qubits):
        return 2

    def angles(self, features):
        return torch.cat([features, features**2], -1)

    def angle_names(self, n_qubits):
        return ["x", "x²"]

    def operations(self, angles, wires):
        return [qml.IsingXY(angles[..., 0], wires[:2]), qml.RX(-angles[..., 1], wires[0])]

    def initial_states(self, features, n_qubits):
        return None

    def check(self, features, n_qubits):
        pass


def test_an_encoding_of_the_user():
    circuit = VariationalCircuit(2, 0, encoding=Doubled())
    table = circuit.table(torch.tensor([[0.3]]))
    state = run(circuit.program, table.numpy()[0], np.eye(4)[0])
    features = torch.tensor([0.3], dtype=torch.float64)
    np.testing.assert_allclose(state, states_of(circuit, features, None).numpy(), atol=1e-12)
    assert "RX(-x²)" in circuit.draw(width=1000)


def test_drawing():
    circuit = VariationalCircuit(2, 1, encoding="basis", ansatz="hardware_efficient")
    assert circuit.draw() == (
        "0: ──RX(π·x0)──RY(w[0,0,0])──RZ(w[0,0,1])─╭●─┤\n1: ──RX(π·x1)──RY(w[0,1,0])──RZ(w[0,1,1])─╰X─┤"
    )
    numbers = circuit.draw([1, 0], np.full((1, 2, 2), -0.5), decimals=1)
    assert numbers == "0: ──RX(3.1)──RY(-0.5)──RZ(-0.5)─╭●─┤\n1: ──RX(0.0)──RY(-0.5)──RZ(-0.5)─╰X─┤"
    assert "RX(π·x0)──RY(-0.50)" in circuit.draw(None, np.full((1, 2, 2), -0.5))
    assert "Rot(w[0,1,:])" in VariationalCircuit(2, 1).draw()
    assert "RZ(x1)─╰IsingZZ(x0·x1)" in VariationalCircuit(2, 0, encoding="iqp").draw()
    assert "RY(2·arccos(x0))" in VariationalCircuit(2, 0, encoding="chebyshev").draw()
    assert VariationalCircuit(2, 0, encoding="amplitude").draw() == "0: ─╭|x⟩─┤\n1: ─╰|x⟩─┤"
    assert max(map(len, VariationalCircuit(3, 9).draw(width=60).splitlines())) <= 60


def test_picture(tmp_path):
    import matplotlib.pyplot as plt

    figure = VariationalCircuit(2, 1, encoding="iqp").draw_mpl()
    figure.savefig(tmp_path / "circuit.png")
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {"RZ\n(x0)", "Rot\n(w[0,0,:])"} <= texts
    assert plt.get_fignums() == []


def test_resources_against_specs():
    circuit = VariationalCircuit(4, 3, encoding=IQP(2), ansatz="strongly_entangling")
    counts = circuit.resources()
    tape = circuit.tape(np.ones(4), np.ones(circuit.weight_shape))
    theirs = tape.specs["resources"]
    assert counts["gates"] == dict(theirs.gate_types)
    assert counts["depth"] == theirs.depth
    assert counts["one_qubit_gates"] == theirs.gate_sizes[1]
    assert counts["two_qubit_gates"] == theirs.gate_sizes[2]
    assert (counts["qubits"], counts["inputs"], counts["weights"]) == (4, 4, 36)
    assert counts["larger_gates"] == 0


def test_resources_leave_the_prepared_state_out():
    counts = VariationalCircuit(3, 0, encoding="amplitude").resources()
    assert (counts["gates"], counts["depth"], counts["inputs"]) == ({}, 0, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VariationalCircuit(0, 1), "n_qubits is 0"),
        (lambda: VariationalCircuit(2.0, 1), "n_qubits is 2.0"),
        (lambda: VariationalCircuit(2, -1), "n_layers is -1; it must be an integer of at least 0"),
        (lambda: VariationalCircuit(2, True), "n_layers is True"),
        (lambda: VariationalCircuit(2, 1, encoding="angel"), "encoding is 'angel'"),
        (lambda: VariationalCircuit(2, 1, encoding=3), "encoding is 3; it must be a name"),
        (lambda: VariationalCircuit(2, 1, ansatz="sel"), "ansatz is 'sel'"),
        (lambda: VariationalCircuit(2, 1, ansatz=None), "ansatz is None; it must be a name"),
        (lambda: VariationalCircuit(2, 1, encoding="amplitude", reupload=True), "cannot be repeated"),
        (lambda: VariationalCircuit(2, 1, encoding=None, reupload=True), "needs an encoding"),
        (lambda: VariationalCircuit(2, 0, reupload=True), "n_layers is 0"),
        (lambda: VariationalCircuit(1, 1, encoding=Amplitude(3)), "needs at least 2 qubits"),
    ],
)
def test_illegal_settings(make, message):
    with pytest.raises(CircuitError, match=message):
        make()


WEIGHTS = np.zeros((1, 2, 3))


@pytest.mark.parametrize(
    ("inputs", "weights", "message"),
    [
        (None, WEIGHTS, "inputs are missing; the circuit takes 2 features"),
        (np.zeros((1, 2)), None, r"weights are missing; their shape is \(1, 2, 3\)"),
        (np.zeros(2), WEIGHTS, r"inputs have shape \(2,\); it must be \(samples, 2\)"),
        (np.zeros((1, 3)), WEIGHTS, "takes 2 features per sample"),
        (np.full((1, 2), np.nan), WEIGHTS, "feature 0 of row 0 is nan"),
        (torch.full((1, 2), torch.nan), WEIGHTS, "feature 0 of row 0 is nan"),
        (np.zeros((1, 2), dtype=complex), WEIGHTS, "inputs have dtype complex128"),
        (torch.zeros(1, 2, dtype=torch.complex64), WEIGHTS, "inputs have dtype torch.complex64"),
        ([["a", "b"]], WEIGHTS, "inputs have dtype <U1"),
        ([[1.0, 2.0], [3.0]], WEIGHTS, "inputs are no array of numbers"),
        (np.zeros((1, 2)), np.zeros((2, 2, 3)), r"weights have shape \(2, 2, 3\); it must be \(1, 2, 3\)"),
        (np.zeros((1, 2)), np.zeros((1, 1, 1, 2, 3)), "weights have shape"),
        (np.zeros((2, 2)), np.zeros((3, 1, 2, 3)), "2 rows of inputs do not go with 3 rows of weights"),
    ],
)
def test_illegal_tables(inputs, weights, message):
    with pytest.raises(CircuitError, match=message):
        VariationalCircuit(2, 1).table(inputs, weights)


def test_other_illegal_arguments():
    circuit = VariationalCircuit(2, 1)
    with pytest.raises(CircuitError, match=r"inputs have shape \(1, 1, 2\); it must be \(2,\) or"):
        circuit.operations(np.zeros((1, 1, 2)), WEIGHTS)
    with pytest.raises(CircuitError, match=r"inputs have shape \(1, 2\); a drawing shows one sample"):
        circuit.draw(np.zeros((1, 2)))
    with pytest.raises(CircuitError, match="takes 2 features"):
        circuit.draw(np.zeros(3))
    with pytest.raises(CircuitError, match=r"weights have shape \(3,\)"):
        circuit.draw(None, np.zeros(3))
    with pytest.raises(CircuitError, match=r"inputs have shape \(1, 1\); it must be \(samples, 0\)"):
        VariationalCircuit(2, 1, encoding=None).table(np.zeros((1, 1)), WEIGHTS)
    with pytest.raises(CircuitError, match="length 0"):
        VariationalCircuit(1, 0, encoding="amplitude").initial_states(np.zeros((1, 2)))


@pytest.mark.parametrize("encoding", ["angle", "amplitude"])
def test_operations_inside_a_qnode_are_the_circuit(encoding):
    circuit = VariationalCircuit(2, 1, encoding=encoding)
    inputs = np.linspace(0.2, 0.9, circuit.n_inputs)
    weights = circuit.initial_weights("uniform", seed=1)

    @qml.qnode(qml.device("default.qubit", wires=2))
    def by_hand():
        circuit.operations(inputs, weights)
        return qml.probs()

    @qml.qnode(qml.device("default.qubit", wires=2))
    def by_tape():
        for operation in circuit.tape(inputs, weights).operations:
            qml.apply(operation)
        return qml.probs()

    np.testing.assert_allclose(by_hand(), by_tape(), atol=1e-12)
    with qml.queuing.AnnotatedQueue() as queue:
        circuit.tape(inputs, weights)
    assert not queue.items()


def test_operations_with_batches_of_unequal_size():
    circuit = VariationalCircuit(2, 1)
    with pytest.raises(CircuitError, match="3 samples and 2 sets of weights"):
        circuit.operations(np.zeros((3, 2)), np.zeros((2, 1, 2, 3)))
