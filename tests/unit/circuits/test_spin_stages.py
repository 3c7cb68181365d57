"""Stages: every amplitude is read and written once in every step, and blocks cover the state."""

from itertools import pairwise
from math import comb

import numpy as np
import pytest

from hybrid_opt.circuits import spin_stages as module
from hybrid_opt.circuits.spin_stages import spin_places, spin_stages

SIZES = [(2, 1), (4, 2), (7, 6), (8, 4), (9, 3), (10, 5), (18, 7), (20, 2), (4, 0), (4, 4)]


def runs(first, lengths):
    found = [np.arange(a, a + k) for a, k in zip(first, lengths) if a >= 0]
    return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *found]))


@pytest.mark.parametrize(("n", "w"), SIZES)
def test_every_step_reads_and_writes_every_amplitude_once(n, w, monkeypatch):
    monkeypatch.setattr(module, "_LONGEST", 5)
    spin_stages.cache_clear()
    for stage in spin_stages(n, w):
        last = len(stage.starts) == 1 and stage.sizes[-1] == comb(n, w)
        for ones, size in enumerate(stage.sizes.tolist()):
            if last and ones != w:
                continue
            for first, stop in pairwise(stage.bounds[ones].tolist()):
                one, zero, up, down, length = stage.pieces[first:stop].T
                assert length.max() <= 5
                both = (one >= 0) & (zero >= 0)
                read = np.concatenate([runs(one, length), runs(zero, length)])
                written = np.concatenate([runs(up, length), runs(down[both], length[both])])
                assert np.sort(read).tolist() == np.sort(written).tolist() == list(range(size))
                # One spin alone has nothing to be turned with.
                assert stage.turns[first:stop][~both].max(axis=1) == pytest.approx(np.ones((~both).sum()))
    spin_stages.cache_clear()


@pytest.mark.parametrize(("n", "w"), SIZES)
def test_blocks_cover_the_state(n, w):
    for stage in spin_stages(n, w):
        assert runs(stage.starts, stage.sizes[stage.weights]).tolist() == list(range(comb(n, w)))


@pytest.mark.parametrize(("n", "w"), SIZES)
def test_the_first_stage_is_orthogonal_and_knows_its_way_back(n, w):
    first = spin_stages(n, w)[0]
    for ones, size in enumerate(first.sizes.tolist()):
        if len(first.starts) == 1 and ones != w:
            continue
        turn, back = first.matrices[:, ones, :size, :size]
        np.testing.assert_allclose(turn @ back, np.eye(size), atol=1e-14)
        np.testing.assert_array_equal(turn, back.T)
    assert all(stage.matrices is None for stage in spin_stages(n, w)[1:])


@pytest.mark.parametrize(("n", "w"), SIZES)
def test_places_of_the_spins_follow_each_other(n, w):
    places = spin_places(n, w)
    assert places[0].start == 0
    assert places[-1].stop == comb(n, w)
    assert all(one.stop == two.start for one, two in pairwise(places))
