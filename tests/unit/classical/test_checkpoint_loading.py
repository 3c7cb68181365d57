"""Checks of checkpoints by themselves; whole folders are broken in the tests of saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybrid_opt.classical.checkpoint_loading import check_folder, check_report, readable_errors
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import CheckpointError
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.transformers_import import SafetensorError


@pytest.mark.parametrize("path", ["./absent", "/absent/folder", "~/absent"])
def test_a_local_path_must_exist(path: str):
    with pytest.raises(CheckpointError, match=f"there is nothing at {path}"):
        check_folder(path)


def test_other_paths_are_left_to_transformers(tmp_path: Path):
    check_folder(tmp_path)
    check_folder("someone/model")


def test_only_unreadable_weights_are_renamed():
    message = "weights in here cannot be read: too short"
    with pytest.raises(CheckpointError, match=message) as caught, readable_errors("here"):
        raise SafetensorError("too short")
    assert isinstance(caught.value.__cause__, SafetensorError)
    with pytest.raises(KeyError), readable_errors("here"):
        raise KeyError("other")


def report(*missing: str, mismatched: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {"missing_keys": set(missing), "mismatched_keys": mismatched}


def test_missing_tensors_matter_only_where_class_and_settings_agree(tmp_path: Path):
    sizes = {"vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    model = DistanceGPT(DistanceTransformerConfig(**sizes))
    check_report(tmp_path, model, report("a"), mismatches=True)  # no configuration to compare with
    model.config.save_pretrained(tmp_path)
    check_report(tmp_path, model, report("a"), mismatches=True)  # it names no class
    model.save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"lacks 4 tensors of the DistanceGPT.*: a, b, c, \.\.\."):
        check_report(tmp_path, model, report("a", "b", "c", "d"), mismatches=True)
    other = DistanceGPT(DistanceTransformerConfig(**sizes, metric="l2", learn_scale=False))
    check_report(tmp_path, other, report("a"), mismatches=True)  # asked for something else


def test_other_shapes_are_named_with_sizes():
    wrong = report(mismatched=(("a", (3, 4), (5,)),))
    with pytest.raises(CheckpointError, match="a: 3x4 in the file, 5 in the model"):
        check_report("here", None, wrong, mismatches=True)
    check_report("here", None, wrong, mismatches=False)
