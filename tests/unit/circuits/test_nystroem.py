"""Nystroem features: exact with all landmarks, the textbook formula with fewer."""

import pickle

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.circuits.nystroem import NystroemMap
from hybrid_opt.circuits.projected_kernel import ProjectedKernel

X = np.random.default_rng(0).uniform(-1, 1, (30, 3))
NEW = np.random.default_rng(1).uniform(-1, 1, (6, 3))


def rbf(a, b):
    return np.exp(-((a[:, None] - b[None]) ** 2).sum(axis=2))


@pytest.mark.parametrize("choice", ["uniform", "kmeans"])
@pytest.mark.parametrize("kind", [FidelityKernel, ProjectedKernel])
def test_exact_with_all_samples_as_landmarks(kind, choice):
    kernel = kind(3, compute="cpu")
    features = NystroemMap(kernel, 30, choice=choice, seed=0).fit(X)
    np.testing.assert_allclose(features.transform(X) @ features.transform(X).T, kernel(X), atol=1e-8)
    np.testing.assert_allclose(features.transform(NEW) @ features.transform(X).T, kernel(NEW, X), atol=1e-6)
    assert sorted(features.indices) == list(range(30))


@pytest.mark.parametrize("choice", ["uniform", "kmeans"])
def test_products_are_those_of_the_pseudo_inverse(choice):
    features = NystroemMap(rbf, 8, choice=choice, seed=2).fit(X)
    landmarks = X[features.indices]
    np.testing.assert_array_equal(features.landmarks, landmarks)
    expected = rbf(NEW, landmarks) @ np.linalg.pinv(rbf(landmarks, landmarks)) @ rbf(landmarks, NEW)
    transformed = features.transform(NEW)
    assert transformed.shape == (6, 8)
    np.testing.assert_allclose(transformed @ transformed.T, expected, atol=1e-9)
    # On the landmarks themselves the approximation is exact.
    np.testing.assert_allclose(
        features.transform(landmarks) @ features.transform(landmarks).T, rbf(landmarks, landmarks), atol=1e-9
    )


def test_more_landmarks_than_samples_are_cut():
    features = NystroemMap(rbf, 100, seed=0).fit(X)
    assert features.transform(NEW).shape == (6, 30)


def test_copies_among_the_landmarks_are_cut_off():
    copies = np.repeat(X[:4], 3, axis=0)
    features = NystroemMap(rbf, 12, seed=0).fit(copies)
    assert features.rank == 4
    transformed = features.transform(copies)
    assert np.isfinite(transformed).all()
    np.testing.assert_allclose(transformed @ transformed.T, rbf(copies, copies), atol=1e-8)


def test_negative_eigenvalues_of_measured_matrices_are_left_out():
    kernel = FidelityKernel(3, shots=10, compute="cpu", seed=0)
    features = NystroemMap(kernel, 30, seed=0).fit(X)
    assert 0 < features.rank < 30
    assert np.isfinite(features.transform(NEW)).all()


def test_kmeans_spreads_landmarks_over_clusters_that_chance_misses():
    """Nine samples in ten lie in one place; ten others are far from all."""
    rng = np.random.default_rng(0)
    crowd = rng.normal(size=(90, 2)) * 0.01
    lonely = 10 * np.arange(1, 11)[:, None] * np.ones((1, 2))
    samples = np.vstack([crowd, lonely])
    spread = NystroemMap(rbf, 11, choice="kmeans", seed=0).fit(samples)
    chance = NystroemMap(rbf, 11, choice="uniform", seed=0).fit(samples)
    assert (spread.indices >= 90).sum() == 10
    assert (chance.indices >= 90).sum() < 5
    error = [
        np.abs(m.transform(samples) @ m.transform(samples).T - rbf(samples, samples)).max()
        for m in (spread, chance)
    ]
    assert error[0] < 0.01 < 0.5 < error[1]


def test_kmeans_takes_copies_only_when_nothing_else_is_left():
    copies = np.repeat(X[:4], 3, axis=0)
    chosen = NystroemMap(rbf, 4, choice="kmeans", seed=0).fit(copies).indices
    assert sorted(index // 3 for index in chosen) == [0, 1, 2, 3]
    chosen = NystroemMap(rbf, 6, choice="kmeans", seed=0).fit(copies).indices
    assert len(set(chosen)) == 6
    assert {index // 3 for index in chosen} == {0, 1, 2, 3}


@pytest.mark.parametrize("choice", ["uniform", "kmeans"])
def test_same_seed_same_landmarks(choice):
    first, second, other = (
        NystroemMap(rbf, 5, choice=choice, seed=seed).fit(X).indices for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert set(first) != set(other)


def test_no_samples_to_transform_and_pickling():
    features = NystroemMap(FidelityKernel(3, compute="cpu"), 4, seed=0).fit(X)
    assert features.transform(np.empty((0, 3))).shape == (0, 4)
    again = pickle.loads(pickle.dumps(features))
    np.testing.assert_array_equal(again.transform(NEW), features.transform(NEW))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"kernel": "rbf"}, "callable"),
        ({"n_landmarks": 0}, "n_landmarks is 0"),
        ({"n_landmarks": 2.5}, "n_landmarks is 2.5"),
        ({"choice": "best"}, "'uniform', 'kmeans'"),
        ({"cutoff": -1e-3}, "cutoff"),
        ({"cutoff": 1}, "cutoff"),
        ({"cutoff": True}, "cutoff"),
        ({"cutoff": "small"}, "cutoff"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_arguments_that_cannot_be_used(arguments, problem):
    with pytest.raises(CircuitError, match=problem):
        NystroemMap(**{"kernel": rbf, "n_landmarks": 3, **arguments})


def test_samples_that_cannot_be_used():
    features = NystroemMap(rbf, 3, seed=0)
    with pytest.raises(CircuitError, match="call fit first"):
        features.transform(X)
    with pytest.raises(CircuitError, match="no samples"):
        features.fit(np.empty((0, 3)))
    with pytest.raises(CircuitError, match="must be \\(samples, features\\)"):
        features.fit(np.zeros(3))
    with pytest.raises(CircuitError, match="row 1"):
        features.fit([[0.0], [np.nan]])
    with pytest.raises(CircuitError, match="real numbers"):
        features.fit([["a"]])
    features.fit(X)
    with pytest.raises(CircuitError, match="3 features"):
        features.transform(X[:, :2])
    with pytest.raises(CircuitError, match="no positive eigenvalue"):
        NystroemMap(lambda a, b: -np.eye(len(a)), 3).fit(X)
