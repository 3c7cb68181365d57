"""Rows and columns of projections, of both kinds, and which layers are refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.projection_slices import (
    apply_changes,
    kept_inputs,
    kept_outputs,
    projection_sizes,
    sliced,
)


class Doubled(nn.Linear):
    """A linear layer with another meaning of its weight."""


@pytest.mark.parametrize("build", [lambda: nn.Linear(3, 4), lambda: Conv1D(4, 3)])
def test_outputs_and_inputs_of_both_kinds(build: Any):
    torch.manual_seed(0)
    layer, x = build(), torch.randn(2, 3)
    nn.init.normal_(layer.bias)
    assert projection_sizes(layer, "layer") == (3, 4)
    before = layer(x).detach()
    apply_changes(kept_outputs(layer, [3, 1], "layer"))
    torch.testing.assert_close(layer(x), before[:, [3, 1]])
    assert projection_sizes(layer, "layer") == (3, 2)
    hidden = layer(x.index_fill(1, torch.tensor([1]), 0.0)).detach()
    apply_changes(kept_inputs(layer, [0, 2], "layer"))
    torch.testing.assert_close(layer(x[:, [0, 2]]), hidden)
    assert repr(layer) in ("Linear(in_features=2, out_features=2, bias=True)", "Conv1D(nf=2, nx=2)")


def test_without_bias():
    layer = nn.Linear(3, 4, bias=False)
    apply_changes(kept_outputs(layer, [0], "layer") + kept_inputs(layer, [1], "layer"))
    assert layer.bias is None
    assert layer.in_features == 1


def test_parameters_stay_parameters_and_frozen_ones_frozen():
    weight = nn.Parameter(torch.arange(6.0).view(2, 3), requires_grad=False)
    found = sliced(weight, [2], 1)
    assert type(found) is nn.Parameter
    assert not found.requires_grad
    assert found.tolist() == [[2.0], [5.0]]
    with torch.inference_mode():
        trainable = sliced(nn.Parameter(torch.ones(3)), [0, 1])
    assert trainable.requires_grad
    assert not trainable.is_inference()


def parametrized() -> nn.Module:
    return nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))


def masked() -> nn.Module:
    layer = nn.Linear(2, 2)
    layer.register_parameter("weight_orig", layer.weight)
    del layer.weight
    return layer


@pytest.mark.parametrize(
    "layer", [Doubled(2, 2), nn.Conv1d(2, 2, 1), nn.Sequential(nn.Linear(2, 2)), parametrized(), masked()]
)
def test_other_layers_are_refused(layer: nn.Module):
    for use in (projection_sizes, lambda one, name: kept_outputs(one, [0], name)):
        with pytest.raises(ConfigurationError, match=r"block\.query is .* merge adapters"):
            use(layer, "block.query")
    with pytest.raises(ConfigurationError, match="merge adapters"):
        kept_inputs(layer, [0], "block.query")


def test_a_quantized_weight_is_refused():
    class Packed(torch.Tensor):
        """A tensor that is not stored as its shape says."""

    layer = nn.Linear(2, 2)
    layer.weight = nn.Parameter(torch.zeros(2, 2).as_subclass(Packed))
    with pytest.raises(ConfigurationError, match="before quantizing"):
        projection_sizes(layer, "layer")
