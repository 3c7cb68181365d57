"""Saved plans: what is read back of them."""

from hybrid_opt.planning.saved_plan import SavedPlan

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
