"""Encoding and trainable layers as one circuit that is read once and then filled with numbers.

The object holds settings only. Its program and the map from inputs and weights to angles are made on first
use and never again; ``table`` then costs microseconds. M. Benedetti, E. Lloyd, S. Sack, M. Fiorentini,
"Parameterized quantum circuits as machine learning models", arXiv 1906.07682, describe the family; A.
Perez-Salinas et al., "Data re-uploading for a universal quantum classifier", arXiv 1907.02085, the repeated
encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from threading import Lock
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray

from .ansatz import Ansatz, ansatz_named
from .arguments import is_torch, to_floats, whole_number
from .circuit_resources import count_resources, draw_figure, draw_text
from .encodings import Encoding, encoding_named
from .errors import CircuitError
from .initial_weights import initial_weights
from .memory import require_memory
from .program import Program
from .slot_map import SlotMap
from .tracing import Trace, trace

__all__ = ["VariationalCircuit"]


class VariationalCircuit:
    """A parametrized circuit on the wires 0 ... N - 1.

    Args:
        n_qubits: number of wires N.
        n_layers: number of trainable layers; 0 leaves the encoding alone, a feature map.
        encoding: a name of `encoding_names`, an `Encoding` object, or None for a circuit without inputs.
        ansatz: a name of `ansatz_names` or an `Ansatz` object.
        reupload: whether the encoding stands before every layer instead of once at the start.

    Attributes:
        n_qubits: N.
        n_layers: number of trainable layers.
        encoding: the encoding object, or None.
        ansatz: the ansatz object.
        reupload: as given.

    Raises:
        CircuitError: an unknown name, a number out of range, or re-uploading of an encoding that cannot be
            repeated.

    Example:
        >>> circuit = VariationalCircuit(2, 1, ansatz="basic_entangler")
        >>> circuit.table(np.array([[0.1, 0.2]]), np.array([[0.3, 0.4]])).tolist()
        [[0.1, 0.2, 0.3, 0.4]]
        >>> [gate.kind for gate in circuit.program.gates]
        ['rx', 'rx', 'rx', 'rx', 'x']
    """

    def __init__(
        self,
        n_qubits: int,
        n_layers: int,
        *,
        encoding: str | Encoding | None = "angle",
        ansatz: str | Ansatz = "strongly_entangling",
        reupload: bool = False,
    ) -> None:
        self.n_qubits = whole_number("n_qubits", n_qubits, 1)
        self.n_layers = whole_number("n_layers", n_layers, 0)
        self.encoding = encoding_named(encoding) if isinstance(encoding, str) else encoding
        self.ansatz = ansatz_named(ansatz) if isinstance(ansatz, str) else ansatz
        self.reupload = bool(reupload)
        if self.encoding is not None and not isinstance(self.encoding, Encoding):
            raise CircuitError(f"encoding is {encoding!r}; it must be a name, an Encoding object, or None")
        if not isinstance(self.ansatz, Ansatz):
            raise CircuitError(f"ansatz is {ansatz!r}; it must be a name or an Ansatz object")
        self._trace: Trace | None = None
        self._lock = Lock()
        self._check_reupload()
        self.n_inputs = 0 if self.encoding is None else self.encoding.n_features(self.n_qubits)
        self.weight_shape = tuple(self.ansatz.weight_shape(self.n_layers, self.n_qubits))
        self.n_weights = prod(self.weight_shape)

    def _check_reupload(self) -> None:
        if not self.reupload:
            return
        if self.encoding is None:
            raise CircuitError("reupload=True needs an encoding; the circuit has none")
        if self.encoding.prepares:
            raise CircuitError(
                f"{self.encoding.name} encoding prepares the first state and cannot be repeated; use another "
                "encoding or reupload=False"
            )
        if self.n_layers == 0:
            raise CircuitError("reupload=True repeats the encoding before every layer, but n_layers is 0")

    def _spec(self) -> tuple[Any, ...]:
        return self.n_qubits, self.n_layers, self.encoding, self.ansatz, self.reupload

    def __eq__(self, other: object) -> bool:
        return self._spec() == other._spec() if isinstance(other, VariationalCircuit) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._spec())

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, self._spec()

    def __repr__(self) -> str:
        more = ", reupload=True" if self.reupload else ""
        return (
            f"VariationalCircuit({self.n_qubits}, {self.n_layers}, encoding={self.encoding!r}, "
            f"ansatz={self.ansatz!r}{more})"
        )

    @property
    def _traced(self) -> Trace:
        if self._trace is None:
            with self._lock:
                if self._trace is None:
                    self._trace = self._read()
        return self._trace

    def _read(self) -> Trace:
        n_angles = 0 if self.encoding is None else self.encoding.n_angles(self.n_qubits)

        def build(angles: Any, weights: dict[str, Any]) -> Any:
            operations = self.gates(angles, weights["weights"])
            if self.encoding is not None and self.encoding.prepares:
                require_memory(self.n_qubits, 48)
                operations.insert(0, qml.StatePrep(np.eye(1, 2**self.n_qubits)[0], range(self.n_qubits)))
            return qml.tape.QuantumScript(operations)

        return trace(build, n_angles, {"weights": self.weight_shape}, wires=range(self.n_qubits))

    @property
    def program(self) -> Program:
        """The structure, with columns of the table in place of angles."""
        return self._traced.program

    @property
    def slots(self) -> SlotMap:
        """The map from encoded angles and flat weights to the table."""
        return self._traced.slots

    def gates(self, angles: Any, weights: Any) -> list[Any]:
        """PennyLane operations for encoded angles, without the preparation of a state.

        Args:
            angles: shape (..., A) as the encoding makes them; ignored without encoding.
            weights: shape ``(..., *weight_shape)``.

        Returns:
            Operations on the wires 0 ... N - 1.
        """
        wires = list(range(self.n_qubits))
        rest = [slice(None)] * (len(self.weight_shape) - 1)
        operations: list[Any] = []
        for number in range(max(self.n_layers, 1)):
            if self.encoding is not None and (number == 0 or self.reupload):
                operations += self.encoding.operations(angles, wires)
            if number < self.n_layers:
                operations += self.ansatz.layer(weights[(..., number, *rest)], wires, number)
        return operations

    def table(self, inputs: Any, weights: Any = None) -> Any:
        """Angles of every execution.

        Args:
            inputs: features, shape (B, n_inputs), NumPy or torch; None without encoding.
            weights: shape ``weight_shape``, or ``(B, *weight_shape)`` for weights of each execution; None
                where there are none.

        Returns:
            Float64 of shape (B, S), a torch tensor, differentiable in both arguments, if any of them is one,
            else a NumPy array.

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.
        """
        torch_like = next((value for value in (inputs, weights) if is_torch(value)), None)
        inputs = self._features(inputs, torch_like)
        flat = self._flat_weights(weights, torch_like)
        angles = inputs if self.encoding is None else self.encoding.angles(inputs)
        return self.slots.table(angles, flat)

    def initial_states(self, inputs: Any) -> Any:
        """States the circuit starts from, where the encoding makes them.

        Args:
            inputs: features, shape (B, n_inputs), NumPy or torch.

        Returns:
            Complex128, shape (B, 2**N), NumPy or torch (differentiable) as given; None for |0...0>.

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.

        Example:
            >>> circuit = VariationalCircuit(1, 0, encoding="amplitude")
            >>> circuit.initial_states(np.array([[3.0, 4.0]])).real.tolist()
            [[0.6, 0.8]]
        """
        if self.encoding is None or not self.encoding.prepares:
            return None
        features = self._features(inputs, inputs if is_torch(inputs) else None)
        return self.encoding.initial_states(features, self.n_qubits)

    def operations(self, inputs: Any = None, weights: Any = None) -> list[Any]:
        """The circuit as PennyLane operations.

        Args:
            inputs: features of one sample, shape (n_inputs,), or of a batch, shape (B, n_inputs), for
                PennyLane's parameter broadcasting; None without encoding.
            weights: shape ``weight_shape``, or ``(B, *weight_shape)``; None where there are none.

        Returns:
            Operations on the wires 0 ... N - 1; their parameters are torch expressions if any argument is.
            Inside a QNode they are its operations, in this order; nothing has to be applied again.

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.

        Example:
            >>> VariationalCircuit(1, 1, ansatz="brick_wall").operations([0.1], [[[0.2]]])
            [RX(array(0.1), wires=[0]), RY(array(0.2), wires=[0])]
        """
        torch_like = next((value for value in (inputs, weights) if is_torch(value)), None)
        features = self._features(inputs, torch_like, single=True)
        flat = self._flat_weights(weights, torch_like)
        if features.ndim == flat.ndim == 2 and len(features) != len(flat):
            raise CircuitError(f"there are {len(features)} samples and {len(flat)} sets of weights")
        shaped = flat.reshape(*flat.shape[:-1], *self.weight_shape)
        encoding = self.encoding
        prepared: list[Any] = []
        if encoding is not None and encoding.prepares:
            # First, because inside a QNode every operation enters the circuit when it is made.
            states = encoding.initial_states(features, self.n_qubits)
            prepared = [qml.StatePrep(states, range(self.n_qubits), validate_norm=False)]
        return prepared + self.gates(None if encoding is None else encoding.angles(features), shaped)

    def tape(self, inputs: Any = None, weights: Any = None, measurements: Sequence[Any] = ()) -> Any:
        """The circuit as a PennyLane tape.

        Args:
            inputs: as in `operations`.
            weights: as in `operations`.
            measurements: PennyLane measurements of the wires 0 ... N - 1.

        Returns:
            A ``qml.tape.QuantumScript``.

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.
        """
        with qml.QueuingManager.stop_recording():
            operations = self.operations(inputs, weights)
        return qml.tape.QuantumScript(operations, list(measurements))

    def initial_weights(self, strategy: str = "gaussian", seed: int | None = None) -> NDArray[np.float64]:
        """Weights to start training from; see `circuits.initial_weights`.

        Args:
            strategy: "gaussian", "identity", "uniform" or "zeros".
            seed: the same seed gives the same weights.

        Returns:
            Shape ``weight_shape``.

        Raises:
            CircuitError: an unknown strategy, or identity blocks where the circuit has none.
        """
        return initial_weights(self, strategy, seed=seed)

    def resources(self) -> dict[str, Any]:
        """Numbers of qubits, inputs, weights and gates, and the depth; see `count_resources`.

        Example:
            >>> VariationalCircuit(3, 1).resources()["gates"]
            {'RX': 3, 'Rot': 3, 'CNOT': 3}
        """
        return count_resources(self)

    def draw(self, inputs: Any = None, weights: Any = None, *, decimals: int = 2, width: int = 100) -> str:
        """The circuit as text.

        Args:
            inputs: features of one sample, shape (n_inputs,); None shows their names.
            weights: shape ``weight_shape``; None shows their names.
            decimals: of numbers.
            width: of a line, in characters, before the drawing continues below.

        Returns:
            Lines, one per wire.

        Raises:
            CircuitError: a wrong shape, or features that cannot be encoded.

        Example:
            >>> print(VariationalCircuit(2, 1, ansatz="basic_entangler").draw())
            0: ──RX(x0)──RX(w[0,0])─╭●─┤
            1: ──RX(x1)──RX(w[0,1])─╰X─┤
        """
        return draw_text(self, inputs, weights, decimals=decimals, width=width)

    def draw_mpl(self, inputs: Any = None, weights: Any = None, *, decimals: int = 2) -> Any:
        """The circuit as a ``matplotlib.figure.Figure``; the arguments are those of `draw`."""
        return draw_figure(self, inputs, weights, decimals=decimals)

    def _features(self, inputs: Any, like: Any, *, single: bool = False) -> Any:
        """Inputs as float64, checked; ``like`` is a tensor if torch is wanted."""
        encoding = self.encoding
        if inputs is None:
            if encoding is not None:
                raise CircuitError(
                    f"inputs are missing; the circuit takes {self.n_inputs} features per sample"
                )
            inputs = np.zeros((1, 0))
        features = to_floats(inputs, like, "inputs")
        legal = (1, 2) if single else (2,)
        if features.ndim not in legal or (encoding is None and features.shape[-1] != 0):
            one = f"({self.n_inputs},) or " if single else ""
            raise CircuitError(
                f"inputs have shape {tuple(features.shape)}; it must be {one}(samples, {self.n_inputs})"
            )
        if encoding is not None:
            encoding.check(features, self.n_qubits)
        return features

    def _flat_weights(self, weights: Any, like: Any) -> Any:
        """Weights as float64, shape (P,) or (B, P)."""
        if weights is None:
            if self.n_weights:
                raise CircuitError(f"weights are missing; their shape is {self.weight_shape}")
            weights = np.zeros(self.weight_shape)
        flat = to_floats(weights, like, "weights")
        axes = len(self.weight_shape)
        if tuple(flat.shape[-axes:]) != self.weight_shape or flat.ndim > axes + 1:
            raise CircuitError(
                f"weights have shape {tuple(flat.shape)}; it must be {self.weight_shape}, or "
                f"(samples, {', '.join(map(str, self.weight_shape))})"
            )
        return flat.reshape(*flat.shape[:-axes], self.n_weights)


def _restore(*spec: Any) -> VariationalCircuit:
    """Copies and pickles of one circuit are one circuit again, which is read from PennyLane only once."""
    try:
        return _restored(*spec)
    except TypeError:  # an encoding or ansatz of the user's that cannot be hashed
        return _restored.__wrapped__(*spec)


@lru_cache(maxsize=64)
def _restored(n_qubits: int, n_layers: int, encoding: Any, ansatz: Any, reupload: bool) -> VariationalCircuit:
    return VariationalCircuit(n_qubits, n_layers, encoding=encoding, ansatz=ansatz, reupload=reupload)
