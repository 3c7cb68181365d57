"""From documents to windows: only training text is learned from, copies stay together, the hash sees all."""

import pytest

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.language_data import build_language_data, make_tokenizer
from hybrid_opt.classical.losses import IGNORED_LABEL
from hybrid_opt.classical.text_sources import Document


def documents(count=20, length=60):
    """Texts of a letter of their own each, so that one sees where a token came from."""
    return [Document(f"d{number}", chr(ord("a") + number) * length) for number in range(count)]


def build(texts=None, **settings):
    return build_language_data(
        "letters",
        documents() if texts is None else texts,
        **{"tokenizer": "characters", "sequence_length": 16, **settings},
    )


def test_each_document_is_in_one_part_and_only_training_text_makes_the_vocabulary():
    data = build()
    found = [text for part in data.texts.values() for text in part]
    assert sorted(found) == [document.text for document in documents()]
    known = {token for token in data.tokenizer.get_vocab() if len(token) == 1}
    assert known == {text[0] for text in data.texts["train"]}
    assert data.vocab_size == 5 + 16


def test_a_model_is_asked_for_each_character_and_each_end_once():
    data = build()
    labels = [
        label for window in data.test for label in window["labels"][1:].tolist() if label != IGNORED_LABEL
    ]
    assert len(labels) == sum(len(text) + 1 for text in data.texts["test"])
    assert labels.count(data.tokenizer.eos_token_id) == len(data.texts["test"])


def test_unknown_characters_are_counted_in_the_notes():
    held = build().texts["validation"] + build().texts["test"]
    assert any(note.startswith(f"{sum(map(len, held))} character(s)") for note in build().notes)
    assert not any("<unk>" in note for note in build([Document(str(n), "abc" * 20) for n in range(20)]).notes)


def test_documents_that_share_a_passage_are_in_the_same_part():
    passage = "one passage of more than eighty characters stands in two documents " * 2
    texts = documents()
    texts[3], texts[11] = Document("c1", f"first\n\n{passage}"), Document("c2", f"{passage}\n\nsecond")
    for seed in range(10):
        data = build(texts, seed=seed)
        homes = [part for part, found in data.texts.items() for text in found if passage in text]
        assert homes[0] == homes[1]
        assert "documents that share a passage stay together (19 groups of 20)" in data.notes


def test_where_all_documents_copy_the_notes_warn():
    copies = [
        Document(str(number), f"{number}\n\n" + "shared by all of the documents here " * 4)
        for number in range(4)
    ]
    assert any("cannot be kept apart" in note for note in build(copies).notes)


def test_the_hash_depends_on_contents_names_split_and_encoding():
    hashes = {
        build().hash,
        build(seed=1).hash,
        build(sequence_length=17).hash,
        build(task="masked_lm").hash,
        build(tokenizer="bpe", vocab_size=261).hash,
        build(documents(length=61)).hash,
        build([Document(f"x{number}", document.text) for number, document in enumerate(documents())]).hash,
    }
    assert len(hashes) == 7
    assert build().hash == build().hash


def test_masked_training_masks_anew_in_each_epoch_and_validation_never():
    data = build(task="masked_lm")
    before = data.train[0]["labels"].tolist(), data.validation[0]["labels"].tolist()
    data.train.set_epoch(1)
    assert data.train[0]["labels"].tolist() != before[0]
    assert build(task="masked_lm").validation[0]["labels"].tolist() == before[1]


def test_a_limit_uses_some_of_the_documents():
    assert sum(len(texts) for texts in build(limit=7).texts.values()) == 7


def test_wrong_arguments():
    with pytest.raises(DataError, match=r"legal tasks are causal_lm, masked_lm, got 'seq2seq'"):
        build(task="seq2seq")
    with pytest.raises(DataError, match="unknown tokenizer 'words'; legal are bpe, characters"):
        make_tokenizer("words", ["a"], None)
    with pytest.raises(DataError, match="leave vocab_size out"):
        build(vocab_size=300)
    with pytest.raises(DataError, match=r"letters, train: .* 977 tokens, and one window needs 1000"):
        build(sequence_length=1000)
    with pytest.raises(DataError, match=r"letters, validation: .* one window needs 130"):
        build(sequence_length=130)
    with pytest.raises(DataError, match="2 document"):
        build(documents(2))
