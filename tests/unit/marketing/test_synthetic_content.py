"""The shipped campaign is the one the generator makes, and it can be planned and estimated."""

import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing import ContentPlanner
from hybrid_opt.marketing.synthetic_content import make_content, shipped_content, write_content


def test_the_shipped_files_are_those_of_seed_0(tmp_path):
    for made, shipped in zip(write_content(tmp_path / "new"), shipped_content(), strict=True):
        assert made.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")
    for table, path in zip(make_content(), shipped_content(), strict=True):
        pd.testing.assert_frame_equal(table, pd.read_csv(path))


def test_the_example_has_a_gain_and_its_tests_find_the_effects():
    files = shipped_content()
    levels = pd.read_csv(files.levels)
    plan = ContentPlanner.from_csv(
        files.levels, pairs=files.pairs, audiences=files.audiences, forbidden=files.forbidden, worth=30
    ).solve(seed=0)
    assert plan.status == "optimal"
    assert plan.value > 1.05 * plan.today_value
    bare = levels.drop(columns=["effect", "error"])
    found = ContentPlanner.from_tests(files.tests, bare, interactions=[("headline", "image")]).estimate
    mean = levels.groupby(["audience", "factor"])["effect"].transform("mean")
    # Pairs are counted from the first levels, so that effects of offer and video hold no part of the bonus.
    off = (found.effect - (levels["effect"] - mean)) / found.error
    assert off.abs().max() < 4.0
    assert 0.5 < off.std() < 1.5


@pytest.mark.parametrize("audiences", [0, 4, 2.0, True])
def test_wrong_numbers_of_audiences(audiences):
    with pytest.raises(OptionError, match="audiences"):
        make_content(audiences=audiences)
