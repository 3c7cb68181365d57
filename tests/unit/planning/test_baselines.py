import pytest

from hybrid_opt.errors import SolverError
from hybrid_opt.planning import baselines as module
from hybrid_opt.planning.baselines import PlanBaseline, exact_baselines
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.side_constraint import SideConstraint

LINES = [Line("a", [0, 1, 2], [0.0, 3.0, 5.0]), Line("b", [0, 1, 2], [0.0, 4.0, 4.5])]


def test_three_methods_agree_where_all_can_prove():
    rows = exact_baselines(LevelQuestion(LINES, 3))
    assert [row.value for row in rows] == [9.0, 9.0, 9.0]
    assert all(row.proven for row in rows)
    assert rows[2].note.endswith("were checked: optimal")


def test_what_is_left_out_says_why():
    fair = LevelQuestion(LINES, 4, "at_most", sides=[SideConstraint("fair", (1, -1), -1, 1)])
    assert "two ends" in exact_baselines(fair)[0].note
    pairs = LevelQuestion(LINES, 3, synergies=[Synergy(0, 1, 0.5)])
    assert "synergies" in exact_baselines(pairs)[0].note
    many = LevelQuestion([Line("a", range(3000), range(3000)), LINES[1]], 5, "at_most")
    rows = exact_baselines(many)
    assert rows[1].value is None
    assert "3,003 levels" in rows[1].note
    assert rows[0].value == 8.0


def test_methods_that_contradict_each_other_are_a_defect(monkeypatch):
    monkeypatch.setattr(module, "_milp", lambda *_: PlanBaseline("MILP (HiGHS)", 8.0, True, 0.0, ""))
    with pytest.raises(SolverError, match=r"9.0 and MILP \(HiGHS\) proves 8.0"):
        exact_baselines(LevelQuestion(LINES, 3))
