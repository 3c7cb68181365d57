import numpy as np
import pytest

from hybrid_opt.errors import PlanError, UnsupportedModelError
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.resource_program import resource_operations, solve_resources, tight_limits
from hybrid_opt.planning.side_constraint import SideConstraint

LINES = [Line("a", [0, 1, 2], [0.0, 3.0, 5.0]), Line("b", [1, 3], [1.0, 4.0])]


def question(*sides: SideConstraint, budget: int = 9, spend: str = "at_most") -> LevelQuestion:
    return LevelQuestion(LINES, budget, spend, sides=sides)


def test_limits_that_nothing_can_break_are_left_out():
    loose, tight = SideConstraint("loose", (1, 1), None, 5), SideConstraint("tight", (2, 2), None, 8)
    limits = tight_limits(question(loose, tight))
    assert [limit.label for limit in limits] == ["tight"]
    assert limits[0].room == 3  # (8 - 2) / 2
    assert resource_operations(question(loose, tight)) == 4 * 5


def test_one_and_two_resources_by_hand():
    assert solve_resources(question(budget=4)).tolist() == [1, 1]
    pay = SideConstraint("pay", (4, 1), None, 8)
    assert solve_resources(question(pay, budget=4)).tolist() == [1, 1]
    assert solve_resources(question(SideConstraint("pay", (4, 1), None, 6), budget=4)).tolist() == [1, 0]


def test_without_a_limit_every_line_takes_its_best_level():
    assert solve_resources(question()).tolist() == [2, 1]


def test_a_budget_that_must_be_used_up():
    assert solve_resources(question(budget=3, spend="exactly")).tolist() == [2, 0]
    even = LevelQuestion([Line("a", [0, 2, 4], [0, 1, 2])], 3, "exactly")
    with pytest.raises(PlanError, match="'budget'"):
        solve_resources(even)


def test_one_open_end_of_fairness_is_a_limit_like_others():
    side = SideConstraint("fair", (1, -1), -3, 0)
    assert tight_limits(question(side))[0].label == "fair"
    assert solve_resources(question(side)).tolist() == [2, 1]


def test_what_it_cannot_do_is_refused():
    two_ends = SideConstraint("fair", (1, -1), -1, 0)
    assert tight_limits(question(two_ends)) is None
    with pytest.raises(UnsupportedModelError, match="use prove"):
        solve_resources(question(two_ends))
    pairs = LevelQuestion(LINES, 2, synergies=[Synergy(0, 1, 1.0)])
    assert resource_operations(pairs) is None
    huge = LevelQuestion([Line("a", [0, 1, 10**9], np.zeros(3)), LINES[1]], 10**8, "at_most")
    assert resource_operations(huge) is None


def test_limits_that_clash_are_named():
    with pytest.raises(PlanError, match="'pay'"):
        solve_resources(question(SideConstraint("pay", (0, 5), None, 4)))
    first, second = SideConstraint("p", (-1, 0), None, -1), SideConstraint("q", (1, 1), None, 1)
    with pytest.raises(PlanError, match="'p', 'q' together"):
        solve_resources(question(first, second))
