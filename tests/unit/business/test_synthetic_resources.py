from pathlib import Path

import pytest

from hybrid_opt.business import ResourcePlanner
from hybrid_opt.business.synthetic_resources import make_example, shipped_example, write_example
from hybrid_opt.errors import OptionError


def test_the_shipped_files_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    for made, shipped in zip(write_example(tmp_path / "new"), shipped_example(), strict=True):
        assert made.name == shipped.name
        assert made.read_bytes() == shipped.read_bytes()


@pytest.mark.parametrize(("seed", "departments"), [(0, 6), (1, 6), (2, 3), (3, 8)])
def test_today_keeps_every_limit_and_the_gain_is_realistic(seed: int, departments: int) -> None:
    tables = make_example(seed, departments)
    planner = ResourcePlanner.from_tables(
        tables.departments, tables.curves, resources=tables.resources, fairness=tables.fairness
    )
    assert planner.notes == []
    plan = planner.solve(seed=0)
    assert plan.today is not None
    assert plan.status == "optimal"
    assert 0.005 < plan.value / plan.today_value - 1 < 0.25


def test_the_shipped_plan_shows_every_feature() -> None:
    tables = make_example()
    planner = ResourcePlanner.from_csv(
        *shipped_example()[:2],
        resources=tables.resources,
        fairness=tables.fairness,
        synergies=tables.synergies,
    )
    assert any(line.lowest_kind == "service" for line in planner.table.lines)
    curves, lines = planner.curves, planner.table.lines
    bent = [line.label for line in lines if not curves.is_concave(line.label, line.spends)]
    assert bent == ["development"]
    plan = planner.solve(seed=7)
    assert plan.allocation() == {
        "support": 11,
        "sales": 9,
        "development": 13,
        "logistics": 4,
        "marketing": 2,
        "quality": 1,
    }
    worth = dict(zip(plan.limits["limit"], plan.limits["binds"]))
    assert worth["staff"]
    assert worth["money"]
    assert worth["fairness of support and sales"]


def test_seeds_differ_and_repeat() -> None:
    assert make_example(3).curves.equals(make_example(3).curves)
    assert not make_example(3).curves.equals(make_example(4).curves)


@pytest.mark.parametrize("departments", [2, 9, 5.0, True])
def test_an_illegal_number_of_departments(departments: int) -> None:
    with pytest.raises(OptionError, match="legal are whole numbers from 3 to 8"):
        make_example(0, departments)
