"""Nystroem features of a quantum kernel."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..circuits.nystroem import NystroemMap
from ..seeds import child_seed
from .kernel_model import QuantumKernelModel

__all__ = ["QuantumKernelTransformer"]


class QuantumKernelTransformer(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    QuantumKernelModel,
):
    """Nystroem features of a quantum kernel, for linear models on many samples.

    Scalar products of the features approximate the kernel; they are exact where all samples are landmarks.

    Args:
        n_components: number of landmarks, hence of features; at most the number of training samples.
        landmarks: "uniform" draws them evenly, "kmeans" spreads them in the kernel's space (``NystroemMap``).
        kernel: as of `QuantumKernelClassifier`, and likewise what is not named here.
        encoding: see there.
        n_layers: see there.
        ansatz: see there.
        reupload: see there.
        feature_range: see there.
        gamma: see there.
        train_kernel: whether the circuit's weights are trained by target alignment with the labels y first.
        train_steps: see there.
        correction: see there.
        shots: see there.
        simulator: see there.
        compute: see there.
        threads: see there.
        noise_model: see there.
        max_qubits: see there.
        random_state: of the landmarks too.

    Attributes:
        circuit_: the feature map.
        kernel_: the kernel, callable on scaled features.
        scaler_: what brings features to angles, or None.
        alignment_: the course of the kernel's training, or None.
        components_: scaled features of the landmarks.
        component_indices_: their rows in X.
        normalization_: root of the inverse of the landmarks' kernel matrix.
        n_features_in_: number of features.
        feature_names_in_: their names, where X had any.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(20, 3))
        >>> transformer = QuantumKernelTransformer(4, compute="cpu", random_state=0)
        >>> transformer.fit_transform(X).shape
        (20, 4)
        >>> transformer.get_feature_names_out()[0]
        'quantumkerneltransformer0'
    """

    def __init__(
        self,
        n_components: int = 100,
        *,
        landmarks: str = "uniform",
        kernel: str = "fidelity",
        encoding: Any = "iqp",
        n_layers: int | None = None,
        ansatz: Any = "strongly_entangling",
        reupload: bool | str = "auto",
        feature_range: tuple[float, float] | str | None = "auto",
        gamma: float | str = "scale",
        train_kernel: bool = False,
        train_steps: int = 50,
        correction: Any = None,
        shots: int | None = None,
        simulator: Any = "aer",
        compute: str = "auto",
        threads: int | None = None,
        noise_model: Any = None,
        max_qubits: int = 8,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            kernel,
            encoding=encoding,
            n_layers=n_layers,
            ansatz=ansatz,
            reupload=reupload,
            feature_range=feature_range,
            gamma=gamma,
            train_kernel=train_kernel,
            train_steps=train_steps,
            correction=correction,
            shots=shots,
            simulator=simulator,
            compute=compute,
            threads=threads,
            noise_model=noise_model,
            max_qubits=max_qubits,
            random_state=random_state,
        )
        self.n_components = n_components
        self.landmarks = landmarks

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Choose the landmarks.

        Args:
            X: shape (n, n_features).
            y: n labels; used by ``train_kernel=True`` only.

        Returns:
            Itself.

        Raises:
            OptionError: a parameter with an illegal value, or no y where the kernel is to be trained.
            ModelTooLargeError: too many qubits.
            CircuitError: features that the encoding does not take, or a word or number that circuits do not
                know.
            ValueError: scikit-learn's, for X that is no table of numbers.
        """
        labels = None
        if y is None or not self.train_kernel:
            table = validate_data(self, X, dtype=np.float64)
        else:
            table, labels = validate_data(self, X, y, dtype=np.float64)
            check_classification_targets(labels)
        kernel, samples = self._fit_kernel(table, labels)
        seed = child_seed(self._seed, "landmarks")
        chosen = NystroemMap(kernel, self.n_components, choice=self.landmarks, seed=seed).fit(samples)
        self.components_ = np.asarray(chosen.landmarks)
        self.component_indices_ = np.asarray(chosen.indices)
        self.normalization_ = np.asarray(chosen.normalization)
        self._n_features_out = len(self.components_)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Features of samples.

        Args:
            X: shape (n, n_features).

        Returns:
            Shape (n, number of landmarks).

        Raises:
            CircuitError: features that the encoding does not take.
        """
        check_is_fitted(self)
        samples = validate_data(self, X, dtype=np.float64, reset=False)
        features: NDArray[np.float64] = self._gram(samples, self.components_) @ self.normalization_
        return features
