"""The Fourier series of a circuit in one of its features.

M. Schuld, R. Sweke, J. J. Meyer, "Effect of data encoding on the expressive power of variational
quantum-machine-learning models", arXiv 2008.08605: where a feature enters as the angle of Pauli rotations, an
expectation value is a truncated Fourier series of the feature, f(x) = sum c_k exp(i k x) with |k| <= L, the
number of these rotations. The encoding fixes which frequencies exist, the weights how strong each one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pennylane as qml
from numpy.typing import ArrayLike, NDArray

from .errors import CircuitError
from .gates import ANGLES
from .random_states import Draws, check_count, draw_weights, generator, open_exact, read_inputs, resolve_seed
from .readout import PauliReadout

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .variational import VariationalCircuit

__all__ = ["FourierCoefficients", "FourierDegree", "fourier_coefficients", "fourier_degree"]

_MARGIN = 3  # frequencies shown above the bound
_ZERO = 1e-10  # coefficients below it count as 0
_INTEGER = 1e-9
# Where the angles are looked at to see how they depend on the feature; no two differences are commensurate.
_PROBES = np.array([0.0, 0.3711, 1.1379, 2.9173])
_LEGAL = (
    'legal are encodings whose angles are whole multiples of the feature: "angle", and "iqp" with whole '
    "numbers (such as 0) as the other inputs"
)


@dataclass(frozen=True, eq=False)
class FourierCoefficients:
    """The Fourier series of a circuit with given weights.

    Args:
        coefficients: c_k of f(x) = sum c_k exp(i k x) for k = -K ... K with K = L + 3, shape (2 K + 1,).
        bound: L, above which every coefficient is 0 whatever the weights.
        degree: largest |k| whose coefficient exceeds 1e-10 in magnitude.
        feature: number of the feature.
        simulator: what computed the states.
    """

    coefficients: NDArray[np.complex128]
    bound: int
    degree: int
    feature: int
    simulator: str

    @property
    def frequencies(self) -> NDArray[np.int64]:
        """Frequencies -K ... K, in the order of ``coefficients``."""
        return _frequencies(len(self.coefficients))

    def series(self, x: ArrayLike) -> NDArray[np.float64]:
        """The series at any values of the feature.

        Args:
            x: values of the feature, any shape.

        Returns:
            f(x), same shape.
        """
        waves = np.exp(1j * np.multiply.outer(np.asarray(x, dtype=np.float64), self.frequencies))
        return np.asarray((waves @ self.coefficients).real)

    def table(self) -> pandas.DataFrame:
        """The coefficients.

        Returns:
            One row per frequency: frequency, real, imaginary, magnitude.
        """
        import pandas

        return pandas.DataFrame(
            {
                "frequency": self.frequencies,
                "real": self.coefficients.real,
                "imaginary": self.coefficients.imag,
                "magnitude": np.abs(self.coefficients),
            }
        )

    def plot(self) -> Figure:
        """Draw the function over the feature and the magnitudes of its coefficients.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9.0, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        x = np.linspace(0, 2 * np.pi, 200)
        left.plot(x, self.series(x), color="#2b6ca3", linewidth=1.4)
        left.set_xlabel(f"feature {self.feature}")
        left.set_ylabel("expectation value")
        left.set_title("sum of the series", fontsize=10)
        _draw_magnitudes(right, np.abs(self.coefficients), self.bound)
        right.set_title(f"degree {self.degree}, at most {self.bound} (dashed)", fontsize=10)
        return figure


@dataclass(frozen=True, eq=False)
class FourierDegree:
    """Which frequencies a circuit reaches over random weights.

    Args:
        degree: largest |k| whose coefficient exceeds 1e-10 in magnitude for any of the weights.
        bound: L, above which every coefficient is 0 whatever the weights.
        coefficients: c_k of every sample for k = -K ... K with K = L + 3, shape (n_samples, 2 K + 1).
        feature: number of the feature.
        n_samples: number of random weights.
        strategy: how they were drawn.
        seed: the seed that was used.
        simulator: what computed the states.
    """

    degree: int
    bound: int
    coefficients: NDArray[np.complex128]
    feature: int
    n_samples: int
    strategy: str
    seed: int
    simulator: str

    def table(self) -> pandas.DataFrame:
        """How large the coefficients are.

        Returns:
            One row per frequency k >= 0 (the others are complex conjugates): frequency, mean magnitude,
            standard_error of the mean, largest.
        """
        import pandas

        half = self.coefficients.shape[1] // 2
        magnitudes = np.abs(self.coefficients[:, half:])
        return pandas.DataFrame(
            {
                "frequency": np.arange(half + 1),
                "mean": magnitudes.mean(axis=0),
                "standard_error": magnitudes.std(axis=0, ddof=1) / np.sqrt(self.n_samples),
                "largest": magnitudes.max(axis=0),
            }
        )

    def plot(self) -> Figure:
        """Draw mean and largest magnitude of the coefficients of every frequency.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        magnitudes = np.abs(self.coefficients)
        _draw_magnitudes(axes, magnitudes.mean(axis=0), self.bound, label="mean")
        places = _frequencies(magnitudes.shape[1])
        axes.plot(places, magnitudes.max(axis=0), "_", color="#b8860b", markersize=12, label="largest")
        axes.set_title(f"{self.n_samples} weights: degree {self.degree}, at most {self.bound}", fontsize=10)
        axes.legend(frameon=False)
        return figure


def fourier_coefficients(
    circuit: VariationalCircuit,
    weights: ArrayLike,
    *,
    feature: int = 0,
    observable: Any = None,
    inputs: ArrayLike | None = None,
    simulator: Any = "aer",
) -> FourierCoefficients:
    """Compute the Fourier coefficients of an expectation value as a function of one feature.

    Args:
        circuit: a `VariationalCircuit` with inputs.
        weights: shape ``circuit.weight_shape``.
        feature: number of the feature that varies.
        observable: a PennyLane operator that is a sum of Pauli words; None for Z on wire 0.
        inputs: the sample whose other features stay fixed, shape (n_inputs,); None for zeros.
        simulator: "aer", "native" or an opened simulator without noise.

    Returns:
        The coefficients up to three frequencies above the bound; see `FourierCoefficients`.

    Raises:
        CircuitError: an argument that cannot be used, or an encoding whose frequencies are no whole numbers.

    Example:
        >>> from .variational import VariationalCircuit
        >>> circuit = VariationalCircuit(1, 0, encoding="angle")  # <Z> = cos x
        >>> found = fourier_coefficients(circuit, np.zeros(circuit.weight_shape), simulator="native")
        >>> found.degree, found.coefficients[found.frequencies == 1].real.round(9).tolist()
        (1, [0.5])
    """
    sweep = _Sweep(circuit, feature, observable, inputs, simulator)
    try:
        given = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CircuitError(f"weights is {weights!r}; it must be an array of numbers") from error
    shape = tuple(circuit.weight_shape)
    if given.shape != shape or not np.isfinite(given).all():
        raise CircuitError(f"weights has shape {given.shape}; it must be finite numbers of shape {shape}")
    found = sweep.coefficients(given.reshape(1, -1))
    return FourierCoefficients(found[0], sweep.bound, _degree(found), feature, sweep.simulator.label)


def fourier_degree(
    circuit: VariationalCircuit,
    n_samples: int = 50,
    *,
    feature: int = 0,
    observable: Any = None,
    inputs: ArrayLike | None = None,
    strategy: str = "uniform",
    seed: int | None = None,
    simulator: Any = "aer",
) -> FourierDegree:
    """Find the frequencies that a circuit reaches in one feature when its weights are random.

    Args:
        circuit: a `VariationalCircuit` with inputs.
        n_samples: number of random weights, at least 2.
        feature: number of the feature that varies.
        observable: a PennyLane operator that is a sum of Pauli words; None for Z on wire 0.
        inputs: the sample whose other features stay fixed, shape (n_inputs,); None for zeros.
        strategy: how weights are drawn: "uniform" in [0, 2 pi), or another of ``circuit.initial_weights``.
        seed: the same seed gives the same answer; None for a fresh one.
        simulator: "aer", "native" or an opened simulator without noise.

    Returns:
        Degree, bound and all coefficients; see `FourierDegree`.

    Raises:
        CircuitError: an argument that cannot be used, or an encoding whose frequencies are no whole numbers.

    Example:
        >>> from .variational import VariationalCircuit
        >>> circuit = VariationalCircuit(1, 3, encoding="angle", ansatz="separable", reupload=True)
        >>> found = fourier_degree(circuit, 5, seed=1, simulator="native")
        >>> found.degree, found.bound
        (3, 3)
    """
    n_samples = check_count("n_samples", n_samples, 2)
    seed = resolve_seed(seed)
    sweep = _Sweep(circuit, feature, observable, inputs, simulator)
    found = sweep.coefficients(draw_weights(circuit, strategy, n_samples, generator(seed, "fourier degree")))
    label = sweep.simulator.label
    return FourierDegree(_degree(found), sweep.bound, found, feature, n_samples, strategy, seed, label)


class _Sweep:
    """Runs a circuit for evenly spaced values of one feature."""

    def __init__(
        self, circuit: Any, feature: int, observable: Any, inputs: ArrayLike | None, simulator: Any
    ) -> None:
        self._base = read_inputs(circuit, inputs)
        if not circuit.n_inputs:
            raise CircuitError("the circuit has no inputs, so it has no Fourier series; give it an encoding")
        if check_count("feature", feature, 0) >= circuit.n_inputs:
            raise CircuitError(f"feature is {feature}; there are the features 0 to {circuit.n_inputs - 1}")
        self._circuit: VariationalCircuit = circuit
        self._feature = feature
        if len(self._base) != 1:
            raise CircuitError(f"inputs holds {len(self._base)} samples; give the one that stays fixed")
        self.simulator = open_exact(simulator)
        self._readout = PauliReadout([qml.Z(0) if observable is None else observable], circuit.n_qubits)
        self.bound = self._bound()
        count = 2 * (self.bound + _MARGIN) + 1
        self._points = 2 * np.pi * np.arange(count) / count

    def _at(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        samples = np.repeat(self._base, len(points), axis=0)
        samples[:, self._feature] = points
        return samples

    def _bound(self) -> int:
        """Sum over all gates of the highest frequency that each brings in."""
        name = getattr(self._circuit.encoding, "name", repr(self._circuit.encoding))
        samples = self._at(_PROBES)
        try:
            table = self._circuit.table(samples, np.zeros(self._circuit.weight_shape))
            prepared = self._circuit.initial_states(samples) is not None
        except CircuitError as error:
            raise CircuitError(f"{name} encoding has no Fourier series: {error}; {_LEGAL}") from error
        if prepared:
            raise CircuitError(f"{name} encoding prepares a state and has no Fourier series; {_LEGAL}")
        slopes = (table[1] - table[0]) / (_PROBES[1] - _PROBES[0])
        if not np.allclose(table, table[0] + np.multiply.outer(_PROBES, slopes), atol=_INTEGER):
            raise CircuitError(f"{name} encoding does not turn the feature linearly into angles; {_LEGAL}")
        bound = 0.0
        for gate in self._circuit.program.gates:
            if gate.slot < 0:
                continue
            # A controlled rotation has the eigenvalues 0 and +-1/2 and so brings in half the frequency too.
            unit = 0.5 if gate.controls and gate.kind != "p" else 1.0
            steps = slopes[gate.slot : gate.slot + ANGLES[gate.kind]] * unit
            wrong = steps[np.abs(steps - np.round(steps)) > _INTEGER]
            if wrong.size:
                raise CircuitError(
                    f"{name} encoding gives feature {self._feature} the frequency {wrong[0]:.6g}, which is "
                    f"no whole number; {_LEGAL}"
                )
            bound += float(np.abs(np.round(steps)).sum()) / unit
        return round(bound)

    def coefficients(self, weights: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Series for every row of weights: shape (samples, n_weights) to (samples, 2 K + 1)."""
        count = len(self._points)
        samples = np.tile(self._at(self._points), (len(weights), 1))
        draws = Draws(self._circuit, np.repeat(weights, count, axis=0), samples)
        values = np.empty(len(samples))
        for rows, states in draws.states(self.simulator):
            values[rows] = self._readout.values(states)[:, 0]
        transformed = np.fft.fft(values.reshape(-1, count), axis=1) / count
        return np.fft.fftshift(transformed, axes=1)


def _frequencies(count: int) -> NDArray[np.int64]:
    return np.arange(count) - count // 2


def _degree(coefficients: NDArray[np.complex128]) -> int:
    visible = (np.abs(coefficients) > _ZERO).any(axis=0)
    return int(np.abs(_frequencies(coefficients.shape[1]))[visible].max(initial=0))


def _draw_magnitudes(axes: Any, magnitudes: NDArray[np.float64], bound: int, **options: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.bar(_frequencies(len(magnitudes)), magnitudes, width=0.7, color="#2b6ca3", **options)
    for edge in (-bound - 0.5, bound + 0.5):
        axes.axvline(edge, color="#b03a2e", linestyle="--", linewidth=1.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("frequency k")
    axes.set_ylabel("|coefficient|")
