"""Support vector classification, ridge regression and Nystroem features with a quantum kernel."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, RegressorMixin, TransformerMixin
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import SVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..circuits.nystroem import NystroemMap
from ..errors import OptionError
from ..seeds import child_seed
from .kernel_model import QuantumKernelModel, positive
from .sample_weights import weighted_samples

__all__ = ["QuantumKernelClassifier", "QuantumKernelRegressor", "QuantumKernelTransformer"]


class QuantumKernelClassifier(ClassifierMixin, QuantumKernelModel):  # type: ignore[misc]
    """Support vector machine with a quantum kernel: V. Havlicek et al., arXiv 1804.11326.

    scikit-learn's ``SVC`` on kernel values that are simulated for N states, not for N**2 pairs. For class
    probabilities wrap it in ``sklearn.calibration.CalibratedClassifierCV``.

    Args:
        kernel: "fidelity", |<phi(x)|phi(x')>|**2, or "projected", a Gaussian of one-qubit density matrices.
        encoding: "iqp", "angle", "chebyshev", "amplitude", "basis" or an ``Encoding`` object.
        n_layers: trainable layers; None for 2 with ``train_kernel`` and 0, the encoding alone, without.
        ansatz: name or object of the trainable layers.
        reupload: whether the encoding stands before every layer; "auto" wherever there are layers and the encoding
            can be repeated. The fidelity kernel does not see layers behind the last encoding.
        feature_range: (lowest, highest) angle of every feature over the training set, to which other samples are
            clipped; the narrower, the wider the kernel. "auto": (-1, 1) for IQP, (-pi/2, pi/2) for angles, (-0.95,
            0.95) for Chebyshev, else None, which takes the features as they are.
        gamma: of the projected kernel; "scale" makes the mean exponent over pairs of training samples 1.
        C: inverse strength of regularization.
        class_weight: as of ``SVC``: None, "balanced" or a dict.
        tol: where ``SVC`` stops; it needs no further kernel values for a smaller one.
        train_kernel: whether the circuit's weights are trained by target alignment first; sample weights do not
            enter there.
        train_steps: steps of that training.
        correction: of measured kernel matrices, see ``circuits.FidelityKernel``.
        shots: measurements per kernel value; None for exact values.
        simulator: "aer" or "native".
        compute: "auto", "cpu" or "gpu".
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
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        X, y, weights = weighted_samples(X, y, sample_weight)
        if len(np.unique(y)) < 2:
            raise OptionError(f"y holds 1 class, {y[0]}; a classifier needs at least two classes")
        kernel, samples = self._fit_kernel(X, y, weights)
        self.svc_ = SVC(kernel="precomputed", C=self.C, class_weight=self.class_weight, tol=self.tol)
        self.svc_.fit(kernel(samples), y, sample_weight=weights)
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


class QuantumKernelRegressor(RegressorMixin, QuantumKernelModel):  # type: ignore[misc]
    """Ridge regression with a quantum kernel.

    Minimizes sum_i w_i (f(x_i) + mean - y_i)**2 + alpha ||f||**2 over the functions of the kernel, with the mean of y
    as intercept: scikit-learn's ``KernelRidge`` on centered targets. Several targets are fitted side by side.

    Args:
        kernel: as of `QuantumKernelClassifier`, and likewise what is not named here.
        encoding: see there.
        n_layers: see there.
        ansatz: see there.
        reupload: see there.
        feature_range: see there.
        gamma: see there.
        alpha: strength of regularization.
        train_kernel: whether the circuit's weights are trained first, by alignment with two classes: targets above
            and up to the median. For a single target.
        train_steps: see there.
        correction: see there.
        shots: see there.
        simulator: see there.
        compute: see there.
        noise_model: see there.
        max_qubits: see there.
        random_state: see there.

    Attributes:
        circuit_: the feature map.
        kernel_: the kernel, callable on scaled features.
        scaler_: what brings features to angles, or None.
        alignment_: the course of the kernel's training, or None.
        X_fit_: scaled features of the training samples.
        dual_coef_: their coefficients.
        intercept_: mean of y.
        n_features_in_: number of features.
        feature_names_in_: their names, where X had any.

    Example:
        >>> X = np.linspace(-1, 1, 20)[:, None]
        >>> model = QuantumKernelRegressor(encoding="angle", alpha=1e-3, compute="cpu")
        >>> model.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
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
        alpha: float = 0.1,
        train_kernel: bool = False,
        train_steps: int = 50,
        correction: Any = None,
        shots: int | None = None,
        simulator: Any = "aer",
        compute: str = "auto",
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
            noise_model=noise_model,
            max_qubits=max_qubits,
            random_state=random_state,
        )
        self.alpha = alpha

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Compute the kernel matrix of the training samples and solve for their coefficients.

        Args:
            X: shape (n, n_features).
            y: shape (n,) or (n, targets).
            sample_weight: n weights of the squared errors, or None.

        Returns:
            Itself.

        Raises:
            OptionError: a parameter with an illegal value, no positive sample weight, or several targets to train a
                kernel on.
            ModelTooLargeError: too many qubits.
            CircuitError: features that the encoding does not take, or a word that circuits do not know.
            ValueError: scikit-learn's, for X and y that are no numbers.
        """
        positive("alpha", self.alpha)
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        X, y, weights = weighted_samples(X, np.asarray(y, dtype=np.float64), sample_weight)
        classes = None
        if self.train_kernel:
            if y.ndim > 1 and y.shape[1] > 1:
                raise OptionError(
                    f"y has {y.shape[1]} targets; train_kernel=True needs a single one, or use train_kernel=False"
                )
            classes = y.reshape(-1) > np.median(y)
        kernel, samples = self._fit_kernel(X, classes, weights)
        self.intercept_ = np.average(y, axis=0, weights=weights)
        ridge = KernelRidge(alpha=self.alpha, kernel="precomputed")
        ridge.fit(kernel(samples), y - self.intercept_, sample_weight=weights)
        self.dual_coef_ = ridge.dual_coef_
        self.X_fit_ = samples
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Targets of samples.

        Args:
            X: shape (n, n_features).

        Returns:
            Shape (n,) or (n, targets), as y was.

        Raises:
            CircuitError: features that the encoding does not take.
        """
        check_is_fitted(self)
        samples = validate_data(self, X, dtype=np.float64, reset=False)
        values: NDArray[np.float64] = self._gram(samples, self.X_fit_) @ self.dual_coef_ + self.intercept_
        return values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class QuantumKernelTransformer(  # type: ignore[misc]
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, QuantumKernelModel
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
            CircuitError: features that the encoding does not take, or a word or number that circuits do not know.
            ValueError: scikit-learn's, for X that is no table of numbers.
        """
        if y is None or not self.train_kernel:
            X = validate_data(self, X, dtype=np.float64)
        else:
            X, y = validate_data(self, X, y, dtype=np.float64)
            check_classification_targets(y)
        kernel, samples = self._fit_kernel(X, y)
        seed = child_seed(self._seed, "landmarks")
        chosen = NystroemMap(kernel, self.n_components, choice=self.landmarks, seed=seed).fit(samples)
        self.components_ = chosen.landmarks
        self.component_indices_ = chosen.indices
        self.normalization_ = chosen.normalization
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
