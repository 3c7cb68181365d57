"""A program's own checks; how programs are made is tested with tape_reading."""

import numpy as np
import pennylane as qml
import pytest
from pennylane.tape import QuantumScript

from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.tape_reading import read_tape


def test_channels_make_it_noisy():
    kraus = np.stack([np.eye(2)]).astype(complex)
    assert Program(1, (Gate("kraus", (0,), matrix=kraus),), 0).noisy
    assert not Program(1, (Gate("x", (0,)),), 0).noisy


def test_a_table_that_fits():
    Program(1, (Gate("rx", (0,), slot=0),), 1).check_table(np.zeros((3, 1)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((2, 3)), r"must be \(executions, 1\)"),
        (np.zeros(1), r"must be \(executions, 1\)"),
        (np.array([[np.nan]]), "NaN or infinite"),
        (np.array([[np.inf]]), "NaN or infinite"),
    ],
)
def test_illegal_tables(table, message):
    with pytest.raises(CircuitError, match=message):
        read_tape(QuantumScript([qml.RX(0.1, 0)])).program.check_table(table)
