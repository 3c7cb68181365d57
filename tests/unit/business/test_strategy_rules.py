import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.strategy_columns import read_projects
from hybrid_opt.business.strategy_rules import (
    category_sides,
    must_sides,
    period_budgets,
    project_pairs,
    read_budgets,
)
from hybrid_opt.errors import OptionError, TableError

# Starts: a in 1, a in 2 (runs two periods), b in 1, 2, 3.
FOUND = read_projects(
    pd.DataFrame(
        {"project": ["a", "b"], "value": [9, 5], "cost": [10, 20], "duration": [2, 1], "category": ["x", "y"],
         "must": ["in", ""]}
    ),
    3,
)  # fmt: skip


def test_budgets_in_every_form():
    table = pd.DataFrame({"period": [3, 1, 2], "budget": [7, 5, 6]})
    assert read_budgets(table, 3) == read_budgets([5, 6, 7], 3) == [5.0, 6.0, 7.0]
    assert read_budgets(4, 2) == [4.0, 4.0]
    first, second, _ = period_budgets(FOUND, [5, 30, 7])
    assert first.label == "budget of period 1"
    assert first.step == 10
    assert second.used([1, 0, 0, 1, 0]) == 30
    assert second.keeps([1, 0, 0, 1, 0])
    assert not first.keeps([1, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("budgets", "error", "words"),
    [
        ([1, 2], OptionError, "one finite number of at least 0 per period"),
        ([1, 2, -1], OptionError, "per period"),
        ([1, 2, True], OptionError, "per period"),
        (None, OptionError, "budgets is None"),
        (pd.DataFrame({"period": [1, 2, 4], "budget": [1, 1, 1]}), TableError, "there is no period 4"),
        (pd.DataFrame({"period": [1, 2], "budget": [1, 1]}), TableError, "period 3 has no row"),
    ],
)
def test_wrong_budgets(budgets, error, words):
    with pytest.raises(error, match=words):
        read_budgets(budgets, 3)


def test_precedence_waits_for_the_end():
    sides = project_pairs(FOUND, None, pd.DataFrame({"project": ["b"], "needs": ["a"]}))

    def keeps(plan):
        return all(side.keeps(plan) for side in sides)

    assert keeps([1, 0, 0, 0, 1])  # a runs in 1 and 2, b in 3
    assert not keeps([1, 0, 0, 1, 0])
    assert not keeps([0, 1, 0, 0, 1])  # a ends with 3
    assert not keeps([0, 0, 0, 0, 1])
    assert keeps([0, 1, 0, 0, 0])


def test_exclusions_and_what_must_be_in():
    (side,) = project_pairs(FOUND, pd.DataFrame({"project": ["a"], "other": ["b"]}), None)
    assert not side.keeps([0, 1, 0, 0, 1])
    assert side.keeps([0, 0, 0, 1, 0])
    (must,) = must_sides(FOUND)
    assert must.keeps([0, 1, 0, 0, 0])
    assert not must.keeps([0, 0, 1, 0, 0])


def test_categories_count_projects_and_costs():
    sides = category_sides(FOUND, {"x": {"at_least": 1, "at_most": 1}, "y": {"min_share": 0.5}})
    by_label = {side.label: side for side in sides}
    assert by_label["at least 1 of group x"].keeps([0, 1, 0, 0, 0])
    assert by_label["at most 1 of group x"].keeps([1, 0, 0, 0, 0])
    # a costs 20 in all, b 20: half of the costs are those of y.
    assert by_label["at least 50% of cost from group y"].keeps([1, 0, 0, 1, 0])
    assert not by_label["at least 50% of cost from group y"].keeps([1, 0, 0, 0, 0])
    with pytest.raises(TableError, match="group 'z'"):
        category_sides(FOUND, {"z": {"at_least": 1}})
    assert category_sides(FOUND, None) == []


@pytest.mark.parametrize("budgets", [np.int64(5), np.float32(5), np.array([5, 5]), [np.int64(5), 5]])
def test_budgets_as_numbers_of_numpy(budgets):
    assert read_budgets(budgets, 2) == [5.0, 5.0]


@pytest.mark.parametrize("budgets", [np.array(5.0), np.ones((2, 2)), np.array([True, True]), np.bool_(True)])
def test_budgets_that_are_no_numbers_of_numpy(budgets):
    with pytest.raises(OptionError, match="budgets is"):
        read_budgets(budgets, 2)
