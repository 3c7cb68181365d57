"""Ready-made noise models for the gates this package sends to Aer.

A noise model acts by gate name, and the names are those of ``aer_names``: `ONE_QUBIT_GATES` and
`TWO_QUBIT_GATES`. With a noise model every larger gate is first written as a network of these, as on
hardware, so each of its parts has its noise. One-qubit gates diagonal in Z (`VIRTUAL_GATES`) have none:
hardware does them by changing the phase of the following pulses, in no time and without error (D. McKay et
al., "Efficient Z gates for quantum computing", arXiv 1612.00858).

The models are plain ``qiskit_aer.noise.NoiseModel`` objects; any other of these can be used in their place,
where qubit i means wire i.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from .aer_installation import import_aer
from .aer_names import ONE_QUBIT_GATES, TWO_QUBIT_GATES, VIRTUAL_GATES
from .errors import CircuitError

__all__ = ["depolarizing_noise", "readout_noise", "thermal_noise"]


def depolarizing_noise(one_qubit: float, two_qubit: float, readout: float = 0.0) -> Any:
    """After every gate the state of its qubits is lost with some probability.

    The channel is rho -> (1 - p) rho + p I / 2**k on the k qubits of the gate. PennyLane's
    ``DepolarizingChannel(q)`` is the same for k = 1 with p = 4 q / 3.

    Args:
        one_qubit: p of gates on one qubit, from 0 to 1; gates diagonal in Z have none.
        two_qubit: p of gates on two qubits, from 0 to 1.
        readout: probability that a measured bit is wrong, from 0 to 1.

    Returns:
        A ``NoiseModel``.

    Raises:
        CircuitError: a probability outside its range.
        MissingAerError: Aer is not installed.

    Example:
        >>> "cx" in depolarizing_noise(0.001, 0.01).noise_instructions
        True
    """
    single = _probability("one_qubit", one_qubit)
    double = _probability("two_qubit", two_qubit)
    flip = _probability("readout", readout)
    import_aer()
    from qiskit_aer.noise import depolarizing_error

    return _model(
        depolarizing_error(single, 1) if single else None,
        depolarizing_error(double, 2) if double else None,
        (flip, flip),
    )


def thermal_noise(
    t1: float, t2: float, one_qubit_time: float, two_qubit_time: float, readout: float = 0.0
) -> Any:
    """During every gate its qubits decay towards |0> and lose their phase.

    For a gate of duration d populations decay by exp(-d / t1) and coherences by exp(-d / t2). Qubits that
    wait while others are worked on do not decay.

    Args:
        t1: relaxation time, positive, may be infinite; all four times are in the same unit, for example
            microseconds.
        t2: dephasing time, positive and at most 2 * t1, may be infinite.
        one_qubit_time: duration of gates on one qubit, at least 0; gates diagonal in Z take no time.
        two_qubit_time: duration of gates on two qubits, at least 0.
        readout: probability that a measured bit is wrong, from 0 to 1.

    Returns:
        A ``NoiseModel``.

    Raises:
        CircuitError: a time or a probability outside its range.
        MissingAerError: Aer is not installed.

    Example:
        >>> model = thermal_noise(t1=100.0, t2=80.0, one_qubit_time=0.05, two_qubit_time=0.3)
        >>> "rz" in model.noise_instructions, "u" in model.noise_instructions
        (False, True)
    """
    relaxation = _time("t1", t1, positive=True)
    dephasing = _time("t2", t2, positive=True)
    if dephasing > 2 * relaxation:
        raise CircuitError(f"t2 is {t2!r} and t1 is {t1!r}; t2 must be at most 2 * t1")
    single = _time("one_qubit_time", one_qubit_time)
    double = _time("two_qubit_time", two_qubit_time)
    for name, value in (("one_qubit_time", single), ("two_qubit_time", double)):
        if math.isinf(value):
            raise CircuitError(f"{name} is {value!r}; it must be finite")
    flip = _probability("readout", readout)
    import_aer()
    from qiskit_aer.noise import thermal_relaxation_error

    both = thermal_relaxation_error(relaxation, dephasing, double)
    return _model(
        thermal_relaxation_error(relaxation, dephasing, single) if single else None,
        both.tensor(both) if double else None,
        (flip, flip),
    )


def readout_noise(p01: float, p10: float | None = None) -> Any:
    """Gates are perfect, measured bits are sometimes wrong.

    Args:
        p01: probability that a qubit in |0> is read as 1, from 0 to 1.
        p10: probability that a qubit in |1> is read as 0, from 0 to 1; None for the same as ``p01``.

    Returns:
        A ``NoiseModel``. It changes samples and counts, not density matrices.

    Raises:
        CircuitError: a probability outside its range.
        MissingAerError: Aer is not installed.

    Example:
        >>> readout_noise(0.02).noise_instructions
        ['measure']
    """
    first = _probability("p01", p01)
    return _model(None, None, (first, first if p10 is None else _probability("p10", p10)))


def _model(one_qubit: Any, two_qubit: Any, readout: tuple[float, float]) -> Any:
    import_aer()
    from qiskit_aer.noise import NoiseModel, ReadoutError

    model = NoiseModel()
    if one_qubit is not None:
        names = [name for name in ONE_QUBIT_GATES if name not in VIRTUAL_GATES]
        model.add_all_qubit_quantum_error(one_qubit, names)
    if two_qubit is not None:
        model.add_all_qubit_quantum_error(two_qubit, list(TWO_QUBIT_GATES))
    if any(readout):
        p01, p10 = readout
        model.add_all_qubit_readout_error(ReadoutError([[1 - p01, p01], [p10, 1 - p10]]))
    return model


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
        raise CircuitError(f"{name} is {value!r}; it must be a number")
    return float(value)


def _probability(name: str, value: Any) -> float:
    number = _number(name, value)
    if not 0 <= number <= 1:
        raise CircuitError(f"{name} is {value!r}; it must be a probability from 0 to 1")
    return number


def _time(name: str, value: Any, *, positive: bool = False) -> float:
    number = _number(name, value)
    if number < 0 or (positive and number == 0):
        least = "positive" if positive else "at least 0"
        raise CircuitError(f"{name} is {value!r}; it must be a time, {least}")
    return number
