"""Energies from counts: unbiased means, and standard errors that are those of the estimator."""

import numpy as np
import pennylane as qml
import pytest

from hybrid_opt.circuits.energy_groups import energy_groups
from hybrid_opt.circuits.vqe_hamiltonian import read_hamiltonian


def test_every_term_once_in_groups_that_agree():
    operator = qml.Z(0) @ qml.Z(1) + 2 * qml.X(0) + 3 * qml.X(1) + 4 * qml.Y(2) + 5 * qml.Z(2) + 6 * qml.I(0)
    read = read_hamiltonian(operator)
    groups = energy_groups(read)
    assert [group.basis for group in groups] == [{0: "Z", 1: "Z", 2: "Y"}, {0: "X", 1: "X", 2: "Z"}]
    assert sorted(c for group in groups for c in group.coefficients) == [1, 2, 3, 4, 5]


def test_mean_and_standard_error_by_hand():
    (group,) = energy_groups(read_hamiltonian(qml.Z(0) @ qml.Z(2) + 0.5 * qml.Z(2), range(3)))
    assert group.measurement.wires == [0, 2]
    # outcomes of wires 0 and 2: 00 -> 1.5, 01 -> -1.5, 10 -> -0.5
    counts = [(np.array([0, 1, 2]), np.array([4, 3, 1]))]
    values = np.array([1.5] * 4 + [-1.5] * 3 + [-0.5])
    means, variances = group.estimate(counts)
    assert means[0] == pytest.approx(values.mean())
    assert np.sqrt(variances[0]) == pytest.approx(values.std(ddof=1) / np.sqrt(8))


def test_one_shot_has_no_known_error():
    (group,) = energy_groups(read_hamiltonian(qml.Z(0)))
    means, variances = group.estimate([(np.array([1]), np.array([1]))])
    assert (means[0], variances[0]) == (-1.0, np.inf)


def test_a_constant_needs_no_measurement():
    assert energy_groups(read_hamiltonian(3.0 * qml.I(0))) == []
