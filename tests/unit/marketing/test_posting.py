"""The posting task through its public door."""

import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, PlanError, TableError
from hybrid_opt.marketing import PostingPlanner
from hybrid_opt.marketing.posting_baselines import posting_baselines
from hybrid_opt.marketing.posting_window import coarsen_posts
from hybrid_opt.marketing.posting_worth import looser_rules
from hybrid_opt.planning.choice_form import ChoiceForm

SLOTS = pd.DataFrame(
    {
        "day": ["Mon", "Mon", "Tue", "Tue", "Wed", "Sat"],
        "hour": [9, 18, 9, 18, 12, 12],
        "engagement": [50, 80, 60, 85, 70, 40],
        "error": [5, 5, 5, 5, 5, 5],
    }
)
POSTS = pd.DataFrame(
    {
        "post": ["news", "tips", "team"],
        "topic": ["x", "x", ""],
        "multiplier": [1.5, 1.0, 0.5],
        "current": ["Mon 09:00", "Wed 12:00", "Sat 12:00"],
    }
)
TIRED = {"fatigue": 0.4, "fatigue_hours": 40}


def test_slots_without_fatigue_are_sorted_and_no_qubo_is_needed():
    plan = PostingPlanner.from_tables(SLOTS, choose=2).solve(seed=0)
    assert plan.chosen() == ["Mon 18:00", "Tue 18:00"]
    assert "values only add up: no QUBO is needed" in plan.notes[0]
    assert plan.method == "dynamic programming"
    assert not plan.interacts
    assert plan.placements() == {}
    limited = PostingPlanner(SLOTS, choose=2, max_per_day=1)
    assert "values only add up" in limited.notes[0]
    limited = PostingPlanner(SLOTS, posts=POSTS, max_per_day=1)
    assert "values only add up" in limited.notes[0]


def test_posts_without_fatigue_are_assigned():
    plan = PostingPlanner(SLOTS, posts=POSTS).solve(seed=0)
    assert plan.method == "linear assignment (no QUBO needed)"
    assert "a linear assignment is exact: no QUBO is needed" in plan.notes[0]
    assert plan.placements() == {"news": "Tue 18:00", "tips": "Mon 18:00", "team": "Wed 12:00"}
    assert plan.value == 1.5 * 85 + 80 + 35
    assert plan.today_value == 1.5 * 50 + 70 + 20
    assert {row.method: row.value for row in plan.baselines}["MILP (HiGHS), model with pairs"] == plan.value


def test_the_answer_with_fatigue_in_all_its_forms(tmp_path):
    planner = PostingPlanner(SLOTS, posts=POSTS, topic_gap=30, max_per_day=1, **TIRED)
    plan = planner.solve(seed=0, draws=3, what_if=["team"])
    frame = plan.schedule()
    assert plan.status == "optimal"
    assert plan.interacts
    assert frame["engagement"].sum() == pytest.approx(plan.value)
    assert frame["lost"].sum() == pytest.approx(frame["alone"].sum() - plan.value)
    assert plan.value == pytest.approx(plan.levels.value(plan.choice))
    text = str(plan)
    assert "Which post when" in text
    assert "What if team is held" in text
    forgetful = plan.baselines[-1]
    assert forgetful.method == "as if posts did not touch each other"
    assert forgetful.value <= plan.value + 1e-9
    rules = set(plan.limits["limit"])
    assert {"30 hours between posts on a topic", "at most 1 posts a day"} <= rules
    content = json.loads(plan.to_json())
    assert content["placements"] == plan.placements()
    page = plan.report(tmp_path / "posts.html").read_text()
    assert "Expected engagement by day and hour" in page
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "posts.xlsx"))
    assert {"schedule", "calendar"} <= set(book.sheetnames)
    # A slot's error moves all posts of the slot alike.
    assert plan.stability.draws == 3
    assert plan.calendar()["posts"].sum() == 3
    assert plan.limit_words() == "3 posts in 6 slots"
    assert "table of slots" in plan.origin()
    assert list(plan.lines().columns) == ["option", "post", "slot", "today", "plan", "alone", "near"]


def test_a_looser_rule_is_worth_what_solving_again_brings():
    planner = PostingPlanner(SLOTS, choose=3, max_per_day=1, min_gap=20, weekend=(1, None), **TIRED)
    plan = planner.solve(seed=0)
    gains = dict(zip(plan.limits["limit"], plan.limits["gain"]))
    for label, options in (
        ("at most 1 posts a day", {"max_per_day": 2}),
        ("20 hours between posts", {"min_gap": 18.0}),
        ("at least 1 on a weekend", {"weekend": (0, None)}),
    ):
        expected = planner.changed(**options).solve(seed=0).value - plan.value
        assert gains[label] == pytest.approx(expected, abs=1e-6)
    assert plan.by_count["chosen"].tolist()[0] == 1


def test_every_rule_has_a_looser_form():
    days = pd.DataFrame({"day": ["Mon"], "at_least": [1]})
    planner = PostingPlanner(
        SLOTS, posts=POSTS, min_gap=2, topic_gap=2, topic_per_day=1, max_per_day=2, min_per_day=0,
        weekend=(1, 2), days=days, equal_split="weeks",
    )  # fmt: skip
    looser = list(looser_rules(planner))
    assert [label for label, *_ in looser] == [
        "2 hours between posts", "2 hours between posts on a topic", "at most 1 posts of a topic a day",
        "at most 2 posts a day", "at least 1 on a weekend", "at most 2 on a weekend",
        "the limits of single days", "equal split over weeks",
    ]  # fmt: skip
    for *_, options in looser:
        planner.changed(**options)


def test_weeks_follow_each_other_and_are_drawn_one_by_one():
    two = {"weeks": 2, "equal_split": "weeks", "every_week": True}
    plan = PostingPlanner(SLOTS, choose=4, **two, **TIRED).solve(seed=0)
    assert plan.schedule()["week"].tolist() == [1, 1, 2, 2]
    drawings = plan.task_drawings()
    assert "in week 1" in drawings[0].caption
    assert "in week 2" in drawings[1].caption


def test_a_repeated_plan_is_worth_what_many_weeks_bring():
    two = pd.DataFrame({"day": ["Mon", "Thu"], "hour": [0, 12], "engagement": [10, 10]})
    plan = PostingPlanner(two, choose=2, fatigue=0.5, fatigue_hours=168, every_week=True).solve(seed=0)
    assert (plan.value, plan.status) == (pytest.approx(10.0), "optimal")
    assert plan.schedule()["engagement"].tolist() == [5.0, 5.0]
    weeks = 12
    for options in ({"choose": 3}, {"posts": POSTS, "capacity": 2}):
        tired = {"fatigue": 0.3, "fatigue_hours": 250}
        plan = PostingPlanner(SLOTS, every_week=True, **options, **tired).solve(seed=0)
        frame = plan.schedule()
        assert frame["engagement"].sum() == pytest.approx(plan.value)
        hours = [24 * ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(d) for d in frame["day"]]
        hours = np.array(hours) + frame["time"].str[:2].astype(int).to_numpy()
        long = (hours[None, :] + 168 * np.arange(weeks)[:, None]).ravel()
        share = 0.3 * np.maximum(0.0, 1 - np.abs(long[:, None] - long[None, :]) / 250)
        np.fill_diagonal(share, 0.0)
        middle = share.sum(axis=1).reshape(weeks, -1)[weeks // 2]
        assert plan.value == pytest.approx(float(frame["alone"] @ (1 - middle)))
        assert any("its own copies take" in note for note in plan.notes)


def test_the_block_for_a_simulator_keeps_the_anchor():
    planner = PostingPlanner(SLOTS, posts=POSTS, **TIRED)
    levels = planner.question.levels()
    anchor = planner._anchor(levels, planner._today(levels))
    for bits, whole in ((20, True), (12, False), (6, False)):
        window, qubo = coarsen_posts(levels, anchor, bits)
        assert qubo.n_bits <= bits
        assert all(level in kept for level, kept in zip(anchor, window.kept))
        assert (sum(map(len, window.kept)) == 2 * len(levels.lines)) is (whole and qubo.n_bits == 18)


def test_baselines_agree():
    planner = PostingPlanner(SLOTS, posts=POSTS, **TIRED)
    levels = planner.question.levels()
    rows = posting_baselines(levels, planner.options, planner._prove(levels), 20.0)
    assert [row.method for row in rows] == ["enumeration", "MILP (HiGHS, posts counted by slot)"]
    assert rows[0].value == pytest.approx(rows[1].value)
    assert all(row.proven for row in rows)
    assert ChoiceForm.of(levels).size == 6**3


def test_what_lies_beside_it():
    planner = PostingPlanner(SLOTS, choose=2, **TIRED)
    assert set(planner.to_cqm().variables) == set(planner.slots.names)
    assert planner.what_if("Mon 09:00")["engagement"].notna().any()
    zoomed = planner.solve("anneal", seed=0)
    assert zoomed.value <= zoomed.bound + 1e-9
    placed = PostingPlanner(SLOTS, posts=POSTS, **TIRED)
    assert list(placed.to_level_model().variables) == ["news", "tips", "team"]
    assert placed.solve("anneal", seed=0).value <= placed.solve(seed=0).value + 1e-9
    bare = PostingPlanner(SLOTS.drop(columns="error"), choose=2)
    assert any("no slot has a standard error" in note for note in bare.notes)
    assert any("stability was left out" in note for note in bare.solve(seed=0, draws=2).notes)


def test_today_and_must_of_slots():
    table = SLOTS.assign(current=["yes", "yes", "no", "no", "no", "no"], must=["", "out", "", "", "", "in"])
    plan = PostingPlanner(table, choose=2).solve(seed=0)
    assert plan.chosen() == ["Tue 18:00", "Sat 12:00"]
    assert plan.today_value == 130


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"slots": None}, "give slots or history"),
        ({"history": SLOTS}, "give slots or history"),
        ({"posts": POSTS, "choose": 2}, "choose and at_most are for slots without posts"),
        ({"multipliers": POSTS}, "multipliers are factors of posts"),
        ({"at_most": True}, "give choose too"),
        ({"capacity": 2}, "capacity says something about posts; give posts too"),
        ({"topic_gap": 2}, "topic_gap says something about posts"),
        ({"topic_per_day": 1}, "topic_per_day says something about posts"),
        ({"block_hours": 2}, "block_hours says how past posts are read"),
        ({"timezone": "UTC"}, "timezone says how past posts are read"),
        ({"fatigue": pd.DataFrame({"hours": [9], "share": [0.1]}), "fatigue_hours": 9}, "ends with its last"),
        ({"choose": 7}, "there are 6 slots"),
        ({"capacity": 0}, "capacity is 0"),
        ({"fatigue": 2}, "fatigue is 2"),
        ({"min_gap": -1}, "min_gap is -1"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(OptionError, match=words):
        PostingPlanner(**{"slots": SLOTS, **options})


def test_tables_of_the_other_form():
    with pytest.raises(TableError, match="'current' is for slots without posts"):
        PostingPlanner(SLOTS.assign(current="no"), posts=POSTS)
    with pytest.raises(TableError, match="index 0, column 'must': 'in' is for slots without posts"):
        PostingPlanner(SLOTS.assign(must=["in"] + [""] * 5), posts=POSTS)


def test_rules_that_clash_are_named():
    with pytest.raises(PlanError, match="at least 2 on the weekend"):
        PostingPlanner(SLOTS, choose=2, weekend=(2, None))
    with pytest.raises(PlanError, match="no slot counts for the limit 'at least 1 on the weekend'; drop it"):
        PostingPlanner(SLOTS[:5], choose=2, weekend=(1, None))
    with pytest.raises(PlanError, match=r"the number of posts 5.*at most 1 on Mon"):
        PostingPlanner(SLOTS, choose=5, max_per_day=1)


def test_an_unknown_line_to_hold():
    with pytest.raises(OptionError, match="did you mean 'news'"):
        PostingPlanner(SLOTS, posts=POSTS).solve(seed=0, what_if=["new"])


def test_large_questions_leave_near_plans_out():
    planner = PostingPlanner(SLOTS, posts=POSTS, **TIRED)
    assert planner.options.neighbors() == 15 + 75
    losses = planner.options.losses()
    assert len(losses) == len({(a, b) for a, b, _ in losses})
    assert np.isfinite([loss for *_, loss in losses]).all()


def test_a_gap_of_an_hour_is_kept_by_slots_an_hour_apart():
    table = pd.DataFrame({"day": "Mon", "hour": ["00:05", "01:05", "01:35"], "engagement": [3, 2, 1]})
    planner = PostingPlanner(table, choose=2, min_gap=1)
    assert planner.solve(seed=0).chosen() == ["Mon 00:05", "Mon 01:05"]
    assert [options for *_, options in looser_rules(planner)] == [{"min_gap": 0.5}]
    near = pd.DataFrame({"hours": [0, 1], "share": [0.5, 0.5]})
    assert PostingPlanner(table, choose=2, fatigue=near).options.shares[0, 1] == 0.5
