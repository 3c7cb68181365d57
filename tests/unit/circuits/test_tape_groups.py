"""Tapes of one structure are put together, others kept apart."""

import numpy as np
import pennylane as qml
from pennylane.tape import QuantumScript

from hybrid_opt.circuits.tape_groups import group_tapes


def tape(angle, *more):
    return QuantumScript([qml.RX(angle, 0), qml.CNOT([0, 1]), *more])


def test_structures_are_kept_apart():
    groups = group_tapes([tape(0.1), tape(0.2, qml.H(0)), tape(np.array([0.3, 0.4])), tape(0.5, qml.H(0))])
    assert [group.numbers for group in groups] == [(0, 2), (1, 3)]
    assert groups[0].table.tolist() == [[0.1], [0.3], [0.4]]
    assert groups[0].rows == (slice(0, 1), slice(1, 3))


def test_a_key_keeps_more_apart():
    tapes = [tape(0.1), tape(0.2), tape(0.3)]
    groups = group_tapes(tapes, key=lambda tape: tape.operations[0].data[0] > 0.15)
    assert [group.numbers for group in groups] == [(0,), (1, 2)]


def test_some_of_the_tapes():
    assert [group.numbers for group in group_tapes([tape(0.1), tape(0.2), tape(0.3)], [0, 2])] == [(0, 2)]


def test_prepared_states_get_a_row_each():
    first = QuantumScript([qml.StatePrep([1, 0], 0), qml.RX(np.array([0.1, 0.2]), 0)])
    second = QuantumScript([qml.StatePrep([0, 1], 0), qml.RX(0.3, 0)])
    (group,) = group_tapes([first, second])
    np.testing.assert_array_equal(group.initial, [[1, 0], [1, 0], [0, 1]])
    table, initial = group.part(slice(2, 3))
    assert table.tolist() == [[0.3]]
    assert initial.tolist() == [[0, 1]]


def test_same_rows():
    (group,), (same,), (other,) = group_tapes([tape(0.1)]), group_tapes([tape(0.1)]), group_tapes([tape(0.2)])
    assert group.same_rows(same)
    assert not group.same_rows(other)
    tapes = [QuantumScript([qml.StatePrep(state, 0), qml.RX(0.1, 0)]) for state in ([1, 0], [0, 1])]
    zero, one = (group_tapes([tape])[0] for tape in tapes)
    assert zero.same_rows(zero)
    assert not zero.same_rows(one)


def test_nothing_to_group():
    assert group_tapes([]) == []
