import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint
from hybrid_opt.planning.side_search import limit_rows, search_plans

LINES = [Line(name, np.arange(6), 10 - (np.arange(6) - 5.0) ** 2 / 4) for name in "abcd"]


def test_every_limit_is_a_row():
    lines = [Line("a", [0, 1], [0, 1], "g"), Line("b", [0, 1], [0, 1])]
    question = LevelQuestion(lines, 1, caps={"g": 1}, sides=[SideConstraint("fair", (1, -2), -3, 4)])
    weights, rooms = limit_rows(question)
    assert weights.tolist() == [[1, 1], [-1, -1], [1, 0], [1, -2], [-1, 2]]
    assert rooms.tolist() == [1, -1, 1, 4, 3]


def test_a_work_limit_gives_a_lower_bound():
    question = LevelQuestion(LINES, 20, "at_most")
    every = search_plans(question, -1e9)
    assert (every.count, every.exact) == (6**4, True)
    some = search_plans(question, -1e9, work_limit=1)
    assert not some.exact
    assert some.count < every.count


def test_no_more_plans_are_kept_than_asked_for():
    question = LevelQuestion(LINES, 20, "at_most")
    census = search_plans(question, -1e9, keep=7)
    assert census.count == 6**4
    assert census.plans.shape == (7, 4)


def test_both_ends_of_fairness_are_kept():
    lines = [Line("a", np.arange(4), np.zeros(4)), Line("b", np.arange(4), np.zeros(4))]
    fair = SideConstraint("fair", (1, -1), -1, 1)
    census = search_plans(LevelQuestion(lines, 6, "at_most", sides=[fair]), 0.0)
    assert census.count == 10  # of 16 pairs those that differ by at most one


def test_prices_cut_the_search_short():
    question = LevelQuestion(LINES, 10, sides=[SideConstraint("pay", (1, 2, 3, 4), None, 22)])
    best = max(search_plans(question, -1e9).plans, key=question.value)
    census = search_plans(question, question.value(best) - 0.1)
    assert census.count >= 1
    assert census.work < 200  # of 1,554 prefixes without any bound


@pytest.mark.parametrize("options", [{"work_limit": 0}, {"keep": 0}])
def test_wrong_limits(options):
    with pytest.raises(OptionError, match="at least 1"):
        search_plans(LevelQuestion(LINES, 20, "at_most"), 0.0, **options)
