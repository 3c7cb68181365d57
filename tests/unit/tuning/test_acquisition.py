"""The next point: the solver's best, the next best new one, a random new one."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution

from hybrid_opt.errors import ModelTooLargeError
from hybrid_opt.solvers import QAOA, VQE, Anneal, Exact
from hybrid_opt.tuning import acquisition
from hybrid_opt.tuning.acquisition import check_solver_size, choose_solver, minimize_surrogate
from hybrid_opt.tuning.level_annealing import LevelAnneal
from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.quadratic_surrogate import QuadraticSurrogate
from hybrid_opt.tuning.quantum_rows import WatchedSolver, quantum_label


def surrogate_of(sizes=(3, 4, 2), seed=0):
    space = level_space({f"x{i:02d}": CategoricalDistribution(list(range(k))) for i, k in enumerate(sizes)})
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(space.n_columns, space.n_columns))
    table = (table + table.T) * (space.groups[:, None] != space.groups[None, :])
    return QuadraticSurrogate(space, rng.normal(size=space.n_columns), table)


def ranking(surrogate):
    points = np.array(list(itertools.product(*map(range, surrogate.space.sizes))))
    return points[np.argsort(surrogate.energies(points))]


NOTHING = np.zeros((0, 3), dtype=np.int64)


@pytest.mark.parametrize(
    "solver", [Exact(), LevelAnneal(), Anneal(), QAOA(mixer="xy-exact", circuit_qubits=0)]
)
def test_the_solvers_best_is_proposed_if_it_is_new(solver):
    surrogate = surrogate_of()
    proposal = minimize_surrogate(surrogate, NOTHING, solver=solver, seed=0)
    assert proposal.states.tolist() == ranking(surrogate)[0].tolist()
    assert (proposal.source, proposal.solver) == ("solver", solver.name)
    assert proposal.value == pytest.approx(surrogate.energies(proposal.states[None, :])[0])


def test_a_proposal_says_what_finding_it_took():
    surrogate = surrogate_of()
    classical = minimize_surrogate(surrogate, NOTHING, solver=Exact(), seed=0).facts()
    assert classical["seconds"] > 0
    assert (classical["samples"], classical["circuit"]) == (0, "")
    solver = WatchedSolver(
        QAOA(mixer="xy-exact", circuit_qubits=0, optimizer="COBYLA", max_evaluations=5)
    )
    quantum = minimize_surrogate(surrogate, NOTHING, solver=solver, seed=0).facts()
    assert quantum["samples"] == solver.samples_counted > solver.solver.shots  # angles are trained
    assert quantum["circuit"] == quantum_label(solver.records[0])


@pytest.mark.parametrize("inner", [Exact(), LevelAnneal()])
def test_ctrl_c_in_the_solver_leaves_without_a_proposal(inner):
    class Cut:
        name = "cut"

        def solve(self, request):
            return replace(inner.solve(request), interrupted=True)

    with pytest.raises(KeyboardInterrupt):
        minimize_surrogate(surrogate_of(), NOTHING, solver=Cut(), seed=0)


@pytest.mark.parametrize("n_tried", [1, 5, 23])
def test_on_a_small_grid_the_best_new_point_of_all_is_next(n_tried):
    surrogate = surrogate_of()
    order = ranking(surrogate)
    proposal = minimize_surrogate(surrogate, order[:n_tried], solver=Exact(), seed=0)
    assert proposal.states.tolist() == order[n_tried].tolist()
    assert proposal.source == "next"


def test_an_exhausted_grid_is_repeated_at_its_best():
    surrogate = surrogate_of()
    order = ranking(surrogate)
    proposal = minimize_surrogate(surrogate, order, solver=Exact(), seed=0)
    assert (proposal.states.tolist(), proposal.source) == (order[0].tolist(), "repeat")


def test_on_a_large_grid_a_neighbor_of_the_best_is_next(monkeypatch):
    monkeypatch.setattr(acquisition, "LISTED_POINTS", 1)
    surrogate = surrogate_of()
    order = ranking(surrogate)
    proposal = minimize_surrogate(surrogate, order[:1], solver=Exact(), seed=0)
    assert proposal.source == "next"
    assert (proposal.states != order[0]).sum() == 1
    around = [row for row in order if (row != order[0]).sum() == 1]
    assert proposal.states.tolist() == around[0].tolist()


def test_where_nothing_near_is_new_a_random_point_is_taken(monkeypatch):
    monkeypatch.setattr(acquisition, "LISTED_POINTS", 1)
    surrogate = surrogate_of()
    order = ranking(surrogate)
    near = np.array([row for row in order if (row != order[0]).sum() <= 1])
    proposal = minimize_surrogate(surrogate, near, solver=Exact(), seed=0)
    assert proposal.source == "random"
    assert (proposal.states != order[0]).sum() > 1


def test_the_same_seed_gives_the_same_proposal():
    surrogate = surrogate_of(sizes=(3,) * 12)
    empty = np.zeros((0, 12), dtype=np.int64)
    solver = LevelAnneal(reads=1, sweeps=1)
    found = [
        minimize_surrogate(surrogate, empty, solver=solver, seed=seed).states.tolist()
        for seed in (1, 1, *range(2, 9))
    ]
    assert found[0] == found[1]
    assert any(states != found[0] for states in found[2:])


def test_the_default_solver_follows_the_size_of_the_grid():
    assert choose_solver(surrogate_of(sizes=(2,) * 12).space) == Exact()
    assert choose_solver(surrogate_of(sizes=(2,) * 13).space) == LevelAnneal()


@pytest.mark.parametrize(
    ("solver", "sizes", "message"),
    [
        (
            QAOA(mixer="xy-exact"),
            (8,) * 9,
            "134,217,728 points .* an amplitude for each; it takes up to 16,777,216",
        ),
        (QAOA(), (5,) * 7, "takes 28 qubits and 'qaoa' takes up to 26.*mixer='xy-exact'"),
        (VQE(max_qubits=3), (3, 3), "takes 4 qubits and 'vqe' takes up to 3"),
        (Exact(limit=100), (11, 11), "121 points and 'exact' looks at up to 100"),
    ],
)
def test_a_grid_too_large_for_the_solver_is_refused_with_its_limit(solver, sizes, message):
    with pytest.raises(ModelTooLargeError, match=message):
        check_solver_size(solver, surrogate_of(sizes=sizes).space)


@pytest.mark.parametrize(
    ("solver", "sizes"),
    [
        (QAOA(mixer="xy-exact"), (8,) * 8),
        (QAOA(), (2,) * 26),
        (Exact(limit=121), (11, 11)),
        (LevelAnneal(), (9,) * 50),
        (Anneal(), (9,) * 50),
    ],
)
def test_what_fits_is_not_refused(solver, sizes):
    check_solver_size(solver, surrogate_of(sizes=sizes).space)
