"""Reading a circuit once: its program, and its table of angles as an affine function of inputs and weights.

Building a PennyLane tape costs milliseconds, filling a table of angles microseconds. `trace` builds the tape
at a few random places, takes the derivative of every angle by torch's automatic differentiation, and checks
that the angles are affine and the structure is always the same. From then on `SlotMap.table` stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray
from pennylane.devices.preprocess import decompose

from .arguments import is_torch, to_floats
from .errors import CircuitError
from .program import Program
from .slot_map import SlotMap
from .tape_reading import BoundProgram, is_native, read_tape

__all__ = ["NotAffineError", "Trace", "trace"]

_TOLERANCE = 1e-9
_NAME = "circuit"


class NotAffineError(CircuitError):
    """An angle is no affine function of inputs and weights, or the structure depends on their values."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A circuit, read once.

    Args:
        program: its structure.
        slots: its angles as a function of inputs and weights.
        measurements: of the tape, on the wires 0 ... N - 1.
        initial: the state it starts from, shape (2**N,), or None for |0...0>.
        weight_shapes: name to shape; flat weights hold them in this order.
    """

    program: Program
    slots: SlotMap
    measurements: tuple[Any, ...]
    initial: NDArray[np.complex128] | None
    weight_shapes: dict[str, tuple[int, ...]]

    def flat_weights(self, weights: Mapping[str, Any]) -> Any:
        """All weights as one vector.

        Args:
            weights: name to torch tensor or NumPy array.

        Returns:
            Float64, shape (P,), in the order of ``weight_shapes``; differentiable if torch.

        Raises:
            CircuitError: a missing or superfluous name, or a wrong shape.
        """
        _check_weights(weights, self.weight_shapes)
        given = [weights[name] for name in self.weight_shapes]
        like = next((value for value in given if is_torch(value)), None)
        parts = [to_floats(value, like, name).reshape(-1) for name, value in zip(self.weight_shapes, given)]
        if len(parts) == 1:
            return parts[0]
        if like is None:
            return np.concatenate([np.zeros(0), *parts])
        import torch

        return torch.cat(parts)


def trace(
    build: Callable[[Any, dict[str, Any]], Any],
    n_inputs: int,
    weight_shapes: Mapping[str, Sequence[int]],
    *,
    wires: Sequence[Any] | None = None,
    broadcast: bool = False,
    seed: int = 0,
) -> Trace:
    """Read a circuit.

    Args:
        build: takes inputs, a float64 torch tensor of shape (n_inputs,), and a dict of float64 torch tensors;
            returns a PennyLane tape whose angles are torch expressions of these.
        n_inputs: number of inputs of one sample.
        weight_shapes: name to shape of every weight.
        wires: wire labels in order, wire 0 first; None for the order in which the tape uses them.
        broadcast: whether build expects a batch of inputs, shape (3, n_inputs), and uses PennyLane's
            parameter broadcasting.
        seed: of the random places where the circuit is built.

    Returns:
        The trace.

    Raises:
        NotAffineError: an angle that is not affine, such as one holding x**2 or x times w (the message names
            the gate); a matrix, a state, the strength of a channel or an observable that depends on inputs
            or weights; a structure that differs from place to place.
        CircuitError: build returns no tape, or an operation has no decomposition into native gates.

    Note:
        Affinity is checked at four random places of different sign and size. A function that deviates from an
        affine one only elsewhere is not noticed.

    Example:
        >>> def build(inputs, weights):
        ...     gates = [qml.RX(2 * inputs[0], 0), qml.RY(weights["w"][1], 0)]
        ...     return qml.tape.QuantumScript(gates, [qml.expval(qml.Z(0))])
        >>> traced = trace(build, 1, {"w": (2,)})
        >>> traced.slots.table(np.array([[0.1], [0.2]]), np.array([3.0, 4.0])).tolist()
        [[0.2, 4.0], [0.4, 4.0]]
    """
    import torch

    shapes = {name: tuple(int(length) for length in shape) for name, shape in weight_shapes.items()}
    labels = None if wires is None else list(wires)
    # The first call may come under no_grad(), inference_mode() or another default device.
    with torch.inference_mode(False), torch.enable_grad(), torch.device("cpu"):
        return _trace(build, _places(n_inputs, shapes, seed, 3 if broadcast else None), labels, shapes)


def _trace(
    build: Callable[[Any, dict[str, Any]], Any],
    places: list[tuple[Any, dict[str, Any]]],
    labels: list[Any] | None,
    shapes: dict[str, tuple[int, ...]],
) -> Trace:
    inputs, weights = places[0]
    tape = _native_tape(build, inputs, weights, labels)
    labels = list(tape.wires) if labels is None else labels
    first = _Reading(tape, labels)
    slots = _slot_map(first, inputs, weights)
    _check_affine(first, slots, inputs, weights)
    for inputs, weights in places[1:]:
        reading = _Reading(_native_tape(build, inputs, weights, labels), labels)
        if reading.bound.program is not first.bound.program:
            raise NotAffineError(
                "the gates of the circuit depend on the values of inputs or weights; only angles may"
            )
        _check_affine(reading, slots, inputs, weights)
    return Trace(first.bound.program, slots, tuple(first.tape.measurements), first.bound.initial, shapes)


class _Reading:
    """A tape on the wires 0 ... N - 1, its program, and for every column of the table a torch value."""

    def __init__(self, tape: Any, labels: list[Any]) -> None:
        unknown = [wire for wire in tape.wires if wire not in labels]
        if unknown:
            raise CircuitError(f"the circuit uses the wires {unknown}, which are not among {labels}")
        numbers = {label: number for number, label in enumerate(labels)}
        if list(labels) != list(range(len(labels))):
            (tape,), _ = qml.map_wires(tape, numbers)
        self.tape = tape
        self._check_fixed()
        (plain,), _ = qml.transforms.convert_to_numpy_parameters(tape)
        self.bound: BoundProgram = read_tape(plain, len(labels))
        self.columns: list[Any] = [None] * self.bound.program.n_slots
        self.owners: list[Any] = [None] * self.bound.program.n_slots
        parameters = ((operation, value) for operation in tape.operations for value in operation.data)
        for slot, (operation, value) in zip(self.bound.slots, parameters):
            if slot >= 0:
                self.columns[slot], self.owners[slot] = value, operation
            elif _depends(value):
                raise NotAffineError(
                    f"{_name(operation)} takes a matrix, a state or a strength that depends on inputs or "
                    "weights; only rotation angles may"
                )

    def _check_fixed(self) -> None:
        for measurement in self.tape.measurements:
            observable = measurement.obs
            if observable is not None and any(_depends(value) for value in observable.data):
                raise NotAffineError(f"{measurement} depends on inputs or weights; only rotation angles may")


def _name(operation: Any) -> str:
    return f"{operation.name} on wires {operation.wires.tolist()}"


def _depends(value: Any) -> bool:
    return bool(getattr(value, "requires_grad", False))


def _places(
    n_inputs: int, shapes: Mapping[str, tuple[int, ...]], seed: int, rows: int | None
) -> list[tuple[Any, dict[str, Any]]]:
    """Random inputs and weights: small, mirrored (finds kinks at 0), positive, large (finds clipping)."""
    import torch

    rng = np.random.default_rng(seed)

    def draw(shape: tuple[int, ...]) -> NDArray[np.float64]:
        numbers: NDArray[np.float64] = rng.uniform(0.05, 1.0, shape) * rng.choice([-1.0, 1.0], shape)
        return numbers

    shape = (n_inputs,) if rows is None else (rows, n_inputs)
    arrays = [(draw(shape), {name: draw(shape) for name, shape in shapes.items()}) for _ in range(3)]
    (start, weights), (second, second_weights), (large, large_weights) = arrays
    numbers = [
        (start, weights),
        (-start, {name: -array for name, array in weights.items()}),
        (np.abs(second), {name: np.abs(array) for name, array in second_weights.items()}),
        (10 * large, {name: 10 * array for name, array in large_weights.items()}),
    ]
    return [
        (
            torch.tensor(inputs, requires_grad=True),
            {name: torch.tensor(array, requires_grad=True) for name, array in weights.items()},
        )
        for inputs, weights in numbers
    ]


def _native_tape(
    build: Callable[[Any, dict[str, Any]], Any], inputs: Any, weights: dict[str, Any], labels: Any
) -> Any:
    tape = build(inputs, weights)
    if not isinstance(tape, qml.tape.QuantumScript):
        raise CircuitError(f"build returned {type(tape).__name__}; it must return a PennyLane tape")
    (native,), _ = decompose(tape, stopping_condition=is_native, name=_NAME, error=CircuitError)
    return native


def _slot_map(reading: _Reading, inputs: Any, weights: dict[str, Any]) -> SlotMap:
    """Derivatives of every angle, and what remains at zero."""
    import torch

    leaves = [inputs, *weights.values()]
    starts = np.cumsum([0, *(leaf.numel() for leaf in leaves[1:])])
    entries: list[list[tuple[int, int, float]]] = [[], []]
    width = inputs.shape[-1]
    constant = np.zeros(len(reading.columns))
    for slot, column in enumerate(reading.columns):
        value = column
        if _depends(column):
            # Rows of a broadcast batch are alike: the first one stands for all.
            value = column.reshape(-1)[0]
            gradients = torch.autograd.grad(value, leaves, retain_graph=True, allow_unused=True)
            if gradients[0] is not None:
                row = gradients[0].reshape(-1, width)[0].numpy() if width else np.zeros(0)
                entries[0] += [(int(i), slot, float(row[i])) for i in np.flatnonzero(row)]
            for start, gradient in zip(starts, gradients[1:]):
                if gradient is not None:
                    flat = gradient.reshape(-1).numpy()
                    entries[1] += [(int(start + i), slot, float(flat[i])) for i in np.flatnonzero(flat)]
            value = value.detach()
        constant[slot] = float(np.asarray(value).reshape(-1)[0])
    slots = SlotMap(width, int(starts[-1]), entries[0], entries[1], np.zeros(len(constant)))
    table = slots.table(_rows(inputs)[:1], _flat(weights))
    return slots.with_constant(_cleaned(constant - table[0], constant))


def _cleaned(rest: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounding left over from the subtraction, set to zero."""
    rest[np.abs(rest) < 1e-13 * np.maximum(1.0, np.abs(values))] = 0.0
    return rest


def _rows(inputs: Any) -> NDArray[np.float64]:
    rows: NDArray[np.float64] = inputs.detach().numpy()
    return rows if rows.ndim == 2 else rows[None]


def _flat(weights: Mapping[str, Any]) -> NDArray[np.float64]:
    parts = [weight.detach().numpy().reshape(-1) for weight in weights.values()]
    return np.concatenate(parts) if parts else np.zeros(0)


def _check_affine(reading: _Reading, slots: SlotMap, inputs: Any, weights: dict[str, Any]) -> None:
    table = slots.table(_rows(inputs), _flat(weights))
    actual = reading.bound.table
    if len(actual) not in (1, len(table)):
        raise NotAffineError(
            f"a batch of {len(table)} samples gives {len(actual)} sets of angles; every sample must give one"
        )
    close = np.abs(actual - table) <= _TOLERANCE * np.maximum(1.0, np.abs(table))
    if not close.all():
        slot = int(np.argwhere(~close)[0, 1])
        raise NotAffineError(
            f"the angle of {_name(reading.owners[slot])} is no affine function of inputs and weights (a sum "
            "of multiples of them, plus a constant); move the nonlinear part in front of the circuit"
        )


def _check_weights(weights: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    if set(weights) != set(shapes):
        raise CircuitError(f"weights are named {sorted(weights)}; the circuit needs {sorted(shapes)}")
    for name, shape in shapes.items():
        given = tuple(np.shape(weights[name]))
        if given != shape:
            raise CircuitError(f"weight {name!r} has shape {given}; it must be {shape}")
