import numpy as np
import pytest

from hybrid_opt.marketing.coverage import Coverage
from hybrid_opt.marketing.reach_interval import reach_interval


@pytest.mark.parametrize("seed", range(5))
def test_the_true_reach_lies_between_the_ends(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 4, 6)
    score = Coverage.of(rng.random((50, 6)) < 0.4, rng.integers(1, 5, 50), values)
    shared = score.overlaps()
    np.fill_diagonal(shared, 0.0)
    for position, true in enumerate(score.all_values()):
        chosen = [position >> i & 1 for i in range(6)]
        low, high = reach_interval(score.singles(), shared, chosen)
        assert low - 1e-9 <= true <= high + 1e-9


def test_two_sets_are_known_exactly():
    shared = np.array([[0.0, 2.0], [2.0, 0.0]])
    assert reach_interval(np.array([5.0, 3.0]), shared, [1, 1]) == (6.0, 6.0)
    assert reach_interval(np.array([5.0, 3.0]), shared, [0, 1]) == (3.0, 3.0)
    assert reach_interval(np.array([5.0, 3.0]), shared, [0, 0]) == (0.0, 0.0)


def test_the_lower_end_is_never_below_the_largest_segment():
    shared = 9.0 * (1 - np.eye(4))
    assert reach_interval(np.full(4, 10.0), shared, [1, 1, 1, 1])[0] == 10.0
