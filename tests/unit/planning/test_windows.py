import itertools

import numpy as np
import pytest

from hybrid_opt.errors import ModelTooLargeError, PlanError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.windows import coarsen, common_step, nearest_plan, own_steps, window


def question(spend="exactly", caps=None):
    rng = np.random.default_rng(3)
    lines = [
        Line("a", np.arange(0, 41, 2), np.sort(rng.normal(size=21)), "g"),
        Line("b", np.arange(3, 33, 3), np.sort(rng.normal(size=10)), "g"),
        Line("c", np.array([0, 12, 13, 14, 15, 16, 17, 18]), np.sort(rng.normal(size=8))),
    ]
    return LevelQuestion(lines, 40, spend, caps or {})


def test_steps_ignore_an_off_level():
    assert own_steps(question()) == [2, 3, 1]
    assert common_step(question()) == 6


def test_window_keeps_the_anchor_and_multiples_of_the_step():
    whole, anchor = question(), np.array([10, 1, 3])
    small = window(whole, anchor, 6)
    for i, kept in enumerate(small.kept):
        away = whole.lines[i].spends[kept] - whole.lines[i].spends[anchor[i]]
        assert (away % 6 == 0).all()
        assert anchor[i] in kept
    narrow = window(whole, anchor, 6, 1, free={0})
    assert [len(kept) for kept in narrow.kept] == [3, 1, 1]


def test_lifted_plans_have_the_same_value_and_feasibility():
    whole = question(caps={"g": 30})
    small = window(whole, np.array([10, 1, 3]), 3)
    for choice in itertools.product(*(range(len(kept)) for kept in small.kept)):
        lifted = small.lift(np.array(choice))
        assert whole.value(lifted) == small.question.value(choice)
        assert whole.feasible(lifted) == small.question.feasible(choice)


def test_nearest_plan_moves_the_least_money():
    whole = question(caps={"g": 26})
    wished = np.array([39.0, 3.0, 0.0])
    found = nearest_plan(whole, wished)
    assert whole.feasible(found)
    moved = np.abs(whole.spends(found) - wished).sum()
    choices = itertools.product(*(range(len(line.spends)) for line in whole.lines))
    assert moved == min(np.abs(whole.spends(c) - wished).sum() for c in choices if whole.feasible(c))


def test_nearest_plan_of_a_feasible_plan_is_itself():
    whole = question()
    spends = whole.spends([5, 5, 2])
    whole = LevelQuestion(whole.lines, int(spends.sum()))
    assert nearest_plan(whole, spends).tolist() == [5, 5, 2]


@pytest.mark.parametrize("spend", ["exactly", "at_most"])
@pytest.mark.parametrize("bits", [6, 9, 12])
def test_coarsen_finds_the_finest_window_that_fits(spend, bits):
    whole = question(spend, {"g": 30})
    anchor = nearest_plan(whole, [20, 6, 14])
    small, qubo = coarsen(whole, anchor, bits)
    assert 0 < qubo.n_bits <= bits
    assert small.question.feasible([int(np.searchsorted(k, a)) for k, a in zip(small.kept, anchor)])
    assert qubo.certificate.confirmed


def test_coarsen_holds_small_lines_where_not_all_fit():
    lines = [Line(name, [0, 5, 10], [0.0, 3.0, 4.0 + k]) for k, name in enumerate("abcdef")]
    whole = LevelQuestion(lines, 35, "exactly")
    small, qubo = coarsen(whole, np.array([1, 2, 1, 1, 1, 1]), 6)
    assert [len(kept) for kept in small.kept] == [3, 2, 3, 1, 1, 1]
    assert 0 < qubo.n_bits <= 6


def test_coarsen_of_many_lines_leaves_a_choice():
    rng = np.random.default_rng(1)
    lines = [Line(f"line {k}", np.arange(41), np.sort(rng.random(41))) for k in range(19)]
    small, qubo = coarsen(LevelQuestion(lines, 19 * 4), np.full(19, 4), 16)
    assert 8 <= qubo.n_bits <= 16
    assert sum(len(kept) > 1 for kept in small.kept) >= 5


def test_coarsen_says_how_many_qubits_are_needed():
    lines = [Line(name, [0, 5, 10], [0.0, 3.0, 1.0]) for name in "ab"]
    with pytest.raises(ModelTooLargeError, match="more than 1"):
        coarsen(LevelQuestion(lines, 10, "exactly"), np.array([1, 1]), 1)


def test_coarsen_refuses_a_plan_without_choice():
    whole = LevelQuestion([Line("a", [4], [1.0]), Line("b", [0, 6], [0.0, 2.0])], 10)
    with pytest.raises(PlanError, match="no coarse step"):
        coarsen(whole, np.array([0, 1]), 8)
