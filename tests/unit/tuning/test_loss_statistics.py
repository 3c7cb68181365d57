"""Gradient, Fisher matrix and similarity of heads against one example at a time and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt.classical import (
    DistanceEncoderForSequenceClassification,
    DistanceGPT,
    DistanceTransformerConfig,
    masked_heads,
)
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.labelled_batches import read_batches
from hybrid_opt.tuning.loss_statistics import head_statistics

IDS = torch.randint(1, 15, (6, 7), generator=torch.Generator().manual_seed(0))
LABELS = IDS.clone()
LABELS[0, 4:] = -100  # unequal numbers of labels
LABELS[3, 2:] = -100


def config(**settings):
    # L1 has kinks, which finite differences stumble over.
    usual = {"vocab_size": 15, "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3}
    return DistanceTransformerConfig(**{**usual, "metric": "dot", **settings})


def shaken(model):
    torch.manual_seed(4)
    with torch.no_grad():
        for part in model.parameters():
            part.add_(0.3 * torch.randn_like(part))
    return model.double().eval()


def language():
    torch.manual_seed(0)
    model = shaken(DistanceGPT(config()))
    rows = [{"input_ids": IDS[a:b], "labels": LABELS[a:b]} for a, b in ((0, 2), (2, 6))]
    return model, read_batches(rows, model)


def classes():
    torch.manual_seed(0)
    model = shaken(DistanceEncoderForSequenceClassification(config(num_labels=3)))
    mask = torch.ones_like(IDS)
    mask[1, 5:] = 0
    batch = {"input_ids": IDS, "attention_mask": mask, "labels": torch.arange(6) % 3}
    return model, read_batches([batch], model)


def summed_losses(model, batches, gates):
    """The summed loss of every example, each called alone."""
    losses = []
    for batch in batches.batches:
        for row in range(len(batch["labels"])):
            one = {name: part[row : row + 1] for name, part in batch.items()}
            count = int((one["labels"][..., 1:] != -100).sum()) if one["labels"].dim() == 2 else 1
            with torch.no_grad(), masked_heads(model, torch.as_tensor(gates)):
                losses.append(float(model(**one).loss) * count)
    return np.array(losses)


@pytest.mark.parametrize("make", [language, classes])
@pytest.mark.parametrize("center", [None, [1.0, 0.0, 0.5, 1.0, 1.0, 0.2]])
def test_against_finite_differences_of_single_examples(make, center):
    model, batches = make()
    found = head_statistics(model, batches, center=center)
    point, step = np.ones(6) if center is None else np.array(center), 1e-3
    # Losses are computed in single precision: smaller steps would measure its rounding.
    above, below = (
        np.stack([summed_losses(model, batches, point + sign * step * unit) for unit in np.eye(6)], axis=1)
        for sign in (1, -1)
    )
    each = (above - below) / (2 * step)
    items = batches.total_items
    assert items == (28 if make is language else 6)
    np.testing.assert_allclose(found.gradient, each.sum(0) / items, atol=1e-3)
    np.testing.assert_allclose(found.fisher, each.T @ each / items, atol=3e-3)
    np.testing.assert_allclose(found.magnitudes, np.abs(each).mean(0), atol=3e-3)
    assert found.loss == pytest.approx(summed_losses(model, batches, point).sum() / items)
    assert (found.layers, found.items, found.examples) == ((3, 3), items, 6)
    assert found.places[4] == (1, 1)


def test_the_linear_term_predicts_small_steps():
    model, batches = language()
    found = head_statistics(model, batches)
    gates = 1 - 1e-3 * np.arange(6)
    change = batches.mean_loss(model, torch.as_tensor(gates)) - found.loss
    assert found.change(gates) == pytest.approx(change, rel=0.05)


def test_the_model_is_left_alone_and_similarity_stays_within_layers():
    model, batches = classes()
    model.train()
    model.classifier.weight.requires_grad_(False)
    found = head_statistics(model, batches, similarity=True)
    assert model.training
    assert not model.classifier.weight.requires_grad
    assert model.classifier.bias.requires_grad
    assert model.classifier.bias.grad is None
    assert found.similarity[:3, 3:].max() == 0
    np.testing.assert_allclose(np.diag(found.similarity), 1.0)
    assert head_statistics(model, batches).similarity is None


def test_wrong_centers_and_losses():
    model, batches = classes()
    with pytest.raises(OptionError, match="it must be"):
        head_statistics(model, batches, center=[1.0])
    with torch.no_grad():
        model.classifier.bias.fill_(float("nan"))
    with pytest.raises(OptionError, match="not finite"):
        head_statistics(model, batches)
