import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.seeds import child_seed, resolve_seed


def test_a_given_seed_is_kept_and_none_draws_a_fresh_one():
    assert resolve_seed(5) == 5
    assert resolve_seed(np.int64(5)) == 5
    assert resolve_seed(None) != resolve_seed(None)


@pytest.mark.parametrize("seed", [-1, 1.5, True, "7", float("nan")])
def test_illegal_seeds(seed):
    with pytest.raises(OptionError, match="non-negative integer"):
        resolve_seed(seed)


def test_child_seeds_differ_by_seed_and_purpose():
    seeds = {child_seed(seed, purpose) for seed in range(20) for purpose in ("anneal", "qaoa", "tabu")}
    assert len(seeds) == 60
    assert all(0 <= seed < 2**31 for seed in seeds)
