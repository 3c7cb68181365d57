"""The quantum row of a method whose circuits held parts of the model only: blocks, and labelled as blocks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from .quantum import QuantumRecord

__all__ = ["record_of_blocks"]


def record_of_blocks(
    records: Sequence[QuantumRecord], penalties: Mapping[Hashable, float]
) -> QuantumRecord | None:
    """Sum up what many circuits ran.

    Args:
        records: the row of each circuit.
        penalties: constraint label -> penalty weight of the whole QUBO.

    Returns:
        A row with the width and depth of the largest circuit, the effort of all, and no chance of an optimum
        or of a feasible draw: no circuit drew from the whole model. None where no circuit ran.
    """
    if not records:
        return None
    reason = "the circuits ran on parts of the QUBO; none drew assignments of the whole model"
    largest = max(records, key=lambda record: (record.qubits, record.two_qubit_gates))
    differences = [r.engine_difference for r in records if r.engine_difference is not None]
    shots = [record.shots for record in records if record.shots is not None]
    return replace(
        largest,
        shots=sum(shots) if shots else None,
        evaluations=sum(record.evaluations for record in records),
        gradients=sum(record.gradients for record in records),
        samples_counted=sum(record.samples_counted for record in records),
        gammas=(),
        betas=(),
        weights=(),
        p_optimum=None,
        feasible_share=None,
        expected_energy=None,
        expected_value=None,
        source="blocks",
        qubo_optimum=None,
        qubo_optimum_reason=reason,
        uniform=None,
        uniform_reason=reason,
        penalties=dict(penalties),
        seconds=sum(record.seconds for record in records),
        engine_difference=max(differences, default=None),
        blocks=len(records),
    )
