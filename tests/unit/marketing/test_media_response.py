"""Adstock and saturation against their definitions, and derivatives against differences."""

import numpy as np
import pytest

from hybrid_opt.marketing.media_response import START_WEEKS, carried_spend, media_shapes, saturation
from hybrid_opt.planning.hill import HillCurve

SPENDS = np.random.default_rng(0).uniform(0, 5, (30, 2)) * np.array([1.0, 3.0])
SPENDS[3:6, 0] = 0.0
THETA, ALPHA, KAPPA = np.array([0.6, 0.0]), np.array([0.7, 2.5]), np.array([2.0, 6.0])


def test_adstock_is_the_recursion_from_the_mean_of_the_first_weeks():
    x, _ = carried_spend(SPENDS, THETA)
    for c in range(2):
        last = SPENDS[:START_WEEKS, c].mean()
        for t in range(len(SPENDS)):
            last = (1 - THETA[c]) * SPENDS[t, c] + THETA[c] * last
            assert x[t, c] == pytest.approx(last)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_derivatives_are_those_of_differences(which):
    parameters = [THETA + 0.1, ALPHA, np.log(KAPPA)]

    def value(step):
        moved = [p + step * (k == which) for k, p in enumerate(parameters)]
        return media_shapes(SPENDS, moved[0], moved[1], np.exp(moved[2])).value

    found = media_shapes(SPENDS, parameters[0], parameters[1], np.exp(parameters[2]))[1 + which]
    np.testing.assert_allclose(found, (value(1e-6) - value(-1e-6)) / 2e-6, atol=1e-7)


def test_a_steady_spend_gives_the_hill_curve_of_the_planner():
    steady = np.full((12, 1), 3.0)
    own = media_shapes(steady, np.array([0.4]), np.array([1.8]), np.array([2.0])).value[-1, 0]
    assert own == pytest.approx(float(HillCurve(0.4, 1.8, 2.0 / 0.6, 1.0).response(3.0)))


def test_no_spend_at_all_has_no_effect_and_finite_derivatives():
    shapes = media_shapes(np.zeros((10, 1)), np.array([0.5]), np.array([0.5]), np.array([1.0]))
    assert all((part == 0).all() for part in shapes)
    assert saturation([0.0, 1e300], 4.0, 1.0).tolist() == [0.0, 1.0]
