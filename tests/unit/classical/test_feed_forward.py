"""The dense feed-forward part."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.feed_forward import ACTIVATIONS, DenseFeedForward
from hybrid_opt.classical.moe_experts import activation_named


def test_is_two_linear_maps_around_an_activation():
    torch.manual_seed(0)
    layer = DenseFeedForward(4, 6, "relu")
    hidden = torch.randn(2, 3, 4)
    inner = functional.relu(hidden @ layer.expand.weight.T + layer.expand.bias)
    output, loss = layer(hidden, mask=torch.zeros(2, 3, dtype=torch.bool))
    torch.testing.assert_close(output, inner @ layer.contract.weight.T + layer.contract.bias)
    assert loss is None


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    layer = DenseFeedForward(4, 64, dropout=0.5)
    hidden = torch.randn(1, 1, 4)
    assert not torch.equal(layer(hidden)[0], layer(hidden)[0])
    layer.eval()
    assert torch.equal(layer(hidden)[0], layer(hidden)[0])


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_experts_know_the_same_activations(name: str):
    values = torch.linspace(-2, 2, 9)
    torch.testing.assert_close(ACTIVATIONS[name](values), activation_named(name)(values))


def test_an_unknown_activation_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"'swiglu' is not known.*gelu"):
        DenseFeedForward(4, 6, "swiglu")
