"""Labeled texts: begin token, padding, cutting that is said, shares of classes."""

import pytest
import torch

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.text_classification import (
    class_counts_note,
    padded_tokens,
    text_classification_data,
)

TEXTS = [f"{'ab' if number % 2 else 'xyz'}{number}" for number in range(40)]
LABELS = ["even", "odd"] * 20


def test_examples_are_begin_token_text_and_padding():
    data = text_classification_data("t", TEXTS, LABELS)
    assert data.labels == ("even", "odd")
    for example, text in zip(data.test, data.texts["test"], strict=True):
        tokens = example["input_ids"]
        length = int(example["attention_mask"].sum())
        assert length == len(text) + 1
        assert tokens[0] == data.tokenizer.bos_token_id
        assert data.tokenizer.decode(tokens[1:length]) == text
        assert tokens[length:].tolist() == [data.tokenizer.pad_token_id] * (data.sequence_length - length)
        assert data.labels[example["labels"]] == ("odd" if text.startswith("ab") else "even")


def test_cut_and_repeated_texts_are_said():
    data = text_classification_data("t", [*TEXTS[:39], TEXTS[0]], LABELS, sequence_length=5)
    assert data.sequence_length == 5
    assert data.train[0]["input_ids"].shape == (5,)
    assert "1 text(s) repeat an earlier one, so the same text can stand in two parts" in data.notes
    assert any(note.endswith("were cut to 4 tokens") for note in data.notes)
    notes = text_classification_data("t", TEXTS, LABELS).notes
    assert notes == ("examples of each class: even 20, odd 20",)


def test_long_texts_stop_at_256_tokens_unless_asked_for():
    texts = ["a" * 400] * 10 + ["b"] * 10
    labels = ["long"] * 10 + ["short"] * 10
    assert text_classification_data("t", texts, labels).sequence_length == 256
    assert text_classification_data("t", texts, labels, sequence_length=401).sequence_length == 401


def test_padding():
    padded = padded_tokens([[7], [8, 9]], 2, 0)
    assert padded["input_ids"].tolist() == [[7, 0], [8, 9]]
    assert padded["attention_mask"].tolist() == [[1, 0], [1, 1]]
    assert padded["input_ids"].dtype == torch.long


def test_counts_are_sorted():
    assert class_counts_note(["b", "a", "c", "c"]) == "examples of each class: c 2, a 1, b 1"


def test_wrong_arguments():
    with pytest.raises(DataError, match="40 texts and 39 labels"):
        text_classification_data("t", TEXTS, LABELS[:-1])
    with pytest.raises(DataError, match=r"1 class\(es\)"):
        text_classification_data("t", TEXTS, ["same"] * 40)
    with pytest.raises(DataError, match="sequence_length"):
        text_classification_data("t", TEXTS, LABELS, sequence_length=1)
    with pytest.raises(DataError, match="class rare has 1"):
        text_classification_data("t", TEXTS, [*LABELS[:-1], "rare"])
