import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.planning.pair_table import read_synergies


def table(**changes):
    columns = {"channel": ["tv", "radio"], "other": ["search", "tv"], "strength": [0.2, -0.1]}
    return pd.DataFrame(columns | changes)


def test_rows_become_pairs():
    found = read_synergies(table(), ["tv", "search", "radio"])
    assert [(pair.channel, pair.other, pair.strength) for pair in found] == [
        ("tv", "search", 0.2),
        ("radio", "tv", -0.1),
    ]
    assert read_synergies(None, ["tv"]) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"other": ["serch", "tv"]}, "did you mean 'search'"),
        ({"other": ["tv", "tv"]}, "paired with itself"),
        ({"channel": ["tv", "search"], "other": ["search", "tv"]}, "twice"),
        ({"strength": [0.2, float("nan")]}, "strength"),
    ],
)
def test_wrong_rows_are_named(changes, words):
    with pytest.raises(TableError, match=words):
        read_synergies(table(**changes), ["tv", "search", "radio"])
