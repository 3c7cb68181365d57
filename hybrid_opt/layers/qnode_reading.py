"""Reading QNodes: their circuit for given inputs and weights, as a program and a table of angles.

A QNode is read once where its angles are affine functions of inputs and weights. Elsewhere the angles are
taken from its tape as torch expressions, at every forward pass.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pennylane as qml
import torch
from pennylane.devices.preprocess import decompose
from pennylane.operation import StatePrepBase
from pennylane.workflow import construct_batch

from ..circuits.aer_device import AerDevice
from ..circuits.errors import CircuitError
from ..circuits.program import Program
from ..circuits.tape_reading import is_native, read_tape

__all__ = ["QNodeSource", "Reading"]

_TORCH_LAYER = "qml.qnn.TorchLayer takes every QNode"


@dataclass(frozen=True, eq=False)
class Reading:
    """A circuit with its angles as torch values.

    Args:
        program: its structure.
        table: angles, differentiable, shape (B, S).
        initial: states it starts from, differentiable, shape (B, 2**N), or None.
        measurements: on the wires 0 ... N - 1.
    """

    program: Program
    table: torch.Tensor
    initial: torch.Tensor | None
    measurements: tuple[Any, ...]


class QNodeSource:
    """A QNode on the device ``hybrid.aer``, called with inputs and weights by name.

    Pickles hold the place of the QNode's function instead of the function.

    Args:
        qnode: the QNode.
        input_name: its argument that takes the inputs.
        weight_names: its other arguments.

    Raises:
        CircuitError: no QNode, another device, arguments that do not fit, shots given as a list.
    """

    def __init__(self, qnode: Any, input_name: str, weight_names: tuple[str, ...]) -> None:
        if not isinstance(qnode, qml.QNode):
            raise CircuitError(f"qnode is {type(qnode).__name__}; it must be a PennyLane QNode")
        if not isinstance(qnode.device, AerDevice):
            raise CircuitError(
                f"the QNode's device is {qnode.device.name}; this layer runs on hybrid.aer: make the QNode "
                'with qml.device("hybrid.aer"), or use qml.qnn.TorchLayer, which takes every device'
            )
        if qnode.shots.has_partitioned_shots:
            raise CircuitError(f"the QNode has {qnode.shots}; a layer takes one number of shots, or none")
        _check_arguments(qnode, input_name, weight_names)
        self.qnode = qnode
        self.input_name = input_name
        self.weight_names = weight_names

    def __deepcopy__(self, memo: dict[int, Any]) -> QNodeSource:
        return self  # nothing in it changes

    def __reduce__(self) -> tuple[Any, ...]:
        function = self.qnode.func
        module = str(getattr(function, "__module__", ""))
        for name, value in vars(sys.modules.get(module, object)).items():
            if value is self.qnode:
                return _restore, (module, name, self.input_name, self.weight_names)
        label = getattr(function, "__qualname__", repr(function))
        raise CircuitError(
            f"the layer cannot be pickled: its QNode {label} is no global name of {module}. Define the QNode "
            "at the top level of a module, or keep the layer's state_dict() and make the layer anew"
        )

    @property
    def shots(self) -> int | None:
        """The QNode's shots."""
        total = self.qnode.shots.total_shots
        return None if total is None else int(total)

    @property
    def settings(self) -> dict[str, Any]:
        """compute, precision, threads and noise_model of the device."""
        settings: dict[str, Any] = self.qnode.device.settings
        return settings

    def returns_one(self, inputs: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> bool:
        """Whether it returns one measurement by itself, not a list."""
        with qml.queuing.AnnotatedQueue():
            output = self.qnode.func(**{self.input_name: inputs, **weights})
        return isinstance(output, qml.measurements.MeasurementProcess)

    def tape(self, inputs: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> Any:
        """Its tape, after the transforms that its author put on it.

        Args:
            inputs: shape (n,) or (B, n), as the QNode takes them.
            weights: name to tensor.

        Returns:
            A tape with torch parameters, wires as in the QNode.

        Raises:
            CircuitError: transforms that make several tapes, or measurements inside the circuit.
        """
        tapes, _ = construct_batch(self.qnode, level="user")(**{self.input_name: inputs, **weights})
        if len(tapes) != 1:
            raise CircuitError(
                f"the QNode's transforms make {len(tapes)} circuits of one; a layer takes QNodes with one "
                f"circuit, {_TORCH_LAYER}"
            )
        if any(isinstance(operation, qml.measurements.MidMeasureMP) for operation in tapes[0].operations):
            raise CircuitError(f"the QNode measures inside its circuit; {_TORCH_LAYER}")
        return tapes[0]

    def wires(self, tape: Any) -> list[Any]:
        """Labels of the circuit's wires, wire 0 first: the device's, or in the order of their use."""
        if self.qnode.device.wires is not None:
            return list(self.qnode.device.wires)
        used = list(tape.wires)
        return list(range(len(used))) if set(used) == set(range(len(used))) else used

    def read(self, inputs: torch.Tensor, weights: Mapping[str, torch.Tensor]) -> Reading:
        """Build the circuit and take its angles as torch values.

        Args:
            inputs: float64, shape (n,), or (B, n) for PennyLane's parameter broadcasting.
            weights: name to float64 tensor.

        Returns:
            The circuit, with one row for inputs of shape (n,).

        Raises:
            CircuitError: a matrix or the strength of a channel that depends on inputs or weights, or an
                operation that cannot be decomposed.
        """
        tape = self.tape(inputs, weights)
        labels = self.wires(tape)
        (native,), _ = decompose(tape, stopping_condition=is_native, name="circuit", error=CircuitError)
        (native,), _ = qml.map_wires(native, {label: number for number, label in enumerate(labels)})
        _check_fixed(native.measurements)
        (plain,), _ = qml.transforms.convert_to_numpy_parameters(native)
        bound = read_tape(plain, len(labels))
        n_rows = len(inputs) if inputs.ndim == 2 else 1
        columns: list[torch.Tensor] = [torch.zeros(0)] * bound.program.n_slots
        parameters = ((operation, value) for operation in native.operations for value in operation.data)
        for slot, (operation, value) in zip(bound.slots, parameters):
            if slot >= 0:
                column = torch.as_tensor(value, dtype=torch.float64)
                columns[slot] = column.expand(n_rows) if column.ndim == 0 else column
            elif getattr(value, "requires_grad", False) and not isinstance(operation, StatePrepBase):
                raise CircuitError(
                    f"{operation.name} on wires {operation.wires.tolist()} takes a matrix or a strength that "
                    f"depends on inputs or weights; {_TORCH_LAYER}"
                )
        table = torch.stack(columns, dim=1) if columns else torch.zeros((n_rows, 0), dtype=torch.float64)
        initial = None
        if bound.initial is not None:
            state = native.operations[0].state_vector(wire_order=range(len(labels)))
            initial = torch.as_tensor(state, dtype=torch.complex128).reshape(-1, 2 ** len(labels))
            initial = initial.expand(n_rows, -1)
        return Reading(bound.program, table, initial, tuple(native.measurements))

    def broadcasts(self, n_inputs: int, shapes: Mapping[str, tuple[int, ...]]) -> bool:
        """Whether a batch of inputs gives, row by row, what the single samples give, at random places."""
        rng = np.random.default_rng(0)
        inputs = torch.from_numpy(rng.uniform(0.1, 1, (4, n_inputs)) * np.array([[1], [-1], [0.5], [-2]]))
        weights = {name: torch.from_numpy(rng.uniform(-2, 2, shape)) for name, shape in shapes.items()}
        singles = [self.read(row, weights) for row in inputs]
        try:
            batch = self.read(inputs, weights)
        except Exception:  # noqa: BLE001  a function not written for batches may fail in any way
            return False
        return len(batch.table) == len(inputs) and all(
            single.program is batch.program
            and _equal(single.table[0], batch.table[row])
            and _equal(_row(single.initial, 0), _row(batch.initial, row))
            for row, single in enumerate(singles)
        )


def _check_fixed(measurements: Any) -> None:
    for measurement in measurements:
        data = () if measurement.obs is None else measurement.obs.data
        if any(getattr(value, "requires_grad", False) for value in data):
            raise CircuitError(f"{measurement} depends on inputs or weights; {_TORCH_LAYER}")


def _row(states: torch.Tensor | None, row: int) -> torch.Tensor:
    return torch.zeros(0) if states is None else states[row]


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-12, atol=1e-12)


def _check_arguments(qnode: Any, input_name: str, weight_names: tuple[str, ...]) -> None:
    import inspect

    parameters = inspect.signature(qnode.func).parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        raise CircuitError("the QNode takes *args; inputs and weights are handed over by name")
    if input_name in weight_names:
        raise CircuitError(f"{input_name!r} is the name of the inputs and stands among the weights")
    if input_name not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds:
        raise CircuitError(
            f"the QNode has no argument {input_name!r}; its arguments are {sorted(parameters)}: name the one "
            "that takes the inputs with input_name="
        )
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return
    unknown = sorted(set(weight_names) - set(parameters))
    if unknown:
        raise CircuitError(f"weight_shapes name {unknown}, which are no arguments of the QNode")
    needed = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
    missing = sorted(needed - set(weight_names) - {input_name})
    if missing:
        raise CircuitError(f"weight_shapes lack {missing}; every argument but the inputs needs its shape")


def _restore(module: str, name: str, input_name: str, weight_names: tuple[str, ...]) -> QNodeSource:
    try:
        qnode = getattr(import_module(module), name)
    except (AttributeError, ImportError) as error:
        raise CircuitError(
            f"the pickled layer needs the QNode {name} of the module {module}, which is not there; define it "
            "in a module that can be imported here too"
        ) from error
    return QNodeSource(qnode, input_name, weight_names)
