"""Tables of a choice: long ones leave out what nobody chose, and words fit what was looked at."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import PostingPlanner
from hybrid_opt.planning.plan_tables import limit_table
from hybrid_opt.planning.robustness_tables import stability_table

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def slots(hours):
    rows = [(day, hour, 10.0 + hour + k, 0.6) for k, day in enumerate(DAYS) for hour in range(hours)]
    return pd.DataFrame(rows, columns=["day", "hour", "engagement", "error"])


def test_a_long_table_shows_what_was_ever_chosen():
    plan = PostingPlanner(slots(6), choose=3).solve(seed=0, draws=8)
    shown = stability_table(plan)
    names = [row[0] for row in shown.rows]
    shares = plan.stability.spends.mean(axis=0)
    ever = {name for name, share in zip(plan.question.table.labels, shares) if share > 0}
    assert set(names) == ever | set(plan.chosen())
    assert 3 <= len(names) < 42
    assert f"; {42 - len(names)} slots were never chosen" in shown.note


def test_an_item_of_the_plan_stays_though_no_draw_chose_it():
    plan = PostingPlanner(slots(6), choose=3).solve(seed=0, draws=8)
    none = replace(plan.stability, spends=np.zeros_like(plan.stability.spends))
    rows = stability_table(replace(plan, stability=none)).rows
    assert [row[0] for row in rows] == plan.chosen()
    assert [row[1] for row in rows] == ["0%"] * 3


def test_a_short_table_shows_all():
    plan = PostingPlanner(slots(4), choose=3).solve(seed=0, draws=3)
    shown = stability_table(plan)
    assert len(shown.rows) == 28
    assert "never chosen" not in shown.note


@pytest.mark.parametrize("proven", [True, False])
def test_a_question_without_a_limit_has_nothing_to_move(tmp_path, proven):
    plan = PostingPlanner(slots(1).assign(must=["in"] * 7)).solve(seed=0)
    plan = replace(plan, limits=plan.limits[:0], proven=replace(plan.proven, bound=plan.value + (not proven)))
    note = limit_table(plan).note
    page = plan.report(tmp_path / "page.html").read_text()
    if proven:
        assert note == "there is no limit that could be moved"
        assert "No limit stands in the way." in page
    else:
        assert "needs a proven optimum" in note
        assert "What limits cost was not computed." in page


@pytest.mark.parametrize("options", [{"choose": 2}, {"choose": 2, "max_per_day": 1}])
def test_a_question_with_a_number_was_not_computed_where_no_row_stands(options):
    plan = PostingPlanner(slots(1), **options).solve(seed=0)
    assert "needs a proven optimum" in limit_table(replace(plan, limits=plan.limits[:0])).note
