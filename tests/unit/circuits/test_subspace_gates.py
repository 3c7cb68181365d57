"""Gates of a layer: signs, factors, orders."""

import numpy as np
import pennylane as qml
import pytest
from scipy.linalg import expm

from hybrid_opt.circuits.diagonal_terms import ZTerms
from hybrid_opt.circuits.errors import CircuitTooLargeError
from hybrid_opt.circuits.subspace_gates import (
    cost_gates,
    group_unitary,
    layer_gates,
    mixer_gates,
    start_gates,
)
from hybrid_opt.circuits.subspace_groups import GroupWires
from hybrid_opt.circuits.subspace_mixers import read_mixer

X, Y = qml.matrix(qml.X(0)), qml.matrix(qml.Y(0))


def on(m, **operators):
    """A tensor product with the identity elsewhere, wires as w0, w1, ..."""
    product = np.ones((1, 1))
    for wire in range(m):
        product = np.kron(product, operators.get(f"w{wire}", np.eye(2)))
    return product


def exchange(m, a, b):
    return (on(m, **{f"w{a}": X, f"w{b}": X}) + on(m, **{f"w{a}": Y, f"w{b}": Y})).real / 2


def test_cost():
    terms = {(0,): 0.5, (0, 2): -1.0, (0, 1, 2): 0.25}
    gates = cost_gates(ZTerms(("a", "b", "c"), terms, 7.0), "xyz", 0.3)
    assert [gate.name for gate in gates] == ["RZ", "IsingZZ", "MultiRZ"]
    z = {f"w{i}": qml.matrix(qml.Z(0)) for i in range(3)}
    cost = sum(c * on(3, **{f"w{i}": z[f"w{i}"] for i in term}) for term, c in terms.items())
    found = qml.matrix(qml.tape.QuantumScript(gates), wire_order="xyz")
    np.testing.assert_allclose(found, expm(-0.3j * cost), atol=1e-13)


@pytest.mark.parametrize("topology", ["complete", "ring"])
def test_group_unitary(topology):
    pairs = [(0, 1), (1, 2), (2, 3), (0, 3)] + ([(0, 2), (1, 3)] if topology == "complete" else [])
    expected = expm(-0.3j * sum(exchange(4, *pair) for pair in pairs))
    np.testing.assert_allclose(group_unitary(4, topology, 0.3), expected, atol=1e-13)


def test_trotter_gates_have_the_sign_of_the_exact_ones():
    choice = read_mixer("xy-trotter", "complete", 1)
    gates = mixer_gates([GroupWires((2, 0), 1)], choice, "abc", 0.3)
    assert [(gate.name, tuple(gate.wires)) for gate in gates] == [("IsingXY", ("c", "a")), ("RX", ("b",))]
    found = qml.matrix(qml.tape.QuantumScript(gates), wire_order="abc")
    np.testing.assert_allclose(found, expm(-0.3j * (exchange(3, 0, 2) + on(3, w1=X))), atol=1e-13)


def test_grover_is_a_reflection_about_the_start():
    groups = [GroupWires((0, 1, 2), 1)]
    start = qml.matrix(qml.tape.QuantumScript(start_gates(groups, range(4))), wire_order=range(4))[:, 0]
    gates = mixer_gates(groups, read_mixer("grover", "complete", 1), range(4), 0.3)
    found = qml.matrix(qml.tape.QuantumScript(gates), wire_order=range(4))
    np.testing.assert_allclose(found, expm(-0.3j * np.outer(start, start.conj())), atol=1e-12)


def test_grover_on_one_qubit():
    gates = mixer_gates([], read_mixer("grover", "complete", 0), [0], 0.3)
    plus = np.full((2, 2), 0.5)
    np.testing.assert_allclose(qml.matrix(qml.tape.QuantumScript(gates)), expm(-0.3j * plus), atol=1e-13)


def test_groups_of_one_pattern_have_no_gates():
    groups = [GroupWires((0,), 1), GroupWires((1, 2), 2), GroupWires((3, 4), 0)]
    for mixer in ("xy-exact", "xy-trotter"):
        assert mixer_gates(groups, read_mixer(mixer, "complete", 3), range(5), 0.3) == []
    assert [gate.name for gate in start_gates(groups, range(5))] == ["PauliX"] * 3


def test_layers_repeat():
    cost = ZTerms(("a", "b"), {(0, 1): 1.0}, 0.0)
    choice = read_mixer("xy-trotter", "ring", 1)
    groups = [GroupWires((0, 1), 1)]
    gates = layer_gates(cost, groups, choice, "ab", np.array([0.1, 0.2]), np.array([0.3, 0.4]))
    assert [gate.name for gate in gates[-4:]] == ["IsingZZ", "IsingXY"] * 2
    assert [float(gate.data[0]) for gate in gates[-4:]] == pytest.approx([0.2, -0.6, 0.4, -0.8])


def test_too_large_a_unitary():
    with pytest.raises(CircuitTooLargeError, match=r'for at most 10 bits\. Use the mixer "xy-trotter"'):
        group_unitary(11, "complete", 0.1)
