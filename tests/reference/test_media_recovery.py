"""Known curves recovered from generated histories, and the fit of Robyn's simulated weekly data.

The file is ``mmm/robyn_simulated_weekly.csv`` of the folder that HYBRID_OPT_DATA names: 208 weeks of the MIT
licensed repository facebookexperimental/Robyn. On it, with competitor sales and events as controls, a model
with media foresees the last 26 weeks worse than one without; the plan must say so.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from hybrid_opt.marketing import BudgetPlanner
from hybrid_opt.marketing.media_history import fit_history
from hybrid_opt.marketing.synthetic_history import history_truth, make_history
from hybrid_opt.planning.hill import HillCurve

FILE = Path(os.environ.get("HYBRID_OPT_DATA", "/nonexistent")) / "mmm" / "robyn_simulated_weekly.csv"
needs_file = pytest.mark.skipif(
    not FILE.is_file(), reason="HYBRID_OPT_DATA names no folder with mmm/robyn_simulated_weekly.csv"
)
SPEND = ["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"]


def test_curves_are_recovered_within_their_intervals():
    """Over eight histories, nine in ten of the 90 % intervals at the mean spend hold the true response."""
    truth, inside, off = history_truth(3), 0, []
    for seed in range(8):
        frame = make_history(seed)
        planner = BudgetPlanner.from_history(
            frame, outcome="revenue", date="week", spend=["tv", "search", "social"],
            controls=["price", "holiday"], starts=3,
        )
        assert planner.history.reliable
        for row in truth.to_dict("records"):
            name = row.pop("channel")
            spend = float(frame[name].mean())
            true = float(HillCurve(**row).response(spend))
            low, high = (float(end) for end in planner.curves.interval(name, spend))
            inside += low <= true <= high
            off.append(abs(float(planner.curves.response(name, spend)) / true - 1))
    assert inside >= 18  # of 24
    assert np.median(off) < 0.1
    assert max(off) < 0.4


def test_without_noise_the_plan_is_that_of_the_truth():
    frame = make_history(4, channels=2, noise=0.0)
    options = {"outcome": "revenue", "date": "week", "controls": ["price", "holiday"], "season": 1}
    found = BudgetPlanner.from_history(frame, spend=["tv", "search"], starts=3, **options)
    plan = found.solve(seed=0)
    true = {row.pop("channel"): HillCurve(**row) for row in history_truth(2).to_dict("records")}
    best = 0.0
    lines = {line.label: line.spends for line in found.table.lines}
    for tv in lines["tv"]:
        rest = found.budget - tv
        if (np.abs(lines["search"] - rest) < 1e-6).any():
            best = max(best, float(true["tv"].response(tv) + true["search"].response(rest)))
    spends = plan.allocation()
    assert sum(float(true[name].response(spends[name])) for name in true) >= 0.99 * best


@needs_file
def test_robyn_with_its_controls_is_marked_unreliable():
    planner = BudgetPlanner.from_history(
        FILE, outcome="revenue", date="DATE", spend=SPEND, controls=["competitor_sales_B", "events"]
    )
    history = planner.history
    assert history.weekly.weeks == 208
    assert history.r2 > 0.91  # in sample; the anchor of the published draws is 0.883
    table = history.holdout.table().set_index("model")["RMSE"]
    assert table["without media"] == pytest.approx(88_998, rel=1e-3)
    assert table["with media"] == pytest.approx(147_666, rel=0.02)
    assert not history.reliable
    plan = planner.solve(seed=0)
    assert str(plan).startswith("UNRELIABLE budget plan")
    assert plan.status == "optimal"


@needs_file
def test_robyn_with_competitor_sales_alone_passes_its_check():
    found = fit_history(
        FILE, outcome="revenue", date="DATE", spend=SPEND, controls=["competitor_sales_B"], season=2
    )
    table = found.holdout.table().set_index("model")["RMSE"]
    assert table["with media"] == pytest.approx(105_846, rel=0.02)
    assert table["without media"] == pytest.approx(126_106, rel=1e-3)
    assert found.reliable


def test_a_twin_of_robyn_without_any_effect_of_media_is_not_told_from_zero():
    """What the file would show with useless channels; it needs no file."""
    found = fit_history(
        make_history(3, media=0.0), outcome="revenue", date="week", spend=["tv", "search", "social"],
        controls=["price", "holiday"], starts=4,
    )
    told = [name for name in found.channels if not any(repr(name) in note for note in found.notes)]
    assert told == []
