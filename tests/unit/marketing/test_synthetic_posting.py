import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.synthetic_posting import make_posting, shipped_posting, write_posting


def test_the_shipped_files_are_those_of_seed_0(tmp_path):
    for shipped, made in zip(shipped_posting(), write_posting(tmp_path), strict=True):
        assert shipped.read_bytes() == made.read_bytes()


def test_seeds_and_sizes():
    assert not make_posting(seed=4).slots.equals(make_posting(seed=3).slots)
    pd.testing.assert_frame_equal(make_posting(seed=3).history, make_posting(seed=3).history)
    assert len(make_posting(posts=8).posts) == 8
    assert make_posting().history["timestamp"].is_monotonic_increasing


@pytest.mark.parametrize("posts", [0, 9, 5.0, True])
def test_wrong_numbers_of_posts(posts):
    with pytest.raises(OptionError, match="legal are whole numbers from 1 to 8"):
        make_posting(posts=posts)


def test_a_wrong_seed():
    with pytest.raises(OptionError):
        make_posting(seed=-1)
