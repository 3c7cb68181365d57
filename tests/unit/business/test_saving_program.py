import itertools

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from hybrid_opt.business import saving_program
from hybrid_opt.business.combined_saving import CombinedSaving
from hybrid_opt.business.saving_program import save_most
from hybrid_opt.errors import PlanError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint


@pytest.mark.parametrize("seed", range(4))
def test_outer_approximation_equals_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = 8
    score = CombinedSaving(
        np.round(rng.uniform(0, 0.6, n), 3), rng.integers(0, 3, n), rng.integers(1, 9, 3) * 1e5
    )
    cost = rng.integers(1, 9, n)
    lines = [Line(f"i{i}", [0, 1], [0.0, 0.0]) for i in range(n)]
    question = LevelQuestion(
        lines, n, "at_most", sides=[SideConstraint("money", tuple(cost.tolist()), None, 20)]
    )
    best = max(float(score.values(x)) for x in itertools.product((0, 1), repeat=n) if np.dot(x, cost) <= 20)
    units, bound = score.program(question, 30.0)
    assert score.values(units) == pytest.approx(best, rel=1e-9)
    assert best * (1 - 1e-12) <= bound <= best * (1 + 1e-6)
    assert units @ cost <= 20


def test_limits_that_clash_are_named():
    lines = [Line(name, [0, 1], [0.0, 0.0]) for name in "ab"]
    question = LevelQuestion(lines, 2, sides=[SideConstraint("staff", (1, 1), None, 1)])
    with pytest.raises(PlanError, match=r"no selection keeps all limits together \(staff\)"):
        save_most(question, np.array([0.1, 0.2]), np.array([0, 0]), np.array([5.0]))


def best_of_all(score, most):
    n = len(score.shares)
    return max(float(score.values(x)) for x in itertools.product((0, 1), repeat=n) if sum(x) <= most)


def test_shares_next_to_one_are_solved():
    rng = np.random.default_rng(2)
    for _ in range(40):
        n, areas = int(rng.integers(1, 5)), int(rng.integers(1, 3))
        shares = rng.choice([0, 0.1, 0.5, 0.999, 0.999999, 1 - 1e-9, 1 - 1e-12], n)
        score = CombinedSaving(shares, rng.integers(0, areas, n), rng.choice([1.0, 100.0, 1e6], areas))
        lines, most = [Line(f"i{i}", [0, 1], [0.0, 0.0]) for i in range(n)], max(1, n - 1)
        units, bound = score.program(LevelQuestion(lines, most, "at_most"), 20.0)
        best = best_of_all(score, most)
        assert score.values(units) == pytest.approx(best, rel=1e-8)
        assert best * (1 - 1e-9) <= bound <= best * (1 + 1e-6)


@pytest.mark.parametrize(("shares", "spends"), [((0.9, 0.5, 0.0), (0, 1)), ((0.9, 0.5, 0.7), (0,))])
def test_an_area_that_nothing_is_saved_of_does_not_set_the_scale(shares, spends):
    lines = [Line(f"i{i}", own, [0.0] * len(own)) for i, own in enumerate(((0, 1), (0, 1), spends))]
    score = CombinedSaving(np.array(shares), np.array([0, 0, 2]), np.array([1e-3, 1e9, 1e9]))
    units, bound = score.program(LevelQuestion(lines, 1, "at_most"), 20.0)
    assert units[:2].tolist() == [1, 0]
    assert bound == pytest.approx(0.0009)


def test_nothing_to_save():
    lines = [Line(name, [0, 1], [0.0, 0.0]) for name in "ab"]
    for shares, costs in ((np.zeros(2), np.array([5.0])), (np.array([0.5, 0.1]), np.zeros(1))):
        assert save_most(LevelQuestion(lines, 1), shares, np.zeros(2, dtype=int), costs)[1] == 0.0


@pytest.mark.parametrize(("status", "words"), [(1, "in 5 s; allow"), (4, "would not help .Solve error")])
def test_why_nothing_was_found(monkeypatch, status, words):
    failed = OptimizeResult(status=status, message="Solve error", x=None)
    monkeypatch.setattr(saving_program, "milp", lambda *given, **options: failed)
    lines = [Line(name, [0, 1], [0.0, 0.0]) for name in "ab"]
    with pytest.raises(PlanError, match=words):
        save_most(LevelQuestion(lines, 2), np.full(2, 0.5), np.zeros(2, int), np.ones(1), time_limit=5.0)
