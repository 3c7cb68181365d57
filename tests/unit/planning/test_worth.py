import numpy as np
import pytest

from hybrid_opt.errors import ModelError, OptionError
from hybrid_opt.planning.breakpoints import solve_breakpoints
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.worth import Change, changes_by_one_step, worth_of_changes

LINES = [
    Line("tv", [1, 2, 3], [1.0, 3.0, 4.0], "video"),
    Line("web", [0, 1], [0.0, 2.5], "video"),
    Line("search", [0, 1, 2], [0.0, 2.0, 2.5]),
]


def best(question: LevelQuestion) -> float:
    return DynamicProgram(question).value


def test_every_gain_is_the_difference_of_two_optima() -> None:
    question = LevelQuestion(LINES, 4, "exactly", {"video": 3}, unit=100.0)
    longer = [
        (0, "upper bound", Line("tv", [1, 2, 3, 4], [1.0, 3.0, 4.0, 9.0], "video")),
        (0, "lower bound", Line("tv", [0, 1, 2, 3], [0.0, 1.0, 3.0, 4.0], "video")),
        (1, "upper bound", Line("web", [0, 1, 3], [0.0, 2.5, 20.0], "video")),
        (2, "upper bound", None),
    ]
    table = worth_of_changes(question, changes_by_one_step(question, 1, longer), best)
    assert best(question) == 7.5
    assert table["limit"].tolist() == ["budget", "video", "tv", "tv", "web", "search"]
    assert table["kind"].tolist() == [
        "budget",
        "cap",
        "upper bound",
        "lower bound",
        "upper bound",
        "upper bound",
    ]
    assert table["change"].tolist() == [100.0, 100.0, 100.0, 100.0, 200.0, 0.0]
    # Budget 5: tv 2, web 1, search 2. Cap 4: tv 3, web 1 or as before. web 3 leaves 0 for tv, which needs 1.
    assert table["gain"].tolist()[:5] == [0.5, 0.0, 0.0, 0.0, 0.0]
    assert table["binds"].tolist() == [True, False, False, False, False, False]
    assert np.isnan(table["gain"][5])
    assert "no further level" in table["reason"][5]
    assert (table["reason"][:5] == "").all()


def test_a_change_without_any_plan_has_a_reason_instead_of_a_gain() -> None:
    question = LevelQuestion([Line("tv", [0, 2], [0.0, 1.0])], 2)
    changes = changes_by_one_step(question, 1)
    table = worth_of_changes(question, changes, best)
    assert np.isnan(table["gain"][0])
    assert not table["binds"][0]
    assert "exactly 3" in table["reason"][0]


def test_more_budget_leaves_the_synergies_as_they_are() -> None:
    lines = [Line("a", [0, 1], [0.0, 1.0]), Line("b", [0, 1], [0.0, 1.0]), Line("c", [0, 1], [0.0, 0.0])]
    question = LevelQuestion(lines, 2, synergies=[Synergy(0, 1, 3.0)], unit=10.0)
    (change,) = changes_by_one_step(question, 1)
    table = worth_of_changes(question, [change], lambda q: solve_breakpoints(q).value)
    assert table["gain"][0] == pytest.approx(0.0, abs=1e-9)


def test_any_other_change_and_progress() -> None:
    question = LevelQuestion(LINES, 4, "at_most")
    shares: list[float] = []
    changes = [Change("video", "cap added", 0.0, LevelQuestion(LINES, 4, "at_most", {"video": 2}))]
    table = worth_of_changes(question, changes, best, progress=lambda share, text: shares.append(share))
    assert table["gain"].tolist() == [best(changes[0].question) - best(question)]
    assert table["gain"][0] < 0
    assert shares == [1.0]
    assert list(worth_of_changes(question, [], best).columns) == list(table.columns)


def test_wrong_changes() -> None:
    question = LevelQuestion(LINES, 4)
    with pytest.raises(OptionError, match="step is 0"):
        changes_by_one_step(question, 0)
    with pytest.raises(ModelError, match="'tv' lacks some"):
        changes_by_one_step(question, 1, [(0, "upper bound", Line("tv", [1, 3, 4], [1.0, 4.0, 5.0]))])
