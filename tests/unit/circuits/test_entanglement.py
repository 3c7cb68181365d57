"""Meyer-Wallach entanglement of states and the entangling power of circuits."""

import numpy as np
import pennylane as qml
import pytest
from matplotlib.figure import Figure

from hybrid_opt.circuits.entanglement import entangling_power, haar_entanglement, meyer_wallach
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.variational import VariationalCircuit

ROOT = np.sqrt(0.5)
BELL = np.array([ROOT, 0, 0, ROOT])


def random_states(count, n_qubits, seed=0):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(count, 2**n_qubits)) + 1j * rng.normal(size=(count, 2**n_qubits))
    return states / np.linalg.norm(states, axis=1, keepdims=True)


def measure(circuit, n_samples=50, **options):
    return entangling_power(circuit, n_samples, **{"seed": 1, "simulator": "native", **options})


@pytest.mark.parametrize("n_qubits", [1, 2, 3, 6])
def test_product_states_have_none(n_qubits):
    state = np.ones(1)
    for part in random_states(n_qubits, 1, seed=n_qubits):
        state = np.kron(state, part)
    assert meyer_wallach([state])[0] == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("n_qubits", [2, 3, 7])
def test_ghz_states_have_all(n_qubits):
    state = np.zeros((1, 2**n_qubits))
    state[0, [0, -1]] = ROOT
    assert meyer_wallach(state)[0] == pytest.approx(1, abs=1e-14)


def test_bell_pairs():
    pairs = np.kron(BELL, BELL)
    half = np.kron(BELL, [1, 0, 0, 0])  # two of four qubits are entangled
    assert meyer_wallach([pairs, half]) == pytest.approx([1, 0.5], abs=1e-14)


def test_w_state():
    # Every qubit has the state diag(2/3, 1/3): Q = 2 (1 - 5/9) = 8/9.
    state = np.zeros(8)
    state[[1, 2, 4]] = np.sqrt(1 / 3)
    assert meyer_wallach([state])[0] == pytest.approx(8 / 9, abs=1e-14)


def test_against_the_purities_of_pennylane():
    states = random_states(5, 3)
    matrices = qml.math.dm_from_state_vector(states)
    purities = np.mean([qml.math.purity(matrices, [wire]) for wire in range(3)], axis=0)
    assert meyer_wallach(states) == pytest.approx(2 * (1 - purities), abs=1e-13)


def test_an_empty_batch():
    assert meyer_wallach(np.zeros((0, 4))).shape == (0,)


@pytest.mark.parametrize("n_qubits", [1, 2, 4])
def test_haar_mean(n_qubits):
    values = meyer_wallach(random_states(4000, n_qubits))
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean() - haar_entanglement(n_qubits)) <= 4 * error + 1e-12


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([1.0, 0.0], r"shape \(2,\)"),
        ([[1.0, 0.0, 0.0]], r"shape \(1, 3\)"),
        ([[1.0]], r"shape \(1, 1\)"),
        ([[1.0, 1.0]], "state 0 has the squared norm 2"),
        ([[1.0, 0.0], [np.nan, 0.0]], "state 1 has the squared norm nan"),
        ([["a", "b"]], "numbers"),
    ],
)
def test_wrong_states(states, words):
    with pytest.raises(CircuitError, match=words):
        meyer_wallach(states)


def test_haar_of_no_qubits():
    with pytest.raises(CircuitError, match="n_qubits is 0"):
        haar_entanglement(0)


def test_a_fixed_circuit_has_no_spread():
    # Weights of zero leave |00>, which the entangling gates leave alone.
    found = measure(VariationalCircuit(2, 1, encoding=None), strategy="zeros")
    assert (found.mean, found.deviation, found.standard_error) == pytest.approx((0, 0, 0), abs=1e-14)


def test_one_entangler_in_closed_form():
    # RX(a) on wire 0, RX(b) on wire 1, one CNOT.
    circuit = VariationalCircuit(2, 1, encoding=None, ansatz="basic_entangler")
    angles = 2 * np.pi * np.arange(8) / 8
    grid = np.array([(a, b) for a in angles for b in angles])
    zero, one = np.cos(grid / 2), -1j * np.sin(grid / 2)
    first, second = (np.stack([zero[:, wire], one[:, wire]], axis=1) for wire in range(2))
    states = np.einsum("bi,bj->bij", first, second).reshape(-1, 4)[:, [0, 1, 3, 2]]
    exact = meyer_wallach(states).mean()  # a trigonometric polynomial: the grid integrates it exactly
    found = measure(circuit, 3000)
    assert abs(found.mean - exact) < 4 * found.standard_error
    assert found.standard_error == pytest.approx(found.values.std(ddof=1) / np.sqrt(3000))


def test_separable_and_deep_circuits():
    assert measure(VariationalCircuit(3, 2, ansatz="separable")).mean == pytest.approx(0, abs=1e-13)
    deep = measure(VariationalCircuit(3, 6, encoding=None), 1000)
    assert deep.haar_mean == 6 / 9
    assert abs(deep.mean - deep.haar_mean) < 0.03


def test_inputs_entangle_too():
    circuit = VariationalCircuit(2, 0, encoding="iqp")
    assert measure(circuit, inputs=[0.3, 0.0]).mean == pytest.approx(0, abs=1e-13)
    # IsingZZ(t) on |++>: coherences shrink by cos(t), so Q = sin(t)**2.
    assert measure(circuit, inputs=[0.5, 1.4]).mean == pytest.approx(np.sin(0.7) ** 2, abs=1e-13)


def test_same_seed_same_answer():
    circuit = VariationalCircuit(2, 1)
    first, again, other = (measure(circuit, seed=seed).mean for seed in (3, 3, 4))
    assert first == again != other


def test_table_and_plot():
    found = measure(VariationalCircuit(2, 1))
    table = found.table()
    assert table.loc[0, "mean"] == found.mean
    assert table.loc[0, "haar_mean"] == pytest.approx(0.4)
    assert isinstance(found.plot(), Figure)


def test_too_large(monkeypatch):
    monkeypatch.setattr("hybrid_opt.circuits.memory.free_memory", lambda: 1000)
    with pytest.raises(CircuitTooLargeError):
        measure(VariationalCircuit(6, 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_samples": 1}, "n_samples is 1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"strategy": "nonsense"}, "strategy is 'nonsense'"),
        ({"inputs": np.zeros((2, 2, 2))}, "inputs has shape"),
        ({"circuit": "strongly_entangling"}, "must be a VariationalCircuit"),
    ],
)
def test_wrong_arguments(change, words):
    arguments = {"circuit": VariationalCircuit(2, 1), "n_samples": 5, "seed": 1, "simulator": "native"}
    with pytest.raises(CircuitError, match=words):
        entangling_power(**{**arguments, **change})
