"""Distributions as levels: which values, which shares, and back."""

from __future__ import annotations

import numpy as np
import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.level_space import axis_positions, axis_value, level_space


def values(distribution: BaseDistribution, levels=5):
    (parameter,) = level_space({"x": distribution}, levels).parameters
    return list(parameter.values)


def test_a_float_gets_evenly_spaced_levels_from_end_to_end():
    assert values(FloatDistribution(-1.0, 1.0)) == [-1.0, -0.5, 0.0, 0.5, 1.0]


def test_a_logarithmic_float_gets_levels_of_equal_ratio_and_its_exact_ends():
    levels = values(FloatDistribution(1e-5, 1e-1, log=True))
    assert levels == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1], rel=1e-12)
    assert (min(levels), max(levels)) == (1e-5, 1e-1)


@pytest.mark.parametrize("distribution", [IntDistribution(1, 10), IntDistribution(1, 10, log=True)])
def test_integers_keep_every_value_up_to_twice_as_many_as_levels(distribution):
    assert values(distribution) == list(range(1, 11))
    assert len(values(IntDistribution(1, 11))) == 5


def test_many_integers_are_thinned_out_to_integers():
    assert values(IntDistribution(1, 100, log=True), 4) == [1, 5, 22, 100]
    assert values(IntDistribution(0, 100, step=10), 3) == [0, 50, 100]
    # 1.8 and 3.2 round to 2 and 3: levels that fall together are one.
    assert values(IntDistribution(1, 4, log=True), {"x": 3}) == [1, 2, 4]
    assert all(type(value) is int for value in values(IntDistribution(1, 100)))


def test_a_stepped_float_stays_on_its_steps():
    assert values(FloatDistribution(0.0, 1.0, step=0.25)) == [0.0, 0.25, 0.5, 0.75, 1.0]
    thinned = values(FloatDistribution(-10.2, 10.2, step=0.1), 9)
    assert len(thinned) == 9
    assert np.array(thinned) / 0.1 == pytest.approx(np.rint(np.array(thinned) / 0.1))


def test_choices_keep_their_order_and_may_be_anything():
    assert values(CategoricalDistribution([None, "a", 1.5, True])) == [None, "a", 1.5, True]


def test_a_number_by_name_holds_for_integers_too():
    space = level_space({"a": IntDistribution(1, 8), "b": FloatDistribution(0, 1)}, {"a": 3})
    assert [parameter.size for parameter in space.parameters] == [3, 9]


def test_single_values_are_left_out_and_names_are_sorted():
    space = level_space(
        {
            "z": FloatDistribution(0, 1),
            "one": IntDistribution(3, 3),
            "same": FloatDistribution(2.0, 2.0),
            "choice": CategoricalDistribution(["only"]),
            "a": CategoricalDistribution([0, 1]),
        },
        4,
    )
    assert [parameter.name for parameter in space.parameters] == ["a", "z"]
    assert (space.sizes, space.n_columns, space.n_bits, space.n_penalty_bits, space.n_points) == (
        (2, 4), 6, 5, 4, 8,
    )  # fmt: skip
    assert level_space({"one": IntDistribution(3, 3)}).n_points == 1


def test_a_value_between_two_levels_shares_its_one():
    space = level_space({"r": FloatDistribution(1e-2, 1e2, log=True)}, 3)
    features = space.features([{"r": 1.0}, {"r": 10.0**0.5}, {"r": 1e-2, "other": 5}])
    assert features == pytest.approx(np.array([[0, 1, 0], [0, 0.75, 0.25], [1, 0, 0]]))
    assert space.states(features).tolist() == [[1], [-1], [0]]


def test_points_of_the_grid_survive_the_way_there_and_back():
    space = level_space(
        {
            "a": FloatDistribution(1e-5, 0.3, log=True),
            "b": FloatDistribution(-0.7, 0.9, step=0.1),
            "c": IntDistribution(1, 1000, log=True),
            "d": CategoricalDistribution(["x", None, 3]),
        }
    )
    rng = np.random.default_rng(0)
    states = rng.integers(space.sizes, size=(50, 4))
    params = [space.params(row) for row in states]
    features = space.features(params)
    assert space.states(features).tolist() == states.tolist()
    assert np.array_equal(features, space.one_hot(states))
    for parameter in space.parameters:
        for setting in params:
            value = setting[parameter.name]
            assert parameter.distribution._contains(parameter.distribution.to_internal_repr(value))
    assert all(type(setting["c"]) is int and type(setting["a"]) is float for setting in params)


def test_no_trials_give_no_rows():
    space = level_space({"a": FloatDistribution(0, 1)}, 3)
    assert space.features([]).shape == (0, 3)
    assert space.states(np.zeros((0, 3))).shape == (0, 1)


def test_places_and_values_are_inverse_up_to_rounding():
    distribution = IntDistribution(1, 100, log=True)
    assert axis_value(distribution, 0.5) == 10
    assert axis_positions(distribution, np.array([1.0, 10.0, 100.0])) == pytest.approx([0, 0.5, 1])
    assert axis_value(FloatDistribution(0.0, 0.9, step=0.3), 0.9) == pytest.approx(0.9)
    with pytest.raises(OptionError, match="has no axis"):
        axis_value(CategoricalDistribution([1, 2]), 0.5)


@pytest.mark.parametrize("levels", [1, 0, 2.5, "many", True, {"x": 1}, None, 1001])
def test_a_wrong_number_of_levels_is_refused(levels):
    with pytest.raises(OptionError, match=r"levels.* must be a whole number of at least 2"):
        level_space({"x": FloatDistribution(0, 1)}, levels)


def test_a_number_for_choices_is_refused():
    with pytest.raises(OptionError, match="levels names 'x', which has 3 choices"):
        level_space({"x": CategoricalDistribution([1, 2, 3])}, {"x": 2})


def test_an_unknown_distribution_is_refused():
    class Strange(BaseDistribution):
        def to_internal_repr(self, param_value_in_external_repr):
            return 0.0

        def single(self):
            return False

        def _contains(self, param_value_in_internal_repr):
            return True

    with pytest.raises(OptionError, match="no distribution that is known here"):
        level_space({"x": Strange()})
