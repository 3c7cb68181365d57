import numpy as np
import pytest

from hybrid_opt.errors import ModelError
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy


def two_lines() -> list[Line]:
    return [Line("tv", [0, 2, 3], [0.0, 3.0, 5.0], "media"), Line("search", [1, 4], [1.0, 4.0], "media")]


def test_value_spends_and_feasibility_of_one_plan_and_of_many() -> None:
    question = LevelQuestion(two_lines(), 6, "at_most", {"media": 6}, unit=500.0)
    assert question.spends([1, 1]).tolist() == [2, 4]
    assert question.value([1, 1]) == 7.0
    assert question.values(np.array([[1, 1], [2, 0]])).tolist() == [7.0, 6.0]
    assert question.feasible([1, 1])
    assert not question.feasible([2, 1])
    assert not LevelQuestion(two_lines(), 6, "exactly").feasible([2, 0])
    assert not LevelQuestion(two_lines(), 6, "at_most", {"media": 5}).feasible([1, 1])


def test_synergy_is_value_per_money_and_keeps_its_reference() -> None:
    pair = [Synergy(1, 0, 0.25)]
    question = LevelQuestion(two_lines(), 6, synergies=pair, unit=500.0)
    extra = 0.25 * (2 * 500.0) * (4 * 500.0) / (6 * 500.0)
    assert question.value([1, 1]) == pytest.approx(7.0 + extra)
    pinned = LevelQuestion(two_lines(), 7, synergies=pair, unit=500.0, reference=3000.0)
    assert pinned.value([1, 1]) == pytest.approx(7.0 + extra)


def test_tables_are_copied_and_read_only() -> None:
    values = np.array([1.0, 2.0])
    line = Line("tv", np.array([0, 1]), values)
    values[0] = 9.0
    assert line.values[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        line.values[0] = 9.0


@pytest.mark.parametrize(
    ("spends", "values", "message"),
    [
        ([], [], "give at least one"),
        ([[0, 1]], [[0.0, 1.0]], "shape"),
        ([0.5, 1.0], [0.0, 1.0], "whole numbers"),
        ([1, 1], [0.0, 1.0], "strictly increase"),
        ([-1, 1], [0.0, 1.0], "zero or above"),
        ([0, 1], [0.0], "one value per spend"),
        ([0, 1], [0.0, np.nan], "NaN"),
    ],
)
def test_a_wrong_line_names_itself(spends: list[int], values: list[float], message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        Line("tv", spends, values)
    assert "'tv'" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lines": []}, "no line"),
        ({"lines": [*two_lines(), two_lines()[0]]}, "two lines are called 'tv'"),
        ({"budget": -1}, "the budget is -1"),
        ({"budget": 2.5}, "whole number"),
        ({"budget": True}, "whole number"),
        ({"spend": "most"}, "'exactly' and 'at_most'"),
        ({"caps": {"press": 3}}, "'press'.*'media'"),
        ({"caps": {"media": -3}}, "cap of group 'media'"),
        ({"unit": 0.0}, "unit is 0.0"),
        ({"reference": np.inf}, "reference"),
        ({"synergies": [Synergy(0, 0, 1.0)]}, "two different positions"),
        ({"synergies": [Synergy(0, 2, 1.0)]}, "from 0 to 1"),
        ({"synergies": [Synergy(0, 1, np.nan)]}, "'tv' and 'search'"),
    ],
)
def test_a_wrong_question_says_what_is_wrong(changes: dict[str, object], message: str) -> None:
    arguments = {"lines": two_lines(), "budget": 6, **changes}
    with pytest.raises(ModelError, match=message):
        LevelQuestion(**arguments)


@pytest.mark.parametrize(
    ("choice", "message"),
    [([0], "last axis"), ([0, 2], "'search' outside 0 to 1"), ([-1, 0], "'tv'"), ([0.0, 1.0], "whole level")],
)
def test_a_wrong_choice_is_refused(choice: list[int], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        LevelQuestion(two_lines(), 6).value(choice)
