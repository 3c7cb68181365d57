from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.business.resource_columns import (
    DEPARTMENTS,
    check_resources,
    resource_columns,
    resource_sides,
)
from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.planning.line_table import read_plan

TABLE = pd.DataFrame(
    {
        "department": ["a", "b"],
        "current": [1, 1],
        "min": [0, 0],
        "max": [4, 4],
        "step": [1, 2],
        "pay": [0.1, 3],
    }
)


@pytest.mark.parametrize("wrong", [{}, None, {"min": 3}, {"": 3}, {1: 3}, {"need": 3}])
def test_wrong_names(wrong):
    with pytest.raises(OptionError, match=r"resource"):
        check_resources(wrong)


@pytest.mark.parametrize("limit", [-1, float("nan"), float("inf"), "4", True, None])
def test_wrong_limits(limit):
    with pytest.raises(OptionError, match="limit of 'staff'"):
        check_resources({"staff": limit})


def test_use_is_exact_and_one_resource_may_be_the_level():
    resources = {"staff": 5.0, "pay": 0.3}
    extra = resource_columns(TABLE, resources)
    assert [column.name for column in extra] == ["service", "need", "pay"]
    staff, pay = resource_sides(read_plan(TABLE, words=DEPARTMENTS, extra=extra), resources)
    assert staff.weights == (1, 1)
    assert pay.weights == (Fraction(1, 10), 3)
    assert pay.keeps([3, 0])  # 0.1 * 3 is 0.3, not a little more
    assert (staff.step, pay.step) == (1, Fraction(1, 10))


def test_two_resources_without_a_column_are_refused():
    with pytest.raises(TableError, match="'staff', 'rooms' have no column"):
        resource_columns(TABLE, {"staff": 5.0, "rooms": 2.0})


def test_limits_as_numbers_of_numpy():
    assert check_resources({"staff": np.int64(40), "money": np.float32(2)}) == {"staff": 40.0, "money": 2.0}
