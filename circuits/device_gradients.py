"""Vector-Jacobian products and Jacobians of tapes on the Aer device, by the adjoint sweep.

The states come from the device (one run for all tapes of a structure), the sweep over them is
``adjoint.adjoint_gradient``; a parameter costs one inner product, however many outputs there are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.measurements import ExpectationMP, StateMP
from pennylane.operation import Channel, StatePrepBase

from .adjoint import adjoint_gradient
from .errors import CircuitError
from .readout import PauliReadout
from .state_readout import measurement_cotangents
from .tape_groups import TapeGroup
from .tape_reading import has_slots, is_native

__all__ = ["Gradients", "group_jacobians", "group_vjps", "is_differentiable", "pauli_readout"]

# Readouts are kept for small circuits, where making one takes longer than using it.
_KEPT_QUBITS = 10
_MAX_READOUTS = 64
_readouts: OrderedDict[Any, PauliReadout | None] = OrderedDict()
_lock = Lock()


def is_differentiable(circuit: Any) -> bool:
    """Whether the sweep gives the gradient of a circuit.

    Args:
        circuit: a tape, before or after its decomposition.

    Returns:
        False for shots, channels, sparse Hamiltonians, and trainable parameters that are neither angles nor
        prepared states, such as matrices and coefficients of observables.

    Example:
        >>> import pennylane as qml
        >>> is_differentiable(qml.tape.QuantumScript([qml.RX(0.1, 0)], [qml.expval(qml.Z(0))]))
        True
    """
    if circuit.shots or any(isinstance(operation, Channel) for operation in circuit.operations):
        return False
    if any(m.obs is not None and m.obs.name == "SparseHamiltonian" for m in circuit.measurements):
        return False
    angles = len(circuit.get_parameters(trainable_only=False, operations_only=True))
    for parameter in circuit.trainable_params:
        if parameter >= angles:
            return False
        operation = circuit.par_info[parameter]["op"]
        # What is not native is decomposed to operations that have angles.
        if is_native(operation) and not has_slots(operation) and not isinstance(operation, StatePrepBase):
            return False
    return True


class Gradients(tuple[Any, ...]):
    """Gradients of one tape's trainable parameters, which may differ in shape.

    PennyLane 0.45 calls ``np.squeeze`` on what a device returns; a plain tuple of unequal shapes fails there.
    """

    def squeeze(self) -> NDArray[np.object_]:
        """An array with one entry per parameter; only its shape is looked at."""
        return np.empty(len(self), dtype=object)


def pauli_readout(measurements: Sequence[Any], n_qubits: int) -> PauliReadout | None:
    """The fast readout of a tape's measurements, made once per set of measurements.

    Args:
        measurements: on the wires 0 ... N - 1.
        n_qubits: N.

    Returns:
        None if not all of them are expectation values of real sums of Pauli words.

    Example:
        >>> import pennylane as qml
        >>> pauli_readout([qml.expval(qml.Z(0))], 1) is pauli_readout([qml.expval(qml.Z(0))], 1)
        True
        >>> pauli_readout([qml.probs(wires=[0])], 1) is None
        True
    """
    if not all(isinstance(measurement, ExpectationMP) for measurement in measurements):
        return None
    observables = [measurement.obs for measurement in measurements]
    if any(getattr(observable, "pauli_rep", None) is None for observable in observables):
        return None
    if n_qubits > _KEPT_QUBITS:
        return _make_readout(observables, n_qubits)
    key = (n_qubits, *(_observable_key(observable) for observable in observables))
    with _lock:
        if key in _readouts:
            _readouts.move_to_end(key)
            return _readouts[key]
    readout = _make_readout(observables, n_qubits)
    with _lock:
        _readouts[key] = readout
        while len(_readouts) > _MAX_READOUTS:
            _readouts.popitem(last=False)
    return readout


def _make_readout(observables: Sequence[Any], n_qubits: int) -> PauliReadout | None:
    try:
        return PauliReadout(observables, n_qubits)
    except CircuitError:  # complex coefficients: PennyLane's own measurement takes them
        return None


def _observable_key(observable: Any) -> Any:
    # An operator's own hash rounds coefficients of torch.
    if observable.name in ("PauliX", "PauliY", "PauliZ"):
        return observable.name, observable.wires.labels
    return tuple((word, complex(coefficient)) for word, coefficient in observable.pauli_rep.items())


def group_vjps(
    group: TapeGroup,
    tapes: Sequence[Any],
    states: NDArray[np.complex128],
    cotangents: Sequence[Any],
    *,
    compute: str,
) -> dict[int, Gradients]:
    """Vector-Jacobian products of the tapes of one group.

    Args:
        group: see ``tape_groups``.
        tapes: all tapes that were given; the group says which are its own.
        states: final states of the group's rows, shape (B, 2**N).
        cotangents: for every tape, in the shape of its result.
        compute: "cpu" or "gpu".

    Returns:
        For each of the group's tapes one gradient per trainable parameter.

    Raises:
        CircuitError: a trainable parameter that is no angle and no prepared state.
    """
    back = np.concatenate(
        [
            _cotangent(tapes[number], states[rows], cotangents[number], group.program.n_qubits)
            for number, rows in zip(group.numbers, group.rows)
        ]
    )
    wanted, with_initial = _wanted(group, tapes)
    swept: Any = adjoint_gradient(
        group.program, group.table, states, back, wanted=wanted, with_initial=with_initial,
        compute="cpu" if compute == "cpu" else "auto",
    )  # fmt: skip
    columns, initial = swept if with_initial else (swept, None)
    return {
        number: Gradients(
            _parameter_gradient(tapes[number], parameter, group, columns[rows], initial, rows)
            for parameter in tapes[number].trainable_params
        )
        for number, rows in zip(group.numbers, group.rows)
    }


def group_jacobians(
    group: TapeGroup,
    tapes: Sequence[Any],
    states: NDArray[np.complex128],
    results: Sequence[Any],
    *,
    compute: str,
) -> dict[int, Any]:
    """Jacobians of the tapes of one group, one sweep per output.

    Args:
        group: see ``tape_groups``.
        tapes: all tapes that were given, without parameter broadcasting.
        states: final states of the group's rows.
        results: of all tapes, for their shapes.
        compute: "cpu" or "gpu".

    Returns:
        For each of the group's tapes its Jacobian in PennyLane's nesting: measurements, then parameters.

    Raises:
        CircuitError: a tape with parameter broadcasting.
    """
    jacobians: dict[int, Any] = {}
    for number, rows in zip(group.numbers, group.rows):
        tape = tapes[number]
        if tape.batch_size is not None:
            raise CircuitError(
                "the Jacobian of a tape with parameter broadcasting is not defined by PennyLane"
            )
        alone = TapeGroup(
            group.program, *group.part(rows), numbers=(0,), rows=(slice(0, 1),), slots=group.slots
        )
        single = len(tape.measurements) == 1
        outcomes = (results[number],) if single else tuple(results[number])
        blocks = [
            _block(alone, tape, states[rows], outcomes, position, compute)
            for position in range(len(outcomes))
        ]
        jacobians[number] = blocks[0] if single else tuple(blocks)
    return jacobians


def _block(
    group: TapeGroup,
    tape: Any,
    states: NDArray[np.complex128],
    outcomes: Sequence[Any],
    position: int,
    compute: str,
) -> Any:
    """Derivatives of one measurement's result: one array per parameter, the result's shape first."""
    shape = np.shape(outcomes[position])
    rows = []
    for entry in np.ndindex(*shape):
        ones = [np.zeros(np.shape(outcome)) for outcome in outcomes]
        ones[position][entry] = 1.0
        cotangent = ones[0] if len(ones) == 1 else tuple(ones)
        rows.append(group_vjps(group, [tape], states, [cotangent], compute=compute)[0])
    parameters = [
        np.array([row[number] for row in rows]).reshape(shape + np.shape(rows[0][number]))
        for number in range(len(tape.trainable_params))
    ]
    return parameters[0] if len(parameters) == 1 else tuple(parameters)


def _cotangent(
    tape: Any, states: NDArray[np.complex128], cotangent: Any, n_qubits: int
) -> NDArray[np.complex128]:
    """Cotangents of the final states from cotangents of the results."""
    parts = (cotangent,) if len(tape.measurements) == 1 else tuple(cotangent)
    readout = pauli_readout(tape.measurements, n_qubits)
    if readout is not None:
        weights = np.stack([np.reshape(np.real(part), len(states)) for part in parts], axis=1)
        return readout.cotangents(states, np.asarray(weights, dtype=np.float64))
    # PennyLane hands over dL/dz; torch's convention is its conjugate.
    weights_of = [
        np.conj(part) if isinstance(m, StateMP) else np.asarray(part)
        for m, part in zip(tape.measurements, parts)
    ]
    return measurement_cotangents(tape.measurements, states, weights_of, n_qubits)


def _wanted(group: TapeGroup, tapes: Sequence[Any]) -> tuple[NDArray[np.bool_], bool]:
    """Columns that some tape wants a gradient of, and whether one wants that of its prepared state."""
    wanted = np.zeros(group.program.n_slots, dtype=np.bool_)
    with_initial = False
    for number in group.numbers:
        for parameter in tapes[number].trainable_params:
            if parameter >= len(group.slots):
                raise CircuitError(
                    "an observable has trainable coefficients; the adjoint sweep differentiates angles. "
                    'Use diff_method="parameter-shift" or measure the terms one by one'
                )
            slot = group.slots[parameter]
            if slot >= 0:
                wanted[slot] = True
            elif parameter == 0 and group.program.prepared:
                with_initial = True
            else:
                name = tapes[number].par_info[parameter]["op"].name
                raise CircuitError(
                    f"a parameter of {name} is trainable; the adjoint sweep differentiates angles and "
                    "prepared states. Keep it out of the trainable arguments"
                )
    return wanted, with_initial


def _parameter_gradient(
    tape: Any,
    parameter: int,
    group: TapeGroup,
    columns: NDArray[np.float64],
    initial: NDArray[np.complex128] | None,
    rows: slice,
) -> Any:
    slot = group.slots[parameter]
    if slot >= 0:
        operation = tape.par_info[parameter]["op"]
        batched = np.ndim(operation.data[tape.par_info[parameter]["p_idx"]]) > 0
        return columns[:, slot].copy() if batched else np.asarray(columns[:, slot].sum())
    assert initial is not None
    return _prepared_gradient(tape.operations[0], initial[rows], group.program.n_qubits)


def _prepared_gradient(operation: Any, initial: NDArray[np.complex128], n_qubits: int) -> NDArray[Any]:
    """Gradient with respect to the amplitudes handed to StatePrep, the other wires being |0>."""
    tensor = initial.reshape((len(initial), *(2,) * n_qubits))
    others = [wire for wire in range(n_qubits) if wire not in operation.wires]
    order = [0, *(1 + int(wire) for wire in operation.wires), *(1 + wire for wire in others)]
    amplitudes = np.transpose(tensor, order).reshape(len(initial), 2 ** len(operation.wires), -1)[..., 0]
    gradient = np.conj(amplitudes) if np.iscomplexobj(operation.data[0]) else amplitudes.real
    return gradient if operation.batch_size is not None else gradient.sum(axis=0)
