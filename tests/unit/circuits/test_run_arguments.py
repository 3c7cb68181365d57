"""Checks of what a simulator is asked to run."""

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.run_arguments import check_norms, check_shots

PROGRAM = Program(3, (), 0)


def test_normalized_states_pass():
    check_norms(np.array([[0.6, 0.8j], [1.0, 0.0]]))


@pytest.mark.parametrize("bad", [[0.5, 0.5], [np.nan, 1.0], [1.0, 1e-2]])
def test_the_state_that_is_not_normalized_is_named(bad):
    with pytest.raises(CircuitError, match=r"initial state 1 has norm .*; it must be 1"):
        check_norms(np.array([[1.0, 0.0], bad], dtype=complex))


def test_legal_measurements_pass():
    check_shots(PROGRAM, [2, 0], np.int64(1), 0)


@pytest.mark.parametrize(
    ("wires", "shots", "seed", "message"),
    [
        ([0, 0], 1, 0, r"the wires to measure are \[0, 0\]; they must be distinct and from 0 to 2"),
        ([3], 1, 0, r"the wires to measure are \[3\]"),
        ([0], 0, 0, "shots is 0"),
        ([0], True, 0, "shots is True"),
        ([0], 1.5, 0, "shots is 1.5"),
        ([0], 1, -1, "seed is -1"),
        ([0], 1, "x", "seed is 'x'"),
    ],
)
def test_illegal_measurements(wires, shots, seed, message):
    with pytest.raises(CircuitError, match=message):
        check_shots(PROGRAM, wires, shots, seed)
