"""Rows as one state of more qubits, for every kind of gate, against the same gate row by row."""

from dataclasses import replace

import numpy as np
import pytest

from hybrid_opt.circuits.aer_backend import open_backend
from hybrid_opt.circuits.aer_circuit import row_phases, to_aer
from hybrid_opt.circuits.aer_runs import plan_stacks
from hybrid_opt.circuits.aer_stack import StackedCircuit
from hybrid_opt.circuits.gates import ANGLES, FIXED_MATRICES, Gate
from hybrid_opt.circuits.program import Program

N = 4
TURNS = [kind for kind, n_angles in ANGLES.items() if n_angles]
PAIRS = ("rxx", "ryy", "rzz")
CPU = open_backend("cpu")
ROWS = replace(CPU, executor=replace(CPU.executor, stacks=False))


def stacked(program, table, initial=None, rows_per_stack=8):
    """States by stacks alone, whatever an estimate of times would choose."""
    run = plan_stacks(to_aer(program), "statevector", (), table, initial, rows_per_stack)
    result = CPU.simulator.run(run.circuits, parameter_binds=run.binds, shots=1).result()
    assert result.success, result.status
    parts = []
    for entry, rows, weight in zip(result.results, run.rows, run.weights, strict=True):
        parts.append(np.asarray(entry.data.statevector).reshape(-1, 2**program.n_qubits)[: len(rows)])
        parts[-1] = parts[-1] * np.sqrt(weight)
    factors = row_phases(program, table)
    states = np.concatenate(parts)
    return states if factors is None else states * factors[:, None]


def front():
    """Fixed gates that leave no amplitude and no phase alone."""
    gates = [Gate("ry", (wire,), (), wire) for wire in range(N)]
    gates += [Gate("t", (wire,)) for wire in range(N)]
    return [*gates, Gate("x", (1,), (0,)), Gate("x", (3,), (2,)), Gate("h", (2,)), Gate("sx", (0,))]


@pytest.mark.parametrize(
    ("kind", "n_controls"), [(kind, k) for kind in TURNS for k in range(1 if kind in PAIRS else 3)]
)
@pytest.mark.parametrize("which", ["all", "first", "last"])
def test_angles_of_its_own_for_each_row(kind, n_controls, which):
    n_targets = 2 if kind in PAIRS else 1
    wires = [3, 0, 2][: n_targets + n_controls]
    gate = Gate(kind, tuple(wires[:n_targets]), tuple(wires[n_targets:]), N)
    program = Program(N, (*front(), gate, *front()), N + ANGLES[kind])
    table = np.tile(np.linspace(0.3, 2.0, program.n_slots), (5, 1))
    columns = {"all": slice(N, None), "first": slice(N, N + 1), "last": slice(-1, None)}[which]
    table[:, columns] = np.random.default_rng(1).normal(size=table[:, columns].shape) * 2
    np.testing.assert_allclose(stacked(program, table), ROWS.states(program, table), atol=1e-13, rtol=0)


@pytest.mark.parametrize("n_rows", [1, 2, 5, 8, 9, 20])
@pytest.mark.parametrize("prepared", ["no", "one", "each"])
def test_numbers_of_rows(n_rows, prepared):
    gates = (*front(), Gate("rx", (0,), (), N), Gate("swap", (1, 3), (0,)), Gate("rzz", (0, 2), (), N + 1))
    program = Program(N, gates, N + 2, ((N + 1, -1.0),), prepared=prepared != "no")
    rng = np.random.default_rng(2)
    table = np.tile(rng.normal(size=N + 2), (n_rows, 1))
    table[:, N:] = rng.normal(size=(n_rows, 2))
    initial = None
    if prepared != "no":
        shape = (2**N,) if prepared == "one" else (n_rows, 2**N)
        initial = rng.normal(size=shape) + 1j * rng.normal(size=shape)
        initial /= np.linalg.norm(initial, axis=-1, keepdims=True)
    np.testing.assert_allclose(
        stacked(program, table, initial), ROWS.states(program, table, initial), atol=1e-13, rtol=0
    )


@pytest.mark.parametrize("wires", [[0], [3, 1], [0, 1, 2, 3]])
@pytest.mark.parametrize("prepared", [False, True])
def test_probabilities(wires, prepared):
    program = Program(N, (*front(), Gate("rx", (0,), (), N)), N + 1, prepared=prepared)
    rng = np.random.default_rng(3)
    table = np.tile(rng.normal(size=N + 1), (40, 1))
    table[:, N] = rng.normal(size=40)
    initial = None
    if prepared:
        initial = rng.normal(size=(40, 2**N)) + 0j
        initial /= np.linalg.norm(initial, axis=1, keepdims=True)
    found = [
        backend.executor.save(to_aer(program), "probabilities", table, initial, wires=wires)
        for backend in (CPU, ROWS)
    ]
    np.testing.assert_allclose(found[0], found[1], atol=1e-13, rtol=0)
    np.testing.assert_allclose(found[0].sum(axis=1), 1, atol=1e-12)


def test_equal_angles_cost_no_diagonal():
    fixed = [Gate(kind, (0,)) for kind in FIXED_MATRICES]
    gates = (*fixed, Gate("rx", (0,), (), 0), Gate("rot", (1,), (), 1))
    for varying, n_entries in (([0, 0, 0, 0], 0), ([1, 0, 0, 0], 16), ([0, 0, 1, 0], 16), ([1, 1, 1, 1], 64)):
        stack = StackedCircuit(
            gates, 2, 3, np.array(varying, dtype=bool), prepared=False, what="statevector", wires=()
        )
        assert stack.n_entries == n_entries


def test_filling_leaves_the_circuit_for_the_next():
    """Rows of one call must not show up in another, as they would if a gate were filled in place."""
    program = Program(1, (Gate("ry", (0,), (), 0),), 1)
    first, second = np.array([[0.1], [0.2]]), np.array([[1.1], [1.2]])
    run = plan_stacks(to_aer(program), "statevector", (), first, None, 2)
    expected = ROWS.states(program, first)
    stacked(program, second)
    result = CPU.simulator.run(run.circuits, shots=1).result()
    state = np.asarray(result.results[0].data.statevector).reshape(2, 2) * np.sqrt(2)
    np.testing.assert_allclose(state, expected, atol=1e-13)
