"""Importances are |dL/dg| of each example, for closed heads too, and the model computes the same."""

import copy

import pytest
import torch

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.errors import AttentionError
from hybrid_opt.classical.gate_gradients import GateGradients
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.head_masking import masked_heads
from hybrid_opt.classical.head_sites import find_head_sites

TOKENS = torch.tensor([[1, 5, 2, 8, 3, 7], [4, 4, 1, 6, 2, 1], [3, 3, 3, 8, 8, 1]])
MASK = torch.tensor([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]])


def gpt(**settings):
    torch.manual_seed(0)
    sizes = {"vocab_size": 9, "hidden_size": 16, "num_attention_heads": 4, "num_hidden_layers": 2}
    model = DistanceGPT(DistanceTransformerConfig(**{**sizes, "initializer_range": 0.5, **settings}))
    model.set_head_mask(MASK)
    return model.train()


def exact(model):
    """The same by gates of the context manager on a model without masks of its own."""
    bare = copy.deepcopy(model)
    bare.set_head_mask(torch.ones_like(MASK))
    gates = MASK.flatten().expand(len(TOKENS), -1).clone().requires_grad_()
    with masked_heads(bare, gates):
        bare(input_ids=TOKENS, labels=TOKENS).loss.backward()
    return gates.grad.abs().sum(0).view(2, 4)


def test_they_are_the_gradients_of_gates_closed_heads_included():
    model = gpt()
    gradients = GateGradients(find_head_sites(model))
    gradients.begin()
    loss = model(input_ids=TOKENS, labels=TOKENS).loss
    loss.backward()
    found = torch.tensor(gradients.end())
    torch.testing.assert_close(found, exact(model), rtol=1e-4, atol=1e-7)
    assert bool((found > 0).all())


def test_the_model_computes_the_same_and_is_left_as_it_was():
    model, other = gpt(), gpt()
    gradients = GateGradients(find_head_sites(model))
    gradients.begin()
    loss = model(input_ids=TOKENS, labels=TOKENS).loss
    plain = other(input_ids=TOKENS, labels=TOKENS).loss
    loss.backward()
    plain.backward()
    gradients.end()
    torch.testing.assert_close(loss, plain, rtol=0, atol=1e-7)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-5, atol=1e-7)
    assert torch.equal(model.head_mask(), MASK)
    for layer in model.attention_layers():
        assert not layer._forward_pre_hooks
        assert not layer._forward_hooks
        assert not layer.output_projection._forward_pre_hooks


def test_with_checkpointing_and_accumulation():
    model = gpt()
    gradients = GateGradients(find_head_sites(model))
    enable = getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)
    enable({"use_reentrant": False})
    gradients.begin()
    for row in TOKENS:
        (model(input_ids=row[None], labels=row[None]).loss / len(TOKENS)).backward()
    torch.testing.assert_close(torch.tensor(gradients.end()), exact(gpt()), rtol=1e-4, atol=1e-7)


def test_an_error_in_the_layer_brings_the_mask_back():
    model = gpt()
    gradients = GateGradients(find_head_sites(model))
    gradients.begin()
    layer = model.attention_layers()[0]
    with pytest.raises(AttentionError):
        layer(torch.randn(1, 3, 16), mask=torch.ones(7, 7, 7, dtype=torch.bool))
    gradients.cancel()
    assert torch.equal(model.head_mask(), MASK)


def test_a_gradient_that_is_no_number_counts_as_zero():
    model = gpt()
    gradients = GateGradients(find_head_sites(model))
    gradients.begin()
    (model(input_ids=TOKENS, labels=TOKENS).loss * float("inf")).backward()
    found = torch.tensor(gradients.end())
    assert bool(torch.isfinite(found).all())


def test_without_gradients_there_is_nothing():
    model = gpt()
    gradients = GateGradients(find_head_sites(model))
    gradients.begin()
    with torch.no_grad():
        model(input_ids=TOKENS)
    assert gradients.end() == [[0.0] * 4] * 2
