"""What every method that runs a circuit on the QUBO of a model shares: errors, the quantum row, proposals.

A method chooses and trains its circuit. From its draws or its exact probabilities on, all are judged by the
same code, so that their rows can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..circuits.errors import (
    CircuitError,
    CircuitTooLargeError,
    ConflictingAerError,
    DeviceUnavailableError,
    MissingAerError,
)
from ..errors import MissingDependencyError, ModelTooLargeError, OptionError
from ..qubo.enumeration import AUTOMATIC_LIMIT
from ..qubo.grouped_enumeration import automatic_census
from ..qubo.spelled_count import spelled_count
from .base import Outcome
from .descent import descend
from .draws import distinct, unpenalized_notes
from .quantum import (
    EXPECTATION_SAMPLES,
    GRADIENT_EXPECTATIONS,
    QuantumRecord,
    figures_of_distribution,
    figures_of_draws,
)
from .uniform import uniform_record

if TYPE_CHECKING:
    from ..circuits.product_space import ProductSpace
    from ..qubo import Qubo

__all__ = ["check_qubits", "circuit_errors", "nothing_to_run", "propose", "record_run"]


def check_qubits(method: str, setting: str, qubo: Qubo, max_qubits: int) -> None:
    """Refuse a QUBO with more bits than a method is set to.

    Args:
        method: its name in tables.
        setting: how the limit is raised, as the user would write it.
        qubo: the QUBO.
        max_qubits: most bits.

    Raises:
        ModelTooLargeError: more bits than that.
    """
    n = qubo.n_bits
    if n > max_qubits:
        raise ModelTooLargeError(
            f"the QUBO of this model needs {n} qubits ({qubo.n_slack_bits} of them slack); {method} is set "
            f"to at most {max_qubits}. Use coarser levels or tighter bounds, raise "
            f"{setting} if memory allows (16 bytes times 2**qubits), or use method='anneal'"
        )


def nothing_to_run(qubo: Qubo, compile_seconds: float) -> Outcome:
    """The outcome for a QUBO without bits: the one assignment that the constraints leave.

    Args:
        qubo: a QUBO of no bits.
        compile_seconds: seconds spent on making it.

    Returns:
        An outcome without a quantum row.
    """
    states, _ = qubo.decode_bits(np.zeros((1, 0), dtype=np.uint8))
    note = "the constraints leave a single assignment, so there is nothing to run a circuit on"
    return Outcome(states, effort={"qubits": 0}, timings={"compile": compile_seconds}, notes=[note])


@contextmanager
def circuit_errors(compute: str) -> Iterator[None]:
    """Turn errors of the circuits into those that ``solve`` and comparisons know.

    Args:
        compute: the setting, for messages.

    Raises:
        MissingDependencyError: Aer is not installed, or twice.
        ModelTooLargeError: memory is short.
        OptionError: anything else that a circuit cannot do.

    Example:
        >>> with circuit_errors("gpu"):
        ...     raise DeviceUnavailableError("no GPU")
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: compute is 'gpu': no GPU
    """
    try:
        yield
    except (MissingAerError, ConflictingAerError) as error:
        raise MissingDependencyError(str(error)) from error
    except DeviceUnavailableError as error:
        raise OptionError(f"compute is {compute!r}: {error}") from error
    except CircuitTooLargeError as error:
        raise ModelTooLargeError(f"{error}. Use method='anneal' or 'milp' instead") from error
    except CircuitError as error:
        raise OptionError(f"the circuit cannot be run: {error}") from error


def record_run(
    qubo: Qubo,
    *,
    bits: NDArray[np.uint8] | None,
    probabilities: NDArray[np.float64] | None,
    energies: NDArray[np.float64] | None,
    shots: int | None,
    evaluations: int,
    space: ProductSpace | None = None,
    gradients: int = 0,
    training_samples: int | None = None,
    **circuit: Any,
) -> tuple[QuantumRecord, NDArray[np.int64] | None]:
    """The quantum row of one run.

    Args:
        qubo: the QUBO the circuit was built from.
        bits: what was drawn, shape (S, n), or None.
        probabilities: exact chance of every bit string of the space, or None to take the figures from
            ``bits``.
        energies: QUBO energy of every bit string of the space; needed with ``probabilities``.
        shots: final measurements, or None for exact probabilities.
        evaluations: expectations that training took.
        space: the bit strings that the circuit can give; None for all 2**n.
        gradients: of these, how many came with an exact gradient; an adjoint sweep takes as long as three
            more expectations and counts as three.
        training_samples: samples that training drew, where it was done with shots; None for exact values.
        **circuit: the remaining fields of `QuantumRecord` that describe the circuit: simulator, depth,
            two_qubit_gates, two_qubit_depth, gammas, betas, seconds and so on.

    Returns:
        The row, and the most probable feasible assignment, shape (N,), or None where probabilities are not
        known or nothing is feasible.
    """
    problem = qubo.problem
    optimum, reason = None, (
        f"the model has {spelled_count(problem.n_states)} assignments; the optimum is enumerated up to "
        f"{AUTOMATIC_LIMIT:,}"
    )  # fmt: skip
    census = automatic_census(problem)
    if census is not None:
        optimum = census.minimum
        reason = "no assignment is feasible" if optimum is None else ""
    uniform, uniform_reason = uniform_record(problem, census)
    likely = None
    if probabilities is not None and energies is not None:
        figures, likely = figures_of_distribution(qubo, probabilities, optimum, space)
        energy = float(probabilities @ energies)
    else:
        drawn = np.zeros((0, qubo.n_bits), dtype=np.uint8) if bits is None else bits
        figures = figures_of_draws(qubo, drawn, optimum)
        energy = float(np.mean(qubo.bqm.energies((drawn.astype(np.int8), list(qubo.bqm.variables)))))
    if training_samples is None:
        training_samples = EXPECTATION_SAMPLES * (evaluations + GRADIENT_EXPECTATIONS * gradients)
    record = QuantumRecord(
        qubits=qubo.n_bits,
        shots=shots,
        evaluations=evaluations,
        gradients=gradients,
        samples_counted=training_samples + (EXPECTATION_SAMPLES if shots is None else shots),
        p_optimum=figures.p_optimum,
        feasible_share=figures.feasible_share,
        expected_energy=energy,
        expected_value=figures.expected_value,
        source="shots" if probabilities is None else "exact probabilities",
        qubo_optimum=optimum,
        qubo_optimum_reason=reason,
        uniform=uniform,
        uniform_reason=uniform_reason,
        penalties=dict(qubo.penalties),
        **circuit,
    )
    return record, likely


def propose(
    qubo: Qubo, bits: NDArray[np.uint8] | None, likely: NDArray[np.int64] | None, postprocess: str | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """What a run proposes: its draws, or else the most probable feasible assignment.

    Args:
        qubo: the QUBO the circuit was built from.
        bits: what was drawn, shape (S, n), or None.
        likely: states of the most probable feasible assignment, shape (N,), or None.
        postprocess: "descent" for a single-flip descent from every draw, or None.

    Returns:
        Distinct states, shape (K, N), how often each was drawn, shape (K,), and notes for the user.
    """
    notes = unpenalized_notes(qubo)
    if bits is None:
        n = len(qubo.problem.variables)
        states = np.zeros((0, n), dtype=np.int64) if likely is None else likely[None, :]
        if likely is not None:
            notes.append("exact probabilities: the proposal is the most probable feasible assignment")
        if likely is not None and postprocess is not None:
            bits = qubo.encode_states(likely)[None, :]
    if bits is not None:
        if postprocess is not None:
            bits = descend(qubo, bits)
            notes.append(
                "post-processed: a single-flip descent was run from every draw; the quantum row "
                "describes the circuit without it"
            )
        states, valid = qubo.decode_bits(bits)
        states = states[valid]
        lost = int((~valid).sum())
        if lost:
            notes.append(f"{lost} of {len(bits)} draws stand for no assignment and were left out")
    unique, counts = distinct(states)
    return unique, counts, notes
