"""The row cache finds rows by content, stays within its bounds and never mixes kinds."""

from threading import Thread

import numpy as np
import pytest

from hybrid_opt.circuits import row_cache
from hybrid_opt.circuits.row_cache import RowCache, digest_rows


class Squares:
    """Squares of rows, remembering which it was asked for."""

    def __init__(self, rows):
        self.rows = rows
        self.asked = []

    def __call__(self, numbers):
        self.asked.append(numbers.tolist())
        return self.rows[numbers] ** 2


def fetch(cache, rows, kind="squares"):
    squares = Squares(rows)
    return cache.fetch(kind, digest_rows(rows), squares), squares.asked


ROWS = np.arange(12.0).reshape(6, 2)


def test_digests_tell_rows_apart_and_take_all_arrays_into_account():
    first = digest_rows(ROWS, ROWS * 1j)
    assert len(set(first)) == 6
    assert digest_rows(ROWS, None) == digest_rows(ROWS)
    assert not set(first) & set(digest_rows(ROWS))
    assert digest_rows(np.zeros((2, 0)), ROWS[:2]) == digest_rows(ROWS[:2])
    assert digest_rows(np.array([[0.0]])) == digest_rows(np.array([[-0.0]]))
    assert len(digest_rows(np.zeros((3, 0)))) == 3


def test_known_rows_are_not_computed_again_in_any_order():
    cache = RowCache(10_000)
    result, asked = fetch(cache, ROWS)
    np.testing.assert_array_equal(result, ROWS**2)
    assert asked == [[0, 1, 2, 3, 4, 5]]
    result, asked = fetch(cache, ROWS[[4, 1, 1]])
    np.testing.assert_array_equal(result, ROWS[[4, 1, 1]] ** 2)
    assert asked == []
    assert (cache.hits, cache.misses) == (3, 6)


def test_only_new_rows_are_computed_and_each_content_once():
    cache = RowCache(10_000)
    fetch(cache, ROWS[:3])
    mixed = np.vstack([ROWS[4], ROWS[0], ROWS[4], ROWS[5]])
    result, asked = fetch(cache, mixed)
    np.testing.assert_array_equal(result, mixed**2)
    assert asked == [[0, 3]]
    result, asked = fetch(cache, ROWS[[5, 2, 4]])
    np.testing.assert_array_equal(result, ROWS[[5, 2, 4]] ** 2)
    assert asked == []


def test_a_whole_block_is_handed_back_without_a_copy_and_nothing_can_be_written():
    cache = RowCache(10_000)
    first, _ = fetch(cache, ROWS)
    again, _ = fetch(cache, ROWS)
    assert np.shares_memory(first, again)
    part, _ = fetch(cache, ROWS[:2])
    for result in (first, part):
        with pytest.raises(ValueError, match="read-only"):
            result[0, 0] = 7.0


def test_kinds_do_not_meet():
    cache = RowCache(10_000)
    fetch(cache, ROWS)
    _, asked = fetch(cache, ROWS, kind="others")
    assert asked == [[0, 1, 2, 3, 4, 5]]


def test_the_oldest_block_goes_first():
    cache = RowCache(2 * ROWS[:2].nbytes)
    fetch(cache, ROWS[0:2])
    fetch(cache, ROWS[2:4])
    fetch(cache, ROWS[0:1])  # used: now the second block is the oldest
    fetch(cache, ROWS[4:6])
    assert cache.nbytes == 2 * ROWS[:2].nbytes
    assert fetch(cache, ROWS[0:2])[1] == []
    assert fetch(cache, ROWS[2:4])[1] == [[0, 1]]


def test_what_does_not_fit_is_computed_and_not_kept(monkeypatch):
    cache = RowCache(ROWS.nbytes - 1)
    fetch(cache, ROWS)
    assert cache.nbytes == 0
    cache = RowCache(10_000)
    monkeypatch.setattr(row_cache, "free_memory", lambda: 4 * ROWS.nbytes - 4)
    fetch(cache, ROWS)
    assert cache.nbytes == 0
    monkeypatch.setattr(row_cache, "free_memory", lambda: None)
    fetch(cache, ROWS)
    assert cache.nbytes == ROWS.nbytes


def test_clear_forgets():
    cache = RowCache(10_000)
    fetch(cache, ROWS)
    cache.clear()
    assert (cache.nbytes, cache.hits, cache.misses) == (0, 0, 0)
    assert fetch(cache, ROWS)[1] != []


def test_threads_get_right_rows_while_blocks_are_dropped():
    cache = RowCache(3 * ROWS.nbytes)
    problems = []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(200):
            rows = rng.integers(0, 30, (5, 2)).astype(float)
            result, _ = fetch(cache, rows)
            if not np.array_equal(result, rows**2):
                problems.append(rows)

    threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert cache.nbytes <= 3 * ROWS.nbytes
