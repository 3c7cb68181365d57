import itertools

from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.proven_answer import prove
from hybrid_opt.planning.selection_curve import value_by_count
from hybrid_opt.planning.side_constraint import SideConstraint

LINES = [Line(name, [0, 1], [0.0, value]) for name, value in zip("abcd", (5.0, 4.0, 3.0, 2.0))]


def test_every_size_has_its_best_selection():
    side = SideConstraint("money", (1, 2, 1, 3), None, 5)
    question = LevelQuestion(LINES, 1, synergies=[Synergy(0, 1, -3.0)], reference=1.0, sides=[side])
    table = value_by_count(question, prove)
    for row in table.to_dict("records"):
        ways = [
            5 * a + 4 * b + 3 * c + 2 * d - 3 * a * b
            for a, b, c, d in itertools.product((0, 1), repeat=4)
            if a + b + c + d == row["chosen"] and a + 2 * b + c + 3 * d <= 5
        ]
        assert row["value"] == max(ways)
        assert row["proven"]
    # All four together cost 7: that size has no selection.
    assert table["chosen"].tolist() == [1, 2, 3]
    assert table.loc[0, "items"] == "a"


def test_without_time_there_are_no_rows():
    assert len(value_by_count(LevelQuestion(LINES, 1), prove, time_limit=0.0)) == 0
