"""Classification and regression with a quantum neural network: a circuit and a linear read-out."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from ..errors import OptionError
from .qnn_model import QNNModel
from .sample_weights import weighted_samples

__all__ = ["QNNClassifier", "QNNRegressor"]


class QNNClassifier(ClassifierMixin, QNNModel):  # type: ignore[misc]
    """Logistic regression on the expectation values <Z> of a trained circuit.

    One `layers.QNNLayer` with all its wires read out, then a linear map to one logit (two classes) or one per
    class; circuit and read-out are trained together by cross-entropy. Shots and noise act in training;
    predictions are exact.

    Args:
        n_layers: trainable layers of the circuit.
        encoding: "angle", "iqp", "chebyshev", "amplitude", "basis" or an ``Encoding`` object.
        ansatz: name or object of the trainable layers; "separable" is the control without entanglement.
        reupload: whether the encoding stands before every layer; "auto" wherever it can be repeated.
        feature_range: (lowest, highest) angle of every feature over the training set, to which other samples
            are clipped. "auto": (-pi/2, pi/2) for angles, (-1, 1) for IQP, (-0.95, 0.95) for Chebyshev, else
            None, which takes the features as they are.
        solver: "adam", or "lbfgs", which works on all samples at once and needs exact values.
        learning_rate: of Adam.
        max_iter: most epochs of Adam, most iterations of L-BFGS.
        batch_size: of Adam; "auto" for min(200, n). The mini-batches of one epoch are disjoint.
        alpha: half of it times the squared read-out weights is added to the mean loss.
        tol: with Adam an improvement below it does not count; L-BFGS ends where the gradient falls below it.
        n_iter_no_change: Adam ends after so many epochs without improvement.
        early_stopping: whether improvement is judged on samples held back, whose best weights are kept.
        validation_fraction: share of the samples held back, stratified by class.
        gradient: "auto", "adjoint", "parameter_shift" or "spsa", see `layers.QNNLayer`.
        shots: measurements per circuit in training; None for exact values.
        simulator: "aer" or "native".
        compute: "auto", "cpu" or "gpu".
        threads: most CPU threads; None for all. Take 1 where ``n_jobs`` starts several processes.
        noise_model: a ``qiskit_aer.noise.NoiseModel``; acts in training.
        max_qubits: most qubits. Further features are encoded in blocks on the same wires (``Folded``).
        progress: called with the share done and a few words after every epoch or iteration.
        verbose: whether a bar is shown on a terminal.
        random_state: of initial weights, mini-batches and shots; an integer, a ``RandomState`` or None.

    Attributes:
        classes_: the labels.
        circuit_: the circuit.
        model_: a ``torch.nn.Sequential`` of the layer and the read-out.
        scaler_: what brings features to angles, or None.
        n_iter_: epochs or iterations made.
        loss_curve_: loss after each of them; with mini-batches the mean on the way.
        validation_loss_curve_: loss of the samples held back, or None.
        n_features_in_: number of features.
        feature_names_in_: their names, where X had any.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> model = QNNClassifier(solver="lbfgs", max_iter=200, tol=1e-2, compute="cpu", random_state=0)
        >>> model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9
        True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the circuit and the read-out.

        Args:
            X: shape (n, n_features).
            y: n labels of at least two classes.
            sample_weight: n factors of the losses, or None.

        Returns:
            Itself.

        Raises:
            OptionError: a parameter with an illegal value, a single class, or no positive sample weight.
            ModelTooLargeError: too many qubits.
            CircuitError: features that the encoding does not take, or a word that circuits do not know.
            ValueError: scikit-learn's, for X and y that are no numbers and labels.
        """
        table, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        table, labels, weights = weighted_samples(table, labels, sample_weight)
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise OptionError(f"y holds 1 class, {labels[0]}; a classifier needs at least two classes")
        binary = len(classes) == 2
        self._fit_model(
            table,
            numbers.astype(np.float64 if binary else np.int64),
            weights,
            n_outputs=1 if binary else len(classes),
            loss=_logistic if binary else _cross_entropy,
            stratify=numbers,
        )
        self.classes_ = classes
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Logits.

        Args:
            X: shape (n, n_features).

        Returns:
            Shape (n,) for two classes, else (n, classes).

        Raises:
            CircuitError: features that the encoding does not take.
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of the classes.

        Args:
            X: shape (n, n_features).

        Returns:
            Shape (n, classes), in the order of ``classes_``.

        Raises:
            CircuitError: features that the encoding does not take.
        """
        outputs = torch.from_numpy(self._outputs(X))
        if outputs.shape[1] == 1:
            return torch.sigmoid(torch.cat([-outputs, outputs], dim=1)).numpy()
        return torch.softmax(outputs, dim=1).numpy()

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Labels of samples.

        Args:
            X: shape (n, n_features).

        Returns:
            Shape (n,).

        Raises:
            CircuitError: features that the encoding does not take.
        """
        outputs = self._outputs(X)
        numbers = (outputs[:, 0] > 0).astype(np.intp) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        labels: NDArray[Any] = self.classes_[numbers]
        return labels


class QNNRegressor(RegressorMixin, QNNModel):  # type: ignore[misc]
    """Linear regression on the expectation values <Z> of a trained circuit.

    As `QNNClassifier`, with the mean squared error of targets that are standardized for training. Several
    targets share the circuit. All parameters are those of `QNNClassifier`; the samples held back for early
    stopping are not stratified.

    Attributes:
        circuit_: the circuit.
        model_: a ``torch.nn.Sequential`` of the layer and the read-out, for standardized targets.
        target_mean_: of y.
        target_scale_: standard deviation of y, 1 where it is 0.
        scaler_: what brings features to angles, or None.
        n_iter_: epochs or iterations made.
        loss_curve_: loss after each of them; with mini-batches the mean on the way.
        validation_loss_curve_: loss of the samples held back, or None.
        n_features_in_: number of features.
        feature_names_in_: their names, where X had any.

    Example:
        >>> X = np.linspace(-1, 1, 20)[:, None]
        >>> model = QNNRegressor(solver="lbfgs", compute="cpu", random_state=0)
        >>> model.fit(X, np.sin(2 * X[:, 0])).score(X, np.sin(2 * X[:, 0])) > 0.9
        True
    """

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the circuit and the read-out.

        Args:
            X: shape (n, n_features).
            y: shape (n,) or (n, targets).
            sample_weight: n factors of the squared errors, or None.

        Returns:
            Itself.

        Raises:
            OptionError: a parameter with an illegal value, or no positive sample weight.
            ModelTooLargeError: too many qubits.
            CircuitError: features that the encoding does not take, or a word that circuits do not know.
            ValueError: scikit-learn's, for X and y that are no numbers.
        """
        table, given = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        table, given, weights = weighted_samples(table, np.asarray(given, dtype=np.float64), sample_weight)
        self.target_mean_ = np.average(given, axis=0, weights=weights)
        spread = np.sqrt(np.average((given - self.target_mean_) ** 2, axis=0, weights=weights))
        # A constant target may have a spread of rounding errors.
        self.target_scale_ = np.where(spread > 1e-12 * np.abs(given).max(axis=0), spread, 1.0)[()]
        targets = ((given - self.target_mean_) / self.target_scale_).reshape(len(given), -1)
        self._one_target = given.ndim == 1
        self._fit_model(
            table, targets, weights, n_outputs=targets.shape[1], loss=_squared_error, stratify=None
        )
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
        outputs = self._outputs(X)
        values: NDArray[np.float64] = (outputs[:, 0] if self._one_target else outputs) * self.target_scale_
        return values + self.target_mean_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _logistic(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(outputs[:, 0], targets, reduction="none")


def _cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(outputs, targets, reduction="none")


def _squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return ((outputs - targets) ** 2).mean(dim=1)
