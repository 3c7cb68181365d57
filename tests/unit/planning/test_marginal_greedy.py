import pytest

from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.marginal_greedy import failed_conditions, greedy_by_marginal_value
from hybrid_opt.planning.side_constraint import SideConstraint

CONCAVE = [Line("a", [0, 1, 2], [0.0, 3.0, 5.0]), Line("b", [0, 1, 2], [0.0, 4.0, 4.5])]


def test_the_best_steps_of_all_lines_are_the_plan():
    found = greedy_by_marginal_value(LevelQuestion(CONCAVE, 3))
    assert (found.choice.tolist(), found.value, found.proven) == ([2, 1], 9.0, True)


def test_at_most_stops_where_nothing_is_gained_and_exactly_does_not():
    lines = [Line("a", [0, 1, 2], [0.0, 3.0, 2.0])]
    assert greedy_by_marginal_value(LevelQuestion(lines, 2, "at_most")).choice.tolist() == [1]
    assert greedy_by_marginal_value(LevelQuestion(lines, 2, "exactly")).choice.tolist() == [2]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (LevelQuestion([Line("s", [0, 1, 2], [0, 1, 5])], 1), "the values of s are not concave"),
        (LevelQuestion([Line("s", [0, 2, 3], [0, 1, 1])], 2), "steps use unequal amounts of budget"),
        (LevelQuestion(CONCAVE, 3, synergies=[Synergy(0, 1, 1.0)]), "there are synergies"),
        (
            LevelQuestion(CONCAVE, 3, "at_most", sides=[SideConstraint("pay", (1, 2), None, 4)]),
            "2 limits can bind: budget, pay",
        ),
        (
            LevelQuestion(CONCAVE, 9, "at_most", sides=[SideConstraint("fair", (1, -1), -1, 1)]),
            "a limit that is not 'at most'",
        ),
        (LevelQuestion([Line("s", [0, 2], [0, 1])], 1, "exactly"), "whole steps do not use budget up"),
    ],
)
def test_each_condition_that_fails_is_named(question, words):
    assert any(words in reason for reason in failed_conditions(question))
    assert not greedy_by_marginal_value(question).proven


def test_greedy_is_beaten_where_its_conditions_fail():
    lines = [Line("bent", [0, 1, 2], [0.0, 1.0, 10.0]), Line("b", [0, 1, 2], [0.0, 2.0, 4.0])]
    found = greedy_by_marginal_value(LevelQuestion(lines, 2))
    assert found.value == 4.0  # the optimum is 10
    assert found.reasons == ("the values of bent are not concave",)


def test_no_plan_is_no_plan():
    side = SideConstraint("pay", (-1, 0), None, -1)
    found = greedy_by_marginal_value(LevelQuestion(CONCAVE, 2, "at_most", sides=[side]))
    assert found.choice is None
    assert "the lowest levels break a limit" in found.reasons
    stuck = greedy_by_marginal_value(LevelQuestion([Line("s", [0, 2], [0, 1])], 1, "exactly"))
    assert "greedy ended at no feasible plan" in stuck.reasons


def test_steps_that_use_nothing_of_a_limit_that_must_be_used_up():
    side = SideConstraint("quota", (0, 0), 1, 1)
    found = greedy_by_marginal_value(LevelQuestion(CONCAVE, 9, "at_most", sides=[side]))
    assert found.choice is None
    assert "whole steps do not use quota up" in found.reasons
