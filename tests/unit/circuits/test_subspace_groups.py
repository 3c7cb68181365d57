"""Groups of variables: what they mean, and every way in which they can be wrong."""

import numpy as np
import pytest

from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.subspace_groups import FixedWeight, GroupWires, OneHot, read_groups, subspace

NAMES = ["a", "b", "c", "d", "e"]


def test_groups_become_wires_in_their_own_order():
    groups = read_groups(NAMES, [("c", "a"), OneHot(("e",)), FixedWeight(("b", "d"), 2)])
    assert groups == (GroupWires((2, 0), 1), GroupWires((4,), 1), GroupWires((1, 3), 2))
    assert [group.levels for group in groups] == [2, 1, 1]
    assert [GroupWires((0, 1, 2, 3), w).units for w in range(5)] == [0.0, 1.0, 4 / 3, 1.0, 0.0]
    assert read_groups(NAMES, None) == read_groups(NAMES, []) == ()


def test_the_space_lists_the_groups_then_the_free_bits():
    space = subspace(5, read_groups(NAMES, [("d", "b"), FixedWeight(("a", "e"), 0)]))
    assert space.shape == (2, 1, 2)
    bits = space.bits(np.arange(4)).tolist()
    assert bits == [[0, 0, 0, 1, 0], [0, 0, 1, 1, 0], [0, 1, 0, 0, 0], [0, 1, 1, 0, 0]]


def test_no_groups_are_all_bit_strings():
    space = subspace(4, ())
    assert space.indices(space.bits(np.arange(16))).tolist() == list(range(16))
    assert space.bits([8]).tolist() == [[1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([("a", "x")], "group 0 names 'x'"),
        ([("a", ["b"])], r"group 0 names \['b'\]"),
        ([("a", "b"), ("c", "b")], "and so does group 0"),
        ([("a", "a")], "twice"),
        ([()], "0 variables"),
        ([OneHot(())], "0 variables"),
        ([FixedWeight(("a", "b"), 3)], "weight 3 and 2 variables; legal are 0 to 2"),
        ([FixedWeight(("a", "b"), -1)], "at least 0"),
        ([FixedWeight(("a", "b"), True)], "integer"),
        ("abc", "list of groups"),
        (("a", "b"), "group 0 is 'a'"),
        ([7], "group 0 is 7"),
        (OneHot(("a", "b")), "list of groups"),
        ({"a": 1}, "list of groups"),
    ],
)
def test_bad_groups(groups, words):
    with pytest.raises(CircuitError, match=words):
        read_groups(NAMES, groups)


def test_too_long_a_group():
    with pytest.raises(CircuitError, match="63 variables; legal are 1 to 62"):
        read_groups(range(63), [tuple(range(63))])


def test_the_largest_space_and_one_too_large():
    assert subspace(24, ()).dimension == 2**24
    groups = [GroupWires(tuple(range(5 * g, 5 * g + 5)), 1) for g in range(10)]
    assert subspace(50, groups).dimension == 9_765_625
    with pytest.raises(
        CircuitTooLargeError, match=r"dimension 19,531,250 \(5 x 5 .* x 2\*\*1\); at most 2\*\*24"
    ):
        subspace(51, groups)
