import itertools

import numpy as np
import pytest

from hybrid_opt.business.project_form import project_form, prove_with_pairs
from hybrid_opt.errors import InfeasiblePlanError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint

OWNER = np.array([0, 0, 1, 2, 2])


def question(spend="at_most", spends=((0, 1),) * 5, count=2):
    worth = np.random.default_rng(1).uniform(1, 5, 5)
    lines = [
        Line(f"s{k}", own, [worth[k] * u for u in own], f"p{OWNER[k]}") for k, own in enumerate(spends)
    ]
    money = SideConstraint("money", (2, 1, 2, 3, 1), None, 4)
    sides = [money, SideConstraint("late", (0, 1, 0, 1, 1), 1, None)]
    caps = {"p0": 1, "p1": 1, "p2": 1}
    return LevelQuestion(lines, count, spend, caps=caps, sides=sides, reference=1.0)


def pair_values():
    half = np.random.default_rng(2).normal(size=(5, 5))
    return -0.7 * half @ half.T


@pytest.mark.parametrize("spend", ["exactly", "at_most"])
@pytest.mark.parametrize("spends", [((0, 1),) * 5, ((0,), (0, 1), (1,), (0, 1), (0, 1))])
def test_the_same_optimum_as_brute_force(spend, spends):
    asked, pairs = question(spend, spends), pair_values()
    other = OWNER[:, None] != OWNER[None, :]
    best = -np.inf
    for units in itertools.product(*spends):
        chosen = np.array(units)
        levels = chosen - np.array([own[0] for own in spends])
        if asked.feasible(levels):
            best = max(best, asked.value(levels) + chosen @ (pairs * other) @ chosen)
    found = prove_with_pairs(asked, OWNER, pairs)
    assert asked.feasible(found.choice)
    assert found.proven
    assert found.value == pytest.approx(best)


def test_every_project_has_an_option_for_none_unless_it_is_held():
    form = project_form(question(spends=((0,), (0, 1), (1,), (0, 1), (0, 1))), OWNER, pair_values())
    assert [own.tolist() for own in form.options] == [[1, 5], [2], [3, 4, 7]]
    assert [len(own) for own in form.values] == [2, 1, 3]
    assert not form.pairs[0, 2][-1].any()
    assert not form.pairs[0, 2][:, -1].any()


def test_a_project_cannot_start_twice():
    with pytest.raises(InfeasiblePlanError, match="project 2 cannot start twice \\('s3', 's4'\\); hold one"):
        project_form(question(spends=(*((0, 1),) * 3, (1,), (1,))), OWNER, pair_values())


def test_limits_that_no_plan_keeps():
    with pytest.raises(InfeasiblePlanError, match="no choice of one option per group"):
        prove_with_pairs(question("exactly", count=5), OWNER, pair_values())
