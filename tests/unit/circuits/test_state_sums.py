from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.circuits.diagonal_layout import StateLayout
from hybrid_opt.circuits.state_sums import energy_sums, flipped_copy, level_sums, state_probabilities


@pytest.mark.parametrize("itemsize", [8, 4])
@pytest.mark.parametrize("flip", [0, 37])
@pytest.mark.parametrize("n", [6, 8, 15])
def test_sums_against_numpy(n, flip, itemsize):
    rng = np.random.default_rng(n)
    layout = StateLayout.of(n, itemsize, symmetric=False)
    state = layout.allocate()
    state[:] = rng.normal(size=state.size)
    squares = (
        state[: layout.dimension].astype(float) ** 2
        + state[layout.pitch :][: layout.dimension].astype(float) ** 2
    )
    places = np.arange(layout.dimension)
    own = squares[places ^ flip] * layout.weight
    codes = rng.integers(0, 5, layout.dimension).astype(np.uint8)
    levels = rng.normal(size=5)
    for kind, table in ((codes, levels), (levels[codes], None)):
        norm, total = energy_sums(layout, state, kind, table, flip, 1)
        assert norm == pytest.approx(own.sum(), rel=1e-13)
        assert total == pytest.approx(own @ levels[codes], rel=1e-11, abs=1e-10 * own.sum())
        assert (norm, total) == energy_sums(layout, state, kind, table, flip, 3)
    sums = level_sums(layout, state, codes, 5, flip, 1)
    assert np.allclose(sums, np.bincount(codes, own), rtol=1e-12)
    assert np.array_equal(sums, level_sums(layout, state, codes, 5, flip, 3))
    assert np.allclose(state_probabilities(layout, state, flip, 2) * layout.weight, own, rtol=1e-14)
    part = state[: layout.dimension]
    assert np.array_equal(flipped_copy(layout, part, flip), part[places ^ flip])
