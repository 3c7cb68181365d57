"""The start covers every level as soon as possible, whatever happened in between."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution

from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.space_filling import fill_space, start_length, uncovered_levels


@pytest.fixture
def space():
    sizes = {"a": 2, "b": 5, "c": 7}
    return level_space({name: CategoricalDistribution(list(range(k))) for name, k in sizes.items()})


def start(space, n, seed=0, there=None):
    features = np.zeros((0, space.n_columns)) if there is None else there
    for t in range(n):
        states = fill_space(space, features, np.random.default_rng([seed, t]))
        features = np.vstack([features, space.one_hot(states[None, :])])
    return features


@pytest.mark.parametrize("seed", range(5))
def test_every_level_appears_after_as_many_points_as_the_finest_has_levels(space, seed):
    assert uncovered_levels(space, start(space, 6, seed)) == 1
    assert uncovered_levels(space, start(space, 7, seed)) == 0


def test_levels_appear_equally_often(space):
    counts = start(space, 70).sum(axis=0)
    assert [sorted(set(part.tolist())) for part in np.split(counts, [2, 7])] == [[35.0], [14.0], [10.0]]


def test_points_already_there_count_whoever_chose_them(space):
    there = space.one_hot(np.array([[0, 0, k] for k in range(6)]))
    states = fill_space(space, there, np.random.default_rng(0))
    assert states[0] == 1
    assert states[1] != 0
    assert states[2] == 6


def test_points_stay_apart():
    space = level_space({f"x{i}": CategoricalDistribution([0, 1]) for i in range(8)})
    features = start(space, 8)
    random = space.one_hot(np.random.default_rng(0).integers(2, size=(8, 8)))

    def closest(f):
        return (f @ f.T - 8 * np.eye(len(f))).max()

    assert closest(features) <= 5 < closest(random)


def test_a_value_between_levels_covers_the_nearer_one(space):
    features = np.zeros((1, space.n_columns))
    assert uncovered_levels(space, features[:0]) == 14
    features[0, [0, 2, 7]] = 1.0
    features[0, [7, 8]] = 0.8, 0.2
    assert uncovered_levels(space, features) == 11


def test_the_same_seed_gives_the_same_start(space):
    assert np.array_equal(start(space, 9, 3), start(space, 9, 3))
    assert not np.array_equal(start(space, 9, 3), start(space, 9, 4))


def test_the_start_is_long_enough_for_all_levels(space):
    assert start_length(space) == 10
    assert start_length(level_space({"a": CategoricalDistribution(list(range(13)))})) == 13
    assert start_length(level_space({})) == 10
