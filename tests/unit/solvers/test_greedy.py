"""Greedy with swaps: feasible ends, right answers on small models, repeatable, honest if it finds nothing."""

import dimod
import numpy as np
import pytest

import hybrid_opt as ho
from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.qubo import read_model
from hybrid_opt.solvers import MILP, Greedy, Request
from hybrid_opt.solvers import greedy as greedy_module


def heads(n: int, k: int, seed: int, layers: int = 4) -> dimod.ConstrainedQuadraticModel:
    """Exactly k of n with dense pair costs, and at least one in every layer."""
    rng = np.random.default_rng(seed)
    gradients = rng.normal(size=(3 * n, n)) * np.exp(rng.normal(0, 0.7, n))
    bqm = dimod.BinaryQuadraticModel(np.triu(gradients.T @ gradients / n), "BINARY")
    bqm.add_linear_from(enumerate(rng.normal(size=n) - 3))
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(bqm)
    cqm.add_constraint([(i, 1) for i in range(n)], "==", k, label="kept")
    for layer in range(layers):
        members = range(layer * n // layers, (layer + 1) * n // layers)
        cqm.add_constraint([(i, 1) for i in members], ">=", 1, label=f"layer {layer}")
    return cqm


def glass(n: int, k: int, seed: int) -> dimod.ConstrainedQuadraticModel:
    """Exactly k of n with pair costs of either sign: many local optima."""
    cqm = dimod.ConstrainedQuadraticModel()
    couplings = np.triu(np.random.default_rng(seed).normal(size=(n, n)))
    cqm.set_objective(dimod.BinaryQuadraticModel(couplings, "BINARY"))
    cqm.add_constraint([(i, 1) for i in range(n)], "==", k, label="kept")
    return cqm


def coins() -> dimod.ConstrainedQuadraticModel:
    """Pay exactly 10 with coins of 6 and 5: whoever begins with the cheap sixes gets stuck."""
    x = [dimod.Binary(f"x{i}") for i in range(5)]
    cqm = dimod.ConstrainedQuadraticModel()
    cqm.set_objective(x[3] + 2 * x[4])
    cqm.add_constraint(6 * x[0] + 6 * x[1] + 6 * x[2] + 5 * x[3] + 5 * x[4] == 10, label="sum")
    return cqm


@pytest.mark.parametrize("seed", range(6))
def test_finds_the_optimum_of_small_selections(seed):
    model = heads(14, 6, seed)
    solution = ho.solve(model, "greedy", seed=seed, compare=["exact"])
    assert solution.objective == pytest.approx(solution.baselines[0].objective)
    assert solution.status == "optimal"  # proven by the other row only
    assert solution.bound_source == "exact"
    assert solution.method == "greedy"


def test_all_ends_are_feasible_and_counted():
    outcome = Greedy(restarts=12).solve(Request(read_model(glass(40, 20, 1)), seed=0))
    assert read_model(glass(40, 20, 1)).feasible(outcome.states).all()
    assert outcome.counts.sum() == outcome.effort["restarts"] == 12
    assert outcome.effort["changes"] > 12
    assert (outcome.proof, outcome.bound, outcome.draws) == (None, None, None)
    assert outcome.deterministic
    assert len(outcome.states) > 1


def test_same_seed_same_ends():
    problem = read_model(glass(60, 30, 1))
    first, second = (Greedy().solve(Request(problem, seed=3)) for _ in range(2))
    assert np.array_equal(first.states, second.states)
    assert np.array_equal(first.counts, second.counts)
    assert not np.array_equal(first.states, Greedy().solve(Request(problem, seed=4)).states)


def test_swaps_are_what_an_equality_needs():
    model = glass(60, 30, 5)
    single = ho.solve(model, Greedy(restarts=4, swaps=False), seed=1)
    assert single.method == "greedy (single)"
    assert single.feasible
    assert ho.solve(model, Greedy(restarts=4), seed=1).objective < single.objective - 1e-6


def test_more_runs_are_never_worse():
    problem = read_model(glass(60, 30, 5))
    best = [problem.objective(Greedy(restarts=k).solve(Request(problem, 1)).states).min() for k in (1, 4, 16)]
    assert best == sorted(best, reverse=True)
    assert best[2] < best[0]


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_models_without_rows(vartype):
    rng = np.random.default_rng(7)
    bqm = dimod.BinaryQuadraticModel(np.triu(rng.integers(-9, 10, (14, 14))).astype(float), vartype)
    assert ho.solve(bqm, Greedy(restarts=20), seed=1).objective == ho.solve(bqm, "exact").objective


def test_levels_and_integers():
    model = ho.LevelModel()
    rng = np.random.default_rng(2)
    for i in range(5):
        model.add_variable(i, -np.cumsum(np.sort(rng.random(6))[::-1]), units=[0, 1, 2, 3, 5, 8])
        for j in range(i):
            model.add_pair(j, i, table=rng.normal(size=(6, 6)) / 5)
    model.add_constraint(dict.fromkeys(range(5), 1), "<=", 11, label="budget")
    best = ho.solve(model, "exact").objective
    assert ho.solve(model, Greedy(restarts=20), seed=1).objective == pytest.approx(best)
    cqm = dimod.ConstrainedQuadraticModel()
    x, y = (dimod.Integer(label, lower_bound=-1000, upper_bound=1000) for label in "xy")
    cqm.set_objective((x - 700) * (x - 700) + (y + 300) * (y + 300) + x * y)
    cqm.add_constraint(x + y == 123, label="sum")
    solution = ho.solve(cqm, Greedy(restarts=4), seed=1)
    costs = [(t - 700) ** 2 + (423 - t) ** 2 + t * (123 - t) for t in range(-877, 1001)]
    assert solution.objective == min(costs)


def test_a_start_is_walked_from_and_never_lost():
    model = glass(40, 20, 1)
    problem = read_model(model)
    best = ho.solve(model, Greedy(restarts=30), seed=5)
    start = problem.to_states(best.sample)
    ends = Greedy(restarts=1).solve(Request(problem, seed=0, start=start)).states
    assert ends.tolist() == [start.tolist()]
    other = Greedy(restarts=5).solve(Request(problem, seed=0, start=start)).states
    assert start.tolist() in other.tolist()


def test_highs_finds_a_start_where_no_run_does():
    model = coins()
    solution = ho.solve(model, Greedy(restarts=1, swaps=False), seed=1)
    assert solution.feasible
    assert "the search began at one that HiGHS found" in " ".join(solution.notes)
    assert solution.status == "feasible"


def test_highs_may_be_left_out(monkeypatch):
    class Refuses:
        def solve(self, request):
            raise ModelTooLargeError("more columns than it takes")

    monkeypatch.setattr(greedy_module, "MILP", Refuses)
    solution = ho.solve(coins(), Greedy(restarts=1, swaps=False), seed=1)
    assert solution.status == "none_found"
    assert not solution.feasible
    assert solution.violations
    assert "HiGHS was left out: more columns than it takes" in " ".join(solution.notes)


def test_nothing_is_proven_where_nothing_is_feasible():
    x, y, z = dimod.Binaries("xyz")
    cqm = dimod.ConstrainedQuadraticModel()
    for label, pair in {"one": x + y, "two": y + z, "odd": x + z}.items():
        cqm.add_constraint(pair == 1, label=label)
    solution = ho.solve(cqm, "greedy", seed=1)
    assert solution.status == "none_found"
    assert "no run found a feasible assignment, nor did HiGHS" in solution.notes


def test_time_ends_it_and_is_said():
    solution = ho.solve(glass(60, 30, 0), Greedy(restarts=10**6), seed=1, time_limit=0.3)
    assert solution.feasible
    assert not solution.deterministic
    assert "the time limit ended the method after" in " ".join(solution.notes)
    assert solution.timings["total"] < 5.0


def test_ctrl_c_keeps_the_runs_before(monkeypatch):
    calls = []
    improve = greedy_module.improve

    def press(point, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return improve(point, **options)

    monkeypatch.setattr(greedy_module, "improve", press)
    solution = ho.solve(heads(20, 10, 0), "greedy", seed=1)
    assert solution.interrupted
    assert solution.feasible
    assert "ctrl-C ended the method after 2 of 8 runs" in solution.notes


def test_ctrl_c_in_highs(monkeypatch):
    def press(self, request):
        raise KeyboardInterrupt

    monkeypatch.setattr(MILP, "solve", press)
    solution = ho.solve(coins(), Greedy(restarts=1, swaps=False), seed=1)
    assert solution.interrupted
    assert solution.status == "none_found"


@pytest.mark.parametrize("settings", [{"restarts": 0}, {"restarts": 1.5}, {"swaps": 1}, {"swaps": "yes"}])
def test_illegal_settings(settings):
    with pytest.raises(OptionError, match=next(iter(settings))):
        Greedy(**settings)
