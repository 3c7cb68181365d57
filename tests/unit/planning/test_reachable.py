"""Reachable totals against all combinations."""

from itertools import product

import numpy as np
import pytest

from hybrid_opt.planning.reachable import joined, with_grid


@pytest.mark.parametrize("seed", range(20))
def test_reachable_totals_are_those_of_all_combinations(seed: int) -> None:
    random = np.random.default_rng(seed)
    amounts = []
    halves = [np.ones(1, dtype=bool), np.ones(1, dtype=bool)]
    for i in range(4):
        start, step, count = (int(random.integers(*ends)) for ends in ((0, 5), (1, 4), (1, 6)))
        off = start > 0 and bool(random.integers(2))
        amounts.append([start + k * step for k in range(count)] + ([0] if off else []))
        halves[i % 2] = with_grid(halves[i % 2], start, step, count, off=off)
    totals = {sum(choice) for choice in product(*amounts)}
    reached = joined(*halves)
    assert set(np.flatnonzero(reached).tolist()) == totals
    assert len(reached) == max(totals) + 1


def test_joining_with_nothing_changes_nothing() -> None:
    one = np.ones(1, dtype=bool)
    assert joined(one, one).tolist() == [True]
    assert joined(np.array([True, False, True]), one).tolist() == [True, False, True]
