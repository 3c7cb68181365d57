"""Digits: pixels become tokens or patches, and both forms are split alike."""

import pytest
import torch
from sklearn.datasets import load_digits

from hybrid_opt.classical import digits_data as module
from hybrid_opt.classical.digits_data import digit_patches_data, digit_tokens_data, image_patches
from hybrid_opt.classical.errors import DataError, MissingTransformerError


def test_tokens_are_the_levels_of_the_pixels():
    data = digit_tokens_data()
    assert [len(data.split(part)) for part in ("train", "validation", "test")] == [1439, 179, 179]
    bundle = load_digits()
    found = {
        (tuple(e["input_ids"].tolist()), int(e["labels"])) for part in (data.train, data.test) for e in part
    }
    original = {
        (tuple(row), int(label))
        for row, label in zip(bundle.data.astype(int).tolist(), bundle.target, strict=True)
    }
    assert found < original
    assert int(data.train.columns["input_ids"].max()) == 16 == data.vocab_size - 1


def test_patches_hold_the_same_pixels_in_the_same_split():
    tokens, patches = digit_tokens_data(limit=100, seed=3), digit_patches_data(limit=100, seed=3)
    assert patches.value_width == 4
    assert patches.sequence_length == 16
    images = tokens.test.columns["input_ids"].reshape(-1, 8, 8)
    values = patches.test.columns["input_values"]
    assert torch.equal(values[:, 0], images[:, :2, :2].flatten(1) / 8 - 1)
    assert torch.equal(values[:, 15], images[:, 6:, 6:].flatten(1) / 8 - 1)
    assert torch.equal(tokens.test.columns["labels"], patches.test.columns["labels"])
    assert tokens.hash != patches.hash


def test_patches_are_cut_row_by_row():
    image = torch.arange(36).reshape(1, 6, 6)
    assert image_patches(image, 3)[0, 1].tolist() == [3, 4, 5, 9, 10, 11, 15, 16, 17]
    assert image_patches(image, 6).tolist() == [[list(range(36))]]


def test_hash_and_split_follow_the_seed():
    assert (
        digit_tokens_data(limit=60).hash
        == digit_tokens_data(limit=60).hash
        != digit_tokens_data(limit=60, seed=1).hash
    )
    with pytest.raises(DataError, match="limit"):
        digit_tokens_data(limit=1)


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    def absent(name, extra):
        raise MissingTransformerError(f'{name}: pip install "hybrid-opt[{extra}]"')

    monkeypatch.setattr(module, "load_library", absent)
    with pytest.raises(MissingTransformerError, match=r"hybrid-opt\[ml\]"):
        digit_tokens_data()
