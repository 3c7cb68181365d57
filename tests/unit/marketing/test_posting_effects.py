import numpy as np
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.marketing.posting_effects import estimate_slots


def drawn(random, days, blocks, posts, between):
    truth = 100 + random.normal(0, 8, (days, 1)) + random.normal(0, 8, (1, blocks))
    truth = truth + between * random.standard_normal((days, blocks))
    day, block = (np.repeat(grid.ravel(), posts) for grid in np.indices((days, blocks)))
    return truth, day, block, truth[day, block] + 10 * random.standard_normal(len(day))


@pytest.mark.parametrize(
    ("days", "blocks", "posts", "between"),
    [(1, 6, 4, 5), (7, 1, 4, 0), (7, 3, 3, 0), (7, 3, 10, 0), (7, 3, 4, 5)],
)
def test_nine_of_ten_ranges_hold_the_truth(days, blocks, posts, between):
    random, inside = np.random.default_rng(0), []
    for _ in range(200):
        truth, *past = drawn(random, days, blocks, posts, between)
        found = estimate_slots("t", *past)
        inside.append(np.abs(found.estimate - truth) <= 1.645 * found.error)
    assert 0.82 <= np.mean(inside) <= 0.95


def test_estimates_of_one_day_are_means_with_their_errors():
    block = np.repeat([0, 1, 2], [2, 3, 5])
    y = np.array([1.0, 3, 2, 4, 6, 5, 6, 7, 8, 9])
    found = estimate_slots("t", np.zeros(10, int), block, y)
    within = (2 + 8 + 10) / 7
    np.testing.assert_allclose(found.estimate[0], [2, 4, 7])
    np.testing.assert_allclose(found.error[0], np.sqrt(within / np.array([2, 3, 5])))
    assert found.free == 0


def test_a_slot_that_nothing_connects_has_no_estimate():
    day, block = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1])
    found = estimate_slots("t", day, block, np.array([90.0, 110, 40, 60, 70]))
    assert np.isnan(found.estimate).tolist() == [[False, True], [True, False], [True, False]]
    assert (np.isnan(found.error) == np.isnan(found.estimate)).all()
    assert found.free == 0
    np.testing.assert_allclose(found.estimate[~np.isnan(found.estimate)], [100, 50, 70])


def test_the_spare_slot_counts_by_rank():
    # Two blocks of slots that share no day and no hour: 8 slots, 3 + 3 effects.
    day = np.repeat([0, 0, 1, 1, 2, 2, 3, 3], 2)
    block = np.repeat([0, 1, 0, 1, 2, 3, 2, 3], 2)
    assert estimate_slots("t", day, block, np.arange(16.0)).free == 2


def test_large_numbers_neither_cancel_nor_overflow():
    day, block = np.repeat([0, 1], 4), np.tile([0, 0, 1, 1], 2)
    y = np.array([1.0, 3, 4, 6, 7, 5, 9, 8])
    plain, far = estimate_slots("t", day, block, y), estimate_slots("t", day, block, y + 1e12)
    np.testing.assert_allclose(far.error, plain.error, rtol=1e-3)
    huge = estimate_slots("t", day, block, y * 1e200)
    np.testing.assert_allclose(huge.estimate, plain.estimate * 1e200)
    same = estimate_slots("t", day, block, np.full(8, 1e12 + 0.1))
    assert same.error.max() == 0.0


def test_posts_that_stand_alone_say_nothing_about_chance():
    with pytest.raises(TableError, match="no slot has two posts"):
        estimate_slots("t", np.array([0, 1]), np.array([0, 0]), np.array([1.0, 2.0]))
