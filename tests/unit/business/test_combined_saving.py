import itertools

import numpy as np
import pytest

from hybrid_opt.business.combined_saving import CombinedSaving

SHARES, AREAS, COSTS = (
    np.array([0.3, 0.5, 0.2, 0.0, 0.4]),
    np.array([0, 1, 0, 1, 1]),
    np.array([100.0, 80.0, 7.0]),
)
SCORE = CombinedSaving(SHARES, AREAS, COSTS)


def by_hand(chosen):
    left = [1.0, 1.0, 1.0]
    for share, area, taken in zip(SHARES, AREAS, chosen):
        if taken:
            left[area] *= 1 - share
    return [cost * (1 - rest) for cost, rest in zip(COSTS, left)]


def test_every_selection():
    everything = [tuple(position >> i & 1 for i in range(5)) for position in range(32)]
    expected = np.array([by_hand(chosen) for chosen in everything])
    assert SCORE.by_area(everything) == pytest.approx(expected)
    assert SCORE.values(everything) == pytest.approx(expected.sum(axis=1))
    assert SCORE.all_values() == pytest.approx(expected.sum(axis=1))


def test_pairs_are_exact_for_two():
    for i, j in itertools.combinations(range(5), 2):
        chosen = np.isin(np.arange(5), [i, j]).astype(int)
        pair = SCORE.singles()[[i, j]].sum() - SCORE.overlaps()[i, j]
        assert SCORE.values(chosen) == pytest.approx(pair)
    assert (SCORE.overlaps() == SCORE.overlaps().T).all()
    assert SCORE.name == "combined saving"
    assert "MILP" in SCORE.program_name()
