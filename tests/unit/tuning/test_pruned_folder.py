"""A pruned trained folder is whole or not there, and loads as any other."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from hybrid_opt.classical.folder_evaluation import evaluate_folder, folder_data
from hybrid_opt.classical.trained_folder import load_trained
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import pruned_folder, select_heads
from hybrid_opt.tuning.pruned_folder import HEADS, check_new_folder, write_pruned_folder


@pytest.fixture(scope="module")
def pruned(trained_wine):
    """The trained folder with a pruned model, the selection, and logits of the masked model."""
    trained = load_trained(trained_wine)
    data = folder_data(trained)
    selection = select_heads(trained.model, data, 3, evaluations=0, examples=16, seed=1)
    return replace(trained, model=selection.prune(trained.model)), selection


def test_the_folder_is_whole_and_evaluates(pruned, trained_wine, tmp_path):
    trained, selection = pruned
    place = write_pruned_folder(trained, selection, tmp_path / "small")
    assert place == tmp_path / "small"
    assert sorted(path.name for path in place.iterdir()) == [
        "config.json", "data.json", HEADS, "model.safetensors", "training.json"
    ]  # fmt: skip
    assert json.loads((place / HEADS).read_text())["kept"] == selection.kept
    again = load_trained(place)
    for name, value in trained.model.state_dict().items():
        torch.testing.assert_close(again.model.state_dict()[name], value, rtol=0, atol=0)
    assert again.model.config.kept_heads == selection.kept
    assert again.data["hash"] == trained.data["hash"]
    assert HEADS in again.data["notes"][-1]
    assert evaluate_folder(place, baselines=False).examples > 0
    assert list(tmp_path.iterdir()) == [place]


def test_an_empty_folder_may_be_there(pruned, tmp_path):
    (tmp_path / "small").mkdir()
    assert (write_pruned_folder(*pruned, tmp_path / "small") / HEADS).is_file()


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing(pruned, tmp_path, monkeypatch, error):
    def fails(path, text):
        raise error

    monkeypatch.setattr(pruned_folder, "write_atomically", fails)
    with pytest.raises(OptionError if isinstance(error, OSError) else KeyboardInterrupt):
        write_pruned_folder(*pruned, tmp_path / "small")
    assert list(tmp_path.iterdir()) == []


def test_places_that_are_taken(pruned, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("x")
    for name, words in (("file", "is a file"), ("full", "not empty"), ("no/small", "parent folder does not")):
        with pytest.raises(OptionError, match=words):
            check_new_folder(tmp_path / name)
        with pytest.raises(OptionError, match=words):
            write_pruned_folder(*pruned, tmp_path / name)
    assert (tmp_path / "full" / "mine").read_text() == "x"
