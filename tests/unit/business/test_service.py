import pandas as pd
import pytest

from hybrid_opt.business.resource_columns import DEPARTMENTS, resource_columns
from hybrid_opt.business.service import with_minimum_service
from hybrid_opt.errors import PlanError
from hybrid_opt.planning.curves import ResponseCurves
from hybrid_opt.planning.line_table import read_plan

RISING = pd.DataFrame({"department": ["a"] * 3, "level": [0, 2, 6], "value": [0, 40, 60]})


def served(service, curve=RISING, **columns):
    frame = pd.DataFrame(
        {"department": ["a"], "current": [4], "min": [0], "max": [6], "step": [2], "service": [service]}
        | columns
    )
    table = read_plan(frame, words=DEPARTMENTS, extra=resource_columns(frame, {"staff": 9.0}))
    return with_minimum_service(table, ResponseCurves.from_table(curve, words=DEPARTMENTS)).lines[0]


def test_the_lowest_levels_are_ruled_out():
    line = served(45)
    assert line.spends.tolist() == [4.0, 6.0]
    assert line.units.tolist() == [0, 1]
    assert line.lowest_kind == "service"


def test_a_service_that_every_level_brings_changes_nothing():
    assert served(0).spends.tolist() == [0.0, 2.0, 4.0, 6.0]
    assert served(None).lowest_kind == "min"


def test_off_is_ruled_out_first():
    line = served(30, min_if_used=[2])
    assert line.spends.tolist() == [2.0, 4.0, 6.0]
    assert not line.grid.off
    assert served(55, min_if_used=[2]).spends.tolist() == [6.0]


def test_a_service_out_of_reach_is_named():
    with pytest.raises(PlanError, match=r"'a' \(.*index 0\) must bring a service of 70, .* at most 60"):
        served(70)


def test_a_curve_that_falls_below_again_is_named():
    hill = pd.DataFrame({"department": ["a"] * 3, "level": [0, 2, 6], "value": [0, 40, 10]})
    words = "reaches its service of 30 at level 2 and misses it again at level 4"
    with pytest.raises(PlanError, match=words):
        served(30, hill)


def test_a_fixed_level_must_bring_it_too():
    with pytest.raises(PlanError, match="at most 50"):
        served(55, fixed=["yes"])
