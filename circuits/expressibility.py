"""Expressibility: how evenly a circuit's random states cover the space of all states.

S. Sim, P. D. Johnson, A. Aspuru-Guzik, "Expressibility and entangling capability of parameterized quantum
circuits for hybrid quantum-classical algorithms", arXiv 1905.10876: the Kullback-Leibler divergence of the
fidelities between pairs of random states from those of Haar-random states. Small is expressive.
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

__all__ = ["Expressibility", "expressibility", "fidelity_divergence", "haar_bins"]

_FLOOR_REPEATS = 20


def _log_haar_bins(n_qubits: int, bins: int) -> NDArray[np.float64]:
    # P(F >= f) = (1 - f)**(N - 1). The logarithm keeps bins that are too rare for a float.
    power = 2.0**n_qubits - 1
    left, right = np.arange(bins) / bins, np.arange(1, bins + 1) / bins
    share = ((1 - right) / (1 - left)) ** power
    share[-1] = 0
    return np.asarray(power * np.log1p(-left) + np.log1p(-share))


def haar_bins(n_qubits: int, bins: int = 75) -> NDArray[np.float64]:
    """Probability of each bin of fidelity for two Haar-random states.

    Args:
        n_qubits: qubits of the states; N = 2**n_qubits.
        bins: number of equal bins of [0, 1].

    Returns:
        Integrals of P(F) = (N - 1) (1 - F)**(N - 2), shape (bins,), sum 1 (arXiv 1905.10876).

    Raises:
        CircuitError: a number that is no positive integer.

    Example:
        >>> haar_bins(1, 4).round(9).tolist()
        [0.25, 0.25, 0.25, 0.25]
        >>> haar_bins(2, 2).round(9).tolist()
        [0.875, 0.125]
    """
    return np.exp(_log_haar_bins(check_count("n_qubits", n_qubits, 1), check_count("bins", bins, 1)))


def fidelity_divergence(fidelities: ArrayLike, n_qubits: int, bins: int = 75) -> float:
    """Divergence of a sample of fidelities from the Haar law.

    Args:
        fidelities: |<a|b>|**2 of pairs of states, shape (n,), each in [0, 1].
        n_qubits: qubits of the states.
        bins: number of equal bins of [0, 1].

    Returns:
        sum p ln(p / q) in nats, with p the shares of the bins and q those of the Haar law.

    Raises:
        CircuitError: no fidelity, one outside [0, 1], or an illegal number.

    Example:
        >>> round(fidelity_divergence([1.0, 1.0], n_qubits=1), 3)
        4.317
    """
    sample = np.asarray(fidelities, dtype=np.float64)
    if sample.ndim != 1 or not sample.size:
        raise CircuitError(f"fidelities has shape {sample.shape}; it must be (n,) with n of at least 1")
    if not ((sample >= -1e-6) & (sample <= 1 + 1e-6)).all():
        raise CircuitError("fidelities holds a value outside [0, 1]")
    n_qubits, bins = check_count("n_qubits", n_qubits, 1), check_count("bins", bins, 1)
    return _divergence(_histogram(sample, bins), _log_haar_bins(n_qubits, bins))[0]


def _histogram(fidelities: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.histogram(np.clip(fidelities, 0, 1), bins=bins, range=(0, 1))[0]


def _divergence(counts: NDArray[np.int64], log_haar: NDArray[np.float64]) -> tuple[float, float]:
    """The divergence and its standard error to first order in the counts."""
    filled = counts > 0
    shares = counts[filled] / counts.sum()
    ratios = np.log(shares) - log_haar[filled]
    divergence = float(shares @ ratios)
    spread = float(shares @ (ratios - divergence) ** 2)
    return divergence, float(np.sqrt(spread / counts.sum()))


@dataclass(frozen=True, eq=False)
class Expressibility:
    """Expressibility of a circuit.

    A histogram of n fidelities is never exactly the law that it was drawn from, so the divergence of a finite
    sample is too large, by about (filled bins - 1) / (2 n) near the Haar law. ``haar_floor`` is what as many
    Haar-random fidelities give: a divergence within a few ``haar_floor_deviation`` of it is as expressive as
    this sample can tell.

    Args:
        divergence: Kullback-Leibler divergence from the Haar law in nats; 0 is as random as possible.
        standard_error: of the divergence, to first order.
        haar_floor: mean divergence of Haar-random samples of the same size.
        haar_floor_deviation: their standard deviation.
        counts: pairs in each bin of fidelity, shape (bins,).
        haar: the Haar law's probability of each bin, shape (bins,).
        n_qubits: qubits of the circuit.
        n_samples: number of pairs of states.
        strategy: how the weights were drawn.
        seed: the seed that was used.
        simulator: what computed the states.
    """

    divergence: float
    standard_error: float
    haar_floor: float
    haar_floor_deviation: float
    counts: NDArray[np.int64]
    haar: NDArray[np.float64]
    n_qubits: int
    n_samples: int
    strategy: str
    seed: int
    simulator: str

    def table(self) -> pandas.DataFrame:
        """The histogram.

        Returns:
            One row per bin: fidelity_from, fidelity_to, circuit (share of the pairs), haar (probability).
        """
        import pandas

        edges = np.linspace(0, 1, len(self.counts) + 1)
        return pandas.DataFrame(
            {
                "fidelity_from": edges[:-1],
                "fidelity_to": edges[1:],
                "circuit": self.counts / self.counts.sum(),
                "haar": self.haar,
            }
        )

    def plot(self) -> Figure:
        """Draw the histogram of the fidelities beside the Haar law.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        axes = figure.subplots()
        edges = np.linspace(0, 1, len(self.counts) + 1)
        axes.stairs(self.counts / self.counts.sum(), edges, fill=True, color="#2b6ca3", label="circuit")
        axes.stairs(self.haar, edges, color="#b03a2e", linewidth=1.4, label="Haar-random states")
        axes.set_xlim(0, 1)
        axes.set_xlabel("fidelity of two random states")
        axes.set_ylabel("share of pairs")
        axes.set_title(
            f"expressibility {self.divergence:.3g} ± {self.standard_error:.1g} nats "
            f"(Haar sample: {self.haar_floor:.2g})",
            fontsize=10,
        )
        axes.legend(frameon=False)
        return figure


def expressibility(
    circuit: VariationalCircuit,
    n_samples: int = 5000,
    bins: int = 75,
    *,
    inputs: ArrayLike | None = None,
    strategy: str = "uniform",
    seed: int | None = None,
    simulator: Any = "aer",
) -> Expressibility:
    """Measure how evenly a circuit covers the space of states when its weights are random.

    Args:
        circuit: a `VariationalCircuit`.
        n_samples: number of pairs of random states.
        bins: number of equal bins of the fidelity; the divergence depends on it, and 75 is the paper's.
        inputs: features held fixed, shape (n_inputs,), or samples of which each state takes one at random,
            shape (m, n_inputs), which measures a feature map; None for zeros.
        strategy: how weights are drawn: "uniform" in [0, 2 pi), or another of ``circuit.initial_weights``.
        seed: the same seed gives the same answer; None for a fresh one.
        simulator: "aer", "native" or an opened simulator without noise.

    Returns:
        The divergence with its finite-sample floor; see `Expressibility`.

    Raises:
        CircuitError: an argument that cannot be used.
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> from .variational import VariationalCircuit
        >>> idle = VariationalCircuit(1, 0, encoding="angle")
        >>> round(expressibility(idle, 100, simulator="native").divergence, 3)  # ln 75
        4.317
    """
    n_samples, bins = check_count("n_samples", n_samples, 1), check_count("bins", bins, 2)
    seed = resolve_seed(seed)
    opened = open_exact(simulator)
    draws = random_draws(circuit, 2 * n_samples, strategy, inputs, generator(seed, "expressibility"))
    fidelities = np.empty(n_samples)
    for rows, states in draws.states(opened):
        overlaps = np.einsum("bi,bi->b", states[0::2].conj(), states[1::2])
        fidelities[rows.start // 2 : rows.start // 2 + len(overlaps)] = np.abs(overlaps) ** 2
    log_haar = _log_haar_bins(circuit.n_qubits, bins)
    counts = _histogram(fidelities, bins)
    divergence, error = _divergence(counts, log_haar)
    # P(F >= f) = (1 - f)**(N - 1) inverted; expm1 and log1p keep small fidelities.
    uniform = generator(seed, "haar floor").random((_FLOOR_REPEATS, n_samples))
    haar_samples = -np.expm1(np.log1p(-uniform) / (2.0**circuit.n_qubits - 1))
    floors = [_divergence(_histogram(sample, bins), log_haar)[0] for sample in haar_samples]
    return Expressibility(
        divergence=divergence,
        standard_error=error,
        haar_floor=float(np.mean(floors)),
        haar_floor_deviation=float(np.std(floors, ddof=1)),
        counts=counts,
        haar=np.exp(log_haar),
        n_qubits=circuit.n_qubits,
        n_samples=n_samples,
        strategy=strategy,
        seed=seed,
        simulator=opened.label,
    )
