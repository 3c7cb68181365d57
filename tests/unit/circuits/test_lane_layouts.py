from __future__ import annotations

import itertools

import numpy as np
import pytest

from hybrid_opt.circuits.gate_lowering import Operation, lower_gates
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.lane_layouts import with_relayouts
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.statevector_kernels import RELAYOUT


def spread(mask, places):
    """A mask whose bit i has gone to places[i]."""
    return sum(1 << place for bit, place in enumerate(places) if mask >> bit & 1)


@pytest.mark.parametrize("n_qubits", [8, 9, 12])
def test_relayouts_keep_targets_out_of_the_lanes_and_the_meaning(n_qubits, random_program):
    operations = lower_gates(random_program(n_qubits, 80, n_qubits))
    result = with_relayouts(n_qubits, operations)
    places = list(range(n_qubits))  # where every bit is
    expected = iter(operations)
    for operation in result:
        if operation.code == RELAYOUT:
            partners = [bit for bit in range(3, n_qubits) if operation.targets >> bit & 1]
            assert operation.targets & 7 == 7
            assert operation.places == tuple(spread(lane, partners) for lane in range(8))
            moves = dict(itertools.chain(zip(range(3), partners), zip(partners, range(3))))
            places = [moves.get(place, place) for place in places]
            continue
        original = next(expected)
        assert operation.targets & 7 == 0
        for name in ("first", "second", "targets", "controls"):
            assert getattr(operation, name) == spread(getattr(original, name), places)
        assert operation.places == tuple(spread(place, places) for place in original.places)
        for name in ("code", "slot", "angles", "sign", "matrix"):
            assert getattr(operation, name) == getattr(original, name)
    assert next(expected, None) is None
    assert places == list(range(n_qubits))


def test_few_relayouts_where_gates_go_around():
    gates = tuple(Gate("h", (wire,)) for wire in range(12)) * 3
    result = with_relayouts(12, lower_gates(Program(12, gates, 0)))
    assert sum(operation.code == RELAYOUT for operation in result) <= 6


def test_nothing_to_do():
    assert with_relayouts(6, []) == []
    phase = Operation(4, controls=63)
    assert with_relayouts(6, [phase]) == [phase]


def test_no_way():
    assert with_relayouts(5, []) is None
    # bits 1 and 5: the lanes would have to be 3, 4 and 5
    assert with_relayouts(6, [Operation(0, 0, 34, 34)]) is None
    assert with_relayouts(7, [Operation(0, 0, 34, 34)]) is not None
    matrix = Operation(9, targets=31, places=tuple(np.arange(32)))
    assert with_relayouts(7, [matrix]) is None
    assert with_relayouts(8, [matrix]) is not None
