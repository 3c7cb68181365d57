"""Which solver a name stands for, and how many states its question has."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.solvers import Anneal, Exact
from hybrid_opt.tuning.head_methods import count_states, solver_of
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics


def question(layers=(6, 6, 6, 6), **settings):
    total = sum(layers)
    ones, zeros = np.ones(total), np.zeros(total)
    measured = HeadStatistics(layers, ones, 1.0, zeros, np.eye(total), ones, None, 9, 9)
    return HeadQuestion(measured, **({"keep": 12} | settings))


def test_states_are_counted():
    assert count_states(question()) == comb(24, 12)
    assert count_states(question(keep=(3, 3, 3, 3))) == 20**4
    assert count_states(question(keep=None, budget=20.0, costs=np.ones(24))) == 2**24
    fixed = np.full(24, -1)
    fixed[:4], fixed[4] = 0, 1
    assert count_states(question(fixed=fixed)) == comb(19, 11)
    assert count_states(question(keep=(2, 3, 3, 3), fixed=fixed)) == 20**3  # one is held, one of one is free
    assert count_states(question(keep=None, budget=20.0, costs=np.ones(24), fixed=fixed)) == 2**19


def test_names_stand_for_solvers():
    assert isinstance(solver_of("auto", question()), Exact)
    assert solver_of("exact", question()).limit == 2**24
    assert solver_of("auto", question((6,) * 5, keep=12)).name == "milp"
    held = np.where(np.arange(30) < 6, np.arange(30) % 2, -1)
    assert solver_of("auto", question((6,) * 5, keep=12, fixed=held)).name == "exact"  # 24 are free
    mine = Anneal(reads=3)
    assert solver_of(mine, question()) is mine
    for name in ("anneal", "milp", "greedy", "vqe"):
        assert solver_of(name, question()).name == name


def test_qaoa_stays_in_the_subspace_and_leaves_layer_rows_to_the_draws():
    solver = solver_of("qaoa", question())
    assert solver.mixer == "xy-exact"
    assert solver.penalty == {f"layer {layer} keeps a head": 0.0 for layer in range(4)}
    assert solver.circuit_qubits == 0  # no circuit holds the mixer of 24 bits as a matrix
    assert solver_of("qaoa", question((4, 4), keep=4)).circuit_qubits == 20
    assert solver_of("qaoa", question(keep=(3, 3, 3, 3))).circuit_qubits == 20
    assert solver_of("qaoa", question(keep=(3, 3, 3, 3))).penalty == "certified"
    assert solver_of("qaoa", question(keep=None, budget=20.0, costs=np.ones(24))).mixer == "x"


def test_unknown_names():
    with pytest.raises(OptionError, match="compare is 'qaoaa'; legal are"):
        solver_of("qaoaa", question(), "compare")
    with pytest.raises(OptionError, match="method is the class Anneal; give an object"):
        solver_of(Anneal, question())
    with pytest.raises(OptionError, match="method is 7; legal are"):
        solver_of(7, question())
