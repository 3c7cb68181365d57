"""Which simulator is opened, and that the two agree."""

import numpy as np
import pennylane as qml
import pytest
from pennylane.tape import QuantumScript

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.simulators import open_simulator
from hybrid_opt.circuits.tape_reading import read_tape


def test_both_simulators_agree():
    rng = np.random.default_rng(0)
    angles = rng.uniform(-3, 3, (5, 9))
    tape = QuantumScript(
        [qml.RX(angles[:, k], k % 3) for k in range(3)]
        + [qml.Rot(*angles[:, 3:6].T, 1), qml.CRY(angles[:, 6], [2, 0]), qml.IsingYY(angles[:, 7], [0, 1])]
        + [qml.GlobalPhase(angles[:, 8]), qml.Toffoli([0, 1, 2])]
    )
    bound = read_tape(tape)
    aer = open_simulator("aer", compute="cpu").states(bound.program, bound.table)
    native = open_simulator("native").states(bound.program, bound.table)
    np.testing.assert_allclose(aer, native, atol=1e-12)


def test_labels_tell_them_apart():
    assert open_simulator("aer", compute="cpu").label == "Aer statevector (CPU)"
    assert open_simulator("native").label == "native statevector (CPU)"


def test_an_open_simulator_is_handed_back():
    simulator = open_simulator("native")
    assert open_simulator(simulator) is simulator


@pytest.mark.parametrize(
    ("simulator", "options", "message"),
    [
        ("qulacs", {}, '"aer" or "native"'),
        (None, {}, '"aer" or "native"'),
        ("native", {"compute": "gpu"}, "runs on the CPU"),
        ("native", {"precision": "single"}, "double precision"),
        ("native", {"noise_model": object()}, "knows no noise"),
        ("aer", {"compute": "tpu"}, "compute is 'tpu'"),
    ],
)
def test_illegal_choices(simulator, options, message):
    with pytest.raises(CircuitError, match=message):
        open_simulator(simulator, **options)
