"""Reading arrays of a routing problem; the errors stand in the tests of the problem."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_opt.errors import InfeasibleModelError, OptionError
from hybrid_opt.tuning.routing_checks import (
    check_room,
    read_factor,
    read_pairs,
    read_table,
    read_vector,
    read_weight,
)


def test_one_number_stands_for_all():
    np.testing.assert_array_equal(read_vector("capacity", 2, 3), [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(read_vector("capacity", [1, 2, 3], 3), [1.0, 2.0, 3.0])


def test_pairs_are_symmetric_to_the_last_bit():
    given = np.array([[0.0, 1.0], [1.0 + 1e-12, 0.0]])
    read = read_pairs("similarity", given, 2)
    assert read[0, 1] == read[1, 0]


def test_weights_are_numbers():
    assert read_weight("co_weight", np.float32(0.5)) == 0.5
    with pytest.raises(OptionError, match="co_weight is None"):
        read_weight("co_weight", None)


def test_tables_have_two_dimensions():
    with pytest.raises(OptionError, match="affinity"):
        read_table("affinity", np.zeros((1, 2, 3)))


def test_room():
    check_room(np.array([1.0, 2.0]), np.array([2.0, 1.0]))
    with pytest.raises(InfeasibleModelError, match="together"):
        check_room(np.array([1.0, 2.0]), np.array([2.0, 0.5]))


@pytest.mark.parametrize("given", [0.99, 0, float("nan"), float("inf"), "1.5", True, None])
def test_room_of_less_than_an_even_share_is_refused(given):
    with pytest.raises(OptionError, match="capacity_factor is"):
        read_factor(given)
    assert read_factor(1) == 1.0
