"""The pull towards even loads that QAOA is trained with, and the best draw by the problem as asked."""

import itertools

import dimod
import numpy as np
import pytest

from hybrid_opt.solvers.anneal import Anneal
from hybrid_opt.solvers.exact import Exact
from hybrid_opt.tuning.routing_guide import ask_solver, best_draw, guiding_problem
from hybrid_opt.tuning.routing_problem import RoutingProblem
from hybrid_opt.tuning.routing_rows import run_row


def made(clusters=5, experts=3, seed=0, **settings):
    rng = np.random.default_rng(seed)
    pairs = rng.random((clusters, clusters))
    return RoutingProblem(
        rng.normal(size=(clusters, experts)), rng.integers(2, 9, clusters),
        **{"capacity_factor": 1.5, "coactivation": pairs + pairs.T, "co_weight": 0.1, **settings},
    )  # fmt: skip


@pytest.mark.parametrize("weight", [0.0, 0.5, 3.0])
def test_the_guide_adds_the_squares_of_the_loads(weight):
    problem = made()
    guide = guiding_problem(problem, weight)
    scale = weight * 5 * np.abs(problem.linear).max()
    total = float(np.sum(problem.sizes))
    places = list(itertools.product(range(3), repeat=5))
    added = [guide.objective(place) - problem.objective(place) for place in places]
    wanted = np.array([scale * ((problem.loads(place) / total) ** 2).sum() for place in places])
    constant = scale * ((np.asarray(problem.sizes) / total) ** 2).sum()
    np.testing.assert_allclose(added, wanted - constant, atol=1e-12)
    assert guide.capacity.tolist() == problem.capacity.tolist()


def test_the_best_draw_is_judged_by_the_problem_as_asked():
    problem = made()
    places = list(itertools.product(range(3), repeat=5))
    draws = [problem.sample(place) for place in places]
    broken = dict.fromkeys(draws[0], 1)
    found = best_draw(problem, dimod.SampleSet.from_samples([*draws, broken], "BINARY", 0.0))
    feasible = [place for place in places if problem.feasible(place)]
    assert tuple(found) == min(feasible, key=problem.objective)
    assert len(feasible) < len(places)


def test_no_draw_is_best_where_none_is_feasible():
    problem = made(capacity_factor=1.0)
    crowded = problem.sample([0] * 5)
    assert best_draw(problem, dimod.SampleSet.from_samples([crowded], "BINARY", 0.0)) is None


def test_a_guided_solver_sees_the_guide_and_one_with_equations_does_not():
    problem = made()
    guide = guiding_problem(problem)
    plain, found = ask_solver(problem, Exact(), guided=False, seed=0, time_limit=10)
    assert plain.objective * problem.unit == pytest.approx(problem.objective(found))
    seen, _ = ask_solver(problem, Exact(), guided=True, seed=0, time_limit=10)
    best = min(
        guide.objective(place) for place in itertools.product(range(3), repeat=5) if guide.feasible(place)
    )
    assert seen.objective * guide.unit == pytest.approx(best)
    even = RoutingProblem(np.eye(3), capacity=1)
    assert ask_solver(even, Exact(), guided=True, seed=0, time_limit=10)[1].tolist() == [0, 1, 2]


def test_an_answer_over_capacity_is_handed_on_to_be_judged():
    problem = RoutingProblem([[1.0, 0.0]] * 4, [3, 3, 3, 3], capacity=7)
    answer, found = ask_solver(problem, Anneal(reads=1, sweeps=1), guided=True, seed=0, time_limit=5)
    assert found is None or problem.read(found).shape == (4,)
    assert answer.method == "anneal"


def test_the_pull_does_not_vanish_where_pairs_are_all_that_counts():
    problem = RoutingProblem(
        np.zeros((6, 3)), capacity_factor=1.5, similarity=np.ones((6, 6)), sim_weight=0.5
    )
    assert problem.unit == 0.5
    guide, crowded, even = guiding_problem(problem), [0] * 6, [0, 1, 2, 0, 1, 2]
    pull = [guide.objective(place) - problem.objective(place) for place in (crowded, even)]
    assert pull[0] - pull[1] == pytest.approx(2.0 * 6 * 0.5 * (1 - 1 / 3))


def test_a_quantum_row_tells_nothing_of_the_guide():
    row = run_row(made(), "qaoa", seed=1, time_limit=60)
    record = row.quantum
    assert (record.p_optimum, record.expected_value, record.expected_energy) == (None, None, None)
    assert (record.qubo_optimum, record.uniform) == (None, None)
    assert record.uniform_reason.startswith("trained on the objective with a pull towards even loads")
    assert "a pull towards even loads" in row.note
    assert 0 < row.feasible_share < 1
    even = run_row(RoutingProblem(np.eye(3), capacity=1), "qaoa", seed=1, time_limit=60)
    assert even.quantum.p_optimum is not None  # equations: trained on what was asked
