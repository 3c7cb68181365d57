"""The fidelity kernel with shots, noise and corrections; for exact values see tests/reference."""

import numpy as np
import pytest
from sklearn.svm import SVC

from hybrid_opt.circuits import fidelity_kernel
from hybrid_opt.circuits.aer_backend import AerBackend
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.simulators import open_simulator

X = np.random.default_rng(0).uniform(-1.5, 1.5, (9, 3))
Y = np.random.default_rng(1).uniform(-1.5, 1.5, (4, 3))


def angle(rows, columns):
    """Closed form of angle encoding."""
    return np.prod(np.cos((rows[:, None] - columns[None]) / 2) ** 2, axis=2)


def deviations(measured, exact, shots):
    return (measured - exact) / np.sqrt(exact * (1 - exact) / shots)


@pytest.mark.parametrize("tile", [2, 4, 256])
def test_tiles_of_the_matrix_product(tile, monkeypatch):
    monkeypatch.setattr(fidelity_kernel, "_TILE", tile)
    kernel = FidelityKernel(3, encoding="angle", compute="cpu")
    np.testing.assert_allclose(kernel(X), angle(X, X), atol=1e-14)
    np.testing.assert_array_equal(kernel(X), kernel(X).T)
    np.testing.assert_allclose(kernel(X, Y), angle(X, Y), atol=1e-14)


@pytest.mark.parametrize("simulator", ["aer", "native"])
def test_shots_are_binomial_in_square_and_cross_matrices(simulator):
    shots = 4000
    kernel = FidelityKernel(3, encoding="angle", shots=shots, simulator=simulator, seed=1)
    gram = kernel(X)
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_array_equal(np.diag(gram), 1.0)
    upper = np.triu_indices(9, k=1)
    scores = np.concatenate(
        [
            deviations(gram[upper], angle(X, X)[upper], shots),
            deviations(kernel(X, Y), angle(X, Y), shots).ravel(),
        ]
    )
    assert np.abs(scores).max() < 4.5
    assert 0.7 < (scores**2).mean() < 1.4  # 72 scores of variance 1


def test_all_pairs_are_one_run_of_aer_and_each_pair_is_measured_once(monkeypatch):
    from qiskit_aer import AerSimulator

    runs, rows = [], []
    run, counts = AerSimulator.run, AerBackend.counts

    def counted_run(self, *arguments, **options):
        runs.append(1)
        return run(self, *arguments, **options)

    def counted_rows(self, program, table, *arguments):
        rows.append(len(table))
        return counts(self, program, table, *arguments)

    kernel = FidelityKernel(3, encoding="angle", shots=10, compute="cpu")
    monkeypatch.setattr(AerSimulator, "run", counted_run)
    monkeypatch.setattr(AerBackend, "counts", counted_rows)
    kernel(X)
    kernel(X, Y)
    assert rows == [36, 36]  # 9 * 8 / 2 and 9 * 4
    assert len(runs) == 2


def test_shots_of_prepared_states_are_drawn_from_exact_fidelities():
    shots = 4000
    kernel = FidelityKernel(2, encoding="amplitude", shots=shots, compute="cpu", seed=0)
    rng = np.random.default_rng(0)
    rows, columns = rng.uniform(-1, 1, (30, 4)), rng.uniform(-1, 1, (12, 4))
    exact = FidelityKernel(2, encoding="amplitude", compute="cpu")
    gram = kernel(rows)
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_array_equal(np.diag(gram), 1.0)
    upper = np.triu_indices(30, k=1)
    for measured, true in (
        (gram[upper], exact(rows)[upper]),
        (kernel(rows, columns), exact(rows, columns)),
    ):
        many = true > 0.01  # with fewer than 40 outcomes expected the deviations are not normal
        scores = deviations(measured[many], true[many], shots)
        assert np.abs(scores).max() < 4.5
        assert 0.75 < (scores**2).mean() < 1.3


def test_noise_has_its_closed_form_and_one_qubit_is_corrected_exactly():
    """Each of the two rotations on a qubit loses its state with probability p."""
    probability = 0.07
    noise = depolarizing_noise(probability, 0.0)
    kept = (1 - probability) ** 2

    def noisy(rows, columns):
        factors = kept * np.cos((rows[:, None] - columns[None]) / 2) ** 2 + (1 - kept) / 2
        return np.prod(factors, axis=2)

    kernel = FidelityKernel(3, encoding="angle", compute="cpu", noise_model=noise)
    expected = noisy(X, X)
    np.fill_diagonal(expected, 1.0)
    np.testing.assert_allclose(kernel(X), expected, atol=1e-12)
    np.testing.assert_allclose(kernel(X, Y), noisy(X, Y), atol=1e-12)

    one = FidelityKernel(1, encoding="angle", compute="cpu", noise_model=noise, correction="depolarizing")
    np.testing.assert_allclose(one(X[:, :1]), angle(X[:, :1], X[:, :1]), atol=1e-12)
    np.testing.assert_allclose(one(X[:, :1], Y[:, :1]), angle(X[:, :1], Y[:, :1]), atol=1e-12)


def test_correction_brings_shots_under_noise_nearer_to_the_truth():
    options = {"encoding": "angle", "compute": "cpu", "noise_model": depolarizing_noise(0.05, 0.0, 0.02)}
    plain = FidelityKernel(3, shots=20_000, seed=0, **options)(X)
    corrected = FidelityKernel(3, shots=20_000, seed=0, correction="depolarizing", **options)(X)
    upper = np.triu_indices(9, k=1)
    errors = [np.abs(gram[upper] - angle(X, X)[upper]).mean() for gram in (plain, corrected)]
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize("method", ["clip", "flip", "shift", "nearest"])
def test_few_shots_are_repaired(method):
    few = {"circuit": 3, "encoding": "angle", "shots": 20, "compute": "cpu", "seed": 0}
    raw, repaired = FidelityKernel(**few), FidelityKernel(**few, correction=method)
    assert np.linalg.eigvalsh(raw(X))[0] < -0.01
    assert np.linalg.eigvalsh(repaired(X))[0] > -1e-9
    # Matrices between two sets stay as they were measured.
    np.testing.assert_array_equal(repaired(X, Y), raw(X, Y))


def test_corrections_are_applied_in_their_order():
    options = {"encoding": "angle", "compute": "cpu", "shots": 50, "seed": 0}
    noise = depolarizing_noise(0.05, 0.0)
    both = FidelityKernel(3, noise_model=noise, correction=["depolarizing", "clip"], **options)(X)
    first = FidelityKernel(3, noise_model=noise, correction="depolarizing", **options)(X)
    assert np.linalg.eigvalsh(first)[0] < -1e-3
    assert np.linalg.eigvalsh(both)[0] > -1e-12


def test_exact_kernels_need_no_depolarizing_correction():
    kernel = FidelityKernel(3, encoding="angle", compute="cpu", correction="depolarizing")
    np.testing.assert_allclose(kernel(X), angle(X, X), atol=1e-14)


def test_prepared_states_with_noise_are_refused():
    with pytest.raises(CircuitError, match="amplitude encoding"):
        FidelityKernel(2, encoding="amplitude", noise_model=depolarizing_noise(0.1, 0.1))
    noisy = open_simulator("aer", compute="cpu", noise_model=depolarizing_noise(0.1, 0.1))
    with pytest.raises(CircuitError, match="amplitude encoding"):
        FidelityKernel(2, encoding="amplitude", simulator=noisy)


def test_a_support_vector_machine_takes_it_as_its_kernel():
    rng = np.random.default_rng(0)
    samples = rng.uniform(-1, 1, (40, 3))
    labels = samples[:, 0] * samples[:, 1] > 0
    kernel = FidelityKernel(3, compute="cpu")
    machine = SVC(kernel=kernel, C=100.0).fit(samples, labels)
    same = SVC(kernel="precomputed", C=100.0).fit(kernel(samples), labels)
    test = rng.uniform(-1, 1, (10, 3))
    np.testing.assert_allclose(
        machine.decision_function(test), same.decision_function(kernel(test, samples)), atol=1e-6
    )
    assert machine.score(samples, labels) > 0.9


def test_entries_of_encoded_samples_are_the_matrix():
    kernel = FidelityKernel(3, simulator="native")
    X, Y = (np.random.default_rng(seed).uniform(-1, 1, (n, 3)) for seed, n in ((0, 5), (1, 4)))
    a, b = kernel.encode(X), kernel.encode(Y)
    assert a.shape == (5, 8)
    np.testing.assert_array_equal(kernel.entries(a), kernel(X))
    np.testing.assert_array_equal(kernel.entries(a, b), kernel(X, Y))
    assert kernel.encode(X[:0]).shape == (0, 8)


def test_a_kernel_with_noise_has_no_states():
    kernel = FidelityKernel(2, encoding="angle", noise_model=depolarizing_noise(0.01, 0.02), compute="cpu")
    with pytest.raises(CircuitError, match="has no state of each"):
        kernel.encode([[0.0, 1.0]])
