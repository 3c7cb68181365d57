"""Saved plans: what is read back of them."""

import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning.saved_plan import SavedPlan, read_saved_plan

CONTENT = {
    "reach": 5.0, "gap": None, "status": "optimal", "kind": "Audience plan", "seed": 1, "notes": ["n"],
    "segments": [{"segment": "a", "plan": 1, "today": 0, "lowest": 0, "highest": 1, "fixed": False}],
    "limits": [], "near_optimal": {"count": 3},
}  # fmt: skip


def test_figures_end_where_the_kind_begins() -> None:
    plan = SavedPlan(CONTENT, "here")
    assert plan.figures() == {"reach": 5.0, "gap": None, "status": "optimal"}
    assert (plan.kind, plan.status, plan.notes) == ("Audience plan", "optimal", ["n"])
    assert plan.allocation() == {"a": 1.0}


def test_an_interval_of_reach_is_one_figure() -> None:
    ends = {"from": 3.0, "to": 6.0, "true": None}
    assert SavedPlan({**CONTENT, "reach": ends}, "here").figures()["reach"] == 3.0
    assert SavedPlan({**CONTENT, "reach": {**ends, "true": 5.0}}, "here").figures()["reach"] == 5.0


def test_lines_come_first_and_bars_where_ranges_are_known() -> None:
    (section,) = SavedPlan(CONTENT, "here").sections()
    assert [type(part).__name__ for part in section.parts] == ["Table", "Drawing", "Note"]
    bare = {**CONTENT, "segments": [{"segment": "a", "plan": 1}]}
    assert [type(p).__name__ for p in SavedPlan(bare, "here").sections()[0].parts] == ["Table", "Note"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"status": "optimal", "notes": null}', "a list of notes"),
        ('{"status": "optimal", "notes": "abc"}', "a list of notes"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_is_no_plan(tmp_path, text, message) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    with pytest.raises(OptionError, match=message):
        read_saved_plan(file)


def test_rows_of_which_one_is_no_row_are_no_lines() -> None:
    assert SavedPlan({**CONTENT, "segments": [{"plan": 1}, 3]}, "here").allocation() == {}
