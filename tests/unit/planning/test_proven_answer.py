import itertools

import numpy as np
import pytest

from hybrid_opt.errors import InfeasiblePlanError, PlanError
from hybrid_opt.planning import proven_answer
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.proven_answer import prove
from hybrid_opt.planning.side_constraint import SideConstraint


def question(synergies=(), budget=9):
    rng = np.random.default_rng(2)
    lines = [Line(name, np.arange(6), np.sort(rng.random(6)), "g") for name in "abc"]
    return LevelQuestion(lines, budget, "exactly", {"g": 12}, synergies)


def brute_force(whole):
    choices = itertools.product(*(range(len(line.spends)) for line in whole.lines))
    return max(whole.value(c) for c in choices if whole.feasible(c))


def test_dynamic_programming_proves_separable_plans():
    answer = prove(question())
    assert answer.value == pytest.approx(brute_force(question()))
    assert answer.proven
    assert answer.gap == 0.0
    assert answer.program is not None


def test_milp_proves_plans_with_synergies():
    whole = question([Synergy(0, 1, 0.4), Synergy(1, 2, -0.2)])
    answer = prove(whole)
    assert answer.value == pytest.approx(brute_force(whole))
    assert answer.bound is not None
    assert answer.bound >= answer.value - 1e-9
    assert answer.proven
    assert answer.program is None
    assert answer.method in proven_answer.WORDS.values()


def test_milp_agrees_with_dynamic_programming_where_that_is_held_back(monkeypatch):
    expected = prove(question()).value
    monkeypatch.setattr(proven_answer, "QUICK", 0)
    answer = prove(question())
    assert answer.program is None
    assert answer.value == pytest.approx(expected)


def test_infeasible_plans_are_refused():
    with pytest.raises(PlanError):
        prove(question(budget=14))


def test_proven_infeasibility_is_told_from_a_plan_that_was_not_found():
    lines = [Line(name, [0, 2], [0.0, 1.0]) for name in "ab"]
    odd = SideConstraint("odd", (1, 1), 1, 1)
    pair = [Synergy(0, 1, 1.0)]
    with pytest.raises(InfeasiblePlanError):
        prove(LevelQuestion(lines, 4, "at_most", synergies=pair, sides=[odd]))
    rng = np.random.default_rng(0)  # a market split: hardly decided at all
    weights = rng.integers(0, 100, (5, 40))
    ones = [Line(f"l{i}", [0, 1], [0.0, 0.0]) for i in range(40)]
    halves = [int(row.sum()) // 2 for row in weights]
    sides = [
        SideConstraint(f"s{k}", tuple(row), half, half) for k, (row, half) in enumerate(zip(weights, halves))
    ]
    with pytest.raises(PlanError, match="no plan was found in") as error:
        prove(LevelQuestion(ones, 40, "at_most", sides=sides), time_limit=0.5)
    assert not isinstance(error.value, InfeasiblePlanError)


def test_a_program_on_all_levels_that_is_infeasible_is_a_proof(monkeypatch):
    # Few levels are kept at first, and they cannot meet the limits; all of them cannot either.
    monkeypatch.setattr(proven_answer, "MOST_LEVELS", 4)
    lines = [Line(name, 2 * np.arange(9), np.zeros(9)) for name in "abc"]
    odd = [SideConstraint("odd", (3, 3, 1), 7, 7), SideConstraint("more", (1, -1, 1), 0, 9)]
    with pytest.raises(InfeasiblePlanError, match="no plan keeps all limits together"):
        prove(LevelQuestion(lines, 48, "at_most", synergies=[Synergy(0, 1, 0.1)], sides=odd))
