"""The synthetic history: repeatable, shipped as made, with the truth it claims."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.synthetic_history import (
    history_truth,
    make_history,
    shipped_history,
    write_history,
)


def test_the_shipped_file_is_that_of_seed_0(tmp_path):
    assert write_history(tmp_path / "h.csv").read_bytes() == shipped_history().read_bytes()
    assert make_history(1)["revenue"].tolist() == make_history(1)["revenue"].tolist()
    assert make_history(1)["revenue"].tolist() != make_history(2)["revenue"].tolist()


def test_media_are_all_that_the_factor_changes():
    whole, none = make_history(noise=0.0), make_history(noise=0.0, media=0.0)
    assert (whole.drop(columns="revenue") == none.drop(columns="revenue")).all().all()
    assert (whole["revenue"] >= none["revenue"]).all()
    half = make_history(noise=0.0, media=0.5)
    middle = (whole["revenue"] + none["revenue"]) / 2
    np.testing.assert_allclose(half["revenue"], middle, atol=1.0)
    assert pd.to_datetime(whole["week"]).diff().dropna().dt.days.eq(7).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"channels": 0}, "channels is 0"),
        ({"channels": 7}, "channels is 7"),
        ({"weeks": 9}, "weeks is 9"),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"media": float("nan")}, "media is nan"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(OptionError, match=words):
        make_history(**options)
    assert len(history_truth(6)) == 6
