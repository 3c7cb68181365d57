"""Tokenizers: what they encode decodes to itself, special tokens are fixed, saving changes nothing."""

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.text_tokenizers import (
    SPECIAL_TOKENS,
    check_vocabulary_size,
    encode_texts,
    make_character_tokenizer,
    train_bpe_tokenizer,
)

CORPUS = ["The cat sat on the mat.\nThe cat ate the rat.\n"] * 5
ODD = "  two  spaces,\ttab\r\n\x0cform feed . , do n't 'tis é e\u0301 日本 🙂\x00 end \n\n"


@pytest.fixture(scope="module")
def bpe():
    return train_bpe_tokenizer(CORPUS, 300)


@pytest.fixture(scope="module")
def characters():
    return make_character_tokenizer([ODD])


@pytest.mark.parametrize("name", ["bpe", "characters"])
def test_what_is_encoded_decodes_to_itself(name, request):
    tokenizer = request.getfixturevalue(name)
    assert tokenizer.decode(tokenizer.encode(ODD)) == ODD
    assert tokenizer.decode(encode_texts(tokenizer, [ODD])[0]) == ODD


@pytest.mark.parametrize("name", ["bpe", "characters"])
def test_special_tokens_stand_at_the_front(name, request):
    tokenizer = request.getfixturevalue(name)
    assert [getattr(tokenizer, f"{role}_token_id") for role in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    assert min(tokenizer.encode("end")) > 4
    assert tokenizer.decode([1, *tokenizer.encode("end"), 2], skip_special_tokens=True) == "end"


@pytest.mark.parametrize("name", ["bpe", "characters"])
@pytest.mark.parametrize("reader", [PreTrainedTokenizerFast, AutoTokenizer])
def test_saved_and_loaded_it_is_the_same(name, reader, request, tmp_path):
    tokenizer = request.getfixturevalue(name)
    tokenizer.save_pretrained(tmp_path)
    loaded = reader.from_pretrained(tmp_path)
    assert loaded.get_vocab() == tokenizer.get_vocab()
    assert loaded.encode(ODD) == tokenizer.encode(ODD)
    assert loaded.decode(loaded.encode(ODD)) == ODD
    assert loaded.special_tokens_map == tokenizer.special_tokens_map


def test_a_literal_end_token_in_a_text_is_text(bpe):
    as_text, as_token = encode_texts(bpe, ["a <eos> b"])[0], bpe.encode("a <eos> b")
    assert bpe.eos_token_id in as_token
    assert bpe.eos_token_id not in as_text
    assert bpe.decode(as_text) == "a <eos> b"
    assert bpe.encode("a <eos> b") == as_token  # encoding as text left no trace


def test_bpe_learns_merges_and_repeats(bpe):
    assert len(bpe.encode("The cat")) < len("The cat")
    again = train_bpe_tokenizer(CORPUS, 300)
    assert again.get_vocab() == bpe.get_vocab()
    assert again.encode(ODD) == bpe.encode(ODD)
    assert len(train_bpe_tokenizer(["ab"], 1000)) == 262  # no more merges than the text has


def test_unknown_characters_become_one_unknown_token_each():
    tokenizer = make_character_tokenizer(["ab"])
    assert tokenizer.encode("a\nxb") == [5, 3, 3, 6]


def test_no_texts_no_tokens(bpe):
    assert encode_texts(bpe, []) == []


@pytest.mark.parametrize("size", [260, 0, 1e4, "300", True])
def test_bad_vocabulary_sizes(size):
    with pytest.raises(DataError, match="at least 261"):
        check_vocabulary_size(size)
    with pytest.raises(DataError, match="at least 261"):
        train_bpe_tokenizer(CORPUS, size)


@pytest.mark.parametrize("make", [train_bpe_tokenizer, make_character_tokenizer])
@pytest.mark.parametrize("texts", [[], [""]])
def test_nothing_to_learn_from(make, texts):
    with pytest.raises(DataError, match=r"from 0 characters|on 0 texts"):
        make(texts)
