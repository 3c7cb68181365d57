"""Grouping of Pauli words, their rotations and estimates from counts."""

import numpy as np
import pennylane as qml
from pennylane.tape import QuantumScript

from hybrid_opt.circuits.measurement_groups import PauliWord, group_words
from hybrid_opt.circuits.native_simulator import NativeSimulator
from hybrid_opt.circuits.readout import PauliReadout
from hybrid_opt.circuits.tape_reading import read_tape


def word(letters, n=3):
    return PauliWord({wire: letter for wire, letter in enumerate(letters) if letter != "I"}, n)


def test_word_as_masks():
    states = np.random.default_rng(0).normal(size=(2, 8)) + 0j
    for letters in ("XII", "IYZ", "ZZZ", "YXY", "III"):
        matrix = qml.matrix(qml.pauli.string_to_pauli_word(letters), wire_order=range(3))
        np.testing.assert_allclose(word(letters).applied(states, np.arange(8)), states @ matrix.T, atol=1e-14)


def test_every_word_is_in_one_group_and_groups_agree():
    words = [word(letters) for letters in ("ZII", "XII", "IZI", "IXX", "ZZI", "III", "YYY", "IIX")]
    groups = group_words(words)
    assert sorted(member for group in groups for member in group.members) == [0, 1, 2, 3, 4, 6, 7]
    for group in groups:
        basis = {}
        for member in group.members:
            for wire, letter in words[member].letters.items():
                assert basis.setdefault(wire, letter) == letter
        assert group.wires == sorted(basis)


def test_estimates_from_exact_frequencies():
    """Counts proportional to the exact probabilities give the exact expectation values."""
    observables = [qml.X(0) @ qml.Y(2), qml.Z(1), qml.Y(0), 0.5 * qml.X(0) + qml.Z(2) @ qml.Z(1)]
    tape = QuantumScript(
        [qml.RX(0.3, 0), qml.RY(np.array([0.7, -0.2]), 1), qml.CNOT([0, 1]), qml.RX(1.1, 2), qml.CZ([1, 2])]
    )
    bound = read_tape(tape)
    simulator, readout = NativeSimulator(), PauliReadout(observables, 3)
    estimates = []
    for group in readout.measurement_groups():
        states = simulator.states(group.rotated(bound.program), bound.table)
        probabilities = (np.abs(states) ** 2).reshape(2, 2, 2, 2)
        others = tuple(1 + wire for wire in range(3) if wire not in group.wires)
        marginal = probabilities.sum(axis=others).reshape(2, -1)
        estimates.append(group.estimate([(np.arange(marginal.shape[1]), row) for row in marginal]))
    np.testing.assert_allclose(
        readout.from_groups(estimates, 2),
        readout.values(simulator.states(bound.program, bound.table)),
        atol=1e-13,
    )


def test_words_of_z_need_no_rotation():
    program = read_tape(QuantumScript([qml.RX(0.1, 0)])).program
    (group,) = PauliReadout([qml.Z(0)], 1).measurement_groups()
    assert group.rotated(program) is program
