"""Which surrogate a grid gets, and what it is fitted to."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution

from hybrid_opt.tuning.level_space import level_space
from hybrid_opt.tuning.surrogates import BAYESIAN_BITS, draw_surrogate, surrogate_for


def space_of(n, size=2):
    return level_space({f"x{i:03d}": CategoricalDistribution(list(range(size))) for i in range(n)})


def test_the_choice_goes_by_bits():
    assert surrogate_for(space_of(BAYESIAN_BITS)) == "bayesian"
    assert surrogate_for(space_of(BAYESIAN_BITS + 1)) == "factorization"
    assert surrogate_for(space_of(2), "factorization") == "factorization"


@pytest.mark.parametrize("kind", ["bayesian", "factorization"])
def test_a_draw_follows_the_losses_and_the_seed(kind):
    space = space_of(3, size=3)
    rng = np.random.default_rng(0)
    states = rng.integers(3, size=(40, 3))
    features, losses = space.one_hot(states), (states.sum(axis=1) - 2.0) ** 2
    draws = [draw_surrogate(kind, space, features, losses, np.random.default_rng(s)) for s in (1, 1, 2)]
    assert np.array_equal(draws[0].linear, draws[1].linear)
    assert not np.array_equal(draws[0].linear, draws[2].linear)
    assert np.corrcoef(draws[0].energies(states), losses)[0, 1] > 0.8
