"""Equal contents have equal hashes; what differs in value, type, shape or grouping has another one."""

import hashlib

import numpy as np
import pytest
import torch

from hybrid_opt.classical.data_hashing import content_hash
from hybrid_opt.classical.errors import DataError


def test_the_hash_of_a_text_is_sha256_of_header_and_bytes():
    assert content_hash("é") == hashlib.sha256(b"text 2\0\xc3\xa9").hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        ((["a"], "b"), (["a", "b"],)),
        ((1,), (1.0,)),
        ((1,), (True,)),
        ((b"a",), ("a",)),
        ((None,), ("None",)),
        ((np.zeros((2, 3)),), (np.zeros((3, 2)),)),
        ((np.zeros(2, dtype=np.int64),), (np.zeros(2, dtype=np.float64),)),
        (({"a": 1},), ({"b": 1},)),
    ],
)
def test_different_contents_differ(one, other):
    assert content_hash(*one) != content_hash(*other)


def test_order_of_keys_and_layout_in_memory_do_not_count():
    table = np.arange(6).reshape(2, 3)
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash(table.T) == content_hash(np.ascontiguousarray(table.T))
    assert content_hash(torch.from_numpy(table)) == content_hash(table)


@pytest.mark.parametrize("part", [object(), {1, 2}, np.array([object()])])
def test_what_has_no_value_of_its_own_is_refused(part):
    with pytest.raises(DataError, match="cannot be hashed by value"):
        content_hash(part)
