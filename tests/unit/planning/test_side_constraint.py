from fractions import Fraction

import pytest

from hybrid_opt.errors import ModelError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint

LINES = [Line("a", [0, 1, 2], [0, 1, 2]), Line("b", [0, 1, 2], [0, 1, 2])]


def test_fractions_become_the_smallest_whole_numbers():
    side = SideConstraint.of("pay", [Fraction(3), Fraction(9, 2)], Fraction(1), Fraction(10))
    assert side == SideConstraint("pay", (2, 3), 1, 6)  # divided by 3/2, ends rounded inward
    for a in range(4):
        for b in range(4):
            assert bool(side.keeps([a, b])) == (1 <= 3 * a + Fraction(9, 2) * b <= 10)


def test_weights_that_are_all_zero_keep_their_ends():
    side = SideConstraint.of("none", [Fraction(0)], None, Fraction(5))
    assert side == SideConstraint("none", (0,), None, 5)


def test_a_question_judges_plans_by_its_sides():
    question = LevelQuestion(LINES, 4, "at_most", sides=[SideConstraint("fair", (1, -1), -1, 1)])
    assert question.feasible([1, 2])
    assert not question.feasible([0, 2])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SideConstraint("x", (1,), None, None), "neither a low nor a high"),
        (lambda: SideConstraint("x", (1.5,), None, 1), "whole numbers"),
        (lambda: SideConstraint("x", (1,), None, True), "whole numbers"),
        (lambda: LevelQuestion(LINES, 1, sides=[SideConstraint("x", (1,), None, 1)]), "1 weights for 2"),
        (lambda: LevelQuestion(LINES, 1, sides=[SideConstraint("budget", (1, 1), None, 1)]), "two limits"),
    ],
)
def test_wrong_constraints(make, words):
    with pytest.raises(ModelError, match=words):
        make()
