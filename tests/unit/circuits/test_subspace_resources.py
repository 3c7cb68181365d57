"""Counts of gates, compared with the gates themselves."""

import dimod
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.subspace_circuit import SubspaceCircuit
from hybrid_opt.circuits.subspace_groups import FixedWeight
from hybrid_opt.circuits.subspace_qaoa import SubspaceQAOA

GROUPS = [(0, 1, 2, 3), FixedWeight((4, 5, 6, 7), 2)]


@pytest.fixture
def model():
    pairs = {(i, i + 1): 1.0 for i in range(8)}
    return dimod.BinaryQuadraticModel({0: 1.0, 8: -2.0}, pairs, 0.0, "SPIN")


@pytest.mark.parametrize("mixer", ["xy-exact", "xy-trotter", "grover"])
def test_counts_are_those_of_the_circuit(model, mixer):
    circuit = SubspaceCircuit(model, GROUPS, mixer, "ring", compute="cpu")
    counts = circuit.resources(3)
    widths = [len(gate.wires) for gate in circuit.circuit([0.1] * 3, [0.2] * 3).operations]
    assert counts["one_qubit_gates"] == widths.count(1)
    assert counts["two_qubit_gates"] == widths.count(2)
    assert counts["larger_gates"] == sum(width > 2 for width in widths)
    assert (counts["qubits"], counts["depth"]) == (9, 3)
    assert SubspaceQAOA(model, GROUPS, mixer=mixer, topology="ring").resources(3) == counts


def test_steps(model):
    def steps(mixer, topology="complete", depth=1):
        return SubspaceQAOA(model, GROUPS, mixer=mixer, topology=topology).resources(depth)["two_qubit_depth"]

    # A path needs two colors; an exact step is one gate, a ring of four in sequence four.
    assert steps("xy-exact", depth=2) - steps("xy-exact") == 2 + 1
    assert steps("xy-trotter", "ring", 2) - steps("xy-trotter", "ring") == 2 + 4
    assert steps("xy-trotter", depth=2) - steps("xy-trotter") == 2 + 5


def test_large_groups_are_counted_although_they_are_no_circuit():
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(50), 1.0), {}, 0.0, "BINARY")
    counts = SubspaceQAOA(model, [FixedWeight(tuple(range(45)), 1)]).resources(2)
    assert counts["qubits"] == 50
    assert counts["larger_gates"] == 2


@pytest.mark.parametrize("depth", [0, 1.5, True, None])
def test_bad_depth(model, depth):
    with pytest.raises(CircuitError, match="depth is"):
        SubspaceQAOA(model).resources(depth)
