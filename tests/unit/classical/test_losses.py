"""Losses: values against torch, exactness under accumulation, refusals."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.losses import add_auxiliary_loss, classification_loss, token_loss


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_shifted_token_loss_is_cross_entropy_of_the_next_token():
    logits, labels = numbers(2, 4, 5), torch.tensor([[0, 1, 2, 3], [4, 3, -100, -100]])
    expected = functional.cross_entropy(logits[:, :-1].reshape(-1, 5), labels[:, 1:].reshape(-1))
    torch.testing.assert_close(token_loss(logits, labels, shift=True), expected)


def test_accumulated_batches_of_different_lengths_give_the_loss_of_all():
    logits, labels = numbers(4, 6, 5), torch.randint(5, (4, 6), generator=torch.Generator().manual_seed(1))
    labels[0, 2:] = -100
    whole = token_loss(logits, labels)
    parts = [
        token_loss(logits[rows], labels[rows], num_items_in_batch=(labels != -100).sum())
        for rows in (slice(0, 1), slice(1, 4))
    ]
    torch.testing.assert_close(sum(parts), whole)


def test_without_labels_the_loss_is_zero_and_finite():
    logits = numbers(1, 3, 5).requires_grad_()
    loss = token_loss(logits, torch.full((1, 3), -100))
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert bool((logits.grad == 0).all())


def test_half_precision_logits_are_summed_in_float32():
    logits, labels = numbers(1, 50, 5).bfloat16(), torch.zeros(1, 50, dtype=torch.long)
    assert token_loss(logits, labels).dtype == torch.float32


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.zeros(1, 2, dtype=torch.long), r"shape \(1, 2\); it must be that of the tokens, \(1, 3\)"),
        (torch.tensor([[0, 5, 1]]), "labels run from 0 to 5; with 5 classes"),
        (torch.tensor([[0, -1, 1]]), "labels run from -1"),
        (torch.zeros(1, 3), "labels are torch.float32"),
    ],
)
def test_wrong_labels_of_tokens_are_refused(labels: torch.Tensor, message: str):
    with pytest.raises(ConfigurationError, match=message):
        token_loss(numbers(1, 3, 5), labels)


def test_kinds_of_sequence_labels():
    logits = numbers(4, 3)
    classes, several = torch.tensor([0, 2, 1, 1]), torch.tensor([[1.0, 0.0, 1.0]] * 4)
    torch.testing.assert_close(
        classification_loss(logits, classes), functional.cross_entropy(logits, classes)
    )
    torch.testing.assert_close(
        classification_loss(logits, several), functional.binary_cross_entropy_with_logits(logits, several)
    )
    torch.testing.assert_close(
        classification_loss(logits, several, "regression"), functional.mse_loss(logits, several)
    )
    for shape in ((4,), (4, 1)):
        targets = numbers(4, seed=1)
        loss = classification_loss(logits[:, :1], targets.reshape(shape))
        torch.testing.assert_close(loss, functional.mse_loss(logits[:, 0], targets))


@pytest.mark.parametrize("kind", ["regression", "multi_label_classification"])
def test_accumulated_numbers_give_the_loss_of_all(kind: str):
    logits, labels = numbers(4, 3), (numbers(4, 3, seed=1) > 0).float()
    parts = [
        classification_loss(logits[rows], labels[rows], kind, num_items_in_batch=12)
        for rows in (slice(0, 1), slice(1, 4))
    ]
    torch.testing.assert_close(sum(parts), classification_loss(logits, labels, kind))


def test_wrong_sequence_labels_are_refused():
    logits = numbers(4, 3)
    with pytest.raises(ConfigurationError, match="one class index for each of the 4"):
        classification_loss(logits, torch.zeros(4), "single_label_classification")
    with pytest.raises(ConfigurationError, match="one class index for each of the 4"):
        classification_loss(logits, torch.zeros(3, dtype=torch.long))
    with pytest.raises(ConfigurationError, match=r"with regression it must be \(4, 3\)"):
        classification_loss(logits, torch.zeros(4), "regression")
    with pytest.raises(ConfigurationError, match="problem_type is 'ranking'"):
        classification_loss(logits, torch.zeros(4), "ranking")


def test_auxiliary_loss_counts_by_its_share_of_the_step():
    labels = torch.tensor([[1, 2, -100, -100]])
    loss = add_auxiliary_loss(torch.tensor(1.0), torch.tensor(0.8), labels, num_items_in_batch=8)
    assert float(loss) == pytest.approx(1.2)
    assert float(add_auxiliary_loss(torch.tensor(1.0), torch.tensor(0.8), labels)) == pytest.approx(1.8)
    assert float(add_auxiliary_loss(torch.tensor(1.0), None, labels)) == 1.0
