import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.strategy_columns import read_projects
from hybrid_opt.errors import OptionError, TableError

TABLE = pd.DataFrame(
    {"project": ["a", "b"], "value": [100, 50], "cost": [10, 20], "duration": [2, 1], "earliest": [None, 2]}
)


def test_every_start_from_which_a_project_ends_in_time():
    found = read_projects(TABLE, 3)
    assert found.items.labels == ["a in period 1", "a in period 2", "b in period 2", "b in period 3"]
    assert found.costs_in(2).tolist() == [10.0, 10.0, 20.0, 0.0]
    assert found.runs(np.array([0, 1, 0, 1])) == {"a": 2, "b": 3}
    latest = read_projects(TABLE.assign(latest=[1, 2]), 3)
    assert latest.items.labels == ["a in period 1", "b in period 2"]
    out = read_projects(TABLE.assign(must=["out", ""]), 3)
    assert [line.fixed for line in out.items.table.lines] == [True, True, False, False]


def test_values_are_discounted_to_the_beginning():
    found = read_projects(TABLE, 3)
    ends = [2, 3, 2, 3]
    gross = [100, 100, 50, 50]
    expected = [value / 1.1**end for value, end in zip(gross, ends)]
    assert found.discounted(0.1, subtract_cost=False) == pytest.approx(expected)
    paid = [10 + 10 / 1.1, 10 / 1.1 + 10 / 1.21, 20 / 1.1, 20 / 1.21]
    assert found.discounted(0.1, subtract_cost=True) == pytest.approx(np.array(expected) - paid)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"duration": [4, 1]}, "index 0, column 'duration': it runs 4 periods, there are 3"),
        ({"duration": [1.5, 1]}, "index 0, column 'duration': 1.5 is not whole"),
        ({"earliest": [3, 1]}, "index 0, column 'earliest': 'a' cannot start"),
        ({"must": ["", "maybe"]}, "index 1, column 'must': 'maybe' is not legal"),
        ({"cost": [-1, 1]}, "index 0, column 'cost': -1 is less than 0"),
    ],
)
def test_wrong_tables(change, words):
    with pytest.raises(TableError, match=words):
        read_projects(TABLE.assign(**change), 3)


@pytest.mark.parametrize("periods", [0, 2.0, True])
def test_wrong_periods(periods):
    with pytest.raises(OptionError, match="periods is"):
        read_projects(TABLE, periods)


def test_a_third_objective_has_a_name_of_its_own():
    with pytest.raises(OptionError, match="called 'cost'"):
        read_projects(TABLE, 3, ["cost"])
