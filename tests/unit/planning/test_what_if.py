import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import BudgetPlanner

PLAN = pd.DataFrame(
    {"channel": ["tv", "search"], "current": [60, 40], "min": [20, 0], "max": [100, 100], "step": [20, 20]}
)
CURVES = pd.DataFrame(
    {
        "channel": ["tv"] * 3 + ["search"] * 3,
        "spend": [0, 60, 100] * 2,
        "response": [0, 90, 110, 0, 120, 150],
        "lo": [0, 60, 70, 0, 90, 110],
        "hi": [0, 120, 150, 0, 140, 190],
    }
)


@pytest.fixture(scope="module")
def planner():
    return BudgetPlanner.from_tables(PLAN, CURVES)


def test_every_amount_is_solved_again(planner):
    table = planner.what_if("tv").set_index("tv")
    assert table.index.tolist() == [20.0, 40.0, 60.0, 80.0, 100.0]
    assert table["search"].tolist() == [80.0, 60.0, 40.0, 20.0, 0.0]
    assert table["response"].tolist() == [30 + 135, 60 + 120, 90 + 80, 100 + 40, 110]
    assert table.loc[40.0, "loss"] == 0.0
    assert table["proven"].all()


def test_amounts_of_ones_own_and_amounts_without_a_plan(planner):
    table = planner.what_if("search", [0, 100])
    assert table["tv"].tolist()[0] == 100.0
    assert np.isnan(table["response"].tolist()[1])  # tv needs at least 20
    assert "budget" in table["reason"].tolist()[1]


def test_unknown_lines_and_amounts_are_named(planner):
    with pytest.raises(OptionError, match="did you mean 'search'"):
        planner.what_if("serch")
    with pytest.raises(OptionError, match="allowed next to it are 20 and 40"):
        planner.what_if("tv", [30])
    with pytest.raises(OptionError, match="there is no channel 'radio'"):
        planner.solve(what_if=["radio"])


def test_the_answer_carries_it_everywhere(planner, tmp_path):
    plan = planner.solve(seed=1, what_if=["tv"], draws=4)
    assert plan.to_dict()["what_if"]["tv"][0]["response"] == 165.0
    assert "What if tv got another spend" in str(plan)
    assert "what if tv" in plan.frames()
    html = plan.report(tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "How sure is it" in html
    assert "What if tv got another spend" in html


def test_a_budget_plan_says_how_its_moves_hold_up(planner):
    plan = planner.solve(seed=1, draws=30)
    content = plan.to_dict()["stability"]
    assert content["draws"] == 30
    assert [row["channel"] for row in content["channels"]] == ["tv", "search"]
    assert plan.stability.losses.max() >= 0
    assert "best plans over 30 draws" in str(plan)
    assert planner.solve(seed=1, draws=30).to_dict()["stability"] == content
    plain = BudgetPlanner.from_tables(PLAN, CURVES.drop(columns=["lo", "hi"]))
    silent = plain.solve(seed=1, draws=5)
    assert silent.stability is None
    assert any("no curve has an interval" in note for note in silent.notes)
