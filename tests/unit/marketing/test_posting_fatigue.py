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
