from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import row_tasks
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.gates import Gate
from hybrid_opt.circuits.program import Program
from hybrid_opt.circuits.row_tasks import check_initial, check_states, check_table, plan_rows, row_phases


def plan(n_qubits, n_rows, *gates):
    tasks = plan_rows(Program(n_qubits, gates, 0), n_rows, 1, n_states=1, n_results=1)
    return [(task.encoded.shift, task.first_unit, task.n_units) for task in tasks]


@pytest.mark.parametrize(
    ("n_qubits", "n_rows", "expected"),
    [
        (7, 0, []),
        (7, 16, [(0, 0, 2)]),
        (7, 18, [(0, 0, 2), (3, 16, 2)]),
        (7, 21, [(0, 0, 3)]),
        (7, 1, [(3, 0, 1)]),
        (5, 1, [(0, 0, 1)]),
        (16, 9, [(3, 0, 9)]),
    ],
)
def test_rows_side_by_side_and_one_by_one(n_qubits, n_rows, expected):
    assert plan(n_qubits, n_rows) == expected


def test_a_gate_on_all_qubits_leaves_no_lanes():
    rows = plan(6, 1, Gate("unitary", tuple(range(6)), matrix=np.eye(64, dtype=complex)))
    assert rows == [(0, 0, 1)]


def test_every_unit_is_run_once():
    task = plan_rows(Program(7, (), 0), 12, 3, n_states=2, n_results=0)[-1]
    seen = []

    def sweep(first, last, state, buffer):
        assert state.shape == (2 * 2**7 * 2,)
        seen.extend(range(first, last))

    task.run(sweep, 3)
    assert seen == [8, 9, 10, 11]


def test_memory(monkeypatch):
    asked = []
    monkeypatch.setattr(row_tasks, "require_memory", lambda *arguments: asked.append(arguments))
    plan(7, 40)
    assert asked == []
    # one row of 2**23 amplitudes, and once more while it is computed
    plan(23, 1)
    assert asked == [(23, 16, 2)]


def test_tables():
    program = Program(1, (), 2)
    table = np.zeros((3, 2))
    assert check_table(program, table) is table
    assert check_table(program, np.ones((1, 2), np.float32)).dtype == np.float64
    for wrong, words in (
        (np.zeros((3, 1)), "must be"),
        (np.zeros((1, 2), bool), "bool"),
        ([[np.nan, 0]], "NaN"),
    ):
        with pytest.raises(CircuitError, match=words):
            check_table(program, wrong)


def test_states():
    program = Program(2, (), 0)
    states = np.ones((3, 4), complex)
    assert check_states(program, 3, states, "states") is states
    assert check_states(program, 3, np.asfortranarray(states), "states").flags.c_contiguous
    for wrong in (np.ones((2, 4), complex), np.ones((3, 4)), np.ones(4, complex)):
        with pytest.raises(CircuitError, match="kets have shape"):
            check_states(program, 3, wrong, "kets")


def test_initial_states():
    plain, prepared = Program(1, (), 0), Program(1, (), 0, prepared=True)
    assert check_initial(plain, 3, None).shape == (0, 2)
    assert check_initial(prepared, 3, [1, 0]).tolist() == [[1, 0]]
    assert check_initial(prepared, 3, np.eye(3, 2)).shape == (3, 2)
    with pytest.raises(CircuitError, match="only if it is prepared"):
        check_initial(plain, 1, [1, 0])
    with pytest.raises(CircuitError, match="hand over initial"):
        check_initial(prepared, 1, None)
    with pytest.raises(CircuitError, match=r"shape \(2,\) or \(3, 2\)"):
        check_initial(prepared, 3, np.ones((2, 2)))


def test_phases():
    table = np.array([[0.3, 2.0], [-1.0, 0.5]])
    assert row_phases(Program(1, (), 2), table) is None
    phases = row_phases(Program(1, (), 2, ((0, -1.0), (1, 0.5), (0, -1.0))), table)
    np.testing.assert_allclose(phases[:, 0], np.exp(1j * (-2 * table[:, 0] + table[:, 1] / 2)))
