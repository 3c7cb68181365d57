"""Programs on Aer, with aer_execution and aer_runs: tables, prepared states, shots, noise, one run a call."""

from dataclasses import replace

import numpy as np
import pennylane as qml
import pytest
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error, pauli_error
from scipy.stats import chi2, unitary_group

from hybrid_opt.circuits import aer_execution, memory
from hybrid_opt.circuits.aer_backend import open_backend
from hybrid_opt.circuits.errors import AerRunError, CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.noise import depolarizing_noise, readout_noise
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.tape_reading import read_tape

CPU = open_backend("cpu")


@pytest.fixture
def runs(monkeypatch):
    """The arguments of every run of Aer."""
    seen = []
    real = AerSimulator.run

    def counted(self, circuits, parameter_binds=None, **options):
        seen.append((circuits, parameter_binds, options))
        return real(self, circuits, parameter_binds=parameter_binds, **options)

    monkeypatch.setattr(AerSimulator, "run", counted)
    return seen


def layered(n_qubits=4, n_rows=1, prepared=False, seed=0):
    """Two strongly entangling layers behind rotations; the first angle of each row is its own."""
    rng = np.random.default_rng(seed)
    front = [qml.RX(rng.normal(size=n_rows), wire) for wire in range(n_qubits)]
    layers = qml.StronglyEntanglingLayers(rng.normal(size=(2, n_qubits, 3)), wires=range(n_qubits))
    bound = read_tape(qml.tape.QuantumScript([*front, *layers.decomposition()]), n_qubits)
    program = bound.program
    if prepared:
        program = Program(n_qubits, program.gates, program.n_slots, program.phases, prepared=True)
    return program, bound.table


def random_states(n_rows, n_qubits, seed=1):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(n_rows, 2**n_qubits)) + 1j * rng.normal(size=(n_rows, 2**n_qubits))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def marginal(states, wires):
    """Probabilities of outcomes of wires, shape (B, 2**W), first wire most significant."""
    n_qubits = states.shape[1].bit_length() - 1
    tensor = (np.abs(states) ** 2).reshape(-1, *(2,) * n_qubits)
    others = tuple(1 + wire for wire in range(n_qubits) if wire not in wires)
    kept = sorted(wires)
    tensor = tensor.sum(axis=others)
    return tensor.transpose(0, *(1 + kept.index(wire) for wire in wires)).reshape(len(states), -1)


def fits(counts, probabilities, level=1e-4):
    """Chi-square test of one row; outcomes expected less than five times are taken together."""
    outcomes, multiplicities = counts
    observed = np.zeros(len(probabilities))
    observed[outcomes] = multiplicities
    expected = probabilities * observed.sum()
    rare = expected < 5
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    used = expected > 0
    assert observed[~used].sum() == 0
    statistic = ((observed[used] - expected[used]) ** 2 / expected[used]).sum()
    return chi2.sf(statistic, max(1, used.sum() - 1)) > level


def added(rows):
    """Counts of all rows together."""
    outcomes = np.concatenate([row[0] for row in rows])
    total = np.bincount(outcomes, np.concatenate([row[1] for row in rows]))
    return np.flatnonzero(total), total[total > 0]


@pytest.fixture
def row_by_row():
    """A backend that does not stack rows, on two threads."""
    backend = open_backend("cpu", "double", 2)
    return replace(backend, executor=replace(backend.executor, stacks=False))


@pytest.mark.parametrize("n_qubits", [1, 4, 12])
def test_rows_of_a_table_are_independent_executions(runs, row_by_row, n_qubits):
    """1 and 4 qubits bind at runtime, the circuit listed once per thread; 12 copy it."""
    program, table = layered(n_qubits, 150 if n_qubits < 12 else 3)
    together = row_by_row.states(program, table)
    assert len(runs[0][0]) == (2 if n_qubits == 4 else 1)
    assert ("runtime_parameter_bind_enable" in runs[0][2]) is (n_qubits < 12)
    for row in (0, 1, len(table) // 2, len(table) - 1):
        alone = row_by_row.states(program, table[row : row + 1])
        np.testing.assert_allclose(together[row], alone[0], atol=1e-14, rtol=0)
    assert np.abs(together[0] - together[1]).max() > 1e-3


@pytest.mark.parametrize("n_rows", [1, 2, 3, 64, 100])
def test_stacked_rows_equal_single_rows(runs, row_by_row, n_rows):
    program, table = layered(4, n_rows)
    stacked = CPU.states(program, table)
    assert len(runs) == 1
    np.testing.assert_allclose(stacked, row_by_row.states(program, table), atol=1e-13, rtol=0)


def test_choice_between_rows_and_stacks(runs):
    def circuits(n_qubits, n_rows, all_angles=False):
        program, table = layered(n_qubits, n_rows)
        if all_angles:
            table = np.random.default_rng(1).normal(size=table.shape)
        runs.clear()
        CPU.states(program, table)
        return [circuit.num_qubits for circuit in runs[0][0]]

    assert circuits(4, 32) == [9]
    assert circuits(4, 1500) == [14, 13]
    assert circuits(8, 32) == [13]
    assert set(circuits(8, 64, all_angles=True)) == {8}
    assert circuits(12, 2) == [12]


def test_states_without_phases_differ_by_one_factor_per_row():
    program, table = layered(3, 4)
    exact, loose = CPU.states(program, table), CPU.states(program, table, phases=False)
    factors = (exact / loose)[:, :1]
    np.testing.assert_allclose(np.abs(factors), 1, atol=1e-12)
    np.testing.assert_allclose(loose * factors, exact, atol=1e-12)
    assert np.abs(factors - 1).max() > 0.1


@pytest.mark.parametrize("n_rows", [1, 5])
def test_program_without_angles(n_rows):
    program = Program(2, (Gate("h", (0,)), Gate("x", (1,), (0,))), 0)
    states = CPU.states(program, np.empty((n_rows, 0)))
    np.testing.assert_allclose(states, [[np.sqrt(0.5), 0, 0, np.sqrt(0.5)]] * n_rows, atol=1e-12)
    states[0, 0] = 5  # rows are not views of each other
    assert n_rows == 1 or states[1, 0] != 5


def test_corner_cases_of_size():
    nothing = Program(0, (), 1, ((0, -1.0),))
    np.testing.assert_allclose(CPU.states(nothing, np.array([[0.3]])), [[np.exp(-0.3j)]])
    assert CPU.densities(nothing, np.array([[0.3]])).tolist() == [[[1]]]
    program, table = layered(2)
    assert CPU.states(program, table[:0]).shape == (0, 4)
    assert CPU.densities(program, table[:0]).shape == (0, 4, 4)
    assert CPU.counts(program, table[:0], [0], 5, 1) == []
    assert CPU.samples(program, table[:0], [0], 5, 1).shape == (0, 5, 1)
    assert CPU.counts(program, table, [], 5, 1) == [(np.array([0]), np.array([5]))]
    assert CPU.samples(program, table, [], 5, 1).shape == (1, 5, 0)
    empty = Program(2, (), 0)
    assert CPU.states(empty, np.empty((1, 0))).tolist() == [[1, 0, 0, 0]]


def test_single_precision():
    program, table = layered(4, 3)
    single = open_backend("cpu", "single").states(program, table)
    assert single.dtype == np.complex128
    difference = np.abs(single - CPU.states(program, table)).max()
    assert 0 < difference < 1e-5


class TestOneRun:
    """Each call is one run, whatever the rows."""

    @pytest.mark.parametrize("n_rows", [1, 40])
    def test_table(self, runs, n_rows):
        program, table = layered(4, n_rows)
        for backend in (CPU, open_backend("cpu", noise_model=depolarizing_noise(0.01, 0.01))):
            calls = [
                lambda b=backend: b.densities(program, table),
                lambda b=backend: b.counts(program, table, [0, 2], 20, 1),
                lambda b=backend: b.samples(program, table, [0, 2], 20, 1),
                lambda b=backend: b.samples(program, table, [0, 2], 2, 1),
            ]
            for call in calls if backend is not CPU else [*calls, lambda: CPU.states(program, table)]:
                runs.clear()
                call()
                assert len(runs) == 1

    @pytest.mark.parametrize("same_angles", [True, False])
    def test_prepared(self, runs, same_angles):
        program, table = layered(3, 6, prepared=True)
        if same_angles:
            table = np.repeat(table[:1], 6, axis=0)
        CPU.states(program, table, random_states(6, 3))
        assert len(runs) == 1
        assert len(runs[0][0]) == 1

    def test_runtime_binding_only_without_noise_on_few_qubits(self, runs):
        def used(backend, program, table):
            table = np.random.default_rng(1).normal(size=table.shape)
            runs.clear()
            backend.counts(program, table, [0], 2**12, 1)
            return "runtime_parameter_bind_enable" in runs[0][2]

        noisy = open_backend("cpu", noise_model=depolarizing_noise(0.1, 0.1))
        channel = Program(1, (Gate("rx", (0,), (), 0), Gate("kraus", (0,), matrix=np.eye(2)[None])), 1)
        assert used(CPU, *layered(4, 2))
        assert not used(CPU, *layered(12, 2))
        assert not used(CPU, *layered(4, 1))
        assert not used(noisy, *layered(2, 2))
        assert not used(CPU, channel, np.array([[0.1], [0.2]]))


class TestPrepared:
    """Rows that start from given states."""

    @pytest.mark.parametrize("stacks", [True, False])
    @pytest.mark.parametrize("pattern", ["own angles", "equal angles", "product", "one state", "duplicates"])
    def test_states(self, pattern, stacks, row_by_row):
        program, table = layered(3, 6, prepared=True)
        initial = random_states(6, 3)
        if pattern == "equal angles":
            table = np.repeat(table[:1], 6, axis=0)
        elif pattern == "product":
            table, initial = np.repeat(table[:2], 3, axis=0), np.tile(initial[:3], (2, 1))
        elif pattern == "duplicates":
            initial = initial[[0, 1, 0, 1, 2, 0]]
        elif pattern == "one state":
            initial = initial[0]
        together = (CPU if stacks else row_by_row).states(program, table, initial)
        for row in range(6):
            own = initial if initial.ndim == 1 else initial[row]
            start = [qml.StatePrep(own, wires=range(3))]
            tape = qml.tape.QuantumScript(start + _operations(program, table[row]), [qml.state()])
            theirs = qml.execute([tape], qml.device("default.qubit", wires=3))[0]
            np.testing.assert_allclose(together[row], theirs, atol=1e-12, rtol=0)

    def test_one_circuit_per_state_without_stacks(self, runs, row_by_row):
        program, table = layered(3, 6, prepared=True)
        initial = random_states(6, 3)[[0, 1, 0, 1, 2, 0]]
        row_by_row.states(program, table, initial)
        circuits, binds, _ = runs[0]
        assert len(circuits) == 3
        assert [{len(column) for column in columns.values()} for columns in binds] == [{3}, {2}, {1}]

    def test_without_gates(self):
        program = Program(2, (), 0, prepared=True)
        initial = random_states(3, 2)
        np.testing.assert_allclose(CPU.states(program, np.empty((3, 0)), initial), initial, atol=1e-14)
        densities = CPU.densities(program, np.empty((3, 0)), initial)
        np.testing.assert_allclose(densities, initial[:, :, None] * initial[:, None].conj(), atol=1e-14)

    @pytest.mark.parametrize("model", [None, depolarizing_noise(0.0, 0.0)])
    @pytest.mark.parametrize("shots", [4, 3000])
    def test_shots(self, model, shots):
        program, table = layered(3, 4, prepared=True)
        initial = random_states(4, 3)
        backend = open_backend("cpu", noise_model=model)
        rows = backend.counts(program, table, [2, 0], shots, 3, initial)
        expected = marginal(CPU.states(program, table, initial), [2, 0])
        assert all(fits(row, own) for row, own in zip(rows, expected))
        assert [int(row[1].sum()) for row in rows] == [shots] * 4


def _operations(program, angles):
    """The gates of the layered program as PennyLane operations."""
    operations = []
    for gate in program.gates:
        own = angles[gate.slot : gate.slot + gate.n_angles]
        if gate.kind == "rx":
            operations.append(qml.RX(own[0], gate.targets))
        elif gate.kind == "rot":
            operations.append(qml.Rot(*own, gate.targets[0]))
        else:
            assert gate.kind == "x"
            operations.append(qml.CNOT([*gate.controls, *gate.targets]))
    return operations


class TestShots:
    """Outcomes: which bit is which, distribution, independence, seeds."""

    @pytest.mark.parametrize("wires", [[0], [2], [0, 1, 2], [2, 0], [1, 2], [2, 1, 0]])
    @pytest.mark.parametrize("kind", ["exact", "dense", "trajectories", "drawn by Aer"])
    def test_bit_order(self, wires, kind):
        program = Program(3, (Gate("x", (0,)), Gate("x", (2,))), 0)
        bits = np.array([1, 0, 1])[wires]
        backend = open_backend("cpu", noise_model=_model(kind))
        shots = 3 if kind == "trajectories" else 20
        samples = backend.samples(program, np.empty((2, 0)), wires, shots, 1)
        assert samples.dtype == np.uint8
        assert samples.tolist() == [[bits.tolist()] * shots] * 2
        outcome = int("".join(map(str, bits)), 2)
        for outcomes, multiplicities in backend.counts(program, np.empty((2, 0)), wires, shots, 1):
            assert (outcomes.tolist(), multiplicities.tolist()) == ([outcome], [shots])
            assert outcomes.dtype == multiplicities.dtype == np.int64

    @pytest.mark.parametrize("kind", ["exact", "dense", "trajectories", "drawn by Aer"])
    @pytest.mark.parametrize("wires", [[0, 1, 2, 3], [3, 1]])
    def test_distribution(self, kind, wires):
        program, table = layered(4 if kind != "trajectories" else 5, 3)
        backend = open_backend("cpu", noise_model=_model(kind))
        shots = 31 if kind == "trajectories" else 4000
        table = np.repeat(table, 1 if shots > 31 else 40, axis=0)
        expected = marginal(CPU.states(program, table), wires)
        counts = backend.counts(program, table, wires, shots, 5)
        samples = backend.samples(program, table, wires, shots, 6)
        assert all((np.diff(outcomes) > 0).all() for outcomes, _ in counts)
        assert all(multiplicities.sum() == shots for _, multiplicities in counts)
        places = 2 ** np.arange(len(wires))[::-1]
        from_samples = [np.unique(row, return_counts=True) for row in samples.astype(int) @ places]
        for rows in (counts, from_samples):
            step = len(rows) // 3
            for first in range(0, len(rows), step):
                assert fits(added(rows[first : first + step]), expected[first])

    @pytest.mark.parametrize("kind", ["exact", "dense", "trajectories", "drawn by Aer"])
    @pytest.mark.parametrize("n_slots", [0, 1])
    def test_rows_are_independent_and_seeds_repeat(self, kind, n_slots):
        gates = (Gate("ry", (0,), (), 0),) if n_slots else (Gate("h", (0,)),)
        program = Program(6, (*gates, Gate("h", (1,)), Gate("h", (3,))), n_slots)
        backend = open_backend("cpu", noise_model=_model(kind))
        table, shots = np.full((6, n_slots), np.pi / 2), 50 if kind == "trajectories" else 100
        first = backend.samples(program, table, [0, 1], shots, 7)
        assert (first == backend.samples(program, table, [0, 1], shots, 7)).all()
        others = [backend.samples(program, table, [0, 1], shots, seed) for seed in (8, 7 + 2113)]
        rows = [row.tobytes() for samples in (first, *others) for row in samples]
        assert len(set(rows)) == len(rows)
        spins = 1.0 - 2.0 * np.concatenate([first, *others]).reshape(18, -1)
        correlations = spins @ spins.T / spins.shape[1]
        assert np.abs(correlations - np.eye(18)).max() < 4.5 / np.sqrt(spins.shape[1])

    def test_samples_are_in_random_order(self):
        program = Program(1, (Gate("h", (0,)),), 0)
        bits = CPU.samples(program, np.empty((1, 0)), [0], 10_000, 3)[0, :, 0].astype(float)
        halves = bits[:5000].mean(), bits[5000:].mean()
        assert abs(halves[0] - halves[1]) < 4.5 * np.sqrt(0.5 / 5000)
        neighbors = np.corrcoef(bits[:-1], bits[1:])[0, 1]
        assert abs(neighbors) < 4.5 / np.sqrt(10_000)

    def test_aer_draws_in_runs_of_bounded_size(self, monkeypatch, runs):
        monkeypatch.setattr(aer_execution, "_SHOTS_PER_RUN", 90)
        backend = open_backend("cpu", noise_model=_model("drawn by Aer"))
        program, table = layered(2, 5)
        counts = backend.counts(program, table, [0, 1], 30, 1)
        assert [int(multiplicities.sum()) for _, multiplicities in counts] == [30] * 5
        assert len(runs) == 2
        assert runs[0][2]["seed_simulator"] != runs[1][2]["seed_simulator"]


def _model(kind):
    """A noise model that changes nothing, made so that shots come about in a certain way."""
    if kind == "exact":
        return None
    model = NoiseModel()
    if kind != "dense":  # an error of the measurement itself leaves the shots to Aer; this one shows nowhere
        model.add_all_qubit_quantum_error(pauli_error([("Z", 0.5), ("I", 0.5)]), "measure")
    return model


class TestNoise:
    """Channels and noise models."""

    CHANNELS = (
        qml.AmplitudeDamping(0.3, 1),
        qml.GeneralizedAmplitudeDamping(0.3, 0.6, 0),
        qml.PhaseDamping(0.4, 2),
        qml.DepolarizingChannel(0.2, 1),
        qml.BitFlip(0.1, 0),
        qml.ResetError(0.1, 0.2, 2),
        qml.ThermalRelaxationError(0.1, 1.2, 1.3, 0.4, 1),
        qml.PauliError("XY", 0.3, [2, 0]),
        qml.QubitChannel(
            [np.sqrt(0.4) * unitary_group.rvs(4, random_state=1), np.sqrt(0.6) * np.eye(4)], [2, 1]
        ),
    )

    def tape(self, angle, *channels):
        front = [gate for i in range(3) for gate in (qml.RY(0.3 + i, i), qml.RZ(angle + i, i))]
        back = [qml.CNOT([0, 2]), qml.CRX(angle, [2, 1]), qml.Toffoli([0, 1, 2])]
        return qml.tape.QuantumScript([*front, *channels, *back], [qml.density_matrix([0, 1, 2])])

    @pytest.mark.parametrize("channels", [*((c,) for c in CHANNELS), CHANNELS], ids=lambda c: c[0].name)
    def test_channels_equal_default_mixed(self, channels):
        tapes = [self.tape(angle, *channels) for angle in (0.4, 1.7)]
        bounds = [read_tape(tape, 3) for tape in tapes]
        table = np.concatenate([bound.table for bound in bounds])
        densities = CPU.densities(bounds[0].program, table)
        for ours, theirs in zip(densities, qml.execute(tapes, qml.device("default.mixed", wires=3))):
            np.testing.assert_allclose(ours, theirs, atol=1e-12, rtol=0)

    @pytest.mark.parametrize("shots", [5, 2000])
    def test_shots_with_channels(self, shots):
        """Few shots are drawn with one state each, many from the density matrix."""
        bound = read_tape(self.tape(0.4, *self.CHANNELS), 3)
        diagonal = np.real(np.diagonal(CPU.densities(bound.program, bound.table), axis1=1, axis2=2))
        for wires in ([0, 1, 2], [2, 0]):
            rows = CPU.counts(bound.program, np.repeat(bound.table, 2000 // shots, axis=0), wires, shots, 2)
            assert fits(added(rows), marginal(np.sqrt(np.abs(diagonal)), wires)[0])

    def test_readout_errors_are_in_shots_only(self, runs):
        backend = open_backend("cpu", noise_model=readout_noise(0.2, 0.4))
        program = Program(2, (Gate("x", (0,)),), 0)
        table = np.empty((1, 0))
        assert np.real(np.diagonal(backend.densities(program, table)[0])).round(12).tolist() == [0, 0, 1, 0]
        expected = np.kron([0.4, 0.6], [0.8, 0.2])
        assert fits(backend.counts(program, table, [0, 1], 4000, 1)[0], expected)
        assert runs[-1][2]["shots"] == 1  # nothing was drawn by Aer
        rows = backend.counts(program, np.empty((2000, 0)), [0, 1], 2, 2)
        assert runs[-1][2]["shots"] == 2
        assert fits(added(rows), expected)

    def test_qubit_of_a_noise_model_is_a_wire(self):
        model = NoiseModel()
        model.add_quantum_error(depolarizing_error(1.0, 1), "x", [0])
        model.add_readout_error([[1, 0], [1, 0]], [2])
        backend = open_backend("cpu", noise_model=model)
        program = Program(3, tuple(Gate("x", (wire,)) for wire in range(3)), 0)
        table = np.empty((1, 0))
        diagonal = np.real(np.diagonal(backend.densities(program, table)[0])).round(12)
        assert diagonal.tolist() == [0, 0, 0, 0.5, 0, 0, 0, 0.5]
        for shots in (4, 100):
            samples = backend.samples(program, table, [2, 1, 0], shots, 1)[0]
            assert (samples[:, :2] == [0, 1]).all()
            assert 0 < samples[:, 2].mean() < 1

    def test_noise_is_no_pure_state(self):
        program, table = layered(2)
        channel = Program(1, (Gate("kraus", (0,), matrix=np.eye(2)[None]),), 0)
        with pytest.raises(CircuitError, match="no pure state"):
            open_backend("cpu", noise_model=readout_noise(0.1)).states(program, table)
        with pytest.raises(CircuitError, match="no pure state"):
            CPU.states(channel, np.empty((1, 0)))

    def test_method_follows_the_number_of_shots(self, runs):
        backend = open_backend("cpu", noise_model=depolarizing_noise(0.1, 0.1))
        program, table = layered(3)
        for shots, method in ((7, "statevector"), (8, "density_matrix")):
            backend.counts(program, table, [0], shots, 1)
            assert runs[-1][2]["method"] == method


class TestMemory:
    """What is refused, and what is done in parts."""

    def test_rows_in_parts(self, monkeypatch, runs, row_by_row):
        program, table = layered(3, 5)
        prepared = Program(3, program.gates, program.n_slots, prepared=True)
        initial = random_states(5, 3)
        calls = [
            lambda: row_by_row.states(program, table),
            lambda: CPU.states(prepared, table, initial),
            lambda: CPU.densities(program, table),
        ]
        expected = [call() for call in calls]
        monkeypatch.setattr(aer_execution, "_SMALL", 0)
        for call, result, per_row, working in zip(calls, expected, (128, 128, 1024), (256, 256, 4096)):
            # Room for all results and two rows being computed.
            monkeypatch.setattr(memory, "free_memory", lambda n=working + 7 * per_row: n)
            runs.clear()
            np.testing.assert_allclose(call(), result, atol=1e-13)
            assert len(runs) == 3
            monkeypatch.setattr(memory, "free_memory", lambda n=working + 5 * per_row: n)
            with pytest.raises(CircuitTooLargeError, match="results of 5 rows"):
                call()

    def test_too_many_qubits(self, monkeypatch):
        monkeypatch.setattr(memory, "free_memory", lambda: 10**9)
        table = np.empty((1, 0))
        for call in (
            lambda: CPU.states(Program(30, (), 0), table),
            lambda: CPU.counts(Program(30, (), 0), table, [0], 5, 1),
            lambda: CPU.densities(Program(15, (), 0), table),
            lambda: open_backend("cpu", noise_model=readout_noise(0.1)).counts(
                Program(30, (), 0), table, [0], 5, 1
            ),
        ):
            with pytest.raises(CircuitTooLargeError, match="30 qubits need"):
                call()

    def test_gpu(self, monkeypatch):
        executor = replace(CPU.executor, compute="gpu")
        backend = replace(CPU, executor=executor)
        monkeypatch.setattr(memory, "free_memory", lambda: None)
        monkeypatch.setattr(memory, "_gpus", lambda: [2**30, 2**40])
        with pytest.raises(CircuitTooLargeError, match=r"27 qubits need 2\.15 GB on the GPU"):
            backend.states(Program(27, (), 0), np.empty((1, 0)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"table": np.zeros((2, 3))}, "table"),
        ({"table": np.full((2, 28), np.nan)}, "NaN"),
        ({"shots": 0}, "shots is 0"),
        ({"shots": 2.5}, "shots is 2.5"),
        ({"shots": True}, "shots is True"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": None}, "seed is None"),
        ({"wires": [0, 0]}, "distinct"),
        ({"wires": [4]}, "from 0 to 3"),
        ({"wires": [-1]}, "from 0 to 3"),
        ({"initial": np.ones(5) / np.sqrt(5)}, r"shape \(5,\)"),
        ({"initial": np.ones((3, 16)) / 4}, r"shape \(3, 16\)"),
        ({"initial": np.ones((2, 16)) / [[4], [5]]}, "state 1 has norm 0.8"),
        ({"initial": np.full(16, np.nan)}, "norm nan"),
    ],
)
def test_wrong_arguments(arguments, words):
    program, table = layered(4, 2)
    given = {"table": table, "wires": [0, 1], "shots": 10, "seed": 1, "initial": None, **arguments}
    for call in (CPU.counts, CPU.samples):
        with pytest.raises(CircuitError, match=words):
            call(program, **given)
    if arguments.keys() & {"table", "initial"}:
        for call in (CPU.states, CPU.densities):
            with pytest.raises(CircuitError, match=words):
                call(program, given["table"], given["initial"])


def test_prepared_program_without_states():
    program, table = layered(2, prepared=True)
    with pytest.raises(CircuitError, match="hand over the initial states"):
        CPU.states(program, table)


def test_aer_failure_carries_its_words(monkeypatch):
    real = AerSimulator.run

    def break_it(self, circuits, parameter_binds=None, **options):
        broken = [circuit.copy() for circuit in circuits]
        broken[0].ch(0, 1)
        return real(self, broken, parameter_binds=parameter_binds, **options)

    monkeypatch.setattr(AerSimulator, "run", break_it)
    with pytest.raises(AerRunError, match="unknown instruction: ch"):
        CPU.states(*layered(2))


def test_results_that_are_missing_are_noticed(monkeypatch, row_by_row):
    real = AerSimulator.run

    def lose_some(self, circuits, parameter_binds=None, **options):
        return real(self, circuits[:1], parameter_binds=parameter_binds[:1], **options)

    monkeypatch.setattr(AerSimulator, "run", lose_some)
    program, table = layered(3, 500)
    with pytest.raises(AerRunError, match="500"):
        row_by_row.states(program, table)
