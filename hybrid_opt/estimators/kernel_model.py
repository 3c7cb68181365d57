"""What the kernel estimators share: their parameters, and the quantum kernel they fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from ..circuits.fidelity_kernel import FidelityKernel
from ..circuits.projected_kernel import ProjectedKernel
from ..circuits.variational import VariationalCircuit
from ..errors import OptionError
from ..seeds import child_seed
from .circuit_choice import choose_circuit, fit_scaler, scaled

__all__ = ["QuantumKernelModel", "positive", "seed_of"]


def seed_of(random_state: Any) -> int:
    """The seed of one fit, drawn as scikit-learn does.

    Args:
        random_state: an integer, a ``numpy.random.RandomState`` or None.

    Returns:
        A seed below 2**31.

    Example:
        >>> seed_of(3) == seed_of(3) != seed_of(4)
        True
    """
    return int(check_random_state(random_state).randint(2**31 - 1))


def positive(name: str, value: Any, *, zero: bool = False) -> float:
    """A parameter that must be a positive number.

    Args:
        name: for the message.
        value: as the user gave it.
        zero: whether 0 is legal too.

    Returns:
        The number.

    Raises:
        OptionError: anything else.

    Example:
        >>> positive("C", 2)
        2.0
    """
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value < 0 or (value == 0 and not zero):
        raise OptionError(
            f"{name} is {value!r}; it must be a finite number {'of at least' if zero else 'above'} 0"
        )
    return float(value)


class QuantumKernelModel(BaseEstimator):  # type: ignore[misc]
    """Base of the kernel estimators; not an estimator itself.

    Args:
        kernel: "fidelity" or "projected".
        encoding: a name of ``circuits.encodings`` or an ``Encoding`` object.
        n_layers: trainable layers; None for 2 with ``train_kernel`` and 0, the encoding alone, without.
        ansatz: a name of ``circuits.ansatz`` or an ``Ansatz`` object.
        reupload: whether the encoding stands before every layer; "auto" wherever there are layers and the
            encoding can be repeated. The fidelity kernel does not see layers behind the last encoding.
        feature_range: (lowest, highest) angle of every feature over the training set; other samples are
            clipped to it. "auto" chooses by the encoding (``FEATURE_RANGES``), None takes the features as
            they are.
        gamma: of the projected kernel; "scale" makes the mean exponent over pairs of training samples 1.
        train_kernel: whether the circuit's weights are trained by target alignment before fitting.
        train_steps: steps of that training.
        correction: of measured kernel matrices, see ``FidelityKernel``.
        shots: measurements per kernel value; None for exact values.
        simulator: "aer" or "native".
        compute: "auto", "cpu" or "gpu".
        threads: most CPU threads; None for all. Take 1 where ``n_jobs`` starts several processes.
        noise_model: a ``qiskit_aer.noise.NoiseModel``.
        max_qubits: most qubits; further features are encoded in blocks on the same wires (`Folded`).
        random_state: an integer, a ``numpy.random.RandomState`` or None.
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
        self.kernel = kernel
        self.encoding = encoding
        self.n_layers = n_layers
        self.ansatz = ansatz
        self.reupload = reupload
        self.feature_range = feature_range
        self.gamma = gamma
        self.train_kernel = train_kernel
        self.train_steps = train_steps
        self.correction = correction
        self.shots = shots
        self.simulator = simulator
        self.compute = compute
        self.threads = threads
        self.noise_model = noise_model
        self.max_qubits = max_qubits
        self.random_state = random_state

    def _fit_kernel(
        self, X: NDArray[np.float64], y: Any, sample_weight: NDArray[np.float64] | None = None
    ) -> tuple[Any, NDArray[np.float64]]:
        """The kernel for fitting and the scaled samples; sets scaler_, circuit_, kernel_ and alignment_.

        ``kernel_``, the one for prediction, differs by its stream of shots only.
        """
        seed = self._seed = seed_of(self.random_state)
        if self.kernel not in ("fidelity", "projected"):
            raise OptionError(f'kernel is {self.kernel!r}; it must be "fidelity" or "projected"')
        n_layers = (2 if self.train_kernel else 0) if self.n_layers is None else self.n_layers
        self.circuit_ = choose_circuit(
            X.shape[1],
            encoding=self.encoding,
            n_layers=n_layers,
            ansatz=self.ansatz,
            reupload=self.reupload,
            max_qubits=self.max_qubits,
        )
        self.scaler_ = fit_scaler(X, self.feature_range, self.circuit_.encoding)
        samples = scaled(self.scaler_, X)
        weights = None
        if self.circuit_.n_weights:
            weights = self.circuit_.initial_weights(seed=child_seed(seed, "weights"))
        self.alignment_: Any = None
        gamma = self._gamma(samples, sample_weight, weights, seed)
        if self.train_kernel:
            weights = self._train(self._make(weights, gamma, child_seed(seed, "shots")), samples, y, seed)
            gamma = self._gamma(samples, sample_weight, weights, seed)
        self.kernel_ = self._make(weights, gamma, child_seed(seed, "shots of predictions"))
        return self._make(weights, gamma, child_seed(seed, "shots")), samples

    def _make(self, weights: Any, gamma: float, seed: int) -> Any:
        settings = {
            "weights": weights,
            "shots": self.shots,
            "simulator": self.simulator,
            "compute": self.compute,
            "threads": self.threads,
            "noise_model": self.noise_model,
            "correction": self.correction,
            "seed": seed,
        }
        if self.kernel == "fidelity":
            return FidelityKernel(self.circuit_, **settings)
        return ProjectedKernel(self.circuit_, gamma=gamma, **settings)

    def _gamma(
        self,
        samples: NDArray[np.float64],
        sample_weight: NDArray[np.float64] | None,
        weights: Any,
        seed: int,
    ) -> float:
        if isinstance(self.gamma, str) and self.gamma != "scale":
            raise OptionError(f'gamma is {self.gamma!r}; it must be a positive number or "scale"')
        if not isinstance(self.gamma, str):
            return positive("gamma", self.gamma)
        if self.kernel == "fidelity":
            return 1.0
        # The mean of |r - r'|**2 / 2 over pairs is the variance of the Bloch vectors.
        vectors = self._make(weights, 1.0, child_seed(seed, "shots of gamma")).bloch_vectors(samples)
        mean = np.average(vectors, axis=0, weights=sample_weight)
        spread = float(np.average((vectors - mean) ** 2, axis=0, weights=sample_weight).sum())
        return 1 / spread if spread > 1e-12 else 1.0

    def _train(self, kernel: Any, samples: NDArray[np.float64], y: Any, seed: int) -> Any:
        from ..circuits.kernel_alignment import align

        _require_trainable(self.circuit_, self.kernel)
        if y is None:
            raise OptionError(
                "train_kernel=True aligns the kernel with y, but y is None; give y or train_kernel=False"
            )
        self.alignment_ = align(
            kernel, samples, y, steps=self.train_steps, seed=child_seed(seed, "alignment")
        )
        return self.alignment_.weights

    def _gram(self, X: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Kernel values between new samples and scaled ones; the same call gives the same shots."""
        kernel = self.kernel_ if self.kernel_.exact else self.kernel_.with_weights(self.kernel_.weights)
        gram: NDArray[np.float64] = kernel(scaled(self.scaler_, X), samples)
        return gram

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "kernel_")


def _require_trainable(circuit: VariationalCircuit, kernel: str) -> None:
    if circuit.n_weights and (kernel == "projected" or (circuit.reupload and circuit.n_layers > 1)):
        return
    need = "n_layers of at least 1"
    if kernel == "fidelity":
        need = (
            "n_layers of at least 2 and an encoding that is repeated (reupload=True), because the fidelity "
            "kernel does not see layers behind the last encoding"
        )
    raise OptionError(
        f"train_kernel=True needs weights that change the {kernel} kernel: {need}; given are n_layers="
        f"{circuit.n_layers}, reupload={circuit.reupload}, {circuit.encoding!r}"
    )
