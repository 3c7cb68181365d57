import itertools

import numpy as np
import pytest

from hybrid_opt.errors import PlanError
from hybrid_opt.planning import proven_answer
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.proven_answer import prove


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
