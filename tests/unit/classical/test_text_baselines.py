"""Counting models against formulas worked out by hand; probabilities add up to 1."""

import math

import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.text_baselines import NgramModel, lzma_bits_per_character, text_baseline_bits

ALPHABET = 0x110000 - 0x800 + 1


def test_unigram_by_hand():
    # "aab" and its end: a 2, b 1, end 1; 4 counts of 3 different ones.
    model = NgramModel(["aab"], order=1)
    assert model.probability("", "a") == pytest.approx((2 + 3 / ALPHABET) / 7)
    assert model.probability("", "z") == pytest.approx(3 / ALPHABET / 7)


def test_bigram_by_hand():
    # Followers of "a": b twice, end once.
    model = NgramModel(["ab", "aba"], order=2)
    counts = {"a": 3, "b": 2, "end": 2}
    unigram = (counts["b"] + 3 / ALPHABET) / (7 + 3)
    assert model.probability("a", "b") == pytest.approx((2 + 2 * unigram) / (3 + 2))
    assert model.probability("z", "b") == pytest.approx(unigram)  # an unseen context falls back


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_probabilities_add_up_to_one(order):
    model = NgramModel(["abracadabra", "cab"], order)
    for context in ("", "a", "bra", "zzzz", "dabr"):
        known = [*set("abracdzq"), "\udc03"]
        total = sum(model.probability(context, character) for character in known)
        unseen = model.probability(context, "\u4e00")
        assert total + unseen * (ALPHABET - len(known)) == pytest.approx(1)


def test_bits_are_code_lengths_with_the_end_and_without_its_character():
    model = NgramModel(["ab"], order=2)
    start = "\udc02"
    expected = -sum(
        math.log2(model.probability(context, character))
        for context, character in [(start, "a"), ("a", "b"), ("b", "\udc03")]
    )
    assert model.bits_per_character(["ab"]) == pytest.approx(expected / 2)
    assert model.bits_per_character(["ab", "ab"]) == pytest.approx(expected / 2)


def test_uniform_text_costs_the_logarithm_of_the_alphabet():
    text = "abcd" * 2000
    assert NgramModel([text], order=1).bits_per_character([text]) == pytest.approx(2, abs=0.01)
    assert NgramModel([text], order=2).bits_per_character([text]) == pytest.approx(0, abs=0.01)


def test_compressor_pays_for_what_is_new():
    generated = [(7**number) % 1009 % 256 for number in range(4000)]
    noise = "".join(chr(97 + value % 16) for value in generated[1000:])
    assert lzma_bits_per_character([noise], [noise]) < 0.1
    assert lzma_bits_per_character(["x"], ["y" * 5000]) < 0.1


def test_the_table_ranks_a_repetitive_text():
    table = text_baseline_bits(["the cat sat on the mat. " * 40], ["the cat sat on the mat. " * 5])
    figures = table["bits_per_character"]
    assert figures["unigram"] > 3 > figures["5-gram"] > 0
    assert figures["lzma"] < 1


def test_wrong_arguments():
    for order in (0, -1, 1.0, True):
        with pytest.raises(DataError, match="order of an n-gram model"):
            NgramModel(["a"], order)
    with pytest.raises(DataError, match="0 documents to count"):
        NgramModel([])
    for figure in (NgramModel(["a"]).bits_per_character, lambda test: lzma_bits_per_character(["a"], test)):
        with pytest.raises(DataError, match="no character"):
            figure(["", ""])
