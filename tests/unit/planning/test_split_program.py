"""Splitting units: against every split, with amounts that cannot be served."""

from itertools import product

import numpy as np
import pytest

from hybrid_opt.planning.split_program import best_split


@pytest.mark.parametrize("seed", range(20))
def test_no_split_is_better(seed: int) -> None:
    random = np.random.default_rng(seed)
    units = int(random.integers(1, 7))
    values = [random.normal(size=int(random.integers(1, 8))) for _ in range(3)]
    for own in values:
        own[random.random(len(own)) < 0.3] = -np.inf
    splits = [k for k in product(*(range(len(own)) for own in values)) if sum(k) <= units]
    totals = [sum(own[k] for own, k in zip(values, split)) for split in splits]
    found = best_split(values, units)
    if max(totals) == -np.inf:
        assert found is None
        return
    assert found is not None
    assert found[1] == pytest.approx(max(totals), abs=1e-12)
    assert sum(found[0]) <= units
    assert sum(own[k] for own, k in zip(values, found[0])) == pytest.approx(found[1], abs=1e-12)


def test_equal_values_take_the_fewest_units() -> None:
    assert best_split([np.array([1.0, 1.0]), np.array([2.0, 2.0])], 2) == ([0, 0], 3.0)
