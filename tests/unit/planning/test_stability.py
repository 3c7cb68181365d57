import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.stability import plan_stability

LINES = [Line("a", [0, 1, 2], [0.0, 3.0, 5.0]), Line("b", [0, 1, 2], [0.0, 2.9, 4.0])]
QUESTION = LevelQuestion(LINES, 2)
CHOICE = np.array([1, 1])
NONE = [np.zeros(3), np.zeros(3)]


def test_without_an_interval_nothing_moves():
    found = plan_stability(QUESTION, CHOICE, NONE, NONE, draws=5, seed=1)
    assert found.draws == 5
    assert (found.losses == 0).all()
    assert (found.spends == CHOICE).all()
    table = found.moves(CHOICE.astype(float), np.array([2.0, 0.0]))
    assert table["same_move"].tolist() == [1.0, 1.0]


def test_a_wide_interval_turns_the_plan_over_and_costs_something():
    wide = [np.array([0.0, 0.0, 0.0]), np.array([0.0, 1.0, 4.0])]
    found = plan_stability(QUESTION, CHOICE, wide, wide, draws=200, seed=1)
    assert (found.best >= found.kept - 1e-12).all()
    assert 0 < (found.losses > 0).mean() < 1
    table = found.moves(CHOICE.astype(float), np.array([2.0, 0.0]))
    assert 0 < table["same_move"].min() < 1
    assert table["low"].tolist() == [0.0, 0.0]
    assert table["high"].tolist() == [2.0, 2.0]


def test_sides_of_an_interval_are_used_on_their_own():
    up = [np.array([0.0, 0.0, 0.0]), np.array([0.0, 0.0, 100.0])]
    found = plan_stability(QUESTION, CHOICE, NONE, up, draws=50, seed=1)
    assert (found.best >= 5.9 - 1e-9).all()  # a curve that can only rise never makes the plan worse
    assert (found.best > 6).any()  # and sometimes it rises


def test_the_seed_repeats_the_draws():
    wide = [np.ones(3), np.ones(3)]
    first, second, other = (plan_stability(QUESTION, CHOICE, wide, wide, draws=9, seed=s) for s in (1, 1, 2))
    assert first.best.tolist() == second.best.tolist()
    assert first.best.tolist() != other.best.tolist()


def test_the_time_limit_keeps_what_was_solved():
    found = plan_stability(QUESTION, CHOICE, NONE, NONE, draws=50, seed=1, time_limit=1e-9)
    assert (found.draws, found.asked) == (1, 50)


def test_no_draw_is_refused():
    with pytest.raises(OptionError, match="draws is 0"):
        plan_stability(QUESTION, CHOICE, NONE, NONE, draws=0)
