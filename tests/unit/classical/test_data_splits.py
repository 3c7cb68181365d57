"""Splits: disjoint, complete, of the promised size, repeatable, and refused where there is too little."""

import numpy as np
import pytest

from hybrid_opt.classical.data_splits import (
    SPLITS,
    check_limit,
    keep_some,
    seeded_generator,
    split_by_class,
    split_documents,
    split_in_order,
)
from hybrid_opt.classical.errors import DataError


def assert_partition(split, count):
    assert list(split) == list(SPLITS)
    assert sorted(np.concatenate(list(split.values())).tolist()) == list(range(count))
    assert all(len(part) for part in split.values())


@pytest.mark.parametrize("seed", range(5))
def test_documents_of_unequal_size_fill_about_a_tenth_each(seed):
    sizes = np.random.default_rng(7).integers(1, 100, size=200).tolist()
    split = split_documents(sizes, seed=seed)
    assert_partition(split, 200)
    for part in ("validation", "test"):
        assert 0.09 <= sum(sizes[number] for number in split[part]) / sum(sizes) <= 0.1


def test_a_document_of_more_than_a_tenth_is_learned_from():
    assert all(0 in split_documents([500, *[10] * 50], seed=seed)["train"] for seed in range(10))


def test_where_nothing_fits_the_smallest_are_held_out():
    split = split_documents([30, 10, 20], seed=3)
    assert [split[part].tolist() for part in SPLITS] == [[0], [2], [1]]


def test_no_part_stays_empty_where_one_document_outweighs_all_others():
    assert_partition(split_documents([1, 1, 18]), 3)


def test_the_seed_decides_and_repeats():
    sizes = [10] * 40
    first, again, other = (split_documents(sizes, seed=seed)["test"].tolist() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_documents(count):
    with pytest.raises(DataError, match=rf"{count} document.*at least 3"):
        split_documents([5] * count)


def test_documents_without_text():
    with pytest.raises(DataError, match="0 characters"):
        split_documents([5, 0, 5, 5])


def test_each_class_keeps_its_share():
    classes = np.array(["a"] * 100 + ["b"] * 30 + ["c"] * 3)
    split = split_by_class(classes, seed=1)
    assert_partition(split, 133)
    for part, counts in (("train", [80, 24, 1]), ("validation", [10, 3, 1]), ("test", [10, 3, 1])):
        assert [int((classes[split[part]] == name).sum()) for name in "abc"] == counts


def test_a_class_too_small_to_split_is_named():
    with pytest.raises(DataError, match=r"class rare has 2 example.*at least 3"):
        split_by_class(["common"] * 9 + ["rare"] * 2)
    with pytest.raises(DataError, match="0 examples"):
        split_by_class([])


def test_a_series_is_split_by_time():
    assert split_in_order(50) == {"train": (0, 40), "validation": (40, 45), "test": (45, 50)}
    with pytest.raises(DataError, match="9 steps"):
        split_in_order(9)


def test_a_limit_keeps_shares_and_at_least_three():
    classes = np.array([0] * 900 + [1] * 90 + [2] * 10)
    kept = classes[keep_some(classes, 100)]
    assert [int((kept == number).sum()) for number in range(3)] == [90, 9, 3]
    assert keep_some(classes, None).tolist() == list(range(1000))
    assert len(keep_some(classes, 5000)) == 1000


@pytest.mark.parametrize("limit", [2, -5, 10.0, True, "10"])
def test_bad_limits(limit):
    with pytest.raises(DataError, match="limit must be None or an integer of at least 3"):
        check_limit(limit)
    with pytest.raises(DataError, match="limit"):
        keep_some([0] * 10, limit)


@pytest.mark.parametrize("seed", [-1, 1.5, None, True, "0"])
def test_bad_seeds(seed):
    with pytest.raises(DataError, match="seed must be an integer of 0 or more"):
        seeded_generator(seed)
