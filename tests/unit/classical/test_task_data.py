"""What TaskData accepts, and the configuration that follows from it."""

import pytest

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError, DataError
from hybrid_opt.classical.task_data import TaskData
from hybrid_opt.classical.text_tokenizers import make_character_tokenizer


def build(**changes):
    settings = {
        "name": "x",
        "task": "sequence_classification",
        "train": [1, 2, 3],
        "validation": [1],
        "test": [1, 2],
        "sequence_length": 8,
        "hash": "0",
        "vocab_size": 9,
        "labels": ("no", "yes"),
    }
    return TaskData(**{**settings, **changes})


def test_settings_of_classes_over_tokens():
    assert build().config_settings() == {
        "max_position_embeddings": 8,
        "vocab_size": 9,
        "pad_token_id": None,
        "bos_token_id": None,
        "eos_token_id": None,
        "id2label": {0: "no", 1: "yes"},
        "label2id": {"no": 0, "yes": 1},
        "problem_type": "single_label_classification",
    }


def test_settings_of_numbers():
    settings = build(task="regression", vocab_size=None, value_width=3, labels=("a", "b")).config_settings()
    assert (settings["value_width"], settings["num_labels"], settings["problem_type"]) == (3, 2, "regression")
    assert "vocab_size" not in settings


def test_settings_of_sequence_to_sequence():
    settings = build(task="seq2seq", labels=(), tokenizer=make_character_tokenizer(["a"])).config_settings()
    assert settings["is_encoder_decoder"] is True
    assert settings["decoder_start_token_id"] == settings["bos_token_id"] == 1
    assert (settings["pad_token_id"], settings["eos_token_id"]) == (0, 2)


def test_the_configuration_takes_what_the_data_say_and_overrides():
    config = build().config(hidden_size=16, num_attention_heads=2, max_position_embeddings=32)
    assert (config.vocab_size, config.hidden_size, config.max_position_embeddings) == (9, 16, 32)
    assert config.id2label == {0: "no", 1: "yes"}
    assert config.num_labels == 2


def test_splits_by_name():
    assert build().split("test") == [1, 2]
    with pytest.raises(DataError, match="unknown split 'dev'; legal are train, validation, test"):
        build().split("dev")


def test_the_table_counts():
    table = build(texts={"train": ["ab", "c"], "validation": ["d"], "test": [""]}).table()
    assert table["examples"].tolist() == [3, 1, 2]
    assert table["characters"].tolist() == [3, 1, 0]
    assert "characters" not in build().table()


def test_contradictions():
    with pytest.raises(DataError, match="unknown task 'ranking'; legal are causal_lm"):
        build(task="ranking")
    with pytest.raises(DataError, match="exactly one of vocab_size and value_width"):
        build(value_width=1)
    with pytest.raises(DataError, match="exactly one of vocab_size and value_width"):
        build(vocab_size=None)
    with pytest.raises(DataError, match="at least 2 labels"):
        build(labels=("one",))


def test_a_setting_that_is_none_is_not_passed_over():
    with pytest.raises(ConfigurationError, match="unknown model setting 'metrics'; did you mean 'metric'"):
        load_data("wine").config(metrics="l1")
