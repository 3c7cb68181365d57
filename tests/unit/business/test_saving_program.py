import itertools

import numpy as np
import pytest

from hybrid_opt.business.combined_saving import CombinedSaving
from hybrid_opt.business.saving_program import save_most
from hybrid_opt.errors import PlanError
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint


@pytest.mark.parametrize("seed", range(4))
def test_outer_approximation_equals_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = 8
    score = CombinedSaving(
        np.round(rng.uniform(0, 0.6, n), 3), rng.integers(0, 3, n), rng.integers(1, 9, 3) * 1e5
    )
    cost = rng.integers(1, 9, n)
    lines = [Line(f"i{i}", [0, 1], [0.0, 0.0]) for i in range(n)]
    question = LevelQuestion(
        lines, n, "at_most", sides=[SideConstraint("money", tuple(cost.tolist()), None, 20)]
    )
    best = max(float(score.values(x)) for x in itertools.product((0, 1), repeat=n) if np.dot(x, cost) <= 20)
    units, bound = score.program(question, 30.0)
    assert score.values(units) == pytest.approx(best, rel=1e-9)
    assert best * (1 - 1e-12) <= bound <= best * (1 + 1e-6)
    assert units @ cost <= 20


def test_limits_that_clash_are_named():
    lines = [Line(name, [0, 1], [0.0, 0.0]) for name in "ab"]
    question = LevelQuestion(lines, 2, sides=[SideConstraint("staff", (1, 1), None, 1)])
    with pytest.raises(PlanError, match=r"no selection keeps all limits together \(staff\)"):
        save_most(question, np.array([0.1, 0.2]), np.array([0, 0]), np.array([5.0]))
