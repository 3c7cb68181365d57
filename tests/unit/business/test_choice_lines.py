import itertools

import numpy as np
import pytest

from hybrid_opt.business.choice_lines import with_choice_lines
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.proven_answer import prove
from hybrid_opt.planning.side_constraint import SideConstraint


@pytest.mark.parametrize("spend", ["exactly", "at_most"])
def test_the_same_values_and_the_same_optimum(spend):
    rng = np.random.default_rng(1)
    owner = np.array([0, 0, 1, 2, 2])
    half = rng.normal(size=(3, 3))
    risk = half @ half.T
    lines = [Line(f"s{k}", [0, 1], [0.0, v], f"p{owner[k]}") for k, v in enumerate(rng.uniform(1, 5, 5))]
    caps = {"p0": 1, "p1": 1, "p2": 1}
    side = SideConstraint("money", (2, 1, 2, 3, 1), None, 4)
    asked = LevelQuestion(lines, 2, spend, caps=caps, sides=[side], reference=1.0)
    joined = with_choice_lines(asked, owner, risk, 0.7)
    best = -np.inf
    for units in itertools.product((0, 1), repeat=5):
        chosen = [int(any(units[k] for k in range(5) if owner[k] == i)) for i in range(3)]
        plan = np.array([*units, *chosen])
        assert joined.feasible(plan) == asked.feasible(units)
        if asked.feasible(units):
            worth = asked.value(units) - 0.7 * np.array(chosen) @ risk @ chosen
            assert joined.value(plan) == pytest.approx(worth)
            best = max(best, worth)
            assert not joined.feasible(np.array([*units, *(1 - np.array(chosen))]))
    assert prove(joined).value == pytest.approx(best)
