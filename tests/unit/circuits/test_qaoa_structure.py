"""Size, pairs, depth and mixer of a QAOA circuit: checks, drawing, cost, copies."""

from __future__ import annotations

import copy
import pickle

import dimod
import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.qaoa import CircuitQAOA
from hybrid_opt.circuits.qaoa_structure import QAOAStructure

PAIRS = ((0, 1), (1, 2), (2, 3), (0, 3))


def test_copies_find_the_same_program():
    structure = QAOAStructure(4, PAIRS, 2)
    program = structure.program
    for other in (copy.deepcopy(structure), pickle.loads(pickle.dumps(structure))):
        assert other == structure
        assert other.program is program
    assert len(pickle.dumps(structure)) < 500


def test_start():
    assert QAOAStructure(4, PAIRS, 2).start is None
    assert np.count_nonzero(QAOAStructure(4, PAIRS, 2, "xy", 1).start) == 4


def test_resources_are_those_of_the_circuit_of_one_model():
    model = dimod.BinaryQuadraticModel(dict.fromkeys(range(4), 1.0), dict.fromkeys(PAIRS, 1.0), 0.0, "SPIN")
    ours, theirs = QAOAStructure(4, PAIRS, 3).resources(), CircuitQAOA(model, compute="cpu").resources(3)
    assert {name: ours[name] for name in theirs} == theirs
    assert (ours["inputs"], ours["weights"]) == (8, 6)


def test_resources_of_the_mixer_of_one_weight():
    counts = QAOAStructure(4, PAIRS, 3, "xy", 2).resources()
    assert counts["one_qubit_gates"] == 12  # no Hadamard, no RX
    assert counts["two_qubit_gates"] == 3 * (4 + 6)
    assert counts["two_qubit_depth"] == 3 * (2 + 3)


def test_draw():
    structure = QAOAStructure(2, ((0, 1),), 1, "xy", 1)
    assert "IsingXX" in structure.draw()
    assert "|Ψ⟩" in structure.draw()
    assert "RZ(0.250)" in structure.draw(np.array([0.25, 0.5, 0.75, 1.0]), decimals=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, (), 1), "n_qubits is 0"),
        ((2, (), 0), "depth is 0"),
        ((2, (), 1, "ring"), "mixer is 'ring'"),
        ((2, (), 1, "x", 1), 'mixer="x" keeps no number'),
        ((2, (), 1, "xy"), "weight=k"),
        ((2, (), 1, "xy", 0), "weight is 0"),
        ((2, (), 1, "xy", 1.0), "weight is 1.0"),
        ((2, (), 1, "xy", 2), "smaller than their number"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(CircuitError, match=message):
        QAOAStructure(*arguments)


def test_too_large_a_start():
    with pytest.raises(CircuitTooLargeError):
        QAOAStructure(60, (), 1, "xy", 2)
