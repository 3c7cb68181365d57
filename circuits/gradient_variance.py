"""Barren plateaus: how the variance of the gradient at random weights shrinks with the number of qubits.

J. R. McClean et al., "Barren plateaus in quantum neural network training landscapes", arXiv 1803.11173: for
circuits that are 2-designs it decays as 2**-N. M. Cerezo et al., "Cost function dependent barren plateaus in
shallow parametrized quantum circuits", arXiv 2001.00550: global observables decay exponentially already in
shallow circuits, local ones do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .errors import CircuitError
from .evaluation import Evaluator
from .random_states import Draws, check_count, draw_weights, generator, open_exact, read_widths, resolve_seed
from .readout import PauliReadout

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .simulators import Simulator
    from .variational import VariationalCircuit

__all__ = ["DecayRate", "GradientVariance", "WidthVariance", "decay_rate", "gradient_variance"]

_COLORS = ("#2b6ca3", "#b03a2e", "#5b8c3a", "#8a5a9e", "#b8860b")
_ROUNDING = 1e-12  # smaller derivatives count as 0


@dataclass(frozen=True)
class DecayRate:
    """A straight line through log2(variance) over the number of qubits.

    Args:
        slope: log2 of the variance per qubit: 0 is no decay, -1 that of a 2-design. NaN where there are fewer
            than two widths or a variance of 0.
        error: standard error of the slope; where the points scatter more than their own errors explain, it is
            enlarged by that factor.
        intercept: log2 of the variance that the line gives for 0 qubits.
    """

    slope: float
    error: float
    intercept: float


def decay_rate(n_qubits: Sequence[int], variances: Sequence[float], errors: Sequence[float]) -> DecayRate:
    """Fit the rate at which variances decay with the number of qubits.

    Args:
        n_qubits: widths.
        variances: one per width.
        errors: their standard errors, by which the points are weighted; if one is 0, all count the same.

    Returns:
        The weighted least-squares line through log2(variance).

    Raises:
        CircuitError: lists of unequal length.

    Example:
        >>> round(decay_rate([2, 4, 6], [0.25, 0.0625, 0.015625], [0.01, 0.0025, 0.0006]).slope, 9)
        -1.0
    """
    widths, values, spreads = (np.asarray(row, dtype=np.float64) for row in (n_qubits, variances, errors))
    if not widths.shape == values.shape == spreads.shape or widths.ndim != 1:
        sizes = f"{widths.size} widths, {values.size} variances and {spreads.size} errors"
        raise CircuitError(f"{sizes} were given; there must be equally many")
    if len(widths) < 2 or np.ptp(widths) == 0 or not (values > 0).all():
        return DecayRate(float("nan"), float("nan"), float("nan"))
    logs = np.log2(values)
    known = bool((spreads > 0).all())
    weights = (values * np.log(2) / spreads) ** 2 if known else np.ones_like(logs)
    center = float(np.average(widths, weights=weights))
    moment = float(weights @ (widths - center) ** 2)
    slope = float(weights @ ((widths - center) * logs)) / moment
    intercept = float(np.average(logs, weights=weights)) - slope * center
    freedom = len(widths) - 2
    scatter = float(weights @ (logs - intercept - slope * widths) ** 2) / freedom if freedom else 0.0
    return DecayRate(slope, float(np.sqrt((max(1.0, scatter) if known else scatter) / moment)), intercept)


@dataclass(frozen=True)
class WidthVariance:
    """Variances of one width and one way to draw the initial weights.

    Args:
        n_qubits: width of the circuit.
        n_layers: its layers.
        n_weights: its number of weights, P.
        strategy: how the weights were drawn.
        variance: of a component of the gradient, mean over all P components.
        variance_error: standard error of it.
        parameter: index of the chosen weight in ``weight_shape``.
        parameter_variance: variance of the derivative with respect to the chosen weight.
        parameter_error: standard error of it.
        mean_square: mean squared component of the gradient. It exceeds the variance where gradients have a
            direction in common, as at a start by identity blocks.
    """

    n_qubits: int
    n_layers: int
    n_weights: int
    strategy: str
    variance: float
    variance_error: float
    parameter: tuple[int, ...]
    parameter_variance: float
    parameter_error: float
    mean_square: float


@dataclass(frozen=True)
class GradientVariance:
    """Variances of the gradient over widths and strategies.

    Args:
        rows: one per strategy and width.
        rates: for every strategy, the decay of the mean over all weights.
        parameter_rates: for every strategy, the decay for the chosen weight.
        observable: what was differentiated.
        n_samples: random weights per width and strategy.
        seed: the seed that was used.
        simulator: what computed the states.
    """

    rows: tuple[WidthVariance, ...]
    rates: dict[str, DecayRate]
    parameter_rates: dict[str, DecayRate]
    observable: str
    n_samples: int
    seed: int
    simulator: str

    def table(self) -> pandas.DataFrame:
        """All numbers.

        Returns:
            One row per strategy and width with the fields of `WidthVariance`, then rate, rate_error,
            parameter_rate and parameter_rate_error of the strategy.
        """
        import pandas

        table = pandas.DataFrame([vars(row) for row in self.rows])
        for prefix, rates in (("rate", self.rates), ("parameter_rate", self.parameter_rates)):
            table[prefix] = [rates[row.strategy].slope for row in self.rows]
            table[f"{prefix}_error"] = [rates[row.strategy].error for row in self.rows]
        return table

    def plot(self) -> Figure:
        """Draw the mean variance over the number of qubits with the fitted lines.

        Returns:
            A matplotlib figure that belongs to no window; save it with ``savefig``.
        """
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.set_yscale("log", base=2)
        for number, (strategy, rate) in enumerate(self.rates.items()):
            rows = [row for row in self.rows if row.strategy == strategy and row.variance > 0]
            widths = np.array([row.n_qubits for row in rows], dtype=np.float64)
            heights = np.array([row.variance for row in rows])
            errors = np.array([min(row.variance_error, 0.9 * row.variance) for row in rows])
            color = _COLORS[number % len(_COLORS)]
            label = strategy
            if np.isfinite(rate.slope):
                label += f": {rate.slope:.2f} ± {rate.error:.2f} per qubit"
                axes.plot(widths, 2 ** (rate.intercept + rate.slope * widths), color=color, linewidth=1.2)
            axes.errorbar(widths, heights, errors, fmt="o", color=color, markersize=5, capsize=3, label=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("qubits")
        axes.set_ylabel("variance of the gradient")
        axes.set_title(f"observable: {self.observable}; slopes of log2(variance)", fontsize=10)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        return figure


def gradient_variance(
    circuits: Any = "strongly_entangling",
    *,
    n_qubits: Sequence[int] = (2, 4, 6, 8),
    n_layers: int | Callable[[int], int] | None = None,
    observable: Any = "local",
    strategies: Sequence[str] = ("uniform",),
    parameter: int | tuple[int, ...] | None = None,
    n_samples: int = 200,
    seed: int | None = None,
    simulator: Any = "aer",
) -> GradientVariance:
    """Scan the variance of the gradient of <O> over widths and ways to draw the initial weights.

    Gradients are exact: for each width one batch of states and one adjoint sweep. Features of circuits with
    an encoding stay at zero.

    Args:
        circuits: an ansatz (its name or object), or a function that makes a `VariationalCircuit` of the width
            it is called with.
        n_qubits: widths.
        n_layers: for an ansatz: layers, the same for all widths or a function of the width; None for as many
            layers as qubits.
        observable: "local" (Z on wire 0), "global" (product of Z over all wires), a PennyLane operator, or a
            function of the width that makes one. The projector of Cerezo et al., of smaller variance still,
            is ``lambda n: qml.prod(*[(qml.I(w) + qml.Z(w)) / 2 for w in range(n)])``. Identity blocks start
            in |0...0>, where "local" and "global" are largest and all gradients 0: choose another one there.
        strategies: ways to draw the weights: "uniform" in [0, 2 pi), or others of ``initial_weights``.
        parameter: the chosen weight, as index into the flat weights or into ``weight_shape``; None for the
            first one that has any influence (a rotation about Z that acts on |0> has none).
        n_samples: random weights per width and strategy, at least 2.
        seed: the same seed gives the same answer; None for a fresh one.
        simulator: "aer", "native" or an opened simulator without noise.

    Returns:
        Variances with their standard errors and the fitted decay; see `GradientVariance`.

    Raises:
        CircuitError: an argument that cannot be used.
        CircuitTooLargeError: the states do not fit into free memory.

    Example:
        >>> scan = gradient_variance(
        ...     "basic_entangler", n_qubits=(2, 3), n_layers=1, n_samples=10, seed=1, simulator="native"
        ... )
        >>> [(row.n_qubits, row.n_weights) for row in scan.rows]
        [(2, 2), (3, 3)]
    """
    n_samples = check_count("n_samples", n_samples, 2)
    widths = read_widths(n_qubits)
    names = _read_strategies(strategies)
    seed = resolve_seed(seed)
    opened = open_exact(simulator)
    rows: list[WidthVariance] = []
    for width in widths:
        circuit = _circuit_of(circuits, width, n_layers)
        readout = PauliReadout([_observable_of(observable, width)], width)
        rng = generator(seed, f"gradient variance {width}")
        weights = np.concatenate([draw_weights(circuit, name, n_samples, rng) for name in names])
        gradients = _gradients(circuit, weights, readout, opened).reshape(len(names), n_samples, -1)
        index = _parameter_index(parameter, circuit, gradients)
        place = tuple(int(part) for part in np.unravel_index(index, circuit.weight_shape))
        for name, sample in zip(names, gradients):
            numbers = (*_mean_variance(sample), place, *_mean_variance(sample[:, index : index + 1]))
            square = float((sample**2).mean())
            rows.append(WidthVariance(width, circuit.n_layers, circuit.n_weights, name, *numbers, square))
    ordered = tuple(row for name in names for row in rows if row.strategy == name)
    rates, parameter_rates = {}, {}
    for name in names:
        own = [row for row in rows if row.strategy == name]
        of_mean = [(row.n_qubits, row.variance, row.variance_error) for row in own]
        of_one = [(row.n_qubits, row.parameter_variance, row.parameter_error) for row in own]
        rates[name], parameter_rates[name] = decay_rate(*zip(*of_mean)), decay_rate(*zip(*of_one))
    label = observable if isinstance(observable, str) else "given by the caller"
    return GradientVariance(ordered, rates, parameter_rates, label, n_samples, seed, opened.label)


def _mean_variance(gradients: NDArray[np.float64]) -> tuple[float, float]:
    """Variance, mean over the columns, and its standard error, of a sample of shape (n, columns)."""
    n = len(gradients)
    deviations = gradients - gradients.mean(axis=0)
    if not (np.abs(deviations) > _ROUNDING).any():
        return 0.0, 0.0
    squares = (deviations**2).mean(axis=1) * n / (n - 1)
    return float(squares.mean()), float(squares.std(ddof=1) / np.sqrt(n))


def _gradients(
    circuit: VariationalCircuit, weights: NDArray[np.float64], readout: PauliReadout, simulator: Simulator
) -> NDArray[np.float64]:
    evaluator = Evaluator(circuit.program, readout, simulator=simulator, gradient="adjoint")
    draws = Draws(circuit, weights, np.zeros((len(weights), circuit.n_inputs)))
    # The table is affine in the weights: unit vectors tell by which matrix (weights, slots) they enter it.
    units = np.eye(circuit.n_weights + 1, circuit.n_weights, k=-1).reshape(-1, *circuit.weight_shape)
    tables = circuit.table(np.zeros((len(units), circuit.n_inputs)), units)
    into_slots = tables[1:] - tables[0]
    wanted = np.asarray(into_slots.any(axis=0))
    gradients = np.empty_like(weights)
    # States, their cotangents and the copies that the sweep works on: six vectors of 16 bytes.
    for rows, table, initial in draws.tables(96):
        evaluation = evaluator.evaluate(table, initial)
        of_slots = evaluator.vjp(evaluation, np.ones((len(table), 1)), wanted=wanted)
        gradients[rows] = of_slots @ into_slots.T
    return gradients


def _read_strategies(strategies: Any) -> list[str]:
    names = [strategies] if isinstance(strategies, str) else strategies
    words = isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)
    if not words or not names or len(set(names)) != len(names):
        raise CircuitError(f'strategies is {strategies!r}; it must list different words such as "uniform"')
    return list(names)


def _circuit_of(circuits: Any, width: int, n_layers: Any) -> VariationalCircuit:
    from .variational import VariationalCircuit

    if callable(circuits):
        if n_layers is not None:
            raise CircuitError("n_layers was given with a function that makes circuits; let that set layers")
        circuit = circuits(width)
        if not isinstance(circuit, VariationalCircuit) or circuit.n_qubits != width:
            raise CircuitError(
                f"circuits({width}) gave {circuit!r}; it must be a VariationalCircuit on {width} qubits"
            )
    else:
        depth = width if n_layers is None else n_layers(width) if callable(n_layers) else n_layers
        circuit = VariationalCircuit(width, check_count("n_layers", depth, 1), encoding=None, ansatz=circuits)
    if not circuit.n_weights:
        raise CircuitError(f"the circuit of width {width} has no weights, so it has no gradient")
    return circuit


def _observable_of(observable: Any, width: int) -> Any:
    if isinstance(observable, str) and observable == "local":
        return qml.Z(0)
    if isinstance(observable, str) and observable == "global":
        return qml.prod(*[qml.Z(wire) for wire in range(width)]) if width > 1 else qml.Z(0)
    if isinstance(observable, qml.operation.Operator):
        return observable
    if callable(observable):
        return observable(width)
    raise CircuitError(
        f'observable is {observable!r}; it must be "local", "global", a PennyLane operator or a function of '
        "the number of qubits that makes one"
    )


def _parameter_index(parameter: Any, circuit: VariationalCircuit, gradients: NDArray[np.float64]) -> int:
    """Flat index of the chosen weight; gradients has the shape (strategies, samples, weights)."""
    shape = circuit.weight_shape
    if parameter is None:
        return int(np.argmax(np.abs(gradients).max(axis=(0, 1)) > _ROUNDING))
    try:
        if isinstance(parameter, tuple):
            return int(np.ravel_multi_index(parameter, shape))
        return range(circuit.n_weights).index(parameter)
    except (TypeError, ValueError) as error:
        raise CircuitError(
            f"parameter is {parameter!r}; for {circuit.n_qubits} qubits it must be an index into the shape "
            f"{shape} or an integer below {circuit.n_weights}"
        ) from error
