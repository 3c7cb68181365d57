"""Excitations keep electrons and spin, and are those of PennyLane."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.excitations import Excitations
from hybrid_opt.circuits.variational import VariationalCircuit
from hybrid_opt.circuits.vqe_ansatz import Prepared


def state_of(operations, n):
    tape = qml.tape.QuantumScript(operations, [qml.state()])
    return qml.execute([tape], qml.device("default.qubit", wires=range(n)), diff_method=None)[0]


@pytest.mark.parametrize("kind", ["all_singles_doubles", "uccsd"])
def test_same_as_the_template(kind):
    n, electrons = 6, 2
    singles, doubles = qml.qchem.excitations(electrons, n)
    weights = np.random.default_rng(0).normal(size=len(singles) + len(doubles))
    reference = qml.qchem.hf_state(electrons, n)
    ours = Prepared(Excitations(electrons, kind), tuple(int(bit) for bit in reference))
    mine = state_of(ours.layer(weights, list(range(n)), 0), n)
    if kind == "all_singles_doubles":
        # the template wants singles first in its weights, and applies the doubles first
        ordered = np.concatenate([weights[len(doubles) :], weights[: len(doubles)]])
        theirs = qml.AllSinglesDoubles(ordered, range(n), reference, singles=singles, doubles=doubles)
    else:
        ordered = np.concatenate([weights[len(doubles) :], weights[: len(doubles)]])
        s_wires, d_wires = qml.qchem.excitations_to_wires(singles, doubles)
        theirs = qml.UCCSD(ordered, range(n), s_wires=s_wires, d_wires=d_wires, init_state=reference)
    expected = state_of([theirs], n)
    assert abs(np.vdot(mine, expected)) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["all_singles_doubles", "uccsd"])
def test_electrons_and_spin_are_kept(kind):
    circuit = VariationalCircuit(
        6, 2, encoding=None, ansatz=Prepared(Excitations(3, kind), (1, 1, 1, 0, 0, 0))
    )
    weights = np.random.default_rng(1).normal(size=circuit.weight_shape)
    state = state_of(circuit.operations(None, weights), 6)
    bits = (np.flatnonzero(np.abs(state) > 1e-9)[:, None] >> np.arange(5, -1, -1)) & 1
    assert len(bits) > 3
    assert set(bits.sum(axis=1)) == {3}
    assert set(bits[:, ::2].sum(axis=1)) == {2}


def test_start_and_identity():
    ansatz, rng = Excitations(2), np.random.default_rng(0)
    assert not ansatz.start_weights((1, 3), rng).any()
    assert 0 < np.abs(ansatz.start_weights((2, 3), rng)).max() < 0.1
    assert not ansatz.identity_weights(np.ones((1, 3))).any()


def test_bad_settings():
    with pytest.raises(CircuitError, match="electrons is 0"):
        Excitations(0)
    with pytest.raises(CircuitError, match="kind is 'ucc'"):
        Excitations(2, "ucc")
    with pytest.raises(CircuitError, match="something to excite"):
        Excitations(4).weight_shape(1, 4)
