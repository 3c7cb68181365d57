import pandas as pd
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.marketing.memberships import read_memberships
from hybrid_opt.marketing.synthetic_audience import make_audience, shipped_audience, write_audience


def test_the_shipped_files_are_those_of_seed_0(tmp_path):
    for shipped, made in zip(shipped_audience(), write_audience(tmp_path), strict=True):
        assert shipped.read_bytes() == made.read_bytes()


def test_the_three_tables_are_about_the_same_people():
    tables = make_audience(seed=3, segments=20)
    names = tables.segments["segment"].tolist()
    people = read_memberships(tables.members, names)
    assert people.sizes.tolist() == tables.segments["size"].tolist()
    square = tables.overlaps.set_index("segment").to_numpy()
    assert square.diagonal().tolist() == people.sizes.tolist()
    inside = people.members * people.people[:, None]
    assert (inside.T @ people.members == square).all()
    assert not make_audience(seed=4).segments.equals(make_audience(seed=3).segments)
    pd.testing.assert_frame_equal(make_audience(seed=3).members, make_audience(seed=3).members)


@pytest.mark.parametrize("segments", [2, 21, 5.0, True])
def test_wrong_numbers_of_segments(segments):
    with pytest.raises(OptionError, match="legal are whole numbers from 3 to 20"):
        make_audience(segments=segments)


def test_a_wrong_seed():
    with pytest.raises(OptionError):
        make_audience(seed=-1)
