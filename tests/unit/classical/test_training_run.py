"""Runs from YAML and changes on top."""

from pathlib import Path

import pytest
import torch

from hybrid_opt.classical.errors import ConfigurationError, DataError
from hybrid_opt.classical.training_run import MODEL_DEFAULTS, TrainingRun

YAML = """
data:
  source: pydoc_topics
  tokenizer: characters
  sequence_length: 32
  limit: 4
model: {metric: [l1, dot], hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1}
training: {batch_size: 4, learning_rate: 1e-3, max_steps: 2}
folder: out/run
"""


def test_a_file_with_changes_on_top(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(YAML)
    run = TrainingRun.from_yaml(path)
    assert run.folder == Path("out/run")
    assert run.training.learning_rate == 1e-3
    changed = run.changed(model={"metric": "l2"}, training={"batch_size": 8}, data={"sequence_length": 16})
    assert dict(changed.data) == {**run.data, "sequence_length": 16}
    assert (changed.training.batch_size, changed.training.max_steps) == (8, 2)
    assert (changed.model["metric"], changed.model["hidden_size"]) == ("l2", 8)
    assert changed.folder == run.folder


def test_data_may_be_just_a_name(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("data: digits\n")
    run = TrainingRun.from_yaml(path)
    assert run.data == {"source": "digits"}
    assert run.folder == Path("trained/digits")


def test_another_source_drops_settings_and_folder_of_the_one_before():
    run = TrainingRun({"source": "pydoc_topics", "tokenizer": "bpe"})
    changed = run.changed(data="wine")
    assert changed.data == {"source": "wine"}
    assert changed.folder == Path("trained/wine")
    assert run.changed(folder="here").changed(data="wine").folder == Path("here")


def test_the_seed_decides_the_first_weights():
    run = TrainingRun({"source": "wine"}, {"hidden_size": 8, "num_attention_heads": 2})
    data = run.load()
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    first, again = run.build(data), run.build(data)
    assert torch.equal(torch.rand(2), expected)
    other = run.changed(training={"seed": 1}).build(data)
    weights = [model.classifier.weight for model in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert first.config.num_hidden_layers == MODEL_DEFAULTS["num_hidden_layers"]
    assert first.config.num_labels == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle: {metric: l1}", r"section 'modle'; did you mean 'model'"),
        ("model: {num_layers: 3}", r"unknown model setting 'num_layers'; did you mean"),
        ("data: {source: digits, vocabsize: 3}", r"data setting 'vocabsize'; did you mean 'vocab_size'"),
        ("training: {lr_rate: 3}", r"unknown training setting 'lr_rate'"),
        ("training: {learning_rte: 3}", r"did you mean 'learning_rate'"),
        ("training: fast", r"training is 'fast'"),
        ("model: 3", r"model is 3"),
        ("data: 3", r"data is 3"),
        ("data: {source: 3}", r"source 3"),
        ("folder: 3", r"folder is 3"),
    ],
)
def test_wrong_files_are_explained(tmp_path, text, words):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        TrainingRun.from_yaml(path)
    assert "run.yaml" in str(caught.value)


def test_data_that_are_not_there():
    with pytest.raises(DataError, match="nowhere"):
        TrainingRun({"source": "nowhere"}).execute()
