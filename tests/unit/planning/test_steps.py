import numpy as np
import pytest

from hybrid_opt.errors import PlanError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.steps import check_reachable, in_steps


def line(label: str, spends: list[int], group: str | None = None) -> Line:
    return Line(label, spends, np.zeros(len(spends)), group)


def check(question: LevelQuestion) -> None:
    check_reachable(question, in_steps(question))


def test_offsets_and_the_common_divisor_are_taken_out() -> None:
    lines = [line("a", [350, 650], "g"), line("b", [0, 900, 1500], "g"), line("c", [7])]
    steps = in_steps(LevelQuestion(lines, 2000, "at_most", {"g": 1700}))
    assert (steps.base, steps.stride, steps.budget, steps.divides) == (357, 300, 5, False)
    assert [spends.tolist() for spends in steps.spends] == [[0, 1], [0, 3, 5], [0]]
    assert steps.caps == {"g": 4}


def test_a_single_level_per_line_is_one_step() -> None:
    steps = in_steps(LevelQuestion([line("a", [5]), line("b", [6])], 11))
    assert (steps.stride, steps.budget, steps.divides) == (1, 0, True)


def test_the_message_names_the_nearest_totals_in_money() -> None:
    lines = [line("a", [0, 30]), line("b", [0, 50, 100])]
    with pytest.raises(PlanError, match=r"exactly 45,000; the nearest totals are 30,000 and 50,000\."):
        check(LevelQuestion(lines, 45, unit=1000.0))
    with pytest.raises(PlanError, match=r"exactly 131; the highest total is 130\."):
        check(LevelQuestion(lines, 131))
    check(LevelQuestion(lines, 45, "at_most"))
    check(LevelQuestion(lines, 130))


def test_caps_limit_which_totals_are_reachable() -> None:
    lines = [line("a", [0, 3], "g"), line("b", [0, 4], "g"), line("c", [0, 10])]
    check(LevelQuestion(lines, 17))
    with pytest.raises(PlanError, match=r"highest total is 14\."):
        check(LevelQuestion(lines, 17, caps={"g": 6}))


def test_bounds_that_cannot_hold_the_budget_are_named() -> None:
    lines = [line("tv", [40, 50], "g"), line("search", [30], "g")]
    with pytest.raises(PlanError, match=r"add up to 70 \(tv 40, search 30\), above the budget 60"):
        check(LevelQuestion(lines, 60, "at_most"))
    with pytest.raises(PlanError, match=r"group 'g' must spend at least 70 .* its cap is 69"):
        check(LevelQuestion(lines, 90, "at_most", {"g": 69}))
