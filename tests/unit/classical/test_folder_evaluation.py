"""Evaluation that needs nothing but the folder, and evaluation on a text of the user."""

import json
from dataclasses import replace

import pytest
import torch

from hybrid_opt.classical.checkpoints import mark_complete
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import CheckpointError
from hybrid_opt.classical.evaluation import evaluate
from hybrid_opt.classical.folder_evaluation import evaluate_folder, folder_data, with_tokenizer
from hybrid_opt.classical.trained_folder import load_trained, model_class, prepare_folder
from hybrid_opt.classical.training_settings import TrainingSettings

TEXT = {"source": "pydoc_topics", "tokenizer": "characters", "limit": 5, "sequence_length": 32}


def write(folder, settings):
    """A folder as training leaves it, with a model that has learned nothing."""
    data = load_data(**settings)
    prepare_folder(folder, data, TrainingSettings(), settings)
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "metric": "l2"}
    model = model_class(data.task).from_config(data.config(**sizes))
    model.save_pretrained(folder)
    return data, model


def test_the_folder_says_which_data(tmp_path):
    data, model = write(tmp_path, TEXT)
    answer = evaluate_folder(tmp_path, "validation", baselines=False)
    assert answer.loss == evaluate(model.eval(), data, "validation", baselines=False).loss
    assert answer.data == "pydoc_topics"


def test_changed_data_are_told(tmp_path):
    write(tmp_path, TEXT)
    about = json.loads((tmp_path / "data.json").read_text())
    about["hash"] = "0" * 64
    (tmp_path / "data.json").write_text(json.dumps(about))
    with pytest.raises(CheckpointError, match="have changed since training"):
        evaluate_folder(tmp_path)


def test_data_of_unknown_origin(tmp_path):
    write(tmp_path, TEXT)
    about = json.loads((tmp_path / "data.json").read_text())
    about["settings"] = None
    (tmp_path / "data.json").write_text(json.dumps(about))
    with pytest.raises(CheckpointError, match="--data"):
        evaluate_folder(tmp_path)


def test_a_text_of_the_user_is_read_with_the_tokenizer_of_the_training(tmp_path):
    trained_on, _ = write(tmp_path / "run", TEXT)
    text = tmp_path / "mine.txt"
    text.write_text("".join(f"Line {number} of mine.\nThe object is 字 here.\n" for number in range(90)))
    trained = load_trained(tmp_path / "run")
    data = folder_data(trained, str(text))
    assert data.tokenizer is trained.tokenizer
    assert data.vocab_size == trained_on.vocab_size
    assert data.sequence_length == 32
    assert any("read as <unk>" in note for note in data.notes)
    answer = evaluate_folder(tmp_path / "run", source=str(text), baselines=False)
    assert answer.bits_per_character > 0
    assert answer.notes[-1] == "the model was trained on other data (pydoc_topics)"
    compared = evaluate_folder(tmp_path / "run", source=str(text))
    assert "the baselines learned from the training part of these data" in compared.notes[-1]
    assert not any("other data" in note for note in evaluate_folder(tmp_path / "run", baselines=False).notes)
    characters = sum(map(len, data.texts["test"]))
    assert answer.items == characters + len(data.texts["test"])


def test_the_same_source_by_name_is_the_data_of_the_training(tmp_path):
    write(tmp_path, TEXT)
    named = evaluate_folder(tmp_path, source="pydoc_topics", baselines=False)
    assert named.loss == evaluate_folder(tmp_path, baselines=False).loss


def test_other_kinds_of_data_are_refused(tmp_path):
    write(tmp_path / "wine", {"source": "wine"})
    with pytest.raises(CheckpointError, match="data of the same kind"):
        evaluate_folder(tmp_path / "wine", source="breast_cancer")
    masked = load_data("pydoc_topics", task="masked_lm", limit=5, tokenizer="characters", sequence_length=32)
    with pytest.raises(CheckpointError, match="causal"):
        with_tokenizer(masked, masked.tokenizer)


def test_other_numbers_are_refused_because_they_have_other_units(tmp_path):
    for name, factor in (("mine.csv", 1), ("other.csv", 1000)):
        rows = "".join(f"{factor * n},{'yn'[n % 2]}\n" for n in range(40))
        (tmp_path / name).write_text("size,label\n" + rows)
    mine = str(tmp_path / "mine.csv")
    write(tmp_path / "run", {"source": mine})
    assert evaluate_folder(tmp_path / "run", source=mine).items == 4
    with pytest.raises(CheckpointError, match="other numbers than the training"):
        evaluate_folder(tmp_path / "run", source=str(tmp_path / "other.csv"))


def test_text_and_numbers_with_the_same_labels_are_not_exchanged(tmp_path):
    (tmp_path / "table.csv").write_text("size,label\n" + "1,n\n2,y\n" * 20)
    (tmp_path / "texts.csv").write_text("text,label\n" + "good,n\nbad,y\n" * 20)
    for own, other in (("table.csv", "texts.csv"), ("texts.csv", "table.csv")):
        write(tmp_path / own[:3], {"source": str(tmp_path / own)})
        with pytest.raises(CheckpointError, match="not both text, or not both numbers"):
            evaluate_folder(tmp_path / own[:3], source=str(tmp_path / other))


def test_notes_about_the_tokenizer_before_are_dropped(tmp_path):
    write(tmp_path, TEXT)
    trained = load_trained(tmp_path)
    note = "7 character(s) of validation and test do not occur in training and are read as <unk>"
    data = replace(load_data(**TEXT), notes=("split by document", note))
    first, *others = with_tokenizer(data, trained.tokenizer).notes
    assert first == "split by document"
    assert note not in others


def test_an_unfinished_run_is_marked(tmp_path):
    _, model = write(tmp_path, {"source": "wine"})
    (tmp_path / "model.safetensors").unlink()
    checkpoint = tmp_path / "checkpoints" / "checkpoint-7"
    model.save_pretrained(checkpoint)
    mark_complete(checkpoint, {"step": 7})
    assert "checkpoint at step 7" in evaluate_folder(tmp_path).notes[-1]
