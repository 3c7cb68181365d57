import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.marketing.audience import SEGMENTS
from hybrid_opt.marketing.overlaps import read_overlaps

NAMES, SIZES = ["a", "b", "c"], np.array([10.0, 8.0, 6.0])
SQUARE = pd.DataFrame({"segment": NAMES, "a": [10, 3, 2], "b": [3, 8, 0], "c": [2, 0, 6]})
EXPECTED = [[0.0, 3.0, 2.0], [3.0, 0.0, 0.0], [2.0, 0.0, 0.0]]


def test_square_and_pairs_say_the_same():
    pairs = pd.DataFrame({"segment": ["b", "a"], "other": ["a", "c"], "overlap": [3, 2]})
    assert read_overlaps(SQUARE, NAMES, SIZES, SEGMENTS).tolist() == EXPECTED
    assert read_overlaps(pairs, NAMES, SIZES, SEGMENTS).tolist() == EXPECTED


def test_half_a_square_in_any_order_is_enough():
    half = pd.DataFrame(
        {"segment": ["c", "a", "b"], "a": [2, None, 3], "b": [0, None, None], "c": [None] * 3}
    )
    assert read_overlaps(half, NAMES, SIZES, SEGMENTS).tolist() == EXPECTED


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (SQUARE.assign(b=[4, 8, 0]), "index 1, column 'a': 3 people here, but 4 in the mirrored cell"),
        (
            SQUARE.assign(a=[11, 3, 2]),
            "index 0, column 'a': the diagonal says 11 people, the size of 'a' is 10",
        ),
        (SQUARE.assign(b=[3, 8, 7], c=[2, 7, 6]), "7 people are more than the 6 of 'c'"),
        (SQUARE.assign(b=[3, 8, None], c=[2, None, 6]), "index 2, column 'b': the cell is blank"),
        (SQUARE[:2], "there is no row for 'c'"),
        (SQUARE.assign(segment=["a", "b", "z"]), "'z' is no segment of the plan"),
        (SQUARE.drop(columns="c").assign(d=0), "column 'd' is unknown"),
        (SQUARE.assign(a=[10, -3, 2]), "index 1, column 'a': -3 is less than 0"),
        (
            pd.DataFrame({"segment": ["a"], "other": ["c"], "overlap": [7]}),
            "7 people are more than the 6 of 'c'",
        ),
        (pd.DataFrame({"segment": ["a"], "other": ["z"], "overlap": [1]}), "'z' is no segment of the plan"),
    ],
)
def test_wrong_tables(table, words):
    with pytest.raises(TableError, match=words):
        read_overlaps(table, NAMES, SIZES, SEGMENTS)
