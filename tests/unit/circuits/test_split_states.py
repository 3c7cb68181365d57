from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits import row_tasks, row_threads
from hybrid_opt.circuits.adjoint import adjoint_gradient
from hybrid_opt.circuits.split_states import _parts
from hybrid_opt.circuits.statevector import simulate


def random_vectors(n_rows, n_qubits, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_rows, 2**n_qubits)) + 1j * rng.normal(size=(n_rows, 2**n_qubits))


@pytest.fixture
def everything_split(monkeypatch):
    monkeypatch.setattr(row_threads, "_WORTH_A_THREAD", 1)
    return lambda on: monkeypatch.setattr(row_tasks, "_SPLIT_FROM", 0 if on else 99)


def test_parts_cover_all_values_of_the_highest_free_bits():
    held, parts = _parts(0b1011010)
    assert held == 0b1011000
    assert sorted(parts) == [0, 0b1000, 0b10000, 0b11000, 0b1000000, 0b1001000, 0b1010000, 0b1011000]
    assert _parts(0b100) == (0b100, [0, 0b100])
    assert _parts(0) == (0, [0])


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize("n_qubits", [8, 10])
def test_same_as_whole_states(n_qubits, prepared, random_program, everything_split):
    program = random_program(n_qubits, 66, n_qubits, prepared=prepared)
    table = np.random.default_rng(1).normal(size=(3, program.n_slots))
    initial = random_vectors(3, n_qubits, 2) if prepared else None
    cotangents = random_vectors(3, n_qubits, 3)
    wanted = np.random.default_rng(4).random(program.n_slots) < 0.3
    results = []
    for on in (False, True):
        everything_split(on)
        states = simulate(program, table, initial)
        both = adjoint_gradient(program, table, states, cotangents, with_initial=True)
        some = adjoint_gradient(program, table, states, cotangents, wanted=wanted)
        assert np.array_equal(some, np.where(wanted, both[0], 0))
        results.append((states, *both))
    whole, split = results
    assert np.array_equal(split[0], whole[0])
    assert np.array_equal(split[2], whole[2])
    np.testing.assert_allclose(split[1], whole[1], rtol=0, atol=1e-12)
    assert not np.array_equal(split[1], whole[1])  # other sums: it was split indeed


def test_threads_change_nothing(random_program, everything_split):
    everything_split(True)
    program = random_program(8, 44, 5)
    table = np.random.default_rng(6).normal(size=(2, program.n_slots))
    cotangents = random_vectors(2, 8, 7)
    states = simulate(program, table, threads=1)
    gradient = adjoint_gradient(program, table, states, cotangents, threads=1)
    for threads in (2, 3, 8, None):
        assert np.array_equal(simulate(program, table, threads=threads), states)
        assert np.array_equal(adjoint_gradient(program, table, states, cotangents, threads=threads), gradient)


def test_one_initial_state_for_all_rows(random_program, everything_split):
    program = random_program(8, 30, 8, prepared=True)
    table = np.random.default_rng(9).normal(size=(2, program.n_slots))
    initial = random_vectors(1, 8, 10)
    everything_split(True)
    expected = simulate(program, table, np.repeat(initial, 2, axis=0))
    assert np.array_equal(simulate(program, table, initial[0]), expected)
