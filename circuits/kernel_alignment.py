"""Training the weights of a kernel so that its matrix looks like the labels: kernel-target alignment.

N. Cristianini et al., "On kernel-target alignment", NIPS 2001; for quantum circuits, with sub-sampling,
T. Hubregtsen et al., "Training quantum embedding kernels on near-term quantum computers", arXiv 2105.02276.
A step simulates one state per sample of its mini-batch, and the gradient is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import whole_number
from .errors import CircuitError
from .fidelity_kernel import FidelityKernel
from .kernel_states import CircuitKernel

__all__ = ["AlignmentResult", "align", "target_alignment"]

# Samples on which the alignment of all weights tried is compared
_JUDGES = 500
# How often they are compared
_CHECKS = 10


@dataclass(frozen=True, eq=False)
class AlignmentResult:
    """What training found.

    Args:
        weights: the best ones met, shape ``circuit.weight_shape``.
        history: alignment of the mini-batch before each step, shape (steps made,).
        checks: pairs (steps made, alignment on all samples, or on 500 drawn once where there are more), first
            before the first step; the weights are those of the highest.
        kernel: the kernel with these weights; shots, noise and corrections are as they were.
        interrupted: whether ctrl-C ended the training.
    """

    weights: NDArray[np.float64]
    history: NDArray[np.float64]
    checks: tuple[tuple[int, float], ...]
    kernel: Any
    interrupted: bool = False

    @property
    def alignment(self) -> float:
        """Alignment of the best weights."""
        return max(value for _, value in self.checks)


def target_alignment(
    gram: ArrayLike, y: ArrayLike, *, centered: bool = False, balanced: bool = False
) -> float:
    """Cosine between a kernel matrix and the matrix the labels ask for.

    The target is 1 for two samples of one class and -1 / (C - 1) for two of different classes, C being the
    number of classes: y y^T for two classes labeled 1 and -1.

    Args:
        gram: kernel matrix, shape (n, n).
        y: labels, n of them, of at least two classes; of any kind.
        centered: center both matrices first: C. Cortes, M. Mohri, A. Rostamizadeh, "Algorithms for learning
            kernels based on centered alignment", arXiv 1203.0550. Sensible for unequal classes.
        balanced: divide the target's entries by the sizes of the two classes.

    Returns:
        A number from -1 to 1; 0 for a matrix of zeros.

    Raises:
        CircuitError: shapes that do not fit, a NaN or infinite entry, or a single class.

    Example:
        >>> round(target_alignment([[1.0, 0.0], [0.0, 1.0]], ["cat", "dog"]), 6)  # 1 / sqrt(2)
        0.707107
    """
    try:
        matrix = np.asarray(gram, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CircuitError("the kernel matrix must be a matrix of real numbers") from error
    classes = _classes(y)
    if matrix.shape != (len(classes), len(classes)):
        raise CircuitError(
            f"the kernel matrix has shape {matrix.shape} and there are {len(classes)} labels; it must be "
            f"({len(classes)}, {len(classes)})"
        )
    if not np.isfinite(matrix).all():
        raise CircuitError("the kernel matrix holds a NaN or infinite value")
    return float(_alignment(matrix, _target(classes, balanced), centered))


def align(
    kernel: CircuitKernel,
    X: ArrayLike,
    y: ArrayLike,
    *,
    steps: int = 100,
    subsample: int | None = 32,
    learning_rate: float = 0.05,
    centered: bool = False,
    balanced: bool = False,
    seed: int | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> AlignmentResult:
    """Train a kernel's weights by Adam on the alignment of random mini-batches.

    Training is exact: shots, noise and corrections of the kernel are left out of it. Ctrl-C ends it early
    with the best weights so far.

    Args:
        kernel: a `FidelityKernel` or `ProjectedKernel` whose circuit has weights.
        X: features, shape (n, n_inputs).
        y: n labels of at least two classes.
        steps: number of steps, at least 1.
        subsample: samples per step, at least 2, drawn anew so that more than one class is among them; None
            for all.
        learning_rate: of Adam, in radians, positive.
        centered: see `target_alignment`.
        balanced: see `target_alignment`.
        seed: of the mini-batches; the same seed gives the same weights.
        progress: called after every step with its number and the alignment of its mini-batch.

    Returns:
        The best weights with the course of the training. They are never worse than the ones given, as
        measured by the alignment on all samples (on 500 of them where there are more).

    Raises:
        CircuitError: an argument that cannot be used, a circuit without weights, or a fidelity kernel whose
            weights cancel.
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> from .variational import VariationalCircuit
        >>> circuit = VariationalCircuit(2, 2, reupload=True)
        >>> X = np.random.default_rng(0).uniform(-1, 1, (12, 2))
        >>> kernel = FidelityKernel(circuit, compute="cpu", seed=0)
        >>> result = align(kernel, X, X[:, 0] * X[:, 1] > 0, steps=10, seed=0)
        >>> result.alignment > result.checks[0][1]
        True
    """
    import torch

    steps = whole_number("steps", steps, 1)
    _check(kernel, learning_rate)
    samples = kernel._samples(X, "X")
    classes = _classes(y)
    if len(classes) != len(samples):
        raise CircuitError(f"there are {len(samples)} samples and {len(classes)} labels; each needs one")
    size = len(samples) if subsample is None else min(len(samples), whole_number("subsample", subsample, 2))
    rng = np.random.default_rng(None if seed is None else whole_number("seed", seed, 0))
    judges = _draw_batch(rng, classes, min(len(samples), _JUDGES))
    judged_target = _target(classes[judges], balanced)

    def judge(weights: NDArray[np.float64]) -> float:
        gram = kernel.torch_gram(samples[judges], weights=torch.from_numpy(weights)).numpy()
        return float(_alignment(gram, judged_target, centered))

    weights = torch.from_numpy(np.array(kernel.weights)).requires_grad_()
    optimizer = torch.optim.Adam([weights], lr=float(learning_rate))
    best = np.array(kernel.weights)
    history: list[float] = []
    checks = [(0, judge(best))]
    interrupted = False
    try:
        for step in range(1, steps + 1):
            batch = _draw_batch(rng, classes, size)
            target = torch.from_numpy(_target(classes[batch], balanced))
            alignment = _alignment(kernel.torch_gram(samples[batch], weights=weights), target, centered)
            optimizer.zero_grad()
            (-alignment).backward()
            optimizer.step()
            history.append(float(alignment.detach()))
            if step == steps or step % max(1, steps // _CHECKS) == 0:
                current = weights.detach().numpy().copy()
                value = judge(current)
                if value > max(known for _, known in checks):
                    best = current
                checks.append((step, value))
            if progress is not None:
                progress(step, history[-1])
    except KeyboardInterrupt:
        interrupted = True
    return AlignmentResult(best, np.array(history), tuple(checks), kernel.with_weights(best), interrupted)


def _check(kernel: Any, learning_rate: Any) -> None:
    if not isinstance(kernel, CircuitKernel):
        raise CircuitError(f"kernel is {kernel!r}; it must be a FidelityKernel or a ProjectedKernel")
    circuit = kernel.circuit
    if not circuit.n_weights:
        raise CircuitError(
            "the kernel's circuit has no weights to train; use VariationalCircuit(n_qubits, n_layers, "
            "reupload=True) with n_layers of at least 2"
        )
    if isinstance(kernel, FidelityKernel) and not (circuit.reupload and circuit.n_layers >= 2):
        raise CircuitError(
            "no encoding follows the weights of the kernel's circuit, so they cancel in every fidelity; use "
            "reupload=True with n_layers of at least 2, or a ProjectedKernel"
        )
    number = isinstance(learning_rate, (int, float, np.integer, np.floating))
    if isinstance(learning_rate, bool) or not number or not 0 < learning_rate < np.inf:
        raise CircuitError(f"learning_rate is {learning_rate!r}; it must be a positive number")


def _classes(y: ArrayLike) -> NDArray[np.intp]:
    """Labels as the numbers 0 ... C - 1."""
    labels = np.asarray(y)
    if labels.ndim != 1:
        raise CircuitError(f"y has shape {labels.shape}; it must hold one label per sample")
    if labels.dtype.kind in "fc" and not np.isfinite(labels).all():
        raise CircuitError("y holds a NaN or infinite label")
    try:
        found, classes = np.unique(labels, return_inverse=True)
    except TypeError as error:
        raise CircuitError("y mixes labels that cannot be sorted; use one kind, numbers or words") from error
    if len(found) < 2:
        raise CircuitError(f"y holds {len(found)} class; alignment needs at least two")
    return classes


def _target(classes: NDArray[np.intp], balanced: bool) -> NDArray[np.float64]:
    found, classes, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    apart = -1 / max(1, len(found) - 1)
    target: NDArray[np.float64] = np.where(classes[:, None] == classes, 1.0, apart)
    if balanced:
        weight = 1 / sizes[classes]
        target = target * np.outer(weight, weight)
    return target


def _alignment(gram: Any, target: Any, centered: bool) -> Any:
    """Cosine of two symmetric matrices, NumPy or torch; 0 where one of them vanishes."""
    if centered:
        gram = gram - gram.mean(0) - gram.mean(1)[:, None] + gram.mean()
        target = target - target.mean(0) - target.mean(1)[:, None] + target.mean()
    squares = (gram * gram).sum() * (target * target).sum()
    # The least positive double keeps the quotient, and its derivative, finite.
    return (gram * target).sum() / (squares + 1e-300) ** 0.5


def _draw_batch(rng: np.random.Generator, classes: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Distinct samples, more than one class among them."""
    order: NDArray[np.intp] = rng.permutation(len(classes))
    batch = order[:size]
    if (classes[batch] == classes[batch[0]]).all():
        others = order[size:][classes[order[size:]] != classes[batch[0]]]
        batch[-1] = others[0]
    return batch
