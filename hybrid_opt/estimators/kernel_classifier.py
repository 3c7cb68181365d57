"""Support vector classification with a quantum kernel."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.svm import SVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import OptionError
from .kernel_model import QuantumKernelModel, positive
from .sample_weights import weighted_samples

__all__ = ["QuantumKernelClassifier"]


class QuantumKernelClassifier(ClassifierMixin, QuantumKernelModel):  # type: ignore[misc]
    """Support vector machine with a quantum kernel: V. Havlicek et al., arXiv 1804.11326.

    scikit-learn's ``SVC`` on kernel values that are simulated for N states, not for N**2 pairs. For class
    probabilities wrap it in ``sklearn.calibration.CalibratedClassifierCV``.

    Args:
        kernel: "fidelity", |<phi(x)|phi(x')>|**2, or "projected", a Gaussian of one-qubit density matrices.
        encoding: "iqp", "angle", "chebyshev", "amplitude", "basis" or an ``Encoding`` object.
        n_layers: trainable layers; None for 2 with ``train_kernel`` and 0, the encoding alone, without.
        ansatz: name or object of the trainable layers.
        reupload: whether the encoding stands before every layer; "auto" wherever there are layers and the
            encoding can be repeated. The fidelity kernel does not see layers behind the last encoding.
        feature_range: (lowest, highest) angle of every feature over the training set, to which other samples
            are clipped; the narrower, the wider the kernel. "auto": (-1, 1) for IQP, (-pi/2, pi/2) for
            angles, (-0.95, 0.95) for Chebyshev, else None, which takes the features as they are.
        gamma: of the projected kernel; "scale" makes the mean exponent over pairs of training samples 1.
        C: inverse strength of regularization.
        class_weight: as of ``SVC``: None, "balanced" or a dict.
        tol: where ``SVC`` stops; it needs no further kernel values for a smaller one.
        train_kernel: whether the circuit's weights are trained by target alignment first; sample weights do
            not enter there.
        train_steps: steps of that training.
        correction: of measured kernel matrices, see ``circuits.FidelityKernel``.
        shots: measurements per kernel value; None for exact values.
        simulator: "aer" or "native".
        compute: "auto", "cpu" or "gpu".
        threads: most CPU threads; None for all. Take 1 where ``n_jobs`` starts several processes.
        noise_model: a ``qiskit_aer.noise.NoiseModel``.
        max_qubits: most qubits. Further features are encoded in blocks on the same wires (``Folded``).
        random_state: of initial weights, training and shots; an integer, a ``RandomState`` or None.

    Attributes:
        classes_: the labels.
        circuit_: the feature map.
        kernel_: the kernel, callable on scaled features.
        scaler_: what brings features to angles, or None.
        alignment_: the course of the kernel's training, or None.
        svc_: the fitted ``SVC``.
        support_vectors_: scaled features of the support vectors.
        n_features_in_: number of features.
        feature_names_in_: their names, where X had any.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> QuantumKernelClassifier(compute="cpu").fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9
        True
    """

    def __init__(
        self,
        kernel: str = "fidelity",
        *,
        encoding: Any = "iqp",
        n_layers: int | None = None,
        ansatz: Any = "strongly_entangling",
        reupload: bool | str = "auto",
        feature_range: tuple[float, float] | str | None = "auto",
        gamma: float | str = "scale",
        C: float = 1.0,
        class_weight: Any = None,
        tol: float = 1e-8,
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
        self.C = C
        self.class_weight = class_weight
        self.tol = tol

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Compute the kernel matrix of the training samples and fit the support vector machine.

        Args:
            X: shape (n, n_features).
            y: n labels of at least two classes.
            sample_weight: n factors of C, or None.

        Returns:
            Itself.

        Raises:
            OptionError: a parameter with an illegal value, or no positive sample weight.
            ModelTooLargeError: too many qubits.
            CircuitError: features that the encoding does not take, or a word that circuits do not know.
            ValueError: scikit-learn's, for X and y that are no numbers and labels.
        """
        positive("C", self.C)
        positive("tol", self.tol)
        table, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        table, labels, weights = weighted_samples(table, labels, sample_weight)
        if len(np.unique(labels)) < 2:
            raise OptionError(f"y holds 1 class, {labels[0]}; a classifier needs at least two classes")
        kernel, samples = self._fit_kernel(table, labels, weights)
        self.svc_ = SVC(kernel="precomputed", C=self.C, class_weight=self.class_weight, tol=self.tol)
        self.svc_.fit(kernel(samples), labels, sample_weight=weights)
        self.classes_ = self.svc_.classes_
        self.support_vectors_ = samples[self.svc_.support_]
        return self

    def _support_gram(self, X: ArrayLike) -> NDArray[np.float64]:
        """Kernel values with the training samples; those that are no support vectors do not count."""
        check_is_fitted(self)
        samples = validate_data(self, X, dtype=np.float64, reset=False)
        gram = np.zeros((len(samples), self.svc_.shape_fit_[0]))
        gram[:, self.svc_.support_] = self._gram(samples, self.support_vectors_)
        return gram

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Signed distances from the separating surfaces.

        Args:
            X: shape (n, n_features).

        Returns:
            Shape (n,) for two classes, else (n, classes).

        Raises:
            CircuitError: features that the encoding does not take.
        """
        gram = self._support_gram(X)
        values: NDArray[np.float64] = self.svc_.decision_function(gram)
        return values

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Labels of samples.

        Args:
            X: shape (n, n_features).

        Returns:
            Shape (n,).

        Raises:
            CircuitError: features that the encoding does not take.
        """
        gram = self._support_gram(X)
        labels: NDArray[Any] = self.svc_.predict(gram)
        return labels
