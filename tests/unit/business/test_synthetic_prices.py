"""The shipped price list is the one the generator makes, and it can be planned."""

import pandas as pd
import pytest

from hybrid_opt.business import PricePlanner
from hybrid_opt.business.synthetic_prices import make_prices, shipped_prices, write_prices
from hybrid_opt.errors import OptionError


def test_the_shipped_files_are_those_of_seed_0(tmp_path):
    for made, shipped in zip(write_prices(tmp_path / "new"), shipped_prices(), strict=True):
        assert made.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")
    for table, path in zip(make_prices(), shipped_prices(), strict=True):
        pd.testing.assert_frame_equal(table, pd.read_csv(path))


def test_the_example_has_a_gain():
    files = shipped_prices()
    plan = PricePlanner.from_csv(
        files.products, demand=files.demand, cross=files.cross, order=files.order, endings=[0.99, 0.49]
    ).solve(seed=0)
    assert plan.status == "optimal"
    assert plan.value > 1.01 * plan.today_value


@pytest.mark.parametrize("families", [0, 7, 2.0, True])
def test_wrong_numbers_of_families(families):
    with pytest.raises(OptionError, match="families"):
        make_prices(families=families)
