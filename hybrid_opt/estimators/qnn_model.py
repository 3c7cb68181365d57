"""What the two neural estimators share: their parameters, the model, and its training."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted, validate_data

from ..circuits.variational import VariationalCircuit
from ..errors import OptionError
from ..layers import QNNLayer
from ..progress import Progress, shown
from ..seeds import child_seed
from .circuit_choice import choose_circuit, fit_scaler, scaled
from .kernel_model import positive, seed_of
from .qnn_training import Loss, Samples, Schedule, train

__all__ = ["QNNModel"]

# Amplitudes that one call of the layer may hold when predicting
_AMPLITUDES = 2**24


class QNNModel(BaseEstimator):  # type: ignore[misc]
    """Base of the neural estimators; not an estimator itself. `QNNClassifier` describes the parameters."""

    def __init__(
        self,
        n_layers: int = 2,
        *,
        encoding: Any = "angle",
        ansatz: Any = "strongly_entangling",
        reupload: bool | str = "auto",
        feature_range: tuple[float, float] | str | None = "auto",
        solver: str = "adam",
        learning_rate: float = 0.05,
        max_iter: int = 100,
        batch_size: int | str = "auto",
        alpha: float = 1e-4,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        gradient: str = "auto",
        shots: int | None = None,
        simulator: Any = "aer",
        compute: str = "auto",
        threads: int | None = None,
        noise_model: Any = None,
        max_qubits: int = 8,
        progress: Progress | None = None,
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.n_layers = n_layers
        self.encoding = encoding
        self.ansatz = ansatz
        self.reupload = reupload
        self.feature_range = feature_range
        self.solver = solver
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.alpha = alpha
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.gradient = gradient
        self.shots = shots
        self.simulator = simulator
        self.compute = compute
        self.threads = threads
        self.noise_model = noise_model
        self.max_qubits = max_qubits
        self.progress = progress
        self.verbose = verbose
        self.random_state = random_state

    def _schedule(self, n_samples: int, seed: int) -> Schedule:
        """The parameters of training, checked."""
        if self.solver not in ("adam", "lbfgs"):
            raise OptionError(f'solver is {self.solver!r}; it must be "adam" or "lbfgs"')
        random = self.shots is not None or self.gradient == "spsa"
        if self.solver == "lbfgs" and (random or self.early_stopping):
            given = "shots" if self.shots is not None else "early_stopping=True"
            given = 'gradient="spsa"' if self.gradient == "spsa" else given
            raise OptionError(
                f'solver="lbfgs" follows one exact loss on all samples and cannot work with {given}; '
                'use solver="adam"'
            )
        if isinstance(self.batch_size, str) and self.batch_size != "auto":
            raise OptionError(f'batch_size is {self.batch_size!r}; it must be an integer or "auto"')
        batch_size = min(200, n_samples) if isinstance(self.batch_size, str) else self.batch_size
        return Schedule(
            solver=self.solver,
            learning_rate=positive("learning_rate", self.learning_rate),
            max_iter=_whole("max_iter", self.max_iter),
            batch_size=_whole("batch_size", batch_size),
            alpha=positive("alpha", self.alpha, zero=True),
            tol=positive("tol", self.tol, zero=True),
            n_iter_no_change=_whole("n_iter_no_change", self.n_iter_no_change),
            seed=child_seed(seed, "batches"),
        )

    def _fit_model(
        self,
        X: NDArray[np.float64],
        targets: NDArray[Any],
        weights: NDArray[np.float64] | None,
        *,
        n_outputs: int,
        loss: Loss,
        stratify: NDArray[Any] | None,
    ) -> None:
        """Build and train; sets circuit_, scaler_, model_, n_iter_, loss_curve_ and its like."""
        seed = seed_of(self.random_state)
        schedule = self._schedule(len(X), seed)
        circuit = choose_circuit(
            X.shape[1],
            encoding=self.encoding,
            n_layers=self.n_layers,
            ansatz=self.ansatz,
            reupload=self.reupload,
            max_qubits=self.max_qubits,
        )
        scaler = fit_scaler(X, self.feature_range, circuit.encoding)
        model, readout = self._build(circuit, n_outputs, seed)
        weights = np.ones(len(X)) if weights is None else weights / weights.mean()
        samples = Samples(*map(torch.from_numpy, (scaled(scaler, X), targets, weights)))
        samples, validation = self._split(samples, stratify, seed)
        bar = shown("training", enabled=None if self.verbose else False)
        with bar if self.progress is None else nullcontext(self.progress) as progress:
            course = train(
                model, readout.weight, loss, samples, schedule, validation=validation, progress=progress
            )
        # All at once and last: an interrupted fit leaves the model of the one before whole.
        self.circuit_, self.scaler_, self.model_ = circuit, scaler, model
        self.loss_curve_ = course.losses
        self.validation_loss_curve_ = course.validation_losses if validation is not None else None
        self.n_iter_ = len(course.losses)
        if not course.converged:
            warnings.warn(
                f"training ended after max_iter={self.max_iter} before the loss settled; raise max_iter",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _build(
        self, circuit: VariationalCircuit, n_outputs: int, seed: int
    ) -> tuple[torch.nn.Sequential, torch.nn.Linear]:
        """The layer and the read-out behind it, and the latter by itself."""
        layer = QNNLayer(
            circuit.n_qubits,
            circuit.n_layers,
            ansatz=circuit.ansatz,
            encoding=circuit.encoding,
            reupload=circuit.reupload,
            compute=self.compute,
            threads=self.threads,
            shots=self.shots,
            simulator=self.simulator,
            gradient=self.gradient,
            noise_model=self.noise_model,
            seed=child_seed(seed, "layer"),
        )
        readout = torch.nn.Linear(circuit.n_qubits, n_outputs, device="meta", dtype=torch.float64)
        # Torch would initialize it from its global generator, which belongs to the user.
        readout.to_empty(device="cpu")
        bound = np.sqrt(6 / (circuit.n_qubits + n_outputs))
        rng = np.random.default_rng(child_seed(seed, "read-out"))
        with torch.no_grad():
            readout.weight.copy_(torch.from_numpy(rng.uniform(-bound, bound, readout.weight.shape)))
            readout.bias.zero_()
        return torch.nn.Sequential(layer, readout).to(torch.float64), readout

    def _split(
        self, samples: Samples, stratify: NDArray[Any] | None, seed: int
    ) -> tuple[Samples, Samples | None]:
        if not self.early_stopping:
            return samples, None
        share = self.validation_fraction
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 < share < 1:
            raise OptionError(f"validation_fraction is {share!r}; it must be a number between 0 and 1")
        try:
            chosen, held = train_test_split(
                np.arange(len(samples)),
                test_size=share,
                stratify=stratify,
                random_state=child_seed(seed, "validation"),
            )
        except ValueError as error:
            raise OptionError(
                f"early_stopping=True holds back validation_fraction={share} of {len(samples)} samples, "
                f"which is not possible: {error}"
            ) from error
        return samples.part(chosen), samples.part(held)

    def _outputs(self, X: ArrayLike) -> NDArray[np.float64]:
        """Read-out of samples, without shots and noise; shape (n, outputs)."""
        check_is_fitted(self)
        inputs = torch.from_numpy(scaled(self.scaler_, validate_data(self, X, dtype=np.float64, reset=False)))
        rows = max(1, _AMPLITUDES >> self.circuit_.n_qubits)
        with torch.no_grad():
            parts = [self.model_(part) for part in torch.split(inputs, rows)]
        return torch.cat(parts).numpy()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.shots is not None
        return tags


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise OptionError(f"{name} is {value!r}; it must be an integer of at least 1")
    return int(value)
