"""The quantum row of blocks: effort adds up, width is the largest, nothing is claimed for the whole model."""

import json
from dataclasses import replace

from hybrid_opt.solvers.block_record import record_of_blocks
from hybrid_opt.solvers.quantum import QuantumRecord, UniformRecord

RECORD = QuantumRecord(
    simulator="Aer statevector (CPU)", qubits=10, depth=2, two_qubit_gates=20, two_qubit_depth=8, shots=100,
    evaluations=3, samples_counted=3100, gammas=(0.1, 0.2), betas=(0.3, 0.4), p_optimum=0.5,
    feasible_share=1.0, expected_energy=-1.0, expected_value=-1.0, source="exact probabilities",
    qubo_optimum=-2.0, uniform=UniformRecord(1024, 0.1, 0.0), seconds=0.5, gradients=2,
)  # fmt: skip


def test_effort_adds_up_and_figures_are_dropped():
    larger = replace(RECORD, qubits=12, two_qubit_gates=25, two_qubit_depth=9, engine_difference=1e-14)
    record = record_of_blocks([RECORD, larger, RECORD], {"row": 4.0})
    assert (record.qubits, record.two_qubit_gates, record.two_qubit_depth) == (12, 25, 9)
    assert (record.shots, record.evaluations, record.gradients) == (300, 9, 6)
    assert (record.samples_counted, record.seconds, record.blocks) == (9300, 1.5, 3)
    assert (record.p_optimum, record.feasible_share, record.expected_energy) == (None, None, None)
    assert (record.expected_value, record.qubo_optimum, record.uniform) == (None, None, None)
    assert (record.gammas, record.betas, record.source) == ((), (), "blocks")
    assert record.penalties == {"row": 4.0}
    assert "parts" in record.uniform_reason
    assert record.engine_difference == 1e-14
    assert json.loads(json.dumps(record.to_dict(), allow_nan=False))["blocks"] == 3


def test_exact_probabilities_have_no_shots_and_no_circuit_no_row():
    assert record_of_blocks([replace(RECORD, shots=None)], {}).shots is None
    assert record_of_blocks([RECORD], {}).engine_difference is None
    assert record_of_blocks([], {}) is None
    assert RECORD.blocks is None
