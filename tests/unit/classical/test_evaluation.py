"""Figures of an evaluation against their formulas."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError, DataError
from hybrid_opt.classical.evaluation import bits_per_character, evaluate
from hybrid_opt.classical.language_data import build_language_data
from hybrid_opt.classical.text_sources import Document
from hybrid_opt.classical.trained_folder import model_class

SIZES = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "metric": "l2"}


def model_for(data, **settings):
    torch.manual_seed(0)
    return model_class(data.task).from_config(data.config(**{**SIZES, **settings}))


@pytest.fixture(scope="module")
def text():
    documents = [Document(f"d{number}", "to be or not to be, " * (number + 2)) for number in range(8)]
    return build_language_data("hamlet", documents, tokenizer="characters", sequence_length=16)


def uniform(model):
    """Every token equally likely: loss log V."""
    with torch.no_grad():
        model.get_output_embeddings().weight.zero_()
    return model


def test_a_model_that_knows_nothing_costs_log_v_for_each_character_and_end(text):
    answer = evaluate(uniform(model_for(text)), text, "test")
    characters = sum(map(len, text.texts["test"]))
    predicted = characters + len(text.texts["test"])  # and the end of each document
    assert answer.items == predicted
    assert answer.loss == pytest.approx(math.log(text.vocab_size), rel=1e-6)
    assert answer.perplexity == pytest.approx(text.vocab_size, rel=1e-5)
    expected = math.log2(text.vocab_size) * predicted / characters
    assert answer.bits_per_character == pytest.approx(expected, rel=1e-6)
    assert list(answer.baselines) == ["unigram", "5-gram", "lzma"]
    assert answer.table().loc["unigram", "bits_per_character"] < answer.bits_per_character
    assert answer.macro_f1 is None
    assert answer.tokens_per_second > 0


def test_bits_per_character_do_not_depend_on_the_tokenizer_of_a_perfect_code():
    assert bits_per_character(8 * math.log(2), 4) == 2.0
    with pytest.raises(ConfigurationError, match="0 characters"):
        bits_per_character(1.0, 0)


def test_figures_do_not_depend_on_the_batch(text):
    model = model_for(text)
    first = evaluate(model, text, batch_size=1, baselines=False)
    second = evaluate(model, text, batch_size=50, baselines=False)
    assert first.loss == pytest.approx(second.loss, rel=1e-6)
    assert first.accuracy == second.accuracy
    assert first.baselines == {}


def test_masked_language_has_a_perplexity_and_no_bits(text):
    documents = [Document(f"d{number}", "to be or not to be, " * 3) for number in range(8)]
    data = build_language_data(
        "h", documents, task="masked_lm", tokenizer="characters", sequence_length=16
    )
    answer = evaluate(uniform(model_for(data)), data)
    assert answer.perplexity == pytest.approx(data.vocab_size, rel=1e-5)
    assert answer.bits_per_character is None


def test_classes_beside_the_majority():
    data = load_data("wine")
    model = model_for(data)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    answer = evaluate(model, data)
    labels = np.array([int(data.test[number]["labels"]) for number in range(len(data.test))])
    share = float((labels == 1).mean())
    assert answer.accuracy == share
    assert answer.macro_f1 == pytest.approx(2 * share / (1 + share) / 3)
    assert answer.baselines == {"majority": {"accuracy": answer.accuracy, "macro_f1": answer.macro_f1}}
    assert answer.scores.table().to_numpy().sum() == answer.items == len(data.test)
    content = json.loads(answer.to_json(), parse_constant=pytest.fail)
    assert content["classes"]["labels"] == list(data.labels)


def test_numbers_in_their_unit(tmp_path):
    data = load_data("seasonal", limit=300)
    model = model_for(data)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.zero_()
    answer = evaluate(model, data)
    targets = torch.stack([data.test[number]["labels"] for number in range(len(data.test))]).double()
    assert answer.loss == pytest.approx(float(targets.square().mean()), rel=1e-6)
    assert answer.r_squared == pytest.approx(
        1 - float(targets.square().sum() / (targets - targets.mean()).square().sum()), rel=1e-6
    )
    assert answer.root_mean_squared_error == pytest.approx(math.sqrt(answer.loss) * data.target_scaling[1])
    assert list(answer.baselines) == ["training mean", "last value"]
    # Standardized numbers have mean 0 on the training steps, and the windows cover nearly all of them.
    assert answer.baselines["training mean"]["loss"] == pytest.approx(answer.loss, rel=0.2)
    assert "training mean" in answer.table().index
    answer.to_json(tmp_path / "answer.json")
    assert json.loads((tmp_path / "answer.json").read_text())["accuracy"] is None


def test_wrong_arguments(text):
    model = model_for(text)
    with pytest.raises(DataError, match="split"):
        evaluate(model, text, "exam")
    for size in (0, 1.5, True):
        with pytest.raises(ConfigurationError, match="batch_size"):
            evaluate(model, text, batch_size=size)
    with pytest.raises(ConfigurationError, match="tokens"):
        evaluate(model, replace(text, vocab_size=99))
    wine = load_data("wine")
    with pytest.raises(ConfigurationError, match="3 classes and the data 2"):
        evaluate(model_for(wine), replace(wine, labels=("a", "b")))
    with pytest.raises(ConfigurationError, match=r"reads 1 number\(s\) at each position .* hold tokens"):
        evaluate(model_for(wine), load_data("digits"))
    series = load_data("seasonal", limit=300)
    with pytest.raises(ConfigurationError, match="12 numbers to predict and the data 1"):
        evaluate(model_for(series), replace(series, labels=("tomorrow",)))
