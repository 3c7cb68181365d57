"""Nystroem features: a kernel on n samples from its values at m landmarks.

C. Williams, M. Seeger, "Using the Nystroem method to speed up kernel machines", NIPS 2000. A linear model on
the features is a kernel machine with the approximated kernel, at n m evaluations instead of n**2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import is_torch, to_floats, whole_number
from .errors import CircuitError

__all__ = ["NystroemMap"]

_CHOICES = ("uniform", "kmeans")


class NystroemMap:
    """Features K_nm K_mm^(-1/2), whose scalar products approximate the kernel.

    With all samples as landmarks the products are the kernel itself. Eigenvalues of K_mm below the cutoff,
    which shots or noise may even make negative, are left out of the inverse.

    Args:
        kernel: called with two sets of samples, gives the kernel matrix between them.
        n_landmarks: number of landmarks m, at least 1; at most the number of samples is used.
        choice: "uniform" draws landmarks evenly. "kmeans" draws each with a probability proportional to its
            squared distance, in the kernel's own space, from the landmarks before it: D. Oglic, T. Gaertner,
            "Nystroem method with kernel k-means++ samples as landmarks", ICML 2017. That costs m more columns
            of the kernel and spreads the landmarks. It takes k(x, x) = 1, as quantum kernels have it.
        cutoff: eigenvalues of K_mm up to this share of the largest one count as 0; from 0 to below 1.
        seed: of the choice.

    Attributes:
        landmarks: the landmarks, shape (m, n_inputs); after `fit`.
        indices: their rows in the samples fitted, shape (m,).
        normalization: K_mm^(-1/2), shape (m, m).
        rank: number of eigenvalues kept.

    Raises:
        CircuitError: an argument that cannot be used.

    Example:
        >>> from .fidelity_kernel import FidelityKernel
        >>> kernel = FidelityKernel(2, encoding="angle", compute="cpu")
        >>> X = np.random.default_rng(0).uniform(-1, 1, (5, 2))
        >>> features = NystroemMap(kernel, 5, seed=0).fit(X).transform(X)
        >>> bool(np.allclose(features @ features.T, kernel(X)))
        True
    """

    def __init__(
        self,
        kernel: Callable[[Any, Any], NDArray[np.float64]],
        n_landmarks: int,
        *,
        choice: str = "uniform",
        cutoff: float = 1e-10,
        seed: int | None = None,
    ) -> None:
        if not callable(kernel):
            raise CircuitError(f"kernel is {kernel!r}; it must be callable with two sets of samples")
        if choice not in _CHOICES:
            raise CircuitError(f"choice is {choice!r}; it must be one of {', '.join(map(repr, _CHOICES))}")
        number = isinstance(cutoff, (int, float, np.integer, np.floating)) and not isinstance(cutoff, bool)
        if not number or not 0 <= cutoff < 1:
            raise CircuitError(f"cutoff is {cutoff!r}; it must be a number from 0 to below 1")
        self.kernel = kernel
        self.n_landmarks = whole_number("n_landmarks", n_landmarks, 1)
        self.choice = choice
        self.cutoff = float(cutoff)
        self.seed = None if seed is None else whole_number("seed", seed, 0)
        self.landmarks: NDArray[np.float64] | None = None
        self.indices: NDArray[np.intp] | None = None
        self.normalization: NDArray[np.float64] | None = None
        self.rank = 0

    def fit(self, X: ArrayLike) -> Self:
        """Choose landmarks and invert the root of their kernel matrix.

        Args:
            X: features, shape (n, n_inputs), n at least 1.

        Returns:
            Itself.

        Raises:
            CircuitError: no samples, a NaN, a wrong shape, or a kernel matrix without a positive eigenvalue.
        """
        samples = _read(X)
        if not len(samples):
            raise CircuitError("X holds no samples; at least one landmark is needed")
        rng = np.random.default_rng(self.seed)
        size = min(self.n_landmarks, len(samples))
        if self.choice == "uniform":
            indices = np.sort(rng.permutation(len(samples))[:size])
        else:
            indices = self._spread(samples, size, rng)
        landmarks = samples[indices]
        matrix = self.kernel(landmarks, landmarks)
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        kept = values > self.cutoff * max(values[-1], 0.0)
        if not kept.any():
            raise CircuitError(
                "the kernel matrix of the landmarks has no positive eigenvalue; use more shots or another "
                "kernel"
            )
        self.rank = int(kept.sum())
        self.normalization = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
        self.landmarks, self.indices = landmarks, indices
        return self

    def _spread(self, samples: NDArray[np.float64], size: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Kernel k-means++; |phi(x) - phi(l)|**2 = 2 - 2 k(x, l)."""
        chosen = [int(rng.integers(len(samples)))]
        distances = np.full(len(samples), np.inf)
        while len(chosen) < size:
            column = self.kernel(samples, samples[chosen[-1:]])[:, 0]
            distances = np.minimum(distances, np.maximum(2 - 2 * column, 0.0))
            distances[chosen] = 0.0
            # Rounding leaves copies of a landmark at 1e-16, which is no distance.
            weights = np.where(distances > 1e-12, distances, 0.0)
            if not weights.any():
                weights = np.ones(len(samples))
                weights[chosen] = 0.0
            chosen.append(int(rng.choice(len(samples), p=weights / weights.sum())))
        return np.array(sorted(chosen), dtype=np.intp)

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Features of samples.

        Args:
            X: features, shape (n, n_inputs).

        Returns:
            Shape (n, m).

        Raises:
            CircuitError: called before `fit`, a NaN, or a wrong shape.
        """
        if self.landmarks is None or self.normalization is None:
            raise CircuitError("the landmarks are not chosen yet; call fit first")
        samples = _read(X)
        if samples.shape[1] != self.landmarks.shape[1]:
            raise CircuitError(
                f"X has shape {samples.shape}; the landmarks have {self.landmarks.shape[1]} features"
            )
        if not len(samples):
            return np.empty((0, len(self.landmarks)))
        features: NDArray[np.float64] = self.kernel(samples, self.landmarks) @ self.normalization
        return features


def _read(X: ArrayLike) -> NDArray[np.float64]:
    if is_torch(X):
        X = X.detach().cpu().numpy()  # type: ignore[union-attr]
    samples: NDArray[np.float64] = to_floats(X, None, "X")
    if samples.ndim != 2:
        raise CircuitError(f"X has shape {samples.shape}; it must be (samples, features)")
    if not np.isfinite(samples).all():
        row = int(np.argwhere(~np.isfinite(samples))[0, 0])
        raise CircuitError(f"X holds a NaN or infinite value in row {row}")
    return samples
