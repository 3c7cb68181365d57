"""Engines and circuits agree for every encoding of a model and every mixer, on Aer and default.qubit."""

import numpy as np
import pennylane as qml
import pytest

import hybrid_opt as ho
from hybrid_opt.circuits import (
    AerDevice,
    CircuitQAOA,
    DiagonalQAOA,
    FixedWeight,
    SubspaceCircuit,
    SubspaceQAOA,
)
from hybrid_opt.qubo.encodings import ENCODING_NAMES

ANGLES = [0.13, -0.21, 0.34], [-0.5, 1.9, -0.2]
DEVICES = [AerDevice, lambda wires: qml.device("default.qubit", wires=wires)]


def plan():
    """Three lines of three levels, convex costs, a budget that is spent exactly."""
    model = ho.LevelModel()
    for name, costs in {"tv": [0, -5, -8], "search": [0, -4, -5], "radio": [0, -1.5, -2.25]}.items():
        model.add_variable(name, costs=costs)
    model.add_constraint({"tv": 1, "search": 1, "radio": 1}, "==", 3, label="budget")
    return model


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("penalty", ["certified", "adaptive", 2.5])
@pytest.mark.parametrize("encoding", ENCODING_NAMES)
def test_encodings_with_the_x_mixer(encoding, penalty, device):
    bqm = ho.to_qubo(plan(), encoding=encoding, penalty=penalty, seed=1).bqm
    engine, circuit = DiagonalQAOA(bqm), CircuitQAOA(bqm, device(wires=bqm.num_variables))
    np.testing.assert_allclose(engine.probabilities(*ANGLES), circuit.probabilities(*ANGLES), atol=1e-10)
    assert abs(np.vdot(engine.state(*ANGLES), circuit.state(*ANGLES))) == pytest.approx(1, abs=1e-10)
    assert engine.value(*ANGLES) == pytest.approx(circuit.value(*ANGLES), rel=1e-10)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("mixer", "topology"),
    [("xy-exact", "complete"), ("xy-exact", "ring"), ("xy-trotter", "complete"), ("xy-trotter", "ring"),
     ("grover", "complete")],
)  # fmt: skip
def test_mixers_that_keep_groups(mixer, topology, device):
    qubo = ho.to_qubo(plan(), target="subspace")
    bqm = qubo.bqm.copy()
    # default.qubit writes Grover's phase on all wires as one matrix, so there are few of them.
    chosen = "abc" if mixer == "grover" else "abcd"
    for name in chosen:
        bqm.add_variable(name, 0.25)
    bqm.add_quadratic("a", "b", -1.0)
    bqm.add_variable("free", -0.5)
    groups = [*qubo.groups[mixer == "grover" :], FixedWeight(tuple(chosen), 2)]
    if mixer == "grover":
        for name in qubo.groups[0]:
            bqm.fix_variable(name, int(name == qubo.groups[0][1]))
    options = {"mixer": mixer, "topology": topology}
    engine = SubspaceQAOA(bqm, groups, **options)
    circuit = SubspaceCircuit(bqm, groups, device=device(wires=bqm.num_variables), **options)
    assert engine.space.dimension == (3**2 * 3 * 2 if mixer == "grover" else 3**3 * 6 * 2)
    whole = circuit.probabilities(*ANGLES)
    np.testing.assert_allclose(whole[circuit.places], engine.probabilities(*ANGLES), atol=1e-10)
    assert whole.sum() == pytest.approx(whole[circuit.places].sum(), abs=1e-10)
    assert engine.value(*ANGLES) == pytest.approx(circuit.value(*ANGLES), rel=1e-10)
