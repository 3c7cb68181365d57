"""Documents with a passage in common are one group; phrases and boilerplate join nothing."""

import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.shared_passages import groups_by_shared_passage

FIRST, SECOND = ("This first passage is long enough to be counted as a copy. " * 2).strip(), "x" * 80


def test_groups_join_through_others():
    texts = [f"A\n\n{FIRST}", "alone", f"{FIRST}\n\n{SECOND}", f"{SECOND}\n \nend"]
    assert groups_by_shared_passage(texts) == [0, 1, 0, 0]


def test_line_breaks_and_indentation_do_not_hide_a_copy():
    assert groups_by_shared_passage([FIRST, FIRST.replace(" ", "\n   ")]) == [0, 0]


def test_phrases_join_nothing():
    assert groups_by_shared_passage(["x" * 79, "x" * 79]) == [0, 1]


def test_boilerplate_joins_nothing():
    assert groups_by_shared_passage([FIRST] * 10) == [0] * 10
    assert groups_by_shared_passage([FIRST] * 11) == list(range(11))


def test_no_documents():
    with pytest.raises(DataError, match="0 documents"):
        groups_by_shared_passage([])
