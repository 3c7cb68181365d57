"""Any text survives byte-pair encoding, and any stream is covered by its windows exactly once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hybrid_opt.classical.data_splits import split_by_class, split_documents
from hybrid_opt.classical.language_windows import CausalWindows, window_starts
from hybrid_opt.classical.losses import IGNORED_LABEL
from hybrid_opt.classical.text_sources import sections
from hybrid_opt.classical.text_tokenizers import encode_texts, train_bpe_tokenizer

# Surrogates cannot be in a text that was read from a file.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="module")
def tokenizer():
    return train_bpe_tokenizer(["the cat, the hat and <eos> the end.\n  It don't matter.\n"] * 3, 300)


@given(text=TEXTS)
def test_any_text_survives_encoding(tokenizer, text):
    assert tokenizer.decode(encode_texts(tokenizer, [text])[0]) == text
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(count=st.integers(2, 200), length=st.integers(2, 20), overlap=st.integers(0, 1))
def test_windows_cover_a_stream_once(count, length, overlap):
    if count < length:
        return
    starts = window_starts(count, length, overlap)
    fresh = [start + position for start, covered in starts for position in range(covered, length)]
    assert fresh == list(range(count))
    predicted = [
        label
        for window in CausalWindows(torch.arange(count), length)
        for label in window["labels"][1:].tolist()
        if label != IGNORED_LABEL
    ]
    assert predicted == list(range(1, count))


@given(sizes=st.lists(st.integers(1, 1000), min_size=3, max_size=60), seed=st.integers(0, 2**40))
def test_documents_are_split_into_three_parts(sizes, seed):
    split = split_documents(sizes, seed=seed)
    assert sorted(number for part in split.values() for number in part.tolist()) == list(range(len(sizes)))
    for part in ("validation", "test"):
        chosen = [sizes[number] for number in split[part]]
        assert len(chosen) == 1 or sum(chosen) <= 0.1 * sum(sizes)
    assert len(split["train"]) >= 1


@given(counts=st.lists(st.integers(3, 40), min_size=1, max_size=6), seed=st.integers(0, 100))
def test_every_class_is_in_every_part(counts, seed):
    classes = [number for number, count in enumerate(counts) for _ in range(count)]
    split = split_by_class(classes, seed=seed)
    assert sorted(number for part in split.values() for number in part.tolist()) == list(range(len(classes)))
    for part in split.values():
        assert {classes[number] for number in part} == set(range(len(counts)))


@given(lines=st.lists(st.integers(5, 15), min_size=60, max_size=90))
def test_sections_joined_give_the_text_back(lines):
    text = "\n".join("x" * length for length in lines)
    found = sections("t", text, 20)
    assert "".join(section.text for section in found) == text
    assert all(len(section.text) < len(text) / 20 + 32 for section in found)
