"""The plan table: exact grids, units, caps, today, wrong tables."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.planning.line_table import LineTable, read_plan

HEADER = "channel,current,min,max,step,fixed,group,min_if_used"


def plan(folder: Path, *rows: str, caps: dict[str, float] | None = None) -> LineTable:
    path = folder / "plan.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return read_plan(path, caps=caps)


def test_grids_units_and_labels(tmp_path: Path) -> None:
    table = plan(
        tmp_path,
        "tv,20,10,30,10,,,",
        "search,7,7.25,8.5,0.25,,digital,",
        "video,0,0,9,2,,digital,5",
        "radio,3.33,1,2,1,no,,",
        "print,4.17,0,10,3,yes,,",
        caps={"digital": 15},
    )
    tv, search, video, radio, prints = table.lines
    assert tv.spends.tolist() == [10, 20, 30]
    assert search.spends.tolist() == [7.25, 7.5, 7.75, 8.0, 8.25, 8.5]
    assert video.spends.tolist() == [0, 5, 7, 9]
    assert radio.spends.tolist() == [1, 2]
    assert prints.spends.tolist() == [4.17]
    assert table.unit == Fraction(1, 4)  # the odd cents of the fixed line do not make it smaller
    assert tv.units.tolist() == [0, 40, 80]
    assert search.units.tolist() == [0, 1, 2, 3, 4, 5]
    assert video.units.tolist() == [0, 20, 28, 36]
    assert all(line.units.dtype == np.int64 for line in table.lines)
    assert table.labels == ["tv", "search", "video", "radio", "print"]
    assert [line.label for line in table.groups["digital"]] == ["search", "video"]
    assert table.base == Fraction("22.42")
    assert table.current_total == 34.5
    assert tv.place == "row 2"


def test_every_spend_is_base_plus_units(tmp_path: Path) -> None:
    table = plan(tmp_path, "a,0.3,0.1,0.9,0.1,,,", "b,0,0,1.2,0.3,,,0.6", "c,5,2,7,0.5,,g,", caps={"g": 4.2})
    for line in table.lines:
        rebuilt = [float(line.grid.lowest + int(u) * table.unit) for u in line.units]
        assert rebuilt == line.spends.tolist()
        assert line.units[0] == 0
    assert table.lines[0].spends.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert table.budget_units(3.15) == 10  # (3.15 - 2.1) / 0.1, rounded down
    assert table.budget_units(2.0) == -1
    assert table.total(10) == 3.1
    assert table.cap_units("g") == 22


def test_steps_of_a_tenth_meet_their_bounds(tmp_path: Path) -> None:
    (line,) = plan(tmp_path, "tv,0.3,0,0.7,0.1,,,").lines
    assert line.level_of(0.3) == 3
    assert line.level_of(0.35) is None
    assert line.level_of(9) is None


def test_a_line_without_choice_has_one_level(tmp_path: Path) -> None:
    table = plan(tmp_path, "tv,5,5,5,3,,,", "radio,0,0,0,1,,,")
    assert [line.spends.tolist() for line in table.lines] == [[5], [0]]
    assert table.unit == 1


def test_a_fixed_line_may_stand_off_its_steps(tmp_path: Path) -> None:
    (line,) = plan(tmp_path, "tv,7,0,10,3,yes,,").lines
    assert (line.fixed, line.spends.tolist()) == (True, [7])


def test_resolved_bounds_are_shown(tmp_path: Path) -> None:
    frame = plan(tmp_path, "tv,7,0,10,3,yes,,", "video,6,0,9,1,,digital,5").to_frame()
    assert frame["lowest"].tolist() == [7, 0]
    assert frame["highest"].tolist() == [7, 9]
    assert frame["levels"].tolist() == [1, 6]
    assert frame["group"].tolist() == ["", "digital"]


def test_today_feasible_or_why_not(tmp_path: Path) -> None:
    table = plan(
        tmp_path,
        "tv,20,10,30,10,,,",
        "search,12,0,20,5,,digital,",
        "video,3,0,9,2,,digital,5",
        "radio,50,0,40,10,,,",
        caps={"digital": 14},
    )
    assert table.current_problems(80, "at_most") == [
        "today's 12 of 'search' is not among its allowed spends (nearest: 10 and 15)",
        "today's 3 of 'video' is not among its allowed spends (nearest: 0 and 5)",
        "today's 50 of 'radio' is not among its allowed spends (nearest: 40)",
        "today group 'digital' spends 15, its cap is 14",
        "today spends 85 in all, the budget is 80",
    ]
    assert not table.is_current_feasible(85)
    fine = plan(tmp_path, "tv,20.1,10.1,30.1,10,,,", "search,10.2,0.2,20.2,5,,,")
    assert fine.is_current_feasible(30.3)
    assert fine.is_current_feasible(40, "at_most")
    assert fine.current_problems(40, "exactly") == ["today spends 30.3 in all, the budget is 40"]


def test_illegal_options(tmp_path: Path) -> None:
    table = plan(tmp_path, "tv,20,10,30,10,,,")
    with pytest.raises(OptionError, match="spend is 'all'; legal are 'exactly' and 'at_most'"):
        table.current_problems(20, "all")  # type: ignore[arg-type]
    for budget in (float("nan"), float("inf"), -1, "20", True):
        with pytest.raises(OptionError, match="legal is a finite amount of money, 0 or more"):
            table.is_current_feasible(budget)  # type: ignore[arg-type]


ROWS = [
    ("tv,5,10,8,1,,,", ["'max'", "max 8 is below min 10; raise max or lower min"]),
    (
        "tv,5,1000,2000,300,,,",
        ["'max'", "step misses the bounds", "from min 1,000", "nearest legal max: 1,900 or 2,200"],
    ),
    ("tv,5,0,0.7,0.2,,,", ["'max'", "step misses the bounds", "nearest legal max: 0.6 or 0.8"]),
    (
        "tv,5,0,10,2,,,5",
        ["'max'", "step misses the bounds", "from min_if_used 5", "nearest legal max: 9 or 11"],
    ),
    ("tv,5,1,10,1,,,5", ["'min_if_used'", "needs min 0, but min is 1", "set min to 0"]),
    ("tv,5,0,10,1,,,12", ["'min_if_used'", "min_if_used 12 is above max 10", "lower it"]),
    ("tv,5,0,10,1,,,0", ["'min_if_used'", "0 is not above 0"]),
    ("tv,12,0,10,1,yes,,", ["'fixed'", "fixed keeps the current 12, but allowed are 0 to 10"]),
    ("tv,3,0,10,1,yes,,5", ["'fixed'", "fixed keeps the current 3, but allowed are 0 or 5 to 10"]),
    ("tv,5,0,10,0,,,", ["'step'", "0 is not above 0"]),
    ("tv,5,-1,10,1,,,", ["'min'", "-1 is negative"]),
    ("tv,,0,10,1,,,", ["'current'", "blank"]),
]


@pytest.mark.parametrize(("row", "parts"), ROWS, ids=[row for row, _ in ROWS])
def test_wrong_rows_are_named_with_the_cure(tmp_path: Path, row: str, parts: list[str]) -> None:
    with pytest.raises(TableError) as caught:
        plan(tmp_path, "radio,0,0,10,1,,,", row)
    for part in ["plan table", str(tmp_path / "plan.csv"), "row 3", *parts]:
        assert part in str(caught.value)


def test_contradictions_of_several_rows_come_together(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="has 2 problems") as caught:
        plan(tmp_path, "tv,5,10,8,1,,,", "tvs,5,0,10,3,,,")
    assert "row 2" in str(caught.value)
    assert "row 3" in str(caught.value)


def test_a_channel_twice(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"row 3, column 'channel': 'tv' is there already in row 2"):
        plan(tmp_path, "tv,5,0,10,1,,,", "tv ,5,0,10,1,,,")


def test_steps_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"column 'step'.*only 0.01 in common.*coarser steps") as caught:
        plan(tmp_path, "tv,5,0,150000,500,,,", "radio,0,0,0.07,0.01,,,")
    assert "'tv' 500, 'radio' 0.01" in str(caught.value)
    with pytest.raises(TableError, match="coarser steps"):
        plan(tmp_path, "tv,5,0,10000001,1,,,")


def test_caps_from_a_file_and_a_mapping_agree(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"channel": ["tv"], "current": [1], "min": [0], "max": [9], "step": [1], "group": ["screen"]}
    )
    (tmp_path / "caps.csv").write_text("group;cap\nscreen;7.5\n")
    assert read_plan(frame, caps=tmp_path / "caps.csv").caps == {"screen": 7.5}
    assert read_plan(frame, caps={"screen": 7.5}).caps == {"screen": 7.5}
    assert read_plan(frame, caps={}).caps == read_plan(frame).caps == {}
    assert read_plan(frame, caps={"screen": 7.5}).cap_units("screen") == 7


@pytest.mark.parametrize(
    ("caps", "parts"),
    [
        ({"digitl": 5}, ["index digitl", "'group'", "in group 'digitl'; did you mean 'digital'"]),
        ({"tv": 5}, ["'group'", "the plan table has digital; correct the name or remove the row"]),
        ({"digital": -5}, ["index digital", "'cap'", "-5 is negative"]),
        ({"digital": float("nan")}, ["index digital", "'cap'", "blank"]),
        ({"digital": "lots"}, ["'cap'", "'lots' is text where a number is needed"]),
    ],
)
def test_wrong_caps(tmp_path: Path, caps: dict[str, float], parts: list[str]) -> None:
    with pytest.raises(TableError) as caught:
        plan(tmp_path, "tv,5,0,10,1,,digital,", caps=caps)
    for part in ["cap table", *parts]:
        assert part in str(caught.value)


def test_caps_without_any_group(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="the plan table names no group"):
        plan(tmp_path, "tv,5,0,10,1,,,", caps={"digital": 5})
