"""A proof that the list of all choices contradicts is not believed."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import ContentPlanner
from hybrid_opt.planning import choice_planner

LEVELS = pd.DataFrame(
    {
        "factor": ["headline"] * 2 + ["image"] * 3 + ["call"] * 2,
        "level": ["question", "offer", "photo", "chart", "video", "trial", "demo"],
        "effect": [0.0, 2.0, 0.0, 1.0, 3.0, 0.5, 0.0],
        "error": 0.1,
        "current": [True, False, True, False, False, False, True],
    }
)


@pytest.fixture
def wrong(monkeypatch):
    """A program whose answer is the first plan, and whose bound says that nothing is better."""

    def first(form, time_limit):
        pick = np.array([int(own[0]) for own in form.options])
        return pick, float(form.values_of(pick[None, :])[0])

    monkeypatch.setattr(choice_planner, "QUICK", 0)
    monkeypatch.setattr(choice_planner, "best_choice", first)


def test_a_wrong_optimum_is_found_out_where_all_choices_are_listed(wrong):
    planner = ContentPlanner.from_tables(LEVELS)
    plan = planner.solve(seed=0, draws=2, alternatives=1)
    assert plan.variants()["everybody"] == {"headline": "offer", "image": "video", "call": "trial"}
    assert (plan.value, plan.bound, plan.status) == (5.5, 5.5, "optimal")
    assert any("all 12 feasible plans held one that beats the program's by 5" in note for note in plan.notes)
    assert plan.near.count == 1
    assert plan.stability.kept.mean() == pytest.approx(5.5, abs=0.6)
    # The planner itself is as it was.
    assert planner.notes == []


def test_beyond_a_list_the_program_stands(wrong, monkeypatch):
    monkeypatch.setattr(choice_planner, "MOST_PLANS", 5)
    plan = ContentPlanner.from_tables(LEVELS).solve(seed=0, alternatives=1)
    assert plan.value == 0.5
    assert not any("held one that beats" in note for note in plan.notes)


def test_a_right_proof_is_left_alone(monkeypatch):
    monkeypatch.setattr(choice_planner, "QUICK", 0)
    plan = ContentPlanner.from_tables(LEVELS).solve(seed=0, alternatives=1)
    assert plan.value == 5.5
    assert "MILP" in plan.method
    assert not any("held one that beats" in note for note in plan.notes)
