"""What a mean loss is a mean over, and how means are put together."""

import pytest
import torch

from hybrid_opt.classical.counted_loss import (
    counted_items,
    move_batch,
    predicted_pairs,
    weighted_mean_loss,
)
from hybrid_opt.classical.errors import ConfigurationError

LABELS = torch.tensor([[3, 1, -100, 2], [-100, -100, -100, -100]])


def test_a_causal_model_does_not_predict_the_first_token():
    assert counted_items("causal_lm", {"labels": LABELS}) == 2
    assert counted_items("masked_lm", {"labels": LABELS}) == 3
    assert counted_items("token_classification", {"labels": LABELS}) == 3


def test_classes_and_numbers_count_examples():
    assert counted_items("sequence_classification", {"labels": torch.tensor([1, 2, 0])}) == 3
    assert counted_items("regression", {"labels": torch.zeros(4, 2)}) == 4
    assert counted_items("causal_lm", {"labels": torch.zeros(4, 6, 2)}) == 4


def test_a_batch_without_labels():
    with pytest.raises(ConfigurationError, match="input_ids"):
        counted_items("causal_lm", {"input_ids": LABELS})


def test_weighted_means_of_unequal_batches_are_the_mean_of_all():
    losses = torch.rand(10, dtype=torch.float64)
    parts = [losses[:1], losses[1:4], losses[4:]]
    together = sum(weighted_mean_loss(part.mean(), len(part), 10) for part in parts)
    torch.testing.assert_close(together, losses.mean())


def test_pairs_of_a_causal_model_are_shifted():
    logits = torch.arange(2 * 4 * 5, dtype=torch.float32).reshape(2, 4, 5)
    scores, labels = predicted_pairs("causal_lm", logits, LABELS)
    assert labels.tolist() == [1, 2]
    assert torch.equal(scores, logits[0, [0, 2]])
    scores, labels = predicted_pairs("masked_lm", logits, LABELS)
    assert labels.tolist() == [3, 1, 2]
    assert torch.equal(scores, logits[0, [0, 1, 3]])


def test_only_tensors_are_moved():
    batch = move_batch({"labels": LABELS, "name": "x"}, torch.device("meta"))
    assert batch["labels"].device.type == "meta"
    assert batch["name"] == "x"
