import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.posting_fatigue import read_fatigue


def test_a_table_is_read_in_any_order_and_ends_with_its_last_row():
    found = read_fatigue(pd.DataFrame({"hours": [24, 2], "share": [0.1, 0.5]}), 24)
    assert found.share([0, 2, 13, 24, 25]).round(12).tolist() == [0.5, 0.5, 0.3, 0.1, 0.0]


def test_a_share_that_grows_is_refused():
    with pytest.raises(TableError, match=r"index 1, column 'share': the share 0.6 is above"):
        read_fatigue(pd.DataFrame({"hours": [2, 24], "share": [0.5, 0.6]}), 24)


@pytest.mark.parametrize(
    ("share", "hours"), [(1.1, 24), (-0.1, 24), (True, 24), (0.3, 0), (0.3, True), (0.3, "1")]
)
def test_wrong_numbers(share, hours):
    with pytest.raises(OptionError, match=r"fatigue(_hours)? is"):
        read_fatigue(share, hours)


def test_a_repeated_plan_is_a_long_one_without_its_ends():
    table, times, period, copies = read_fatigue(0.5, 300), np.array([10, 82, 150]), 168.0, 9
    long = np.concatenate([times + k * period for k in range(copies)])
    shares = table.share(np.abs(long[:, None] - long[None, :])).reshape(copies, 3, copies, 3)
    middle = shares[copies // 2].sum(axis=1)  # what posts of the middle week lose to every copy of a post
    expected = table.between(60 * times, period)
    np.testing.assert_allclose(expected, middle)  # in the diagonal: another post in the same slot
    assert table.own(period) == pytest.approx(middle[0, 0] - 0.5)
    assert table.own(None) == 0.0
    apart = np.abs(times[:, None] - times[None, :])
    np.testing.assert_allclose(table.between(60 * times), table.share(apart))


def test_copies_that_leave_nothing_or_last_for_ever():
    with pytest.raises(OptionError, match=r"own copies in other weeks would take \d+%"):
        read_fatigue(1.0, 8000).own(168.0)
    with pytest.raises(OptionError, match="legal are up to 8784"):
        read_fatigue(0.1, 9000).between([0.0], 168.0)
    assert read_fatigue(0.0, 9000).own(168.0) == 0.0
