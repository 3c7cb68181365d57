import itertools

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.pareto_front import efficient, pareto_front
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint


@pytest.mark.parametrize("with_third", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_every_point_is_efficient_among_all_plans(with_third, seed):
    rng = np.random.default_rng(seed)
    owner = np.array([0, 0, 1, 2, 3])
    half = rng.normal(size=(5, 4))
    risk = half @ half.T
    values, third = rng.uniform(1, 5, 5), rng.integers(0, 6, 5)[owner].astype(float)
    lines = [Line(f"s{k}", [0, 1], [0.0, v], f"p{owner[k]}") for k, v in enumerate(values)]
    side = SideConstraint("money", (2, 1, 2, 3, 1), None, 6)
    asked = LevelQuestion(lines, 5, "at_most", caps={"p0": 1}, sides=[side], reference=1.0)
    table, units = pareto_front(
        asked, owner, values, risk, third if with_third else None, points=5, time_limit=60.0
    )
    rows = []
    for plan in itertools.product((0, 1), repeat=5):
        if asked.feasible(plan):
            rows.append((values @ plan, np.array(plan) @ risk @ plan, third @ plan))
    everything = pd.DataFrame(rows, columns=["value", "risk", "third"])
    everything = everything if with_third else everything.drop(columns="third")
    best = everything[efficient(everything)]
    assert len(table) >= 2
    assert table["proven"].all()
    for row, plan in zip(table.to_dict("records"), units):
        assert asked.feasible(plan)
        near = (best["value"] - row["value"]).abs() + (best["risk"] - row["risk"]).abs()
        assert near.min() < 1e-6
    assert table["value"].max() == pytest.approx(everything["value"].max())
    assert table["risk"].is_monotonic_increasing


def test_which_rows_are_efficient():
    table = pd.DataFrame(
        {"value": [3.0, 3.0, 2.0, 1.0], "risk": [2.0, 2.0, 2.0, 1.0], "third": [0.0, 0, 5, 0]}
    )
    assert efficient(table).tolist() == [True, True, True, True]
    assert efficient(table.drop(columns="third")).tolist() == [True, True, False, True]
