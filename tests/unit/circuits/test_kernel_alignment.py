"""Target alignment against PennyLane, its gradient against finite differences, and training."""

import numpy as np
import pennylane as qml
import pytest
import torch

from hybrid_opt.circuits import kernel_alignment
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.fidelity_kernel import FidelityKernel
from hybrid_opt.circuits.kernel_alignment import _alignment, _target, align, target_alignment
from hybrid_opt.circuits.projected_kernel import ProjectedKernel
from hybrid_opt.circuits.variational import VariationalCircuit

CIRCUIT = VariationalCircuit(2, 3, encoding="angle", reupload=True)
X = np.random.default_rng(0).uniform(-1.5, 1.5, (40, 2))
Y = np.where(X[:, 0] * X[:, 1] > 0, "same", "different")


def rbf(samples):
    return np.exp(-((samples[:, None] - samples[None]) ** 2).sum(axis=2))


def kernel(**options):
    return FidelityKernel(CIRCUIT, compute="cpu", seed=1, **options)


@pytest.mark.parametrize("balanced", [False, True])
def test_two_classes_as_in_pennylane(balanced):
    signs = np.where(X[:, 0] > 0.5, 1, -1)
    theirs = qml.kernels.target_alignment(
        X, signs, lambda a, b: np.exp(-((a - b) ** 2).sum()), rescale_class_labels=balanced
    )
    assert target_alignment(rbf(X), signs, balanced=balanced) == pytest.approx(float(theirs), abs=1e-12)


def test_the_target_itself_has_alignment_one_with_any_number_of_classes():
    labels = ["a", "c", "b", "a", "b", "b"]
    target = np.where(np.equal.outer(np.array(labels), np.array(labels)), 1.0, -0.5)
    assert target_alignment(target, labels) == pytest.approx(1.0)
    assert target_alignment(-target, labels) == pytest.approx(-1.0)
    assert target_alignment(np.zeros((6, 6)), labels) == 0.0


def test_centering_removes_a_constant():
    """Centered alignment does not see a constant added to the kernel, nor unequal class sizes."""
    labels = np.array([0] * 9 + [1] * 3)
    gram = rbf(X[:12])
    plain = target_alignment(gram, labels, centered=True)
    assert target_alignment(gram + 5, labels, centered=True) == pytest.approx(plain, abs=1e-12)
    assert abs(target_alignment(gram + 5, labels) - target_alignment(gram, labels)) > 0.03
    center = np.eye(12) - 1 / 12
    signs = np.where(labels, 1.0, -1.0)
    k, t = center @ gram @ center, center @ np.outer(signs, signs) @ center
    assert plain == pytest.approx((k * t).sum() / np.linalg.norm(k) / np.linalg.norm(t), abs=1e-12)
    assert target_alignment(np.ones((12, 12)), labels, centered=True) == 0.0


@pytest.mark.parametrize(
    ("gram", "y", "problem"),
    [
        (np.eye(3), [0, 1], "2 labels"),
        (np.eye(2), [[0, 1]], "one label per sample"),
        (np.eye(2), [1, 1], "1 class"),
        (np.empty((0, 0)), [], "0 class"),
        ([[1, np.nan], [0, 1]], [0, 1], "NaN"),
        (np.eye(2), [0.0, np.nan], "NaN or infinite label"),
        ([["a", "b"], ["c", "d"]], [0, 1], "real numbers"),
        (np.eye(2), np.array(["a", 1], dtype=object), "mixes labels"),
    ],
)
def test_matrices_and_labels_that_cannot_be_used(gram, y, problem):
    with pytest.raises(CircuitError, match=problem):
        target_alignment(gram, y)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("kind", [FidelityKernel, ProjectedKernel])
def test_the_gradient_equals_finite_differences(kind, centered):
    start = kind(CIRCUIT, compute="cpu", seed=1)
    labels = np.arange(8) % 3
    target = torch.from_numpy(_target(labels, False))

    def value(weights):
        return target_alignment(start.with_weights(weights)(X[:8]), labels, centered=centered)

    weights = torch.tensor(start.weights.copy(), requires_grad=True)
    alignment = _alignment(start.torch_gram(X[:8], weights=weights), target, centered)
    assert alignment.item() == pytest.approx(value(start.weights), abs=1e-13)
    alignment.backward()
    step = 1e-5
    differences = np.empty_like(start.weights)
    for place in np.ndindex(start.weights.shape):
        shift = np.zeros_like(start.weights)
        shift[place] = step
        differences[place] = (value(start.weights + shift) - value(start.weights - shift)) / (2 * step)
    assert np.abs(differences).max() > 1e-3
    np.testing.assert_allclose(weights.grad, differences, atol=1e-7)


@pytest.mark.parametrize("kind", [FidelityKernel, ProjectedKernel])
def test_training_improves_the_alignment_of_all_samples(kind):
    start = kind(CIRCUIT, compute="cpu", seed=1)
    result = align(start, X, Y, steps=40, subsample=12, seed=0, learning_rate=0.1)
    before, after = target_alignment(start(X), Y), target_alignment(result.kernel(X), Y)
    assert result.checks[0] == (0, pytest.approx(before, abs=1e-12))
    assert result.alignment == pytest.approx(after, abs=1e-12)
    assert after > before + 0.1
    assert result.history.shape == (40,)
    assert [step for step, _ in result.checks] == [0, *range(4, 41, 4)]
    np.testing.assert_array_equal(result.kernel.weights, result.weights)
    assert not result.interrupted


def test_same_seed_same_weights():
    first, second, other = (
        align(kernel(), X, Y, steps=5, subsample=6, seed=seed).history for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0


def test_all_samples_at_once_is_plain_gradient_ascent():
    result = align(kernel(), X[:10], Y[:10], steps=30, subsample=None, learning_rate=0.02)
    assert (np.diff(result.history) > 0).mean() > 0.9
    assert result.history[0] == pytest.approx(result.checks[0][1], abs=1e-12)


def test_never_worse_than_the_start():
    """Steps this long only do harm."""
    result = align(kernel(), X, Y, steps=3, subsample=6, seed=0, learning_rate=50.0)
    trained = align(kernel(), X, Y, steps=60, subsample=None, learning_rate=0.1)
    again = align(trained.kernel, X, Y, steps=2, learning_rate=50.0, seed=0)
    np.testing.assert_array_equal(again.weights, trained.weights)
    assert again.alignment == pytest.approx(trained.alignment, abs=1e-12)
    assert result.alignment >= result.checks[0][1]


def test_shots_and_corrections_stay_with_the_kernel():
    result = align(kernel(shots=100, correction="clip"), X[:8], Y[:8], steps=2, seed=0)
    assert result.kernel.shots == 100
    assert result.kernel.correction == ("clip",)
    exact = align(kernel(), X[:8], Y[:8], steps=2, seed=0)
    np.testing.assert_array_equal(result.weights, exact.weights)


def test_progress_and_interruption():
    seen = []

    def progress(step, value):
        seen.append((step, value))
        if step == 6:
            raise KeyboardInterrupt

    result = align(kernel(), X, Y, steps=20, subsample=10, seed=0, progress=progress)
    assert result.interrupted
    assert [step for step, _ in seen] == [1, 2, 3, 4, 5, 6]
    np.testing.assert_array_equal(result.history, [value for _, value in seen])
    assert result.alignment >= result.checks[0][1]
    assert target_alignment(result.kernel(X), Y) == pytest.approx(result.alignment, abs=1e-12)


def test_a_mini_batch_never_holds_a_single_class(monkeypatch):
    labels = np.zeros(40, dtype=int)
    labels[7] = 1
    rng = np.random.default_rng(0)
    for _ in range(50):
        batch = kernel_alignment._draw_batch(rng, labels, 3)
        assert len(set(batch.tolist())) == 3
        assert 7 in batch


def test_many_samples_are_judged_on_some(monkeypatch):
    monkeypatch.setattr(kernel_alignment, "_JUDGES", 10)
    result = align(kernel(), X, Y, steps=2, subsample=5, seed=0)
    assert result.checks[0][1] != pytest.approx(target_alignment(kernel()(X), Y), abs=1e-6)


def test_kernels_that_cannot_be_trained():
    with pytest.raises(CircuitError, match="FidelityKernel or a ProjectedKernel"):
        align(rbf, X, Y)
    with pytest.raises(CircuitError, match="no weights"):
        align(FidelityKernel(2, compute="cpu"), X, Y)
    for layers, reupload in ((3, False), (1, True)):
        cancelling = VariationalCircuit(2, layers, reupload=reupload)
        with pytest.raises(CircuitError, match="cancel"):
            align(FidelityKernel(cancelling, compute="cpu"), X, Y)
    align(ProjectedKernel(VariationalCircuit(2, 1), compute="cpu", seed=0), X, Y, steps=1)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"X": X[:, :1]}, "shape"),
        ({"X": X[:5]}, "5 samples and 40 labels"),
        ({"y": ["a"] * 40}, "1 class"),
        ({"steps": 0}, "steps is 0"),
        ({"subsample": 1}, "subsample is 1"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": "fast"}, "learning_rate"),
        ({"learning_rate": True}, "learning_rate"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_arguments_that_cannot_be_used(arguments, problem):
    with pytest.raises(CircuitError, match=problem):
        align(**{"kernel": kernel(), "X": X, "y": Y, "steps": 1, **arguments})
