"""Gradient and Fisher matrix in the gates of heads against one example at a time, in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_masking import masked_heads
from hybrid_opt.tuning.labelled_batches import read_batches
from hybrid_opt.tuning.loss_statistics import head_statistics

HEADS = 4
TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8], [9, 7, 9, 3, 2, 3], [8, 4, 6, 2, 6, 4]])
LENGTHS = (6, 3, 5, 2)
MASK = torch.tensor([[1] * length + [0] * (6 - length) for length in LENGTHS])
NEXT_TOKENS = torch.where(MASK == 1, TOKENS, -100)  # 5, 2, 4 and 1 labels count
CLASSES = torch.tensor([0, 2, 1, 2])
SIZES: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZES |= {"vocab_size": 11, "initializer_range": 0.5}


def distance_gpt() -> Any:
    return DistanceGPT(DistanceTransformerConfig(**SIZES))


def gpt2() -> Any:
    sizes = {"n_embd": 16, "n_head": 2, "n_layer": 2, "vocab_size": 11, "n_positions": 8}
    return GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.5, bos_token_id=0, eos_token_id=0))


def distance_encoder() -> Any:
    return DistanceEncoderForSequenceClassification(DistanceTransformerConfig(**SIZES, num_labels=3))


def bert() -> Any:
    return BertForSequenceClassification(BertConfig(**SIZES, intermediate_size=16, num_labels=3))


def summed(model: nn.Module, example: int, labels: Tensor, gates: Any) -> Tensor:
    """The loss of one example alone, summed over its labels; logits of models are double here."""
    with masked_heads(model, gates):
        one = slice(example, example + 1)
        logits = model(input_ids=TOKENS[one], attention_mask=MASK[one]).logits
    if labels.dim() == 1:
        return nn.functional.cross_entropy(logits, labels[one], reduction="sum")
    return nn.functional.cross_entropy(logits[0, :-1], labels[example, 1:], reduction="sum")


def slopes_of(model: nn.Module, labels: Tensor, center: np.ndarray) -> np.ndarray:
    """Gradients of all examples by a loop of backward passes, (B, N)."""
    rows = []
    for example in range(len(TOKENS)):
        gates = torch.tensor(center, requires_grad=True)
        rows.append(torch.autograd.grad(summed(model, example, labels, gates), gates)[0].numpy())
    return np.stack(rows)


def differences_of(model: nn.Module, labels: Tensor, center: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The same by central differences, without any backward pass."""
    slopes = np.empty((len(TOKENS), HEADS))
    for example in range(len(TOKENS)):
        for head, unit in enumerate(np.eye(HEADS)):
            with torch.no_grad():
                up, down = (summed(model, example, labels, center + sign * step * unit) for sign in (1, -1))
            slopes[example, head] = float(up - down) / (2 * step)
    return slopes


CASES = [
    (distance_gpt, NEXT_TOKENS, (5, 2, 4, 1)),
    (gpt2, NEXT_TOKENS, (5, 2, 4, 1)),
    (distance_encoder, CLASSES, (1, 1, 1, 1)),
    (bert, CLASSES, (1, 1, 1, 1)),
]


@pytest.mark.parametrize("center", [np.ones(HEADS), np.array([1.0, 0.0, 0.3, -0.7])])
@pytest.mark.parametrize(("build", "labels", "counts"), CASES)
def test_statistics_are_sums_over_examples_divided_by_all_items(build, labels, counts, center):
    torch.manual_seed(0)
    model = build().double().eval()
    batches = read_batches(
        [
            {"input_ids": TOKENS[:3], "attention_mask": MASK[:3], "labels": labels[:3]},
            {"input_ids": TOKENS[3:], "attention_mask": MASK[3:], "labels": labels[3:]},
        ],
        model,
    )
    items = sum(counts)
    assert batches.total_items == items
    found = head_statistics(model, batches, center=center)
    slopes = slopes_of(model, labels, center)
    np.testing.assert_allclose(slopes, differences_of(model, labels, center), atol=1e-8, rtol=1e-6)
    with torch.no_grad():
        losses = [float(summed(model, example, labels, center)) for example in range(len(TOKENS))]
    # Models form their loss in single precision, whatever they are in.
    assert found.loss == pytest.approx(sum(losses) / items, rel=1e-6)
    scale = np.abs(slopes).max()
    np.testing.assert_allclose(found.gradient, slopes.sum(0) / items, atol=1e-6 * scale, rtol=1e-5)
    np.testing.assert_allclose(found.fisher, slopes.T @ slopes / items, atol=1e-6 * scale**2, rtol=1e-5)
    np.testing.assert_allclose(found.magnitudes, np.abs(slopes).mean(0), atol=1e-6 * scale, rtol=1e-5)
    assert np.abs(found.gradient).min() > 1e-4 * scale


def test_the_fisher_matrix_is_the_expected_hessian_where_labels_come_from_the_model():
    """E[Hessian of -log p] = E[g g^T], labels drawn from p: here both sides in full, class by class."""
    torch.manual_seed(1)
    model, center = bert().double().eval(), np.array([1.0, 0.6, 0.9, 1.2])
    fisher, hessian, step = np.zeros((HEADS, HEADS)), np.zeros((HEADS, HEADS)), 1e-5
    with torch.no_grad(), masked_heads(model, center):
        shares = model(input_ids=TOKENS, attention_mask=MASK).logits.softmax(-1).mean(0)
        each = model(input_ids=TOKENS, attention_mask=MASK).logits.softmax(-1)
    assert shares.max() < 0.9
    for label in range(3):
        labels = torch.full((len(TOKENS),), label)
        for example, share in enumerate(each[:, label].tolist()):
            one = slice(example, example + 1)
            batch = {"input_ids": TOKENS[one], "attention_mask": MASK[one], "labels": labels[one]}
            fisher += share * head_statistics(model, read_batches([batch], model), center=center).fisher
        for head, unit in enumerate(np.eye(HEADS)):
            up, down = (slopes_of(model, labels, center + sign * step * unit) for sign in (1, -1))
            hessian[head] += each[:, label].numpy() @ (up - down) / (2 * step)
    np.testing.assert_allclose(fisher, hessian, rtol=1e-4, atol=1e-5 * np.abs(hessian).max())
