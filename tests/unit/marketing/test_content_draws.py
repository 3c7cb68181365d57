"""Draws of effects: how far they move, together where they are one estimate, and what they solve."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from hybrid_opt.marketing import ContentPlanner
from hybrid_opt.marketing.content_draws import drawn_question
from hybrid_opt.planning import robustness_tables

LEVELS = pd.DataFrame(
    {"factor": ["image", "image"], "level": ["photo", "chart"], "effect": [1.0, 1.0], "error": [0.0, 1.0]}
)


def test_a_drawn_question_has_the_other_values():
    planner = ContentPlanner.from_tables(LEVELS, audiences={"a": 2, "b": 3})
    question = planner.question.levels()
    model = planner.model.with_effects(np.array([5.0, 1.0, 0.0, 7.0]), planner.model.pair_effect)
    asked = drawn_question(question, model)
    assert [float(line.values[-1]) for line in asked.lines] == [10.0, 2.0, 0.0, 21.0]
    assert [line.group for line in asked.lines] == [line.group for line in question.lines]
    same = drawn_question(question, planner.model)
    assert same.values(np.eye(4, dtype=int)).tolist() == question.values(np.eye(4, dtype=int)).tolist()


def test_shares_are_those_of_the_normal_distribution():
    plan = ContentPlanner.from_tables(LEVELS).solve(seed=3, draws=400)
    stays = plan.lines().set_index("level")["stays"]
    # chart = 1 + z beats photo = 1 in half of the draws.
    assert stays["chart"] == pytest.approx(0.5, abs=0.08)
    assert plan.stability.losses.max() > 0
    again = ContentPlanner.from_tables(LEVELS).solve(seed=3, draws=400)
    assert (again.stability.spends == plan.stability.spends).all()
    # The best plan of a draw is at least as good there as the plan.
    assert (plan.stability.best >= plan.stability.kept - 1e-12).all()
    gain = plan.stability.best[plan.stability.spends[:, 1] == 1] - 1.0
    assert gain.mean() == pytest.approx(np.sqrt(2 / np.pi), abs=0.12)


def test_fatigue_takes_its_share_of_the_drawn_lead():
    # chart = 1 + 0.5 z against photo = 0: worn or not, it is ahead where z > -2.
    worn = LEVELS.assign(effect=[0.0, 1.0], error=[0.0, 0.5], exposure=[0.0, 1.0])
    plan = ContentPlanner.from_tables(worn, fatigue=0.5).solve(seed=0, draws=400)
    stays = plan.lines().set_index("level")["stays"]["chart"]
    assert stays == pytest.approx(norm.cdf(2.0), abs=0.03)
    leads = np.maximum(0.0, plan.stability.best)
    fresh = ContentPlanner.from_tables(worn).solve(seed=0, draws=400)
    np.testing.assert_allclose(leads, 0.5 * np.maximum(0.0, fresh.stability.best))


def test_the_table_of_draws_tells_of_levels_only():
    paid = LEVELS.assign(cost=[0.0, 0.5])
    plan = ContentPlanner.from_tables(paid, audiences={"a": 2, "b": 3}, worth=1.0).solve(seed=0, draws=20)
    assert "image = chart made" in plan.question.table.labels
    told = plan.frames()["stability"]
    assert told["option"].tolist() == ["a: image = photo", "a: image = chart", "b: image = photo",
                                       "b: image = chart"]  # fmt: skip
    assert told["chosen_share"].tolist() == plan.lines()["stays"].tolist()
    table = next(table for table in plan.tables() if table.title.startswith("How the moves hold up"))
    assert table.title.endswith("20 draws of the effects")
    assert len(table.rows) == 4


def test_estimates_move_with_their_covariance():
    # Both effects come from one difference: photo + chart stays 0 in every draw.
    tests = pd.DataFrame({"image": ["photo", "chart"], "impressions": [100, 100], "conversions": [20, 22]})
    planner = ContentPlanner.from_tests(tests)
    plan = planner.solve(seed=0, draws=300)
    difference = 0.02 / (2 * planner.estimate.error[0])
    stays = plan.lines().set_index("level")["stays"]["chart"]
    assert stays == pytest.approx(norm.cdf(difference), abs=0.08)


def test_levels_that_tests_cannot_tell_apart_have_no_share(monkeypatch):
    # Headline and image always changed together; the call was tested apart from both.
    table = pd.DataFrame(
        {
            "headline": ["h0", "h1"] * 2,
            "image": ["i0", "i1"] * 2,
            "call": ["c0", "c0", "c1", "c1"],
            "impressions": 1000,
            "conversions": [100, 105, 103, 108],
        }
    )
    plan = ContentPlanner.from_tests(table).solve(seed=0, draws=40)
    stays = plan.lines().set_index("level")["stays"]
    assert stays[["h0", "h1", "i0", "i1"]].isna().all()
    assert 0.0 < stays["c1"] < 1.0
    (note,) = [note for note in plan.notes if note.startswith("stability")]
    assert "4 effects cannot be told apart; they were drawn along the direction that the tests see" in note
    # They are drawn, though: along the one direction, so that both change together.
    taken = plan.stability.spends
    assert 0 < taken[:, 0].sum() < 40
    assert (taken[:, 0] == taken[:, 2]).all()
    rows = {row[2 if not plan.has_today else 3]: row for row in plan.line_table().rows}
    assert "-" in rows["h1"]
    assert "-" not in rows["c1"]
    assert "the tests cannot tell its effect" in plan.line_table().note
    assert "nan" not in str(plan)
    told = plan.frames()["stability"].set_index("option")["chosen_share"]
    assert told[["headline = h0", "image = i1"]].isna().all()
    assert told["call = c1"] == stays["c1"]
    assert plan.to_dict()["stability"]["options"][0]["chosen_share"] is None
    # A long table leaves out what was never chosen, which is not known of these.
    monkeypatch.setattr(robustness_tables, "MOST_ROWS", 2)
    assert [row[1] for row in robustness_tables.stability_table(plan).rows[:4]] == ["-"] * 4


def test_effects_without_an_error_are_said_not_to_move():
    partly = pd.concat([LEVELS, LEVELS.assign(factor="call", error=np.nan)], ignore_index=True)
    plan = ContentPlanner.from_tables(partly).solve(seed=0, draws=5)
    assert any("2 effects have no standard error" in note for note in plan.notes)


def test_a_short_time_ends_the_draws():
    plan = ContentPlanner.from_tables(LEVELS).solve(seed=0, draws=5000, time_limit=1e-9)
    assert 1 <= plan.stability.draws < 5000
    assert "the time limit ended it" in str(plan)
