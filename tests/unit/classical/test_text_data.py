"""Language data of the real sources and of user files, each with a limit."""

import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.text_data import named_text_data, text_path_data


@pytest.mark.parametrize("name", ["pydoc_topics", "standard_library"])
def test_real_sources(name):
    data = named_text_data(name, limit=12, vocab_size=400, sequence_length=32, seed=1)
    assert data.vocab_size == 400
    assert sum(len(texts) for texts in data.texts.values()) == 12
    assert any("CPython 3." in note for note in data.notes)
    text = data.texts["test"][0]
    assert data.tokenizer.decode(data.tokenizer.encode(text)) == text


def test_help_topics_do_not_leak():
    """Nothing of 80 characters in the test part stands in the training part, but for a hundredth."""
    data = named_text_data("pydoc_topics", tokenizer="characters")
    train = {
        text[start : start + 80]
        for text in map(spaced, data.texts["train"])
        for start in range(len(text) - 79)
    }
    test = [
        text[start : start + 80]
        for text in map(spaced, data.texts["test"])
        for start in range(len(text) - 79)
    ]
    assert sum(piece in train for piece in test) / len(test) < 0.01


def spaced(text):
    return " ".join(text.split())


def test_user_files(tmp_path):
    (tmp_path / "notes.md").write_text(
        "".join(f"- item {number}\n" for number in range(200)), encoding="utf-8"
    )
    data = text_path_data(tmp_path / "notes.md", tokenizer="characters", sequence_length=16, task="masked_lm")
    assert (data.name, data.task) == ("notes.md", "masked_lm")
    assert data.notes[0].startswith("notes.md was cut into 20 sections")


def test_another_name():
    with pytest.raises(DataError, match="unknown text 'novels'; legal are pydoc_topics, standard_library"):
        named_text_data("novels")


def test_windows_of_code_are_longer():
    lengths = [
        named_text_data(name, limit=12, tokenizer="characters").sequence_length
        for name in ("pydoc_topics", "standard_library")
    ]
    assert lengths == [128, 256]
