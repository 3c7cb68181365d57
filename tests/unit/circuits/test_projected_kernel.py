"""The projected kernel: Bloch vectors, shots, noise; for more exact values see tests/reference."""

import numpy as np
import pytest

from hybrid_opt.circuits import projected_kernel
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.kernel_states import STATE_CACHE
from hybrid_opt.circuits.noise import depolarizing_noise
from hybrid_opt.circuits.projected_kernel import ProjectedKernel
from hybrid_opt.circuits.variational import VariationalCircuit

X = np.random.default_rng(0).uniform(-1.5, 1.5, (9, 3))
Y = np.random.default_rng(1).uniform(-1.5, 1.5, (4, 3))


def bloch(samples):
    """RX(x) on |0>: (0, -sin x, cos x)."""
    return np.stack([0 * samples, -np.sin(samples), np.cos(samples)], axis=-1)


def test_bloch_vectors_and_matrix_have_their_closed_form():
    kernel = ProjectedKernel(3, gamma=0.4, encoding="angle", compute="cpu")
    np.testing.assert_allclose(kernel.bloch_vectors(X), bloch(X), atol=1e-14)
    squares = ((bloch(X)[:, None] - bloch(Y)[None]) ** 2).sum(axis=(2, 3))
    np.testing.assert_allclose(kernel(X, Y), np.exp(-0.4 * squares / 2), atol=1e-14)
    assert kernel.bloch_vectors(np.empty((0, 3))).shape == (0, 3, 3)


def test_tiles_of_states(monkeypatch):
    kernel = ProjectedKernel(3, compute="cpu")
    whole = kernel.bloch_vectors(X)
    STATE_CACHE.clear()
    monkeypatch.setattr(projected_kernel, "_TILE_AMPLITUDES", 32)  # four samples
    np.testing.assert_allclose(kernel.bloch_vectors(X), whole, atol=1e-15)


def test_weights_behind_the_last_encoding_matter():
    circuit = VariationalCircuit(3, 1)
    kernel = ProjectedKernel(circuit, compute="cpu", seed=0)
    assert np.abs(kernel(X) - kernel.with_weights(kernel.weights + 1)(X)).max() > 0.01


@pytest.mark.parametrize("simulator", ["aer", "native"])
@pytest.mark.parametrize("encoding", ["iqp", "amplitude"])
def test_shots_give_unbiased_bloch_vectors(simulator, encoding):
    shots = 4000
    samples = X if encoding == "iqp" else np.random.default_rng(0).uniform(-1, 1, (5, 8))
    exact = ProjectedKernel(3, encoding=encoding, compute="cpu").bloch_vectors(samples)
    kernel = ProjectedKernel(3, encoding=encoding, shots=shots, simulator=simulator, seed=2)
    measured = kernel.bloch_vectors(samples)
    spread = np.sqrt((1 - exact**2) / shots)
    uncertain = spread > 1e-6
    scores = (measured - exact)[uncertain] / spread[uncertain]
    assert np.abs(scores).max() < 4.5
    assert 0.6 < (scores**2).mean() < 1.5
    np.testing.assert_allclose(measured[~uncertain], exact[~uncertain], atol=1e-9)


def test_shots_need_three_runs_for_all_samples(monkeypatch):
    from qiskit_aer import AerSimulator

    runs = []
    run = AerSimulator.run

    def counted_run(self, *arguments, **options):
        runs.append(1)
        return run(self, *arguments, **options)

    kernel = ProjectedKernel(3, shots=10, compute="cpu")
    monkeypatch.setattr(AerSimulator, "run", counted_run)
    gram = kernel(X)
    assert len(runs) == 3
    np.testing.assert_array_equal(gram, gram.T)
    np.testing.assert_array_equal(np.diag(gram), 1.0)
    assert np.linalg.eigvalsh(gram)[0] > -1e-12


@pytest.mark.parametrize("flip", [0.0, 0.03])
def test_noise_has_its_closed_form(flip):
    """RX, and the Hadamard before a measurement of X or Y, lose the state with probability p each."""
    probability = 0.06
    noise = depolarizing_noise(probability, 0.0, readout=flip)
    kept = np.array([(1 - probability) ** 2, (1 - probability) ** 2, 1 - probability]) * (1 - 2 * flip)
    options = {"encoding": "angle", "compute": "cpu", "noise_model": noise}
    np.testing.assert_allclose(ProjectedKernel(3, **options).bloch_vectors(X), kept * bloch(X), atol=1e-12)
    measured = ProjectedKernel(3, shots=20_000, seed=0, **options).bloch_vectors(X)
    np.testing.assert_allclose(measured, kept * bloch(X), atol=4.5 / np.sqrt(20_000))


def test_pieces_give_what_one_run_gives(monkeypatch):
    options = {"encoding": "angle", "compute": "cpu", "noise_model": depolarizing_noise(0.1, 0.1)}
    whole = ProjectedKernel(3, **options)(X)
    monkeypatch.setattr(projected_kernel, "_CHUNK_ANGLES", 6)
    np.testing.assert_allclose(ProjectedKernel(3, **options)(X), whole, atol=1e-14)


@pytest.mark.parametrize("gamma", [0, -1.0, np.nan, np.inf, True, "wide", None])
def test_gamma_must_be_a_positive_number(gamma):
    with pytest.raises(CircuitError, match="gamma"):
        ProjectedKernel(2, gamma=gamma)


def test_depolarizing_is_no_correction_of_this_kernel():
    with pytest.raises(CircuitError, match="must be None or made of 'clip'"):
        ProjectedKernel(2, correction="depolarizing")
    gram = ProjectedKernel(3, compute="cpu")(X)
    np.testing.assert_allclose(ProjectedKernel(3, compute="cpu", correction="clip")(X), gram, atol=1e-14)


def test_entries_of_encoded_samples_are_the_matrix():
    kernel = ProjectedKernel(3, simulator="native")
    X, Y = (np.random.default_rng(seed).uniform(-1, 1, (n, 3)) for seed, n in ((0, 5), (1, 4)))
    a, b = kernel.encode(X), kernel.encode(Y)
    assert a.shape == (5, 3, 3)
    np.testing.assert_array_equal(a, kernel.bloch_vectors(X))
    np.testing.assert_array_equal(kernel.entries(a), kernel(X))
    np.testing.assert_array_equal(kernel.entries(a, b), kernel(X, Y))
    assert kernel.encode(X[:0]).shape == (0, 3, 3)
