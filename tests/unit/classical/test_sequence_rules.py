"""Rules: exact answers, alphabets that hold every character, draws within the promise."""

import unicodedata

import numpy as np
import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.sequence_rules import SEQUENCE_RULES, number_in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (99, "ninety-nine"),
        (100, "one hundred"),
        (219, "two hundred nineteen"),
        (1000, "one thousand"),
        (40_001, "forty thousand one"),
        (999_999, "nine hundred ninety-nine thousand nine hundred ninety-nine"),
    ],
)
def test_numbers_in_words(number, words):
    assert number_in_words(number) == words


def test_words_are_unique():
    assert len({number_in_words(number) for number in range(12_000)}) == 12_000


@pytest.mark.parametrize("number", [-1, 1_000_000])
def test_numbers_outside(number):
    with pytest.raises(DataError, match="from 0 to 999999"):
        number_in_words(number)


def test_answers():
    assert SEQUENCE_RULES["reverse"].answer("stop") == "pots"
    assert SEQUENCE_RULES["sort"].answer("3120") == "0123"
    assert SEQUENCE_RULES["number_words"].answer("12") == "twelve"
    assert SEQUENCE_RULES["decompose"].answer("é") == "e\u0301"


@pytest.mark.parametrize("name", SEQUENCE_RULES)
def test_alphabets_hold_every_character(name):
    rule = SEQUENCE_RULES[name]
    generator = np.random.default_rng(0)
    for _ in range(300):
        source = rule.draw(generator)
        assert source
        assert set(source) <= set(rule.source_characters)
        assert set(rule.answer(source)) <= set(rule.target_characters)


def test_accented_letters_all_come_apart():
    letters = SEQUENCE_RULES["decompose"].source_characters
    assert len(letters) > 400
    assert all(len(unicodedata.normalize("NFD", letter)) > 1 for letter in letters)


def test_numbers_of_all_lengths_are_drawn_equally_often():
    generator = np.random.default_rng(0)
    lengths = [len(SEQUENCE_RULES["number_words"].draw(generator)) for _ in range(3000)]
    assert np.bincount(lengths)[1:] == pytest.approx([500] * 6, rel=0.15)
