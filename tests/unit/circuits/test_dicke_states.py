"""Prepared states are the uniform ones, and their gates as few as published."""

from math import comb

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.dicke_states import prepare_dicke_state


@pytest.mark.parametrize(("m", "w"), [(m, w) for m in range(1, 7) for w in range(m + 1)])
def test_every_weight(m, w):
    tape = qml.tape.QuantumScript(prepare_dicke_state(range(m), w), [qml.state()])
    state = qml.execute([tape], qml.device("default.qubit", wires=m))[0]
    ones = np.array([number.bit_count() for number in range(2**m)])
    np.testing.assert_allclose(state, np.where(ones == w, comb(m, w) ** -0.5, 0.0), atol=1e-12)


def test_gates_grow_with_qubits_times_weight():
    blocks = [len(prepare_dicke_state(range(m), 2)) for m in (6, 7, 8, 9)]
    assert set(np.diff(blocks)) == {6}
    assert len(prepare_dicke_state(range(9), 7)) == blocks[-1] + 9
    assert prepare_dicke_state(range(5), 0) == []
    assert [gate.name for gate in prepare_dicke_state("ab", 2)] == ["PauliX", "PauliX"]
