"""What happens to a PennyLane tape before the Aer device runs it.

Exact tapes keep their measurements, which are computed from the state. Tapes with shots are split into groups
that one set of samples can answer, rotated into the computational basis, and reduced to one ``qml.sample``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pennylane as qml
from pennylane.devices.preprocess import decompose, validate_device_wires, validate_measurements
from pennylane.measurements import ExpectationMP, SampleMeasurement, StateMeasurement
from pennylane.transforms import broadcast_expand, defer_measurements, split_non_commuting
from pennylane.transforms.core import CompilePipeline, transform

from .aer_circuit import NATIVE_GATES, is_native

__all__ = ["accepts_exact", "accepts_samples", "build_pipeline"]

Postprocessing = Callable[[Sequence[Any]], Any]


def _has_eigenbasis(observable: Any) -> bool:
    if isinstance(observable, qml.ops.CompositeOp):
        return all(_has_eigenbasis(part) for part in observable.operands)
    if isinstance(observable, qml.ops.SymbolicOp):
        return _has_eigenbasis(observable.base)
    return bool(observable.has_diagonalizing_gates)


def accepts_exact(measurement: Any) -> bool:
    """Whether a measurement can be computed from a state.

    Args:
        measurement: a PennyLane measurement process.

    Returns:
        False for samples and counts, which need shots, and for observables without an eigenbasis.

    Example:
        >>> accepts_exact(qml.expval(qml.Z(0))), accepts_exact(qml.counts())
        (True, False)
    """
    if not isinstance(measurement, StateMeasurement):
        return False
    if measurement.obs is None:
        return True
    if isinstance(measurement, ExpectationMP) and measurement.obs.name == "SparseHamiltonian":
        return True
    return _has_eigenbasis(measurement.obs)


def accepts_samples(measurement: Any) -> bool:
    """Whether a measurement can be estimated from samples.

    Args:
        measurement: a PennyLane measurement process.

    Returns:
        False for states and entropies, for observables without an eigenbasis, and for anything but the
        expectation of a sum, whose terms may need different bases.

    Example:
        >>> accepts_samples(qml.counts()), accepts_samples(qml.var(qml.X(0) + qml.Z(0)))
        (True, False)
    """
    if not isinstance(measurement, SampleMeasurement):
        return False
    observable = measurement.obs
    if observable is None:
        return True
    if not _has_eigenbasis(observable):
        return False
    if isinstance(measurement, ExpectationMP):
        return True
    if not isinstance(observable, (qml.ops.CompositeOp, qml.ops.SProd)):
        return True
    return not isinstance(observable.simplify(), qml.ops.Sum)


def _rotated(group: Any) -> Any:
    """The tape with its measurements turned to the computational basis and replaced by one sample."""
    observed = [measurement for measurement in group.measurements if measurement.obs is not None]
    if len(observed) > 1 and all(qml.pauli.is_pauli_word(measurement.obs) for measurement in observed):
        # Pauli words that share wires agree on them: one rotation per wire serves all.
        rotations, _ = qml.pauli.diagonalize_qwc_pauli_words([measurement.obs for measurement in observed])
    else:
        rotations = [gate for measurement in observed for gate in measurement.diagonalizing_gates()]
    return group.copy(
        operations=[*group.operations, *rotations], measurements=[qml.sample(wires=_measured(group))]
    )


def _measured(group: Any) -> Any:
    """Wires that must be sampled, in the tape's order; a measurement without wires means all of them."""
    if any(len(measurement.wires) == 0 for measurement in group.measurements):
        return group.wires
    wanted = set(qml.wires.Wires.all_wires([measurement.wires for measurement in group.measurements]))
    return qml.wires.Wires([wire for wire in group.wires if wire in wanted])


def _read(group: Any, samples: Any) -> Any:
    """The group's results from the samples of its rotated tape, in the shapes PennyLane expects."""
    wires = _measured(group)
    parts = samples if group.shots.has_partitioned_shots else (samples,)
    results = []
    for part in parts:
        bits = np.asarray(part).reshape(-1, len(wires))
        values = tuple(measurement.process_samples(bits, wires) for measurement in group.measurements)
        results.append(values[0] if len(values) == 1 else values)
    return tuple(results) if group.shots.has_partitioned_shots else results[0]


def _first(results: Sequence[Any]) -> Any:
    return results[0]


def _sample_in_groups(tape: Any) -> tuple[Sequence[Any], Postprocessing]:
    if not tape.shots:
        return (tape,), _first
    groups, combine = split_non_commuting(tape)

    def postprocess(results: Sequence[Any]) -> Any:
        return combine(tuple(_read(group, samples) for group, samples in zip(groups, results)))

    return tuple(_rotated(group) for group in groups), postprocess


_sampling_in_groups = transform(_sample_in_groups)


def build_pipeline(wires: Any, name: str) -> Any:
    """The transforms that turn any tape into tapes the Aer device executes.

    Args:
        wires: the device's wires, or None if any are allowed.
        name: the device's name, for messages.

    Returns:
        A PennyLane ``CompilePipeline``.

    Example:
        >>> pipeline = build_pipeline(None, "hybrid.aer")
        >>> tapes, _ = pipeline([qml.tape.QuantumScript([qml.QFT([0, 1])], [qml.probs()])])
        >>> all(is_native(operation) for operation in tapes[0].operations)
        True
    """
    to_native: dict[str, Any] = {
        "stopping_condition": is_native,
        "target_gates": set(NATIVE_GATES),
        "device_wires": wires,
        "name": name,
    }
    pipeline = CompilePipeline()
    pipeline.add_transform(validate_device_wires, wires, name=name)
    pipeline.add_transform(defer_measurements, allow_postselect=False)
    pipeline.add_transform(decompose, **to_native)
    pipeline.add_transform(
        validate_measurements,
        analytic_measurements=accepts_exact,
        sample_measurements=accepts_samples,
        name=name,
    )
    pipeline.add_transform(broadcast_expand)
    pipeline.add_transform(_sampling_in_groups)
    # The rotations of the step before may hold gates that Aer does not know.
    pipeline.add_transform(decompose, **to_native)
    return pipeline
