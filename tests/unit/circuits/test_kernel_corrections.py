"""PSD repairs and the depolarizing correction, against closed forms and PennyLane's functions."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.kernel_corrections import (
    PSD_METHODS,
    correct_depolarizing,
    read_corrections,
    repair_psd,
)

INDEFINITE = np.array([[1.0, 0.9, -0.6], [0.9, 1.0, 0.9], [-0.6, 0.9, 1.0]])


def good(n=5, seed=0):
    points = np.random.default_rng(seed).normal(size=(n, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points @ points.T


@pytest.mark.parametrize("method", PSD_METHODS)
def test_repaired_matrices_are_positive_and_symmetric(method):
    assert np.linalg.eigvalsh(INDEFINITE)[0] < -0.1
    repaired = repair_psd(INDEFINITE, method)
    assert np.linalg.eigvalsh(repaired)[0] > -1e-12
    np.testing.assert_array_equal(repaired, repaired.T)


@pytest.mark.parametrize("method", PSD_METHODS)
def test_a_positive_matrix_comes_back(method):
    gram = good(4) + 1e-9 * np.eye(4)
    np.fill_diagonal(gram, 1.0)
    gram = 0.9 * gram + 0.1 * np.eye(4)
    np.testing.assert_array_equal(repair_psd(gram, method), (gram + gram.T) / 2)


def test_the_input_stays_as_it_is():
    gram = INDEFINITE.copy()
    for method in PSD_METHODS:
        repair_psd(gram, method)
    np.testing.assert_array_equal(gram, INDEFINITE)


@pytest.mark.parametrize(
    ("method", "theirs"),
    [
        ("clip", qml.kernels.threshold_matrix),
        ("flip", qml.kernels.flip_matrix),
        ("shift", qml.kernels.displace_matrix),
    ],
)
def test_equal_to_pennylane(method, theirs):
    rng = np.random.default_rng(3)
    gram = good(6) + 0.2 * (noise := rng.normal(size=(6, 6))) + 0.2 * noise.T
    np.testing.assert_allclose(repair_psd(gram, method), theirs(gram), atol=1e-12)


def test_highams_example():
    """N. Higham (2002), section 4: the nearest correlation matrix, printed to four digits."""
    given = [[2, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 2, -1], [0, 0, -1, 2]]
    expected = [
        [1.0, -0.8084, 0.1916, 0.1068],
        [-0.8084, 1.0, -0.6562, 0.1916],
        [0.1916, -0.6562, 1.0, -0.8084],
        [0.1068, 0.1916, -0.8084, 1.0],
    ]
    np.testing.assert_allclose(repair_psd(given, "nearest"), expected, atol=6e-5)


def test_nearest_meets_its_optimality_conditions():
    """The difference is a diagonal matrix and a positive one that the solution annihilates."""
    nearest = repair_psd(INDEFINITE, "nearest")
    np.testing.assert_array_equal(np.diag(nearest), 1.0)
    difference = nearest - INDEFINITE
    kernel = np.linalg.eigh(nearest)[1][:, :1]  # the solution has one eigenvalue 0
    assert abs((kernel.T @ nearest @ kernel).item()) < 1e-9
    # difference = diag(d) + t v v^T with t >= 0: fit d and t
    off = ~np.eye(3, dtype=bool)
    outer = kernel @ kernel.T
    t = (difference[off] @ outer[off]) / (outer[off] @ outer[off])
    assert t > 0.1
    np.testing.assert_allclose(difference[off], t * outer[off], atol=1e-8)


def test_nearest_is_no_farther_than_other_matrices_with_unit_diagonal():
    nearest = repair_psd(INDEFINITE, "nearest")
    clipped = repair_psd(INDEFINITE, "clip")
    scaled = clipped / np.sqrt(np.outer(np.diag(clipped), np.diag(clipped)))
    assert np.linalg.norm(nearest - INDEFINITE) < np.linalg.norm(scaled - INDEFINITE)


def test_an_empty_matrix():
    for method in PSD_METHODS:
        assert repair_psd(np.empty((0, 0)), method).shape == (0, 0)


@pytest.mark.parametrize(
    ("gram", "problem"),
    [
        (np.ones((2, 3)), "square"),
        (np.ones(3), "two axes"),
        ([[1.0, np.nan], [np.nan, 1.0]], "NaN"),
        ([[1.0, 0.2], [0.3, 1.0]], "transpose"),
        ([["a"]], "real numbers"),
    ],
)
def test_matrices_that_cannot_be_repaired(gram, problem):
    with pytest.raises(CircuitError, match=problem):
        repair_psd(gram)


def test_unknown_method_and_no_convergence():
    with pytest.raises(CircuitError, match="'clip', 'flip', 'shift', 'nearest'"):
        repair_psd(np.eye(2), "magic")
    with pytest.raises(CircuitError, match="did not converge in 2"):
        repair_psd(INDEFINITE, "nearest", max_iterations=2)


def noisy(gram, kept, n_qubits):
    product = np.outer(kept, kept)
    return product * gram + (1 - product) / 2**n_qubits


@pytest.mark.parametrize("method", ["split_channel", "average", "single"])
def test_equal_noise_is_undone_exactly_and_as_pennylane_does(method):
    measured = noisy(good(), np.full(5, 0.8), 3)
    corrected = correct_depolarizing(measured, 3, method=method)
    np.testing.assert_allclose(corrected, good(), atol=1e-12)
    theirs = qml.kernels.mitigate_depolarizing_noise(measured, 3, method=method)
    np.testing.assert_allclose(corrected, theirs, atol=1e-12)


def test_unequal_noise_is_undone_by_the_split_channel_only():
    measured = noisy(good(), np.array([0.9, 0.8, 0.7, 0.95, 0.5]), 2)
    np.testing.assert_allclose(correct_depolarizing(measured, 2), good(), atol=1e-12)
    theirs = qml.kernels.mitigate_depolarizing_noise(measured, 2, method="split_channel")
    np.testing.assert_allclose(correct_depolarizing(measured, 2), theirs, atol=1e-12)
    assert np.abs(correct_depolarizing(measured, 2, method="average") - good()).max() > 0.05


def test_a_matrix_between_two_sets_of_samples():
    kept = np.array([0.9, 0.8, 0.7, 0.95, 0.5])
    measured = noisy(good(), kept, 2)
    diagonal = np.diag(measured)
    block = correct_depolarizing(measured[:2, 2:], 2, diagonal=diagonal[:2], diagonal_y=diagonal[2:])
    np.testing.assert_allclose(block, good()[:2, 2:], atol=1e-12)


def test_a_diagonal_above_one_counts_as_no_noise():
    assert correct_depolarizing([[1.01]], 2).tolist() == [[1.01]]
    assert correct_depolarizing(np.empty((0, 0)), 2).shape == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"gram": np.eye(2), "n_qubits": 0}, "n_qubits"),
        ({"gram": np.eye(2), "n_qubits": True}, "n_qubits"),
        ({"gram": np.eye(2), "n_qubits": 1, "method": "magic"}, "split_channel"),
        ({"gram": np.ones((2, 3)), "n_qubits": 1}, "no diagonal"),
        ({"gram": np.ones((2, 3)), "n_qubits": 1, "diagonal": np.ones(2)}, "diagonal_y has shape"),
        ({"gram": np.eye(2), "n_qubits": 1, "diagonal": np.ones(3)}, "diagonal has shape"),
        ({"gram": 0.25 * np.eye(2), "n_qubits": 2}, "sample 0"),
        ({"gram": [[np.inf]], "n_qubits": 2}, "infinite"),
    ],
)
def test_corrections_that_cannot_be_made(arguments, problem):
    with pytest.raises(CircuitError, match=problem):
        correct_depolarizing(**arguments)


def test_names_of_corrections():
    assert read_corrections(None, depolarizing=True) == ()
    assert read_corrections(["depolarizing", "clip"], depolarizing=True) == ("depolarizing", "clip")
    with pytest.raises(CircuitError, match="'depolarizing', 'clip'"):
        read_corrections("magic", depolarizing=True)
    with pytest.raises(CircuitError, match="must be None or made of 'clip'"):
        read_corrections("depolarizing", depolarizing=False)
