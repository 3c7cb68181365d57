import pytest

from hybrid_opt.business import ProcessPlanner
from hybrid_opt.business.synthetic_processes import make_processes, shipped_processes, write_processes
from hybrid_opt.errors import OptionError


def test_the_shipped_files_are_those_of_seed_0(tmp_path):
    for shipped, made in zip(shipped_processes(), write_processes(tmp_path), strict=True):
        assert shipped.read_bytes() == made.read_bytes()


def test_the_limits_bind_and_greedy_loses_on_the_shipped_data():
    files = shipped_processes()
    planner = ProcessPlanner.from_csv(
        files.improvements,
        areas=files.areas,
        needs=files.needs,
        exclusions=files.exclusions,
        limits={"cost": 240_000, "staff": 150},
    )
    plan = planner.solve(seed=0)
    assert plan.value == pytest.approx(682_954.7, abs=0.1)
    assert plan.status == "optimal"
    assert 0.02 < 1 - plan.baselines[-1].value / plan.value < 0.04
    assert any("cost" in line for line in plan.binding())


@pytest.mark.parametrize("number", [5, 21, 8.0, True])
def test_wrong_numbers(number):
    with pytest.raises(OptionError, match="legal are whole numbers from 6 to 20"):
        make_processes(improvements=number)


def test_seeds_differ_and_repeat():
    assert make_processes(seed=2).improvements.equals(make_processes(seed=2).improvements)
    assert not make_processes(seed=2).improvements.equals(make_processes(seed=3).improvements)
