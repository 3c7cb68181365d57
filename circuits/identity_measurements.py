"""Measurements of multiples of the identity, whose results are known without looking at the state.

PennyLane's ``split_non_commuting`` takes every identity for the number 1, whether its expectation value, its
variance, its samples or its counts are asked for, and whatever the parts of the shots are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
from pennylane.measurements import CountsMP, ExpectationMP, ProbabilityMP, VarianceMP

__all__ = ["identity_results", "merge_results", "plain_probabilities"]


def plain_probabilities(tape: Any) -> Any:
    """A tape with probs(op=identity) written as the probabilities of its wires, which they are.

    Args:
        tape: any PennyLane tape.

    Returns:
        A copy.
    """
    plain = [
        qml.probs(wires=m.wires)
        if isinstance(m, ProbabilityMP) and m.obs is not None and _trivial(m.obs)
        else m
        for m in tape.measurements
    ]
    return tape.copy(measurements=plain)


def _trivial(observable: Any) -> bool:
    return observable.pauli_rep is not None and all(not word for word in observable.pauli_rep)


def _is_identity(measurement: Any) -> bool:
    """Whether a multiple of the identity is measured, other than by the probabilities of its wires."""
    observable = None if isinstance(measurement, ProbabilityMP) else measurement.obs
    return observable is not None and _trivial(observable)


def identity_results(tape: Any) -> dict[int, Callable[[int | None], Any]]:
    """What measuring multiples of the identity gives.

    Args:
        tape: any PennyLane tape.

    Returns:
        For the number of every such measurement its result as a function of the number of shots.

    Example:
        >>> results = identity_results(qml.tape.QuantumScript([], [qml.expval(2 * qml.I(0)), qml.counts()]))
        >>> {number: float(result(5)) for number, result in results.items()}
        {0: 2.0}
    """
    return {number: _constant(m, tape) for number, m in enumerate(tape.measurements) if _is_identity(m)}


def _constant(measurement: Any, tape: Any) -> Callable[[int | None], Any]:
    value = sum(complex(coefficient).real for coefficient in measurement.obs.pauli_rep.values())
    batch = () if tape.batch_size is None else (tape.batch_size,)

    def result(shots: int | None) -> Any:
        if isinstance(measurement, ExpectationMP):
            return np.full(batch, value)
        if isinstance(measurement, VarianceMP):
            return np.zeros(batch)
        if isinstance(measurement, CountsMP):
            return [{value: shots} for _ in range(batch[0])] if batch else {value: shots}
        return np.full((*batch, shots), value)

    return result


def merge_results(
    found: Any, n_found: int, constants: dict[int, Callable[[int | None], Any]], tape: Any
) -> Any:
    """Put the results of the other measurements and those of identities in order.

    Args:
        found: results of the other measurements, in PennyLane's shapes.
        n_found: their number.
        constants: of `identity_results`.
        tape: the tape.

    Returns:
        Results in the order of the tape's measurements, for every part of its shots.
    """
    if not constants:
        return found
    partitioned = bool(tape.shots.has_partitioned_shots)
    sizes = list(tape.shots) if tape.shots else [None]
    parts = []
    for place, shots in enumerate(sizes):
        own = found[place] if partitioned and n_found else found
        rest = iter((own,) if n_found == 1 else own)
        parts.append(
            _one_or_all(
                [constants[n](shots) if n in constants else next(rest) for n in range(len(tape.measurements))]
            )
        )
    return tuple(parts) if partitioned else parts[0]


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)
