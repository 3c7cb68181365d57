"""Rules one step looser, and a plan that outlives ctrl-C."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import PostingPlanner
from hybrid_opt.marketing import posting as posting_module
from hybrid_opt.marketing.posting_worth import worth_of_rules

SLOTS = pd.DataFrame(
    {"day": ["Mon", "Mon", "Tue", "Sat"], "hour": [9, 18, 9, 12], "engagement": [50, 80, 60, 40]}
)


def planner():
    return PostingPlanner(SLOTS, choose=2, max_per_day=1, min_gap=16, fatigue=0.1, fatigue_hours=40)


def test_a_proven_gain_is_a_number():
    plan = planner().solve(seed=0)
    assert plan.looser["limit"].tolist() == ["16 hours between posts", "at most 1 posts a day"]
    assert plan.limits["limit"].tolist()[-2:] == plan.looser["limit"].tolist()
    assert plan.looser["gain"].notna().all()
    assert (plan.looser["reason"] == "").all()


def test_a_gain_that_is_not_proven_is_no_number(monkeypatch):
    asked = planner()
    proven, seen = asked._prove(asked.question.levels()), []
    prove = PostingPlanner._prove

    def unsure(self, question, *, start=None, time_limit=60.0):
        answer = prove(self, question, start=start, time_limit=time_limit)
        seen.append((start, time_limit))
        return replace(answer, bound=answer.value + 100.0)

    monkeypatch.setattr(PostingPlanner, "_prove", unsure)
    table = worth_of_rules(asked, proven, 20.0)
    assert table["gain"].isna().all()
    assert all("was not proven in" in reason for reason in table["reason"])
    assert table["binds"].tolist() == [reason.startswith("at least +") for reason in table["reason"]]
    assert table["binds"].tolist() == [True, False]
    assert all(start is not None for start, _ in seen)
    assert all(0 < limit <= 20.0 for _, limit in seen)
    assert seen[0][1] <= 10.0  # half of the time for each of the two


def test_rules_for_which_there_is_no_time_are_named():
    asked = planner()
    proven = replace(asked._prove(asked.question.levels()), seconds=20.0)
    table = worth_of_rules(asked, proven, 30.0)
    assert (table["reason"] == "left out, to keep within the time limit of 30 s; allow more time").all()
    assert np.isnan(table["gain"]).all()


@pytest.mark.parametrize("name", ["worth_of_rules", "value_by_count"])
def test_ctrl_c_after_the_proof_keeps_the_plan(monkeypatch, name):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(posting_module, name, stop)
    plan = planner().solve(seed=0)
    assert plan.status == "optimal"
    assert plan.interrupted
    (note,) = [note for note in plan.notes if "ctrl-C: the plan stands" in note]
    assert "the best plan of every size" in note
    assert (plan.looser is None) == (name == "worth_of_rules")
    assert plan.by_count is None
