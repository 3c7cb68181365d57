"""Sums over data against direct computation, whatever the batches."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.evaluation_pass import PassSums, add_up, stack_examples


class Table(torch.nn.Module):
    """Logits looked up by token, and a parameter so that it stands on a device."""

    def __init__(self, classes, pooled=False):
        super().__init__()
        self.weight = torch.nn.Parameter(
            torch.randn(9, classes, generator=torch.Generator().manual_seed(0))
        )
        self.pooled = pooled
        self.modes = set()

    def forward(self, input_ids, attention_mask=None):
        self.modes.add(self.training)
        logits = self.weight[input_ids]
        return SimpleNamespace(logits=logits[:, 0] if self.pooled else logits)


def rows(count=7, width=5, seed=1):
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 9, (count, width), generator=draw)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_tokens(batch_size):
    tokens = rows()
    labels = tokens.clone()
    labels[2, 1:4] = -100
    data = [{"input_ids": ids, "labels": label} for ids, label in zip(tokens, labels, strict=True)]
    model = Table(9)
    sums = add_up(model, data, "causal_lm", batch_size=batch_size)
    logits, wanted = model.weight[tokens][:, :-1].flatten(0, 1), labels[:, 1:].flatten()
    total = functional.cross_entropy(logits, wanted, reduction="sum", ignore_index=-100)
    assert sums.loss == pytest.approx(float(total.detach()), rel=1e-6)
    assert sums.items == 25
    assert sums.correct == int((logits.argmax(-1) == wanted).sum())
    assert (sums.examples, sums.positions, sums.confusion) == (7, 35, None)
    assert sums.mean_loss == sums.loss / 25
    assert model.modes == {False}
    assert model.training


def test_classes_and_their_confusion():
    tokens = rows(count=40)
    labels = rows(count=40, width=1, seed=2)[:, 0] % 3
    data = [{"input_ids": ids, "labels": label} for ids, label in zip(tokens, labels, strict=True)]
    model = Table(3, pooled=True)
    sums = add_up(model, data, "sequence_classification", batch_size=7)
    guesses = model.weight[tokens[:, 0]].argmax(-1)
    expected = np.zeros((3, 3), dtype=int)
    for label, guess in zip(labels.tolist(), guesses.tolist(), strict=True):
        expected[label, guess] += 1
    assert sums.confusion.tolist() == expected.tolist()
    assert sums.correct == np.trace(expected)


def test_numbers():
    tokens, targets = rows(), torch.linspace(-1, 1, 14).reshape(7, 2)
    data = [{"input_ids": ids, "labels": target} for ids, target in zip(tokens, targets, strict=True)]
    model = Table(2, pooled=True)
    sums = add_up(model, data, "regression", batch_size=3)
    squares = (model.weight[tokens[:, 0]] - targets).double().square()
    assert sums.loss == pytest.approx(float(squares.sum().detach()))
    assert sums.items == 14
    assert sums.target_sum == pytest.approx(0.0, abs=1e-6)
    assert sums.target_squares == pytest.approx(float(targets.square().sum()))


def test_parts_add_up_to_the_whole():
    data = [{"input_ids": ids, "labels": ids} for ids in rows()]
    whole = add_up(Table(9), data, "causal_lm")
    parts = [add_up(Table(9), data, "causal_lm", indices=range(start, 7, 2)) for start in range(2)]
    assert sum(part.loss for part in parts) == pytest.approx(whole.loss)
    assert sum(part.items for part in parts) == whole.items
    assert add_up(Table(9), data, "causal_lm", indices=range(0)).items == 0


def test_random_numbers_are_left_alone_and_progress_is_told():
    data = [{"input_ids": ids, "labels": ids} for ids in rows()]
    before, seen = torch.get_rng_state(), []
    add_up(Table(9), data, "causal_lm", batch_size=4, progress=lambda share, text: seen.append((share, text)))
    assert torch.equal(torch.get_rng_state(), before)
    assert seen == [(4 / 7, "4 of 7 examples"), (1.0, "7 of 7 examples")]


def test_own_batches():
    data = [{"input_ids": ids, "labels": ids} for ids in rows()]
    seen = []

    def collate(examples):
        seen.append(len(examples))
        return stack_examples(examples)

    add_up(Table(9), data, "causal_lm", collate=collate, batch_size=5)
    assert seen == [5, 2]


def test_nothing_to_evaluate():
    with pytest.raises(ConfigurationError, match="no example"):
        add_up(Table(9), [], "causal_lm")
    assert np.isnan(PassSums().mean_loss)
