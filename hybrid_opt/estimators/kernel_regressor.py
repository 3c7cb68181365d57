"""Ridge regression with a quantum kernel."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.kernel_ridge import KernelRidge
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import OptionError
from .kernel_model import QuantumKernelModel, positive
from .sample_weights import weighted_samples

__all__ = ["QuantumKernelRegressor"]


class QuantumKernelRegressor(RegressorMixin, QuantumKernelModel):  # type: ignore[misc]
    """Ridge regression with a quantum kernel.

    Minimizes sum_i w_i (f(x_i) + mean - y_i)**2 + alpha ||f||**2 over the functions of the kernel, with the
    mean of y as intercept: scikit-learn's ``KernelRidge`` on centered targets. Several targets are fitted
    side by side.

    Args:
        kernel: as of `QuantumKernelClassifier`, and likewise what is not named here.
        encoding: see there.
        n_layers: see there.
        ansatz: see there.
        reupload: see there.
        feature_range: see there.
        gamma: see there.
        alpha: strength of regularization.
        train_kernel: whether the circuit's weights are trained first, by alignment with two classes: targets
            above and up to the median, or up to the mean where none is above the median. For a single target.
        train_steps: see there.
        correction: see there.
        shots: see there.
        simulator: see there.
        compute: see there.
        threads: see there.
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
            OptionError: a parameter with an illegal value, no positive sample weight, or several targets to
                train a kernel on.
            ModelTooLargeError: too many qubits.
            CircuitError: features that the encoding does not take, or a word that circuits do not know.
            ValueError: scikit-learn's, for X and y that are no numbers.
        """
        positive("alpha", self.alpha)
        table, targets = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        targets = np.asarray(targets, dtype=np.float64)
        table, targets, weights = weighted_samples(table, targets, sample_weight)
        classes = None
        if self.train_kernel:
            if targets.ndim > 1 and targets.shape[1] > 1:
                raise OptionError(
                    f"y has {targets.shape[1]} targets; train_kernel=True needs a single one: fit one at a "
                    "time, or use train_kernel=False"
                )
            classes = _halves(targets.reshape(-1))
        kernel, samples = self._fit_kernel(table, classes, weights)
        self.intercept_ = np.average(targets, axis=0, weights=weights)
        ridge = KernelRidge(alpha=self.alpha, kernel="precomputed")
        ridge.fit(kernel(samples), targets - self.intercept_, sample_weight=weights)
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


def _halves(targets: NDArray[np.float64]) -> NDArray[np.bool_]:
    """High and low targets, for training of the kernel."""
    high: NDArray[np.bool_] = targets > np.median(targets)
    if not high.any():
        high = targets > targets.mean()
    if not high.any():
        raise OptionError("all targets are equal, so train_kernel=True has nothing to align the kernel with")
    return high
