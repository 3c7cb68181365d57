import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning import compare


class FixedPlan:
    def __init__(self, response, **lines):
        self.response, self.lines = response, lines

    def figures(self):
        return {"response": self.response}

    def allocation(self):
        return self.lines


def test_plans_stand_side_by_side():
    table = compare({"now": FixedPlan(10.0, tv=1.0, radio=2.0), "new": FixedPlan(12.0, tv=3.0)})
    assert table.columns.tolist() == ["now", "new"]
    assert table.index.tolist() == ["response", "tv", "radio"]
    assert table.loc["tv"].tolist() == [1.0, 3.0]
    assert np.isnan(table.loc["radio", "new"])


def test_a_list_of_plans_is_numbered():
    assert compare([FixedPlan(1.0, tv=1.0)]).columns.tolist() == ["plan 1"]


def test_nothing_to_compare():
    with pytest.raises(OptionError, match="at least one"):
        compare([])
