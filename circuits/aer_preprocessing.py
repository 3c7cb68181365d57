"""What happens to a PennyLane tape before the Aer device runs it.

Exact tapes keep their measurements, which are computed from the state. Tapes with shots are split into groups
that one set of samples can answer, rotated into the computational basis, and reduced to one measurement of
frequencies or, where single samples are asked for, of samples. A batch of parameters stays one tape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pennylane as qml
from pennylane.devices.preprocess import decompose, validate_device_wires, validate_measurements
from pennylane.measurements import (
    CountsMP,
    ExpectationMP,
    ProbabilityMP,
    SampleMeasurement,
    SampleMP,
    StateMeasurement,
    StateMP,
    VarianceMP,
)
from pennylane.operation import StatePrepBase
from pennylane.transforms import broadcast_expand, defer_measurements, split_non_commuting
from pennylane.transforms.core import CompilePipeline, transform

from .identity_measurements import identity_results, merge_results, plain_probabilities
from .tape_reading import has_slots, is_native, native_gates

__all__ = ["accepts_exact", "accepts_samples", "build_pipeline"]

Postprocessing = Callable[[Sequence[Any]], Any]

# Frequencies of all outcomes are kept up to this many wires, single samples beyond.
_FREQUENCY_WIRES = 12
_OF_ALL_WIRES = (CountsMP, ProbabilityMP, SampleMP, StateMP)


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


def _as_one_batch(tape: Any) -> tuple[Sequence[Any], Postprocessing]:
    """Expand a batch only where it sits in something other than angles, such as a matrix."""
    if tape.batch_size is None:
        return (tape,), _first
    for number, operation in enumerate(tape.operations):
        prepares = number == 0 and isinstance(operation, StatePrepBase)
        if operation.batch_size is not None and not prepares and not has_slots(operation):
            expanded: tuple[Sequence[Any], Postprocessing] = broadcast_expand(tape)
            return expanded
    return (tape,), _first


_keeping_batches = transform(_as_one_batch)


def _name_wires(tape: Any) -> tuple[Sequence[Any], Postprocessing]:
    """Measurements of all wires name them: decomposition may change their order, or lose one."""
    named = [
        type(m)(wires=tape.wires, **({"all_outcomes": m.all_outcomes} if isinstance(m, CountsMP) else {}))
        if type(m) in _OF_ALL_WIRES and m.obs is None and m.mv is None and not m.wires and tape.wires
        else m
        for m in tape.measurements
    ]
    return (tape.copy(measurements=named),), _first


_naming_wires = transform(_name_wires)


def _decompose_batch(tape: Any, settings: Any) -> tuple[Sequence[Any], Postprocessing]:
    """Decompose; some of PennyLane's decompositions do not take a batch, whose members then go alone."""
    try:
        decomposed: tuple[Sequence[Any], Postprocessing] = decompose(tape, **settings)
    except (IndexError, TypeError, ValueError):
        if tape.batch_size is None:
            raise
        members, combine = broadcast_expand(tape)
        return tuple(decompose(member, **settings)[0][0] for member in members), combine
    return decomposed


_decomposing = transform(_decompose_batch)


def _measured(group: Any) -> Any:
    """Wires that must be sampled, in the tape's order; a measurement without wires means all of them."""
    if any(len(measurement.wires) == 0 for measurement in group.measurements):
        return group.wires
    wanted = set(qml.wires.Wires.all_wires([measurement.wires for measurement in group.measurements]))
    return qml.wires.Wires([wire for wire in group.wires if wire in wanted])


def _by_frequencies(group: Any) -> bool:
    """Whether frequencies of outcomes answer every measurement of the group."""
    return (
        not group.shots.has_partitioned_shots
        and (not group.shots or len(_measured(group)) <= _FREQUENCY_WIRES)
        and all(isinstance(m, (ExpectationMP, VarianceMP, ProbabilityMP)) for m in group.measurements)
    )


def _rotated(group: Any) -> Any:
    """The tape with its measurements turned to the computational basis and replaced by a single one."""
    observed = [measurement for measurement in group.measurements if measurement.obs is not None]
    if len(observed) > 1 and all(qml.pauli.is_pauli_word(measurement.obs) for measurement in observed):
        # Pauli words that share wires agree on them: one rotation per wire serves all.
        rotations, _ = qml.pauli.diagonalize_qwc_pauli_words([measurement.obs for measurement in observed])
    else:
        rotations = [gate for measurement in observed for gate in measurement.diagonalizing_gates()]
    wires = _measured(group)
    measurement = qml.probs(wires=wires) if _by_frequencies(group) else qml.sample(wires=wires)
    return group.copy(operations=[*group.operations, *rotations], measurements=[measurement])


def _read(group: Any, result: Any) -> Any:
    """The group's results from the single result of its rotated tape, in the shapes PennyLane expects."""
    if _by_frequencies(group):
        return _one_or_all([_from_frequencies(m, np.asarray(result), group) for m in group.measurements])
    wires = _measured(group)
    parts = result if group.shots.has_partitioned_shots else (result,)
    results = []
    for part in parts:
        bits = np.asarray(part)
        bits = bits.reshape(*((-1,) if group.batch_size is None else (group.batch_size, -1)), len(wires))
        results.append(_one_or_all([m.process_samples(bits, wires) for m in group.measurements]))
    return tuple(results) if group.shots.has_partitioned_shots else results[0]


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _from_frequencies(measurement: Any, frequencies: Any, group: Any) -> Any:
    """One measurement from frequencies of shape (..., 2**k) on the group's measured wires."""
    measured = _measured(group)
    wires = measurement.wires if len(measurement.wires) else measured
    batch = frequencies.shape[:-1]
    tensor = frequencies.reshape(*batch, *(2,) * len(measured))
    axes = [len(batch) + measured.index(wire) for wire in wires]
    others = [axis for axis in range(len(batch), tensor.ndim) if axis not in axes]
    marginal = np.transpose(tensor, [*range(len(batch)), *axes, *others]).reshape(*batch, 2 ** len(wires), -1)
    marginal = marginal.sum(axis=-1)
    if isinstance(measurement, ProbabilityMP):
        return marginal
    eigenvalues = np.asarray(measurement.eigvals()).real
    mean = marginal @ eigenvalues
    if isinstance(measurement, ExpectationMP):
        return mean
    return marginal @ eigenvalues**2 - mean**2


def _first(results: Sequence[Any]) -> Any:
    return results[0]


def _sample_in_groups(tape: Any, noisy_readout: bool) -> tuple[Sequence[Any], Postprocessing]:
    """Groups of measurements, rotated; exact tapes too where their measurement suffers noise."""
    if not tape.shots and not (noisy_readout and _by_frequencies(tape)):
        return (tape,), _first
    tape = plain_probabilities(tape)
    constants = identity_results(tape)
    others = [m for number, m in enumerate(tape.measurements) if number not in constants]
    # PennyLane's splitting takes every identity for the number 1, whatever is measured of it.
    groups, combine = split_non_commuting(tape.copy(measurements=others)) if others else ((), None)

    def postprocess(results: Sequence[Any]) -> Any:
        found: Any = ()
        if combine is not None:
            found = combine(tuple(_read(group, result) for group, result in zip(groups, results)))
        return merge_results(found, len(others), constants, tape)

    return tuple(_rotated(group) for group in groups), postprocess


_sampling_in_groups = transform(_sample_in_groups)


def build_pipeline(wires: Any, name: str, *, noisy_readout: bool = False) -> Any:
    """The transforms that turn any tape into tapes the Aer device executes.

    Args:
        wires: the device's wires, or None if any are allowed.
        name: the device's name, for messages.
        noisy_readout: whether measuring suffers noise, which exact results must show too.

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
        "target_gates": set(native_gates()),
        "device_wires": wires,
        "name": name,
    }
    pipeline = CompilePipeline()
    if wires is None:
        pipeline.add_transform(_naming_wires)
    pipeline.add_transform(validate_device_wires, wires, name=name)
    pipeline.add_transform(defer_measurements, allow_postselect=False)
    pipeline.add_transform(_decomposing, settings=to_native)
    pipeline.add_transform(
        validate_measurements,
        analytic_measurements=accepts_exact,
        sample_measurements=accepts_samples,
        name=name,
    )
    pipeline.add_transform(_keeping_batches)
    pipeline.add_transform(_sampling_in_groups, noisy_readout=noisy_readout)
    # The rotations of the step before may hold gates that Aer does not know.
    pipeline.add_transform(decompose, **to_native)
    return pipeline
