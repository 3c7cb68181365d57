import pytest

from hybrid_opt.business import StrategyPlanner
from hybrid_opt.business.synthetic_strategy import make_strategy, shipped_strategy, write_strategy
from hybrid_opt.errors import OptionError


def test_the_shipped_files_are_those_of_seed_0(tmp_path):
    for shipped, made in zip(shipped_strategy(), write_strategy(tmp_path), strict=True):
        assert shipped.read_bytes() == made.read_bytes()


def test_the_budgets_bind_on_the_shipped_data():
    files = shipped_strategy()
    planner = StrategyPlanner.from_csv(
        files.projects,
        periods=4,
        budgets=500,
        rate=0.06,
        needs=files.needs,
        futures=files.futures,
        third="jobs",
    )
    plan = planner.solve(seed=0)
    assert plan.status == "optimal"
    assert 3 <= len(plan.starts()) < 7
    assert any("budget of period" in line for line in plan.binding())


@pytest.mark.parametrize("number", [3, 13, 5.0, True])
def test_wrong_numbers(number):
    with pytest.raises(OptionError, match="legal are whole numbers from 4 to 12"):
        make_strategy(projects=number)
