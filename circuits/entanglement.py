"""Entangling power: how much a circuit entangles its qubits on average.

D. A. Meyer, N. R. Wallach, "Global entanglement in multiparticle systems", arXiv quant-ph/0108104, in the
form of G. K. Brennen, arXiv quant-ph/0305094: Q = 2 (1 - mean purity of the states of the single qubits). The
mean over random weights is the entangling capability of Sim, Johnson, Aspuru-Guzik, arXiv 1905.10876.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CircuitError
from .random_states import check_count, generator, open_exact, random_draws, resolve_seed

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .variational import VariationalCircuit

__all__ = ["EntanglingPower", "entangling_power", "haar_entanglement", "meyer_wallach"]

_NORM_TOLERANCE = 1e-4  # single-precision simulators stay well below it


def meyer_wallach(states: ArrayLike) -> NDArray[np.float64]:
    """Meyer-Wallach entanglement of pure states.

    Args:
        states: normalized amplitudes, shape (B, 2**N), wire 0 most significant.

    Returns:
        Q of each state, shape (B,), from 0 (product of one-qubit states) to 1 (every qubit maximally mixed).

    Raises:
        CircuitError: wrong shape, a NaN, or a state that is not normalized.

    Example:
        >>> bell = np.array([1, 0, 0, 1]) / np.sqrt(2)
        >>> meyer_wallach([bell, [1, 0, 0, 0]]).round(12).tolist()
        [1.0, 0.0]
    """
    try:
        amplitudes = np.asarray(states)
    except ValueError as error:
        raise CircuitError("the states must be rows of equal length") from error
    if amplitudes.dtype.kind not in "biufc":
        raise CircuitError(f"states has the type {amplitudes.dtype}; it must hold numbers")
    size = amplitudes.shape[-1] if amplitudes.ndim == 2 else 0
    if size < 2 or size & (size - 1):
        raise CircuitError(f"states has shape {amplitudes.shape}; it must be (states, 2**N), N of at least 1")
    amplitudes = amplitudes.astype(np.complex128, copy=False)
    norms = np.einsum("bi,bi->b", amplitudes.conj(), amplitudes).real
    if not (np.abs(norms - 1) < _NORM_TOLERANCE).all():
        row = int(np.argmax(~(np.abs(norms - 1) < _NORM_TOLERANCE)))
        raise CircuitError(f"state {row} has the squared norm {norms[row]}; normalize the states")
    n_qubits = size.bit_length() - 1
    determinants = np.zeros(len(amplitudes))
    for wire in range(n_qubits):
        halves = amplitudes.reshape(len(amplitudes), 2**wire, 2, size >> (wire + 1))
        zero, one = halves[:, :, 0], halves[:, :, 1]
        coherence = np.einsum("bij,bij->b", zero.conj(), one)
        populations = [np.einsum("bij,bij->b", half.conj(), half).real for half in (zero, one)]
        determinants += populations[0] * populations[1] - np.abs(coherence) ** 2
    # For a qubit's state rho, 1 - tr rho**2 = 2 det rho, which loses no digits near product states.
    return np.clip(4 * determinants / n_qubits, 0, 1)


def haar_entanglement(n_qubits: int) -> float:
    """Mean Meyer-Wallach entanglement of Haar-random states.

    Args:
        n_qubits: qubits of the states; N = 2**n_qubits.

    Returns:
        (N - 2) / (N + 1).

    Raises:
        CircuitError: no positive integer.

    Example:
        >>> haar_entanglement(1), haar_entanglement(2)
        (0.0, 0.4)
    """
    size: int = 2 ** check_count("n_qubits", n_qubits, 1)
    return (size - 2) / (size + 1)


@dataclass(frozen=True, eq=False)
class EntanglingPower:
    """Entangling power of a circuit.

    Args:
        mean: mean Meyer-Wallach entanglement over random weights.
        standard_error: of the mean.
        deviation: standard deviation over random weights.
        haar_mean: mean of Haar-random states, (N - 2) / (N + 1).
        values: of each random state, shape (n_samples,).
        n_qubits: qubits of the circuit.
        n_samples: number of random states.
        strategy: how the weights were drawn.
        seed: the seed that was used.
        simulator: what computed the states.
    """

    mean: float
    standard_error: float
    deviation: float
    haar_mean: float
    values: NDArray[np.float64]
    n_qubits: int
    n_samples: int
    strategy: str
    seed: int
    simulator: str

    def table(self) -> pandas.DataFrame:
        """The numbers in one row.

        Returns:
            Columns n_qubits, strategy, n_samples, mean, standard_error, deviation, haar_mean.
        """
        import pandas

        columns = [
            "n_qubits", "strategy", "n_samples", "mean", "standard_error", "deviation", "haar_mean",
        ]  # fmt: skip
        return pandas.DataFrame([[getattr(self, column) for column in columns]], columns=columns)

    def plot(self) -> Figure:
        """Draw the distribution over random weights with its mean and the Haar mean.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        axes.hist(self.values, bins=40, range=(0, 1), color="#2b6ca3", alpha=0.8)
        mean_label = f"mean {self.mean:.3f} ± {self.standard_error:.1g}"
        axes.axvline(self.mean, color="#16405f", linewidth=1.8, label=mean_label)
        haar_label = f"Haar mean {self.haar_mean:.3f}"
        axes.axvline(self.haar_mean, color="#b03a2e", linestyle="--", linewidth=1.4, label=haar_label)
        axes.set_xlim(0, 1)
        axes.set_xlabel("Meyer-Wallach entanglement Q")
        axes.set_ylabel("random states")
        axes.set_title(f"entangling power, {self.n_qubits} qubits, weights {self.strategy}", fontsize=10)
        axes.legend(frameon=False)
        return figure


def entangling_power(
    circuit: VariationalCircuit,
    n_samples: int = 1000,
    *,
    inputs: ArrayLike | None = None,
    strategy: str = "uniform",
    seed: int | None = None,
    simulator: Any = "aer",
) -> EntanglingPower:
    """Measure how much a circuit entangles its qubits when its weights are random.

    Args:
        circuit: a `VariationalCircuit`.
        n_samples: number of random states, at least 2.
        inputs: features held fixed, shape (n_inputs,), or samples of which each state takes one at random,
            shape (m, n_inputs); None for zeros.
        strategy: how weights are drawn: "uniform" in [0, 2 pi), or another of ``circuit.initial_weights``.
        seed: the same seed gives the same answer; None for a fresh one.
        simulator: "aer", "native" or an opened simulator without noise.

    Returns:
        The mean with its standard error beside the Haar mean; see `EntanglingPower`.

    Raises:
        CircuitError: an argument that cannot be used.
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> from .variational import VariationalCircuit
        >>> separable = VariationalCircuit(3, 2, encoding=None, ansatz="separable")
        >>> round(entangling_power(separable, 20, seed=1, simulator="native").mean, 12)
        0.0
    """
    n_samples = check_count("n_samples", n_samples, 2)
    seed = resolve_seed(seed)
    opened = open_exact(simulator)
    draws = random_draws(circuit, n_samples, strategy, inputs, generator(seed, "entangling power"))
    values = np.empty(n_samples)
    for rows, states in draws.states(opened):
        values[rows] = meyer_wallach(states)
    deviation = float(values.std(ddof=1))
    return EntanglingPower(
        mean=float(values.mean()),
        standard_error=deviation / float(np.sqrt(n_samples)),
        deviation=deviation,
        haar_mean=haar_entanglement(circuit.n_qubits),
        values=values,
        n_qubits=circuit.n_qubits,
        n_samples=n_samples,
        strategy=strategy,
        seed=seed,
        simulator=opened.label,
    )
