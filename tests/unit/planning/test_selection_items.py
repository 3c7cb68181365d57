import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import TableError
from hybrid_opt.planning.selection_items import choice_curves, read_items
from hybrid_opt.planning.table import Column
from hybrid_opt.planning.vocabulary import CHANNELS

TABLE = pd.DataFrame(
    {"channel": ["a", "b", "c"], "worth": [3, 4, 5], "must": ["in", "", "out"], "group": ["g", "", "g"]}
)
WORTH = (Column("worth", "number"),)


def test_items_get_zero_or_one_and_what_is_settled_gets_one_of_them():
    items = read_items(TABLE, CHANNELS, WORTH)
    assert [line.spends.tolist() for line in items.table.lines] == [[1.0], [0.0, 1.0], [0.0]]
    assert [line.fixed for line in items.table.lines] == [True, False, True]
    assert items.labels == ["a", "b", "c"]
    assert items.numbers("worth").tolist() == [3.0, 4.0, 5.0]
    assert items.with_caps({"g": 1}).table.caps == {"g": 1}
    assert not items.has_today
    # Without a column "current" what must be in counts as chosen, so that it can be kept.
    assert [line.current for line in items.table.lines] == [1.0, 0.0, 0.0]


def test_today_is_read_where_the_table_says_it():
    items = read_items(TABLE.assign(current=["no", "yes", "no"]), CHANNELS, WORTH)
    assert items.has_today
    assert [line.current for line in items.table.lines] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"must": ["in", "perhaps", ""]}, "index 1, column 'must': 'perhaps' is not legal"),
        ({"lo": [1, None, None]}, "index 0, column 'hi': lo and hi belong together"),
        ({"lo": [None, 3, None], "hi": [None, 2, None]}, "index 1, column 'lo': lo 3 is above hi 2"),
        ({"channel": ["a", "a", "c"]}, "index 1, column 'channel': 'a' is there already"),
        ({"worth": [1, "many", 2]}, "index 1, column 'worth': 'many' is text"),
    ],
)
def test_wrong_tables(change, words):
    with pytest.raises(TableError, match=words):
        read_items(TABLE.assign(**change), CHANNELS, WORTH)


def test_curves_run_from_nothing_to_the_value():
    items = read_items(TABLE, CHANNELS, WORTH)
    curves = choice_curves(
        items, np.array([3.0, -4.0, 5.0]), np.array([2.0, np.nan, 4.0]), np.array([9.0, np.nan, 6])
    )
    assert curves.response("b", [0, 1]).tolist() == [0.0, -4.0]
    assert [end.tolist() for end in curves.interval("a", [0, 1])] == [[0.0, 2.0], [0.0, 9.0]]
    assert curves.interval("b", [0, 1]) is None
