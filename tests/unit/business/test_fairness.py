import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.fairness import fairness_sides
from hybrid_opt.business.resource_columns import DEPARTMENTS, resource_columns
from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.planning.line_table import read_plan

TABLE = pd.DataFrame(
    {"department": ["a", "b", "c"], "current": [1] * 3, "min": [0] * 3, "max": [4] * 3, "step": [1, 2, 1]}
)


def table(needs=None):
    frame = TABLE if needs is None else TABLE.assign(need=needs)
    return read_plan(frame, words=DEPARTMENTS, extra=resource_columns(frame, {"staff": 5.0}))


def test_none_is_no_limit():
    assert fairness_sides(table(), None) == []


def test_one_number_holds_for_every_pair():
    sides = fairness_sides(table(), 1.5)
    assert [side.label for side in sides] == [
        "fairness of a and b",
        "fairness of a and c",
        "fairness of b and c",
    ]
    assert all(side.both and float(side.high) == 1.5 for side in sides)
    assert sides[0].keeps([3, 4, 0])
    assert not sides[0].keeps([2, 4, 0])


def test_needs_make_coverage_of_levels():
    pairs = pd.DataFrame({"department": ["a"], "other": ["b"], "delta": [0.25]})
    (side,) = fairness_sides(table([2, 4, 1]), pairs)
    assert side.keeps([1, 1, 0])  # 0.5 against 0.25
    assert not side.keeps([1, 0, 0])
    assert float(side.step) == 0.5  # one step of either covers half of its need


def test_a_need_for_some_departments_only_is_refused():
    with pytest.raises(TableError, match="index 1, column 'need': the cell is blank"):
        fairness_sides(table([2, None, 1]), 1)


@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf"), True])
def test_illegal_numbers(wrong):
    with pytest.raises(OptionError, match="fairness is"):
        fairness_sides(table(), wrong)


def test_a_negative_delta_is_named():
    pairs = pd.DataFrame({"department": ["a"], "other": ["b"], "delta": [-1]})
    with pytest.raises(TableError, match="column 'delta'"):
        fairness_sides(table(), pairs)


def test_a_number_of_numpy():
    assert fairness_sides(table(), np.int64(1)) == fairness_sides(table(), 1.0)
