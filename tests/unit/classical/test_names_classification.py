"""Unicode names: the label word is gone from the text, rare classes are dropped and said."""

import unicodedata

import pytest

from hybrid_opt.classical import names_classification
from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.names_classification import unicode_names, unicode_names_data


@pytest.fixture(scope="module")
def pairs():
    return unicode_names()


def test_names_are_taken_apart_and_rule_made_ones_left_out(pairs):
    assert ("GREEK", "SMALL LETTER OMEGA") in pairs
    assert all(unicodedata.lookup(f"{first} {rest}") for first, rest in pairs[::997])
    assert not any(
        first == "CJK" or (first == "HANGUL" and rest.startswith("SYLLABLE ")) for first, rest in pairs
    )
    assert 25_000 < len(pairs) < 60_000


def test_small_classes_are_dropped_and_said(monkeypatch):
    names = [("A", f"{number}") for number in range(30)] + [("B", f"{number}") for number in range(20)]
    names += [("C", f"RARE {number}") for number in range(5)]
    monkeypatch.setattr(names_classification, "unicode_names", lambda: names)
    data = unicode_names_data(minimum=10)
    assert data.labels == ("A", "B")
    assert "1 classes with fewer than 10 names were dropped (5 names)" in data.notes
    assert "40 of 50 names occur under more than one label, so accuracy 1 is out of reach" in data.notes
    assert "examples of each class: A 30, B 20" in data.notes
    assert data.sequence_length == 48
    with pytest.raises(DataError, match=r"1 class.*largest have 30, 20, 5"):
        unicode_names_data(minimum=25)


def test_the_real_names_are_imbalanced():
    data = unicode_names_data(limit=400)
    assert len(data.labels) > 10
    assert not any(
        text.startswith(f"{data.labels[example['labels']]} ")
        for example, text in zip(data.train, data.texts["train"], strict=True)
    )
