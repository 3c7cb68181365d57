"""Kernel concentration: statistics of the matrix, shots, kernels of other makers, wrong arguments."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.kernel_concentration import kernel_concentration
from hybrid_opt.circuits.variational import VariationalCircuit

SAMPLES = np.random.default_rng(5).uniform(0, 3, (12, 2))


def scan(kernel="angle", data=None, **options):
    return kernel_concentration(kernel, data, **{"seed": 1, "simulator": "native", **options})


def angle_gram(x):
    return np.prod(np.cos((x[:, None] - x[None]) / 2) ** 2, axis=2)


def test_the_matrix_of_angle_encoding():
    (row,) = scan(VariationalCircuit(2, 0, encoding="angle"), SAMPLES).rows
    gram = angle_gram(SAMPLES)
    entries = gram[np.triu_indices(12, 1)]
    assert row.mean == pytest.approx(entries.mean(), abs=1e-12)
    assert row.variance == pytest.approx(entries.var(), abs=1e-12)
    assert row.shots_needed == pytest.approx((entries * (1 - entries)).mean() / entries.var(), rel=1e-9)
    assert row.spectrum == pytest.approx(np.linalg.eigvalsh(gram)[::-1] / 12, abs=1e-12)
    assert sum(row.spectrum) == pytest.approx(1)
    assert (row.n_qubits, row.haar_mean) == (2, 0.25)
    assert row.haar_variance == pytest.approx(3 / 80)


def test_jackknife_by_hand():
    (row,) = scan(VariationalCircuit(2, 0, encoding="angle"), SAMPLES).rows
    gram, means, variances = angle_gram(SAMPLES), [], []
    for left_out in range(12):
        kept = np.delete(np.delete(gram, left_out, 0), left_out, 1)[np.triu_indices(11, 1)]
        means.append(kept.mean())
        variances.append(kept.var())
    assert row.mean_error == pytest.approx(np.sqrt(11 * np.var(means)), rel=1e-9)
    assert row.variance_error == pytest.approx(np.sqrt(11 * np.var(variances)), rel=1e-9)


def test_a_kernel_of_another_maker():
    one = scan(VariationalCircuit(2, 0, encoding="angle"), SAMPLES)
    other = scan(angle_gram, SAMPLES)
    assert other.rows[0].variance == pytest.approx(one.rows[0].variance, rel=1e-9)
    assert other.rows[0].n_qubits == 0
    assert np.isnan(other.rows[0].haar_mean)
    assert (one.n_samples, other.n_samples) == (12, 12)
    assert other.simulator == "the kernel's own"
    assert isinstance(other.plot(), Figure)


def test_a_kernel_that_knows_its_circuit():
    class Kernel:
        circuit = VariationalCircuit(2, 0, encoding="angle")
        label = "mine"

        def __call__(self, x):
            return angle_gram(x)

    found = scan(lambda width: Kernel(), n_qubits=(2,), n_samples=7)
    assert found.simulator == "mine"
    assert (found.rows[0].n_qubits, len(found.rows[0].spectrum)) == (2, 7)


def test_identical_samples_are_not_resolved():
    found = scan(VariationalCircuit(2, 0, encoding="angle"), np.zeros((4, 2)))
    (row,) = found.rows
    assert (row.mean, row.variance, row.shots_needed) == (pytest.approx(1), 0, np.inf)
    assert row.effective_rank == pytest.approx(1)
    assert len(found.warnings) == 1
    assert found.table()["resolved"].tolist() == [False]
    assert isinstance(found.plot(), Figure)


def test_orthogonal_samples_have_full_rank():
    found = scan(VariationalCircuit(2, 0, encoding="basis"), [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert found.rows[0].effective_rank == pytest.approx(4)
    assert found.rows[0].mean == pytest.approx(0, abs=1e-12)


def test_warnings_compare_with_the_shots():
    few = scan("iqp", n_qubits=(2, 6), n_samples=30, shots=20)
    assert len(few.warnings) == 1
    assert few.warnings[0].startswith("6 qubits")
    assert "not 20" in few.warnings[0]
    assert few.table()["resolved"].tolist() == [True, False]
    assert scan("iqp", n_qubits=(2, 6), n_samples=30, shots=10**6).warnings == ()


@pytest.mark.parametrize("encoding", ["angle", "amplitude", "basis", "iqp", "chebyshev"])
def test_every_encoding_has_a_range_of_features(encoding):
    found = scan(encoding, n_qubits=(2, 3), n_samples=8)
    assert [row.n_qubits for row in found.rows] == [2, 3]
    assert np.isfinite(found.rate.slope)


def test_circuits_with_weights():
    circuit = VariationalCircuit(2, 2, reupload=True)
    assert scan(circuit, seed=1).rows != scan(circuit, seed=2).rows
    # Weights after the last encoding cancel from every fidelity.
    late = scan(VariationalCircuit(2, 2), SAMPLES)
    assert late.rows[0].mean == pytest.approx(angle_gram(SAMPLES)[np.triu_indices(12, 1)].mean())


def test_data_by_columns_and_by_function():
    wide = np.hstack([SAMPLES, np.ones((12, 3))])
    one = scan(lambda width: VariationalCircuit(width, 0, encoding="angle"), wide, n_qubits=(2, 3))
    assert one.rows[0].mean == pytest.approx(angle_gram(SAMPLES)[np.triu_indices(12, 1)].mean())
    other = scan("angle", lambda rng, n, f: rng.normal(size=(n, f)), n_qubits=(2,), n_samples=9)
    assert len(other.rows[0].spectrum) == 9


def test_same_seed_same_answer():
    first, again, other = (scan(n_qubits=(2, 3), n_samples=10, seed=seed).rows for seed in (3, 3, 4))
    assert first == again != other


def test_table_and_plot():
    found = scan("iqp", n_qubits=(2, 3, 4), n_samples=20)
    assert len(found.table()) == 3
    assert "spectrum" not in found.table()
    assert isinstance(found.plot(), Figure)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_samples": 2}, "n_samples is 2"),
        ({"shots": 0}, "shots is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"strategy": "nonsense"}, "strategy is 'nonsense'"),
        ({"simulator": "nonsense"}, "simulator is 'nonsense'"),
        ({"n_qubits": 3}, "n_qubits is 3"),
        ({"kernel": "nonsense", "n_qubits": (2,)}, "encoding is 'nonsense'"),
        ({"kernel": "angle"}, "kernel is 'angle'"),
        ({"kernel": 3}, "kernel is 3"),
        ({"kernel": 3, "n_qubits": (2,)}, "with n_qubits it must be"),
        ({"n_qubits": (2,)}, "with n_qubits it must be"),
        ({"kernel": lambda width: None, "n_qubits": (2,)}, "kernel is None"),
        ({"kernel": VariationalCircuit(2, 1, encoding=None)}, "no inputs"),
        ({"kernel": angle_gram}, "give samples as data"),
        ({"kernel": lambda x: 1 / 0, "data": 3}, r"shape \(\)"),
        ({"kernel": VariationalCircuit, "data": SAMPLES}, "needs n_qubits"),
        ({"kernel": lambda x: np.eye(3)[:2], "data": SAMPLES}, r"shape \(2, 3\)"),
        ({"kernel": lambda x: 2 * np.eye(3), "data": SAMPLES}, "outside"),
        ({"kernel": lambda x: np.eye(3) * np.nan, "data": SAMPLES}, "outside"),
        ({"kernel": lambda x: np.triu(np.ones((3, 3))), "data": SAMPLES}, "not symmetric"),
        ({"data": SAMPLES[:2]}, "at least 3 samples"),
        ({"data": SAMPLES[:, :1]}, "at least 2 features"),
        ({"data": "nonsense"}, "data is 'nonsense'"),
        ({"data": SAMPLES * np.nan}, "NaN"),
        ({"data": lambda rng, n, f: np.zeros((n, f + 1))}, r"samples of shape \(100, 3\)"),
        ({"kernel": VariationalCircuit(2, 0, encoding="basis"), "data": SAMPLES}, "basis encoding takes"),
    ],
)
def test_wrong_arguments(change, words):
    with pytest.raises(CircuitError, match=words):
        scan(**{"kernel": VariationalCircuit(2, 0, encoding="angle"), **change})
