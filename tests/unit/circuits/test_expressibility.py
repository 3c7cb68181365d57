"""Expressibility: the Haar law in bins, the divergence, the seed, wrong arguments."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.integrate import quad

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.expressibility import expressibility, fidelity_divergence, haar_bins
from hybrid_opt.circuits.variational import VariationalCircuit

IDLE = VariationalCircuit(1, 0, encoding="angle")
TWO = VariationalCircuit(2, 1, encoding=None)


def measure(circuit, n_samples=200, **options):
    return expressibility(circuit, n_samples, **{"seed": 1, "simulator": "native", **options})


@pytest.mark.parametrize("n_qubits", [1, 2, 4])
def test_haar_bins_integrate_the_density(n_qubits):
    size = 2**n_qubits
    edges = np.linspace(0, 1, 11)
    for mass, low, high in zip(haar_bins(n_qubits, 10), edges[:-1], edges[1:]):
        exact = quad(lambda f: (size - 1) * (1 - f) ** (size - 2), low, high)[0]
        assert mass == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("n_qubits", [1, 3, 10, 20])
def test_haar_bins_sum_to_one(n_qubits):
    assert haar_bins(n_qubits).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("n_qubits", [1, 3, 12])
def test_an_idle_circuit_fills_the_last_bin_only(n_qubits):
    # The last bin has the Haar probability (1 / bins)**(N - 1), too small for a float at 12 qubits.
    expected = (2**n_qubits - 1) * np.log(75)
    assert fidelity_divergence(np.ones(5), n_qubits) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("encoding", ["angle", None])
def test_idle_qubit_is_the_logarithm_of_the_bins(encoding):
    found = measure(VariationalCircuit(1, 0, encoding=encoding))
    assert found.divergence == pytest.approx(np.log(75), abs=1e-12)
    assert found.standard_error == 0
    assert measure(IDLE, bins=10).divergence == pytest.approx(np.log(10), abs=1e-12)


def test_divergence_by_hand():
    # Three of four fidelities in the lower half, one in the upper; Haar on one qubit: one half each.
    expected = 0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5)
    assert fidelity_divergence([0.1, 0.2, 0.3, 0.9], 1, bins=2) == pytest.approx(expected, abs=1e-14)


def test_the_floor_is_the_bias_of_a_haar_sample():
    found = measure(IDLE, 4000)
    assert found.haar_floor == pytest.approx(74 / 8000, rel=0.25)
    assert 0 < found.haar_floor_deviation < found.haar_floor


def test_the_standard_error_is_the_scatter_over_seeds():
    separable = VariationalCircuit(2, 1, encoding=None, ansatz="separable")
    found = [measure(separable, 1000, seed=seed) for seed in range(40)]
    scatter = np.std([one.divergence for one in found], ddof=1)
    assert np.mean([one.standard_error for one in found]) == pytest.approx(scatter, rel=0.5)


def test_entanglement_makes_more_expressive():
    separable = VariationalCircuit(4, 3, encoding=None, ansatz="separable")
    entangled = VariationalCircuit(4, 3, encoding=None)
    one, other = measure(separable, 2000), measure(entangled, 2000)
    assert one.divergence > 0.15
    assert other.divergence < other.haar_floor + 5 * other.haar_floor_deviation


def test_same_seed_same_answer():
    first, again, other = (measure(TWO, seed=seed) for seed in (3, 3, 4))
    assert first.counts.tolist() == again.counts.tolist() != other.counts.tolist()
    assert (first.divergence, first.haar_floor) == (again.divergence, again.haar_floor)
    assert first.seed == 3
    assert measure(TWO, seed=None).seed >= 0


@pytest.mark.parametrize("amplitudes", [1, 16])
@pytest.mark.parametrize("encoding", [None, "amplitude"])
def test_pieces_do_not_change_the_answer(monkeypatch, amplitudes, encoding):
    circuit = VariationalCircuit(2, 1, encoding=encoding)
    inputs = np.random.default_rng(2).normal(size=(9, circuit.n_inputs))
    whole = measure(circuit, 50, inputs=inputs)
    monkeypatch.setattr("hybrid_opt.circuits.random_states._CHUNK_AMPLITUDES", amplitudes)
    assert measure(circuit, 50, inputs=inputs).counts.tolist() == whole.counts.tolist()


def test_a_feature_map_over_samples_of_inputs():
    circuit = VariationalCircuit(1, 0, encoding="angle")
    assert measure(circuit, inputs=[0.7]).divergence == pytest.approx(np.log(75), abs=1e-12)
    # Fidelities of the two states RX(0)|0> and RX(pi)|0> are 0 or 1.
    counts = measure(circuit, inputs=[[0.0], [np.pi]]).counts
    assert counts[0] + counts[-1] == 200
    assert min(counts[0], counts[-1]) > 60


def test_prepared_states():
    circuit = VariationalCircuit(2, 0, encoding="amplitude")
    counts = measure(circuit, inputs=np.eye(4)).counts
    assert counts[0] + counts[-1] == 200
    assert 20 < counts[-1] < 90  # a quarter of the pairs agree


def test_other_strategies():
    found = measure(TWO, strategy="zeros")
    assert found.divergence == pytest.approx(3 * np.log(75), rel=1e-12)
    assert found.strategy == "zeros"


def test_table_and_plot():
    found = measure(TWO)
    table = found.table()
    assert list(table) == ["fidelity_from", "fidelity_to", "circuit", "haar"]
    assert len(table) == 75
    assert table["circuit"].sum() == pytest.approx(1)
    assert isinstance(found.plot(), Figure)
    assert (found.n_qubits, found.n_samples) == (2, 200)
    assert found.simulator == "native statevector (CPU)"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_samples": 0}, "n_samples is 0"),
        ({"n_samples": 2.5}, "n_samples is 2.5"),
        ({"n_samples": True}, "n_samples is True"),
        ({"bins": 1}, "bins is 1"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": "a"}, "seed is 'a'"),
        ({"strategy": "nonsense"}, "strategy is 'nonsense'"),
        ({"strategy": "identity"}, "cannot undo"),
        ({"simulator": "nonsense"}, "simulator is 'nonsense'"),
        ({"inputs": [1.0]}, r"inputs has shape \(1,\)"),
        ({"inputs": np.zeros((0, 2))}, r"inputs has shape \(0, 2\)"),
        ({"inputs": [np.nan, 0.0]}, "NaN"),
        ({"inputs": ["a", "b"]}, "array of numbers"),
        ({"circuit": 3}, "circuit is 3"),
    ],
)
def test_wrong_arguments(change, words):
    arguments = {"circuit": VariationalCircuit(2, 1), "n_samples": 5, "seed": 1, "simulator": "native"}
    with pytest.raises(CircuitError, match=words):
        expressibility(**{**arguments, **change})


def test_noise_is_refused():
    class Noisy:
        label, compute, noise_model = "noisy", "cpu", object()

        def states(self):
            raise AssertionError

        counts = states

    with pytest.raises(CircuitError, match="pure states"):
        measure(TWO, simulator=Noisy())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], 1), r"shape \(0,\)"),
        (([[0.5]], 1), r"shape \(1, 1\)"),
        (([1.5], 1), "outside"),
        (([np.nan], 1), "outside"),
        (([0.5], 0), "n_qubits is 0"),
        (([0.5], 1, 0), "bins is 0"),
    ],
)
def test_wrong_fidelities(arguments, words):
    with pytest.raises(CircuitError, match=words):
        fidelity_divergence(*arguments)


def test_aer_gives_the_same():
    pytest.importorskip("qiskit_aer")
    assert measure(TWO, 40, simulator="aer").counts.tolist() == measure(TWO, 40).counts.tolist()
