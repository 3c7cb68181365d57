"""Pre-flight: each clash is named with what would cure it; totals against brute force."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, PlanError
from hybrid_opt.planning.curves import ResponseCurves
from hybrid_opt.planning.line_limits import check_limits, reachable_units
from hybrid_opt.planning.line_table import LineTable, read_plan
from hybrid_opt.planning.preflight import PreflightReport, preflight

COLUMNS = ["channel", "current", "min", "max", "step", "fixed", "group", "min_if_used"]


def plan(*rows: list[object], caps: dict[str, float] | None = None) -> LineTable:
    full = [[*row, *[None] * (len(COLUMNS) - len(row))] for row in rows]
    return read_plan(pd.DataFrame(full, columns=COLUMNS), caps=caps)


def curves(*channels: str, first: float = 0, last: float = 1e6, extrapolate: bool = False) -> ResponseCurves:
    rows = [(channel, spend, spend) for channel in channels for spend in (first, last)]
    table = pd.DataFrame(rows, columns=["channel", "spend", "response"])
    return ResponseCurves.from_table(table, extrapolate=extrapolate)


def check(table: LineTable, budget: float, spend: str = "exactly") -> PreflightReport:
    return preflight(table, curves(*table.labels), budget, spend)  # type: ignore[arg-type]


def test_a_sound_plan_has_no_findings() -> None:
    table = plan(["tv", 20, 0, 40, 10], ["search", 10, 0, 20, 5, None, "digital"], caps={"digital": 15})
    report = check(table, 30)
    assert report.findings == ()
    report.raise_if_errors()


def test_lower_bounds_above_the_budget() -> None:
    table = plan(
        ["search", 0, 20_000, 90_000, 1000],
        ["tv", 0, 30_000, 90_000, 1000],
        ["radio", 0, 0, 90_000, 1000],
        ["print", 32_000, 0, 90_000, 1000, True],
    )
    report = check(table, 70_000)
    assert report.errors == [
        "lower bounds add up to 82,000, the budget is 70,000: lower the minimum of 'tv' (30,000), 'search'"
        " (20,000) by 12,000 in all, release the fixed 'print' (32,000), or raise the budget"
    ]
    with pytest.raises(PlanError, match="lower bounds add up to 82,000"):
        report.raise_if_errors()
    assert check(table, 70_000, "at_most").errors == report.errors


def test_upper_bounds_below_the_budget() -> None:
    table = plan(
        ["tv", 0, 0, 30, 10],
        ["search", 0, 0, 20, 5, None, "digital"],
        ["video", 0, 0, 20, 5, None, "digital"],
        ["print", 7, 0, 10, 1, True],
        caps={"digital": 27},
    )
    # The cap of 27 holds 25 on the grid.
    assert check(table, 70).errors == [
        "upper bounds and caps let at most 62 be spent, the budget is 70: raise the maximum of 'tv' (30)"
        " by 8, raise the cap of group 'digital' (27), release the fixed 'print' (7), lower the budget to 62,"
        " or spend at most the budget (spend='at_most')"
    ]
    relaxed = check(table, 70, "at_most")
    assert relaxed.errors == []
    assert (
        "only 62 of the budget 70 can be spent: all channels stand at their upper bounds or caps then"
        in relaxed.notes
    )


def test_upper_bounds_without_caps() -> None:
    report = check(plan(["tv", 0, 0, 30, 10], ["search", 0, 0, 20, 5]), 55)
    assert report.errors == [
        "upper bounds let at most 50 be spent, the budget is 55: raise the maximum of 'tv' (30), 'search'"
        " (20) by 5 in all, lower the budget to 50, or spend at most the budget (spend='at_most')"
    ]


def test_group_minimum_above_its_cap() -> None:
    table = plan(
        ["search", 0, 20, 50, 5, None, "digital"],
        ["social", 0, 25, 50, 5, None, "digital"],
        caps={"digital": 40},
    )
    assert check(table, 60).errors == [
        "lower bounds of group 'digital' add up to 45, its cap is 40: lower the minimum of 'social' (25),"
        " 'search' (20) by 5 in all, or raise the cap"
    ]


def test_a_budget_between_two_totals() -> None:
    table = plan(["tv", 0, 0, 300, 100], ["search", 50, 50, 350, 100])
    assert check(table, 420).errors == [
        "no choice of allowed spends adds up to exactly 420: the nearest totals are 350 and 450; take one of"
        " them as the budget, choose steps that meet it, or spend at most the budget (spend='at_most')"
    ]
    assert check(table, 420, "at_most").errors == []
    assert check(table, 450).errors == []


def test_a_budget_in_the_gap_below_min_if_used() -> None:
    table = plan(["tv", 0, 0, 40, 1, None, None, 20], ["search", 0, 0, 5, 1])
    assert "nearest totals are 5 and 20;" in check(table, 12).errors[0]


@pytest.mark.parametrize("seed", range(25))
def test_reachable_totals_match_all_plans(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows: list[list[object]] = []
    for i in range(4):
        low, step, count = (int(n) for n in random.integers([0, 1, 1], [6, 4, 6]))
        least = int(random.integers(1, 8)) if random.integers(3) == 0 else None
        start = 0 if least else low
        high = (least or low) + step * (count - 1)
        group = ["a", "b", None][int(random.integers(3))]
        rows.append([f"c{i}", start, start, high, step, False, group, least])
    groups = {str(row[6]) for row in rows if row[6]}
    open_table = plan(*rows)
    caps = {}
    for group in groups:
        lines = open_table.groups[group]
        ends = (sum(line.lowest for line in lines), sum(line.highest for line in lines))
        caps[group] = float(random.integers(int(ends[0]), int(ends[1]) + 1)) + 0.5
    table = plan(*rows, caps=caps)
    totals = set()
    for choice in product(*(line.spends.tolist() for line in table.lines)):
        spent = dict.fromkeys(caps, 0.0)
        for line, amount in zip(table.lines, choice, strict=True):
            if line.group:
                spent[line.group] += amount
        if all(spent[group] <= cap for group, cap in caps.items()):
            totals.add(sum(choice))
    assert {table.total(int(units)) for units in reachable_units(table)} == totals
    for budget in range(int(max(totals)) + 3):
        assert (not check_limits(table, budget, "exactly").errors) == (budget in totals)
        assert (not check_limits(table, budget, "at_most").errors) == (budget >= min(totals))


def test_a_curve_that_ends_before_the_maximum() -> None:
    table = plan(["tv", 0, 0, 60, 10], ["search", 50, 0, 60, 10, True], ["radio", 0, 0, 40, 10])
    report = preflight(table, curves("tv", "search", "radio", last=45), 60, "at_most")
    assert report.errors == [
        "curves end before the highest spend: 'tv' (last row 45, max 60; lower it to 40), 'search' (last row"
        " 45, current 50). Lower these limits, add rows to the curves, or set extrapolate=True to hold the"
        " last response"
    ]
    assert report.notes[-1] == (
        "today's response of 'search' is unknown: its curve runs from 0 to 45, today's spend is 50"
    )
    held = preflight(table, curves("tv", "search", "radio", last=45, extrapolate=True), 60, "at_most")
    assert held.errors == []
    assert "the curve of 'tv' is held flat beyond its last row 45" in held.notes
    assert not any("'radio'" in note for note in held.notes)


def test_a_curve_that_starts_above_the_minimum() -> None:
    report = preflight(plan(["tv", 10, 5, 20, 5]), curves("tv", first=10), 10)
    assert report.errors == [
        "curves start above the lowest spend: 'tv' (first row 10, lowest spend 5). Add a row at the lowest"
        " spend to the curve (at spend 0 usually response 0), or raise the minimum"
    ]


def test_channels_and_curves_that_do_not_match() -> None:
    table = plan(["tv", 0, 0, 10, 10], ["serch", 10, 0, 10, 10], ["print", 0, 0, 10, 10])
    report = preflight(table, curves("tv", "search", "mail"), 10)
    assert report.errors == [
        "channel 'serch' (plan table, index 1) has no curve; is it 'search' there? Use one name",
        "channel 'print' (plan table, index 2) has no curve; add its curve or remove the channel",
    ]
    assert report.notes == ["curves without a channel in the plan are not used: 'search', 'mail'"]
    with pytest.raises(PlanError) as caught:
        report.raise_if_errors()
    assert str(caught.value).splitlines()[0] == "the plan cannot be made:"
    assert len(str(caught.value).splitlines()) == 3


def test_notes_do_not_stop_a_plan() -> None:
    table = plan(["tv", 12, 0, 20, 10, None, "screen"])
    falling = pd.DataFrame({"channel": "tv", "spend": [0, 10, 20], "response": [0, 9, 8]})
    report = preflight(table, ResponseCurves.from_table(falling), 20)
    report.raise_if_errors()
    assert report.notes == [
        "today's spends are no answer to this plan: today's 12 of 'tv' is not among its allowed spends"
        " (nearest: 10 and 20)",
        "today's spends are no answer to this plan: today spends 12 in all, the budget is 20",
        "group 'screen' has no cap, so it limits nothing",
        "the response of 'tv' decreases from 10 to 20",
    ]


def test_long_lists_are_cut() -> None:
    table = plan(*([f"c{i:02}", 0, 10, 20, 10] for i in range(15)))
    assert "'c11' (10) and 3 more by 140 in all" in check(table, 10).errors[0]


@pytest.mark.parametrize("budget", [-1, float("nan"), float("inf"), "70"])
def test_an_illegal_budget(budget: float) -> None:
    with pytest.raises(OptionError, match="legal is a finite amount of money"):
        check(plan(["tv", 0, 0, 10, 10]), budget)


def test_an_illegal_spend_rule() -> None:
    with pytest.raises(OptionError, match="legal are 'exactly' and 'at_most'"):
        check(plan(["tv", 0, 0, 10, 10]), 10, "at most")
