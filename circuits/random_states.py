"""Random executions of a circuit, and the checks that all diagnostics share."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CircuitError
from .initial_weights import STRATEGIES
from .memory import require_memory
from .simulators import Simulator, open_simulator

if TYPE_CHECKING:
    from .variational import VariationalCircuit

__all__ = [
    "Draws",
    "check_circuit",
    "check_count",
    "draw_weights",
    "generator",
    "open_exact",
    "random_draws",
    "read_inputs",
    "read_widths",
    "resolve_seed",
]

# States are simulated in pieces of at most so many amplitudes (64 MB).
_CHUNK_AMPLITUDES = 2**22


def check_count(name: str, value: Any, least: int) -> int:
    """An integer of at least ``least``.

    Raises:
        CircuitError: anything else; the message names it.

    Example:
        >>> check_count("n_samples", 5, 1)
        5
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise CircuitError(f"{name} is {value!r}; it must be an integer of at least {least}")
    return int(value)


def read_widths(n_qubits: Any) -> list[int]:
    """Different widths in ascending order.

    Raises:
        CircuitError: no list of positive integers, or one that names a width twice.

    Example:
        >>> read_widths((4, 2))
        [2, 4]
    """
    listed = isinstance(n_qubits, (list, tuple, range, np.ndarray))
    if not listed or not len(n_qubits):
        raise CircuitError(f"n_qubits is {n_qubits!r}; it must be a list of widths such as (2, 4, 6)")
    widths = [check_count("n_qubits", width, 1) for width in n_qubits]
    if len(set(widths)) != len(widths):
        raise CircuitError(f"n_qubits names a width twice: {widths}")
    return sorted(widths)


def check_circuit(circuit: Any) -> VariationalCircuit:
    """The circuit itself.

    Raises:
        CircuitError: it is no `VariationalCircuit`.
    """
    from .variational import VariationalCircuit

    if not isinstance(circuit, VariationalCircuit):
        raise CircuitError(f"circuit is {circuit!r}; it must be a VariationalCircuit")
    return circuit


def resolve_seed(seed: int | None) -> int:
    """The given seed, or a fresh one, to be recorded with the result.

    Raises:
        CircuitError: a negative seed, or no integer.
    """
    return secrets.randbelow(2**31) if seed is None else check_count("seed", seed, 0)


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers of one purpose: two purposes of one seed share no stream."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def open_exact(simulator: Any) -> Simulator:
    """A simulator of pure states; see `simulators.open_simulator`.

    Raises:
        CircuitError: an unknown simulator, or one with a noise model.
    """
    opened: Simulator = open_simulator(simulator)
    if getattr(opened, "noise_model", None) is not None:
        raise CircuitError("this diagnostic needs pure states; use a simulator without a noise model")
    return opened


def read_inputs(circuit: VariationalCircuit, inputs: ArrayLike | None) -> NDArray[np.float64]:
    """Samples of features, shape (m, n_inputs), from one sample, several or None (zeros).

    Raises:
        CircuitError: another shape, or an entry that is no finite number.
    """
    check_circuit(circuit)
    if inputs is None:
        return np.zeros((1, circuit.n_inputs))
    try:
        samples = np.asarray(inputs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CircuitError(f"inputs is {inputs!r}; it must be an array of numbers") from error
    if samples.ndim == 1:
        samples = samples[None]
    if samples.ndim != 2 or samples.shape[1] != circuit.n_inputs or not len(samples):
        raise CircuitError(
            f"inputs has shape {np.shape(inputs)}; it must be ({circuit.n_inputs},) for one sample or "
            f"(m, {circuit.n_inputs}) for m of them"
        )
    if not np.isfinite(samples).all():
        raise CircuitError("inputs holds a NaN or infinite value")
    return samples


def draw_weights(
    circuit: VariationalCircuit, strategy: str, n_rows: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Independent initial weights, shape (n_rows, n_weights).

    Raises:
        CircuitError: an unknown strategy, or one that the circuit does not have.
    """
    if strategy not in STRATEGIES:
        legal = ", ".join(map(repr, STRATEGIES))
        raise CircuitError(f"strategy is {strategy!r}; legal strategies are {legal}")
    if strategy == "uniform" or not circuit.n_weights:
        return 2 * np.pi * rng.random((n_rows, circuit.n_weights))
    seeds = rng.integers(2**31, size=n_rows).tolist()
    return np.stack([circuit.initial_weights(strategy, seed=seed).reshape(-1) for seed in seeds])


@dataclass(frozen=True, eq=False)
class Draws:
    """Executions of one circuit, each with its own weights and features.

    Args:
        circuit: the circuit.
        weights: shape (B, n_weights).
        inputs: shape (B, n_inputs).
    """

    circuit: VariationalCircuit
    weights: NDArray[np.float64]
    inputs: NDArray[np.float64]

    def tables(self, copies: int = 48) -> Iterator[tuple[slice, NDArray[np.float64], Any]]:
        """Rows, their table of angles and their initial states, in pieces that fit into memory.

        Pieces hold an even number of rows. ``copies`` is the number of bytes held per amplitude.
        """
        circuit = self.circuit
        piece = max(2, _CHUNK_AMPLITUDES >> circuit.n_qubits)
        require_memory(circuit.n_qubits, copies, min(piece, max(2, len(self.weights))))
        for start in range(0, len(self.weights), piece):
            rows = slice(start, start + piece)
            weights = self.weights[rows]
            weights = weights.reshape(len(weights), *circuit.weight_shape)
            table = circuit.table(self.inputs[rows], weights)
            yield rows, table, circuit.initial_states(self.inputs[rows])

    def states(self, simulator: Simulator) -> Iterator[tuple[slice, NDArray[np.complex128]]]:
        """Rows and their final states, each up to a global phase."""
        for rows, table, initial in self.tables():
            yield rows, simulator.states(self.circuit.program, table, initial, phases=False)


def random_draws(
    circuit: Any, n_rows: int, strategy: str, inputs: ArrayLike | None, rng: np.random.Generator
) -> Draws:
    """Random weights; the features are fixed, or one of the given samples each.

    Raises:
        CircuitError: inputs or a strategy that cannot be used.
    """
    samples = read_inputs(circuit, inputs)
    weights = draw_weights(circuit, strategy, n_rows, rng)
    return Draws(circuit, weights, samples[rng.integers(len(samples), size=n_rows)])
