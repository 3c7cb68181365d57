from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gate_lowering import Operation, lower_gates
from hybrid_opt.circuits.gates import ANGLES, Gate
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.statevector_kernels import (
    DIAGONAL,
    EXCHANGE,
    FIXED,
    FIXED_PHASE,
    PHASE,
    TURN_X,
    TURN_Z,
    UNITARY,
)


def lower(kind, targets, controls=(), matrix=None):
    slot = 0 if ANGLES[kind] else -1
    return lower_gates(Program(3, (Gate(kind, targets, controls, slot, matrix),), ANGLES[kind]))


def test_one_target():
    assert lower("x", (0,), (2,)) == [Operation(EXCHANGE, 0, 4, 4, 1)]
    assert lower("rx", (1,)) == [Operation(TURN_X, 0, 2, 2, 0, 0, 1)]
    (hadamard,) = lower("h", (2,))
    assert hadamard.code == FIXED
    assert hadamard.matrix == pytest.approx([np.sqrt(0.5)] * 3 + [-np.sqrt(0.5)])


def test_phases_have_controls_only():
    assert lower("p", (0,), (1,)) == [Operation(PHASE, controls=6, slot=0, angles=1)]
    assert lower("z", (2,), (0, 1)) == [Operation(FIXED_PHASE, controls=7, matrix=(-1,))]


def test_two_targets():
    assert lower("swap", (0, 2), (1,)) == [Operation(EXCHANGE, 4, 1, 5, 2)]
    assert [(entry.first, entry.second, entry.sign) for entry in lower("ryy", (0, 1))] == [
        (0, 6, -1),
        (4, 2, 1),
    ]
    turns = lower("rzz", (0, 1))
    assert [(entry.code, entry.first, entry.second) for entry in turns] == [(TURN_Z, 0, 2), (TURN_Z, 6, 4)]


def test_matrices():
    (unitary,) = lower("unitary", (2, 0), matrix=np.eye(4))
    assert (unitary.code, unitary.places) == (UNITARY, (0, 4, 1, 5))
    (diagonal,) = lower("diagonal", (1,), matrix=np.array([1, 1j]))
    assert (diagonal.code, diagonal.places, diagonal.matrix) == (DIAGONAL, (0, 2), (1, 1j))


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (Gate("kraus", (0,), matrix=np.eye(2)[None]), "no pure final state"),
        (Gate("warp", (0,)), "kind 'warp' is unknown; legal kinds are x, y"),
        (Gate("x", (3,)), r"wires \(3,\); they must be distinct and below 3"),
        (Gate("x", (-1,)), "below 3"),
        (Gate("x", (1,), (1,)), "distinct"),
        (Gate("rx", (0,)), "slot -1; the table has 4 columns"),
        (Gate("rot", (0,), (), 2), "slot 2; the table has 4 columns"),
        (Gate("unitary", (0, 1), matrix=np.eye(2)), r"shape \(2, 2\); it must be \(4, 4\)"),
        (Gate("diagonal", (0,)), r"shape None; it must be \(2,\)"),
        (Gate("x", (0,), matrix=np.eye(2)), r"shape \(2, 2\); it must be None"),
        (Gate("rzz", (0, 1), (2,), 0), "takes none"),
        (Gate("unitary", (0,), (1,), matrix=np.eye(2)), "takes none"),
        (Gate("swap", (0,)), "it takes 2"),
        (Gate("rx", (0, 1), (), 0), "it takes 1"),
    ],
)
def test_gates_put_together_wrongly(gate, words):
    with pytest.raises(CircuitError, match=words):
        lower_gates(Program(3, (gate,), 4))
