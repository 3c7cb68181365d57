from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from hybrid_opt.circuits import gate_encoding
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gate_encoding import encode_program
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.statevector_kernels import BOUND, CODE, EXCHANGE, FIRST, FIXED, MASK, SECOND


def test_a_program_is_encoded_once_and_forgotten_with_it():
    program = Program(6, (Gate("h", (0,)),), 0)
    for by_rows in (False, True):
        assert encode_program(program, by_rows=by_rows) is encode_program(program, by_rows=by_rows)
    assert program in gate_encoding._encoded
    gone = weakref.ref(program)
    del program
    gc.collect()
    assert gone() is None


def test_bits_of_a_controlled_not():
    program = Program(6, (Gate("x", (1,), (0, 5)),), 0)
    (side_by_side,) = encode_program(program).operations
    assert side_by_side[[CODE, FIRST, SECOND, BOUND, MASK]].tolist() == [EXCHANGE, 33, 49, 49, 0]
    # The lowest bit of the index is one of the lanes'.
    (by_rows,) = encode_program(program, by_rows=True).operations
    assert by_rows[[CODE, FIRST, SECOND, BOUND, MASK]].tolist() == [EXCHANGE, 4, 6, 6, 1]


def test_no_layout_by_rows():
    assert encode_program(Program(5, (), 0), by_rows=True) is None
    assert encode_program(Program(6, (), 0), by_rows=True) is not None
    gate = Gate("diagonal", tuple(range(6)), matrix=np.ones(64, complex))
    assert encode_program(Program(6, (gate,), 0), by_rows=True) is None


def test_angles_that_are_needed():
    gates = (Gate("h", (0,)), Gate("rot", (0,), (), 1), Gate("rx", (0,), (), 0))
    encoded = encode_program(Program(1, gates, 5))
    for wanted, expected, first in (
        (None, [0, 1, 1], 1),
        ([1, 0, 0, 0, 1], [0, 0, 1], 2),
        ([0, 0, 0, 1, 0], [0, 1, 0], 1),
        ([0, 0, 0, 0, 1], [0, 0, 0], 3),
    ):
        needed, stop = encoded.needed(None if wanted is None else np.array(wanted, bool))
        assert needed.tolist() == [bool(entry) for entry in expected]
        assert stop == first


def test_no_gates_and_no_angles():
    needed, stop = encode_program(Program(2, (), 0)).needed(np.zeros(0, bool))
    assert needed.shape == (0,)
    assert stop == 0


def test_a_matrix_on_one_wire_is_a_gate_on_pairs():
    gate = Gate("unitary", (0,), matrix=np.array([[0, 1j], [1j, 0]]))
    encoded = encode_program(Program(1, (gate,), 0))
    assert encoded.operations[0, CODE] == FIXED
    assert encoded.constants[64:].tolist() == [0, 0, 0, 1, 0, 1, 0, 0]


def test_channels_are_refused_every_time():
    program = Program(1, (Gate("kraus", (0,), matrix=np.eye(2)[None]),), 0)
    for by_rows in (False, True, False):
        with pytest.raises(CircuitError, match="no pure final state"):
            encode_program(program, by_rows=by_rows)
