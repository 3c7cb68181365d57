import pytest
from scipy.optimize import OptimizeResult

from hybrid_opt.planning.program_result import not_found


@pytest.mark.parametrize("status", [0, 2, 3, 4])
def test_more_time_is_advised_only_where_time_ended_the_program(status):
    words = not_found(OptimizeResult(status=status, message="HiGHS Status 4: Solve error"), 2.5)
    assert "more time would not help (HiGHS Status 4: Solve error); bring the numbers" in words
    assert not_found(OptimizeResult(status=1, message=""), 2.5).endswith("in 2.5 s; allow more time")
