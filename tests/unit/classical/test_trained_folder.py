"""What a folder holds before, during and after training, and what is said about foreign ones."""

import json

import pytest
import torch

from hybrid_opt.classical.checkpoints import mark_complete
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import CheckpointError, ComponentError, ConfigurationError
from hybrid_opt.classical.trained_folder import (
    describe_data,
    load_trained,
    model_class,
    prepare_folder,
    read_json,
)
from hybrid_opt.classical.training_settings import TrainingSettings

SETTINGS = TrainingSettings()


@pytest.fixture(scope="module")
def data():
    return load_data("sort", limit=40)


def language():
    return load_data("pydoc_topics", tokenizer="characters", limit=4, sequence_length=32)


def model_for(data):
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "metric": "l2"}
    return model_class(data.task).from_config(data.config(**sizes))


def test_description_has_what_evaluation_needs(data):
    about = describe_data(data, {"source": "sort", "limit": 40})
    assert json.loads(json.dumps(about)) == about
    assert about["hash"] == data.hash
    assert about["settings"] == {"source": "sort", "limit": 40}
    assert about["examples"] == {"train": 32, "validation": 4, "test": 4}
    assert describe_data(data, None)["settings"] is None
    series = load_data("seasonal", limit=300)
    assert describe_data(series, None)["target_scaling"] == list(series.target_scaling)


def test_model_and_tokenizer_come_back(tmp_path):
    text = language()
    prepare_folder(tmp_path, text, SETTINGS, {"source": "pydoc_topics"})
    model = model_for(text)
    model.save_pretrained(tmp_path)
    trained = load_trained(tmp_path)
    assert type(trained.model) is type(model)
    assert not trained.model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(trained.model.state_dict()[name], tensor), name
    assert trained.tokenizer.get_vocab() == text.tokenizer.get_vocab()
    assert trained.tokenizer.encode("the cat") == text.tokenizer.encode("the cat")
    assert trained.step is None
    assert trained.data["name"] == "pydoc_topics"


def test_numbers_have_no_tokenizer(tmp_path):
    wine = load_data("wine")
    prepare_folder(tmp_path, wine, SETTINGS, None)
    model_for(wine).save_pretrained(tmp_path)
    assert load_trained(tmp_path).tokenizer is None


def test_an_unfinished_run_gives_its_latest_checkpoint(tmp_path):
    wine = load_data("wine")
    prepare_folder(tmp_path, wine, SETTINGS, None)
    with pytest.raises(CheckpointError, match="train it first"):
        load_trained(tmp_path)
    checkpoint = tmp_path / "checkpoints" / "checkpoint-3"
    model_for(wine).save_pretrained(checkpoint)
    mark_complete(checkpoint, {"step": 3})
    assert load_trained(tmp_path).step == 3
    (checkpoint / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"model.safetensors has 1 bytes"):
        load_trained(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_model(tmp_path, name):
    wine = load_data("wine")
    prepare_folder(tmp_path, wine, SETTINGS, None)
    model_for(wine).save_pretrained(tmp_path)
    (tmp_path / name).write_bytes(b"{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_trained(tmp_path)


def test_folders_that_are_none(tmp_path):
    with pytest.raises(CheckpointError, match="is not there"):
        load_trained(tmp_path / "none")
    with pytest.raises(CheckpointError, match="no folder that training wrote"):
        load_trained(tmp_path)
    (tmp_path / "data.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        load_trained(tmp_path)
    with pytest.raises(CheckpointError, match="missing"):
        read_json(tmp_path / "metrics.json")


def test_foreign_models_are_not_overwritten(tmp_path, data):
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ConfigurationError, match=r"model.safetensors of something else"):
        prepare_folder(tmp_path, data, SETTINGS, None)
    assert not (tmp_path / "data.json").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="is a file"):
        prepare_folder(tmp_path / "file", data, SETTINGS, None)


@pytest.mark.parametrize("text", ["[1]", "{}", '{"task": "poetry"}'])
def test_a_description_that_is_none(tmp_path, text):
    (tmp_path / "data.json").write_text(text)
    with pytest.raises(CheckpointError, match="damaged"):
        load_trained(tmp_path)


def test_a_damaged_tokenizer(tmp_path):
    text = load_data("reverse", limit=20)
    prepare_folder(tmp_path, text, SETTINGS, None)
    model_for(text).save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"tokenizer in .* cannot be read"):
        load_trained(tmp_path)


def test_a_part_that_is_not_registered_is_named_and_not_called_damage(tmp_path):
    wine = load_data("wine")
    prepare_folder(tmp_path, wine, SETTINGS, None)
    model_for(wine).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "head_gate": {"name": "of another package"}}))
    with pytest.raises(ComponentError, match="there is no head_gate 'of another package'"):
        load_trained(tmp_path)
