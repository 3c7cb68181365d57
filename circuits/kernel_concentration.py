"""Kernel concentration: whether the entries of a quantum kernel still differ enough to be measured.

S. Thanasilp, S. Wang, M. Cerezo, Z. Holmes, "Exponential concentration in quantum kernel methods", arXiv
2208.11060: with the number of qubits the entries off the diagonal may approach one value so fast that no
affordable number of shots tells them apart; a model trained on the shots then knows nothing of its inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .gradient_variance import DecayRate, decay_rate
from .random_states import (
    Draws,
    check_count,
    draw_weights,
    generator,
    open_exact,
    read_inputs,
    read_widths,
    resolve_seed,
)

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .simulators import Simulator
    from .variational import VariationalCircuit

__all__ = ["KernelConcentration", "WidthConcentration", "kernel_concentration"]

_ZERO = 1e-12  # smaller differences and eigenvalues are rounding


@dataclass(frozen=True)
class WidthConcentration:
    """Statistics of the kernel matrix of one width.

    Standard errors are by the jackknife over the samples, since entries of one row depend on each other.

    Args:
        n_qubits: width of the circuit; 0 where the kernel does not tell.
        mean: of the entries off the diagonal.
        mean_error: standard error of it.
        variance: of the entries off the diagonal.
        variance_error: standard error of it.
        haar_mean: mean for Haar-random states, 1 / N; NaN for a kernel that was handed over.
        haar_variance: variance for Haar-random states, (N - 1) / (N**2 (N + 1)); NaN likewise.
        effective_rank: exp of the entropy of the normalized spectrum (O. Roy, M. Vetterli, "The effective
            rank", EUSIPCO 2007); near the number of samples, no two samples look alike to the kernel.
        shots_needed: shots per entry until the statistical error of a measured entry k, that is
            sqrt(k (1 - k) / shots), is as small as the spread of the entries: mean(k (1 - k)) / variance;
            infinite without any spread. It holds for entries measured as a frequency, as those of fidelity
            kernels are, and is a rough guide for others.
        spectrum: eigenvalues of the matrix over the number of samples, descending; their sum is 1 where the
            diagonal is.
    """

    n_qubits: int
    mean: float
    mean_error: float
    variance: float
    variance_error: float
    haar_mean: float
    haar_variance: float
    effective_rank: float
    shots_needed: float
    spectrum: tuple[float, ...]


@dataclass(frozen=True)
class KernelConcentration:
    """Concentration of a kernel over widths.

    Args:
        rows: one per width.
        rate: decay of the variance with the number of qubits.
        shots: shots per entry that are affordable.
        n_samples: samples per kernel matrix.
        seed: the seed that was used.
        simulator: what computed the states.
    """

    rows: tuple[WidthConcentration, ...]
    rate: DecayRate
    shots: int
    n_samples: int
    seed: int
    simulator: str

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for every width at which ``shots`` do not resolve the entries."""
        return tuple(
            f"{row.n_qubits or 'unknown number of'} qubits: entries spread by {np.sqrt(row.variance):.2g} "
            f"around {row.mean:.2g}; telling them apart needs about {row.shots_needed:.2g} shots per entry, "
            f"not {self.shots}"
            for row in self.rows
            if row.shots_needed > self.shots
        )

    def table(self) -> pandas.DataFrame:
        """All numbers but the spectra.

        Returns:
            One row per width with the fields of `WidthConcentration`, then resolved (whether ``shots`` are
            enough).
        """
        import pandas

        table = pandas.DataFrame([vars(row) for row in self.rows]).drop(columns="spectrum")
        table["resolved"] = table["shots_needed"] <= self.shots
        return table

    def plot(self) -> Figure:
        """Draw mean and spread of the entries over the qubits, and the spectra.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        figure = Figure(figsize=(9.0, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        spread = [row for row in self.rows if row.variance > 0]
        means = [row.mean for row in self.rows]
        left.plot([row.n_qubits for row in self.rows], means, "s-", color="#c48a2c", label="mean of entries")
        widths = [row.n_qubits for row in spread]
        deviations = [np.sqrt(row.variance) for row in spread]
        left.plot(widths, deviations, "o-", color="#2b6ca3", label="spread of entries")
        noise = [np.sqrt(row.variance * row.shots_needed / self.shots) for row in spread]
        left.plot(widths, noise, "--", color="#b03a2e", label=f"error with {self.shots} shots")
        left.set_yscale("log")
        left.xaxis.set_major_locator(MaxNLocator(integer=True))
        left.set_xlabel("qubits")
        left.set_ylabel("kernel value")
        rate = f": variance {self.rate.slope:.2f} ± {self.rate.error:.2f} per qubit (log2)"
        left.set_title("off the diagonal" + (rate if np.isfinite(self.rate.slope) else ""), fontsize=10)
        left.legend(frameon=False)
        shades = np.linspace(0.35, 1.0, len(self.rows))
        for row, shade in zip(self.rows, shades):
            label = f"{row.n_qubits or '?'} qubits, effective rank {row.effective_rank:.1f}"
            values = [value for value in row.spectrum if value > _ZERO]
            right.semilogy(np.arange(1, len(values) + 1), values, color="#2b6ca3", alpha=shade, label=label)
        right.xaxis.set_major_locator(MaxNLocator(integer=True))
        right.set_xlabel("number of the eigenvalue")
        right.set_ylabel("eigenvalue / samples")
        right.set_title("spectrum of the kernel matrix", fontsize=10)
        right.legend(frameon=False, fontsize=8)
        return figure


def kernel_concentration(
    kernel: Any,
    data: Any = None,
    *,
    n_qubits: Sequence[int] | None = None,
    n_samples: int = 100,
    strategy: str = "uniform",
    shots: int = 1024,
    seed: int | None = None,
    simulator: Any = "aer",
) -> KernelConcentration:
    """Measure how concentrated a kernel's values are, at one width or over several.

    Args:
        kernel: at one width a `VariationalCircuit` (its fidelity kernel is taken) or a kernel, a callable
            ``kernel(X)`` that gives the matrix; over several widths the name of an encoding or a function
            that makes a circuit or a kernel of the width it is called with.
        data: samples, shape (n, features), of which a circuit takes the first ``n_inputs`` columns; a
            function ``data(rng, n_samples, n_inputs)`` that draws them; None for features uniform in the
            range of the encoding ([0, 2 pi) unless it has another), which needs circuits.
        n_qubits: widths; None for the one width of ``kernel``.
        n_samples: samples per kernel matrix where they are drawn, at least 3.
        strategy: how the weights of circuits that have some are drawn, once per width.
        shots: affordable shots per entry, for `KernelConcentration.warnings`.
        seed: the same seed gives the same answer; None for a fresh one.
        simulator: "aer", "native" or an opened simulator without noise; kernels bring their own.

    Returns:
        Statistics of the entries, spectrum, and the shots they need; see `KernelConcentration`.

    Raises:
        CircuitError: an argument that cannot be used, or a matrix that is no kernel matrix with entries in
            [0, 1].
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> found = kernel_concentration("angle", n_qubits=(1, 2, 3), seed=1, simulator="native")
        >>> [row.haar_mean for row in found.rows], len(found.warnings)
        ([0.5, 0.25, 0.125], 0)
    """
    n_samples, shots = check_count("n_samples", n_samples, 3), check_count("shots", shots, 1)
    seed = resolve_seed(seed)
    opened = open_exact(simulator)
    widths: list[int | None] = [None] if n_qubits is None else [*read_widths(n_qubits)]
    rows = []
    for width in widths:
        made = kernel if width is None else _made(kernel, width)
        rng = generator(seed, f"kernel concentration {width}")
        gram, size = _gram(made, data, n_samples, strategy, rng, opened)
        rows.append(_statistics(gram, width or size, haar=not _is_kernel(made)))
    rate = decay_rate(*zip(*[(row.n_qubits, row.variance, row.variance_error) for row in rows]))
    label = opened.label if not _is_kernel(made) else str(getattr(made, "label", "the kernel's own"))
    return KernelConcentration(tuple(rows), rate, shots, len(gram), seed, label)


def _is_kernel(made: Any) -> bool:
    from .variational import VariationalCircuit

    return callable(made) and not isinstance(made, VariationalCircuit)


def _made(kernel: Any, width: int) -> Any:
    from .variational import VariationalCircuit

    if isinstance(kernel, str):
        return VariationalCircuit(width, 0, encoding=kernel)
    if isinstance(kernel, VariationalCircuit) or not callable(kernel):
        raise CircuitError(
            f"kernel is {kernel!r}; with n_qubits it must be the name of an encoding or a function that "
            "makes a circuit or a kernel of a given width"
        )
    return kernel(width)


def _gram(
    made: Any, data: Any, n_samples: int, strategy: str, rng: np.random.Generator, simulator: Simulator
) -> tuple[NDArray[np.float64], int]:
    """The kernel matrix and the number of qubits, 0 if unknown."""
    from .variational import VariationalCircuit

    if _is_kernel(made):
        circuit = getattr(made, "circuit", None)
        size = circuit.n_qubits if isinstance(circuit, VariationalCircuit) else 0
        samples = _samples(data, n_samples, circuit if size else None, rng)
        try:
            gram = np.asarray(made(samples), dtype=np.float64)
        except (TypeError, ValueError) as error:
            if isinstance(error, CircuitError):
                raise
            raise CircuitError(
                f"the kernel {made!r} failed: {error}. A function that makes kernels needs n_qubits"
            ) from error
    elif isinstance(made, VariationalCircuit):
        size = made.n_qubits
        inputs = read_inputs(made, _samples(data, n_samples, made, rng))
        weights = np.repeat(draw_weights(made, strategy, 1, rng), len(inputs), axis=0)
        states = np.empty((len(inputs), 2**size), dtype=np.complex128)
        for rows, part in Draws(made, weights, inputs).states(simulator):
            states[rows] = part
        gram = np.abs(states @ states.conj().T) ** 2
    else:
        raise CircuitError(f"kernel is {made!r}; it must be a VariationalCircuit or a callable kernel(X)")
    return _checked(gram), size


def _checked(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    if gram.ndim != 2 or gram.shape[0] != gram.shape[1] or len(gram) < 3:
        raise CircuitError(f"the kernel matrix has shape {gram.shape}; it must be (n, n), n of at least 3")
    if not np.isfinite(gram).all() or gram.min() < -1e-6 or gram.max() > 1 + 1e-6:
        raise CircuitError("the kernel matrix has entries outside [0, 1]; use a normalized kernel")
    if not np.allclose(gram, gram.T, atol=1e-6):
        raise CircuitError("the kernel matrix is not symmetric")
    return np.clip((gram + gram.T) / 2, 0, 1)


def _samples(
    data: Any, n_samples: int, circuit: VariationalCircuit | None, rng: np.random.Generator
) -> NDArray[np.float64]:
    if circuit is not None and not circuit.n_inputs:
        raise CircuitError(f"{circuit!r} has no inputs, so it makes no kernel; give it an encoding")
    if data is None or callable(data):
        if circuit is None:
            raise CircuitError("this kernel does not tell its number of features; give samples as data")
        shape = (n_samples, circuit.n_inputs)
        if data is None:
            return _uniform(getattr(circuit.encoding, "name", ""), rng, shape)
        samples = np.asarray(data(rng, *shape), dtype=np.float64)
        if samples.shape != shape:
            raise CircuitError(f"data gave samples of shape {samples.shape}, not {shape}")
        return samples
    try:
        samples = np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CircuitError(f"data is {data!r}; it must be samples, a function or None") from error
    least = circuit.n_inputs if circuit is not None else 1
    if samples.ndim != 2 or len(samples) < 3 or samples.shape[1] < least:
        raise CircuitError(
            f"data has shape {samples.shape}; it must be (n, features) with at least 3 samples of at least "
            f"{least} features"
        )
    return samples if circuit is None else samples[:, : circuit.n_inputs]


def _uniform(encoding: str, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    if encoding == "basis":
        return rng.integers(2, size=shape).astype(np.float64)
    if encoding in ("chebyshev", "amplitude"):
        return rng.uniform(-1, 1, shape)
    return 2 * np.pi * rng.random(shape)


def _statistics(gram: NDArray[np.float64], n_qubits: int, *, haar: bool) -> WidthConcentration:
    n = len(gram)
    upper = gram[np.triu_indices(n, 1)]
    pairs, mean = len(upper), float(upper.mean())
    # Central sums of all pairs, then of the pairs that are left without one sample.
    off = gram - mean
    np.fill_diagonal(off, 0)
    left = pairs - (n - 1)
    means = (off.sum() / 2 - off.sum(axis=1)) / left
    squares = ((off**2).sum() / 2 - (off**2).sum(axis=1)) / left
    variances = squares - means**2
    spectrum = np.clip(np.linalg.eigvalsh(gram)[::-1] / n, 0, None)
    shares = spectrum[spectrum > 0] / spectrum.sum()
    variance = float(upper.var()) if np.ptp(upper) > _ZERO else 0.0
    noise = float((upper * (1 - upper)).mean())
    size = 2.0**n_qubits
    return WidthConcentration(
        n_qubits=n_qubits,
        mean=mean,
        mean_error=_jackknife(means),
        variance=variance,
        variance_error=_jackknife(variances),
        haar_mean=1 / size if haar else float("nan"),
        haar_variance=(size - 1) / (size**2 * (size + 1)) if haar else float("nan"),
        effective_rank=float(np.exp(-(shares @ np.log(shares)))),
        shots_needed=noise / variance if variance > 0 else float("inf"),
        spectrum=tuple(spectrum.tolist()),
    )


def _jackknife(left_out: NDArray[np.float64]) -> float:
    return float(np.sqrt((len(left_out) - 1) * left_out.var()))
