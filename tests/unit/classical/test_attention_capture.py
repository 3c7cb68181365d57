"""What is heard of a call, in which order, and that a model is left as it was."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from transformers import DynamicCache

from hybrid_opt.classical.attention_capture import (
    AttentionCall,
    attention_layers,
    hear_attention,
    undisturbed,
)
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.errors import AttentionError, ConfigurationError, MaskTypeError
from hybrid_opt.classical.weights_on_request import attention_weights


class Shared(nn.Module):
    """One layer called twice, the second time across."""

    def __init__(self, **settings: object) -> None:
        super().__init__()
        self.attention = DistanceAttention(8, 2, **settings)

    def forward(self, x: Tensor, y: Tensor, **given: object) -> Tensor:
        x = self.attention(x, **given)[0]
        return self.attention(x, key_value_hidden=y)[0]


def heard(model: nn.Module, *arguments: object, **keywords: object) -> list[AttentionCall]:
    calls: list[AttentionCall] = []
    with hear_attention(model, calls.append), torch.no_grad():
        model(*arguments, **keywords)
    return calls


def test_calls_in_order_with_names():
    first, second = heard(Shared(), torch.randn(2, 5, 8), torch.randn(2, 3, 8))
    assert (first.name, second.name) == ("attention", "attention (2)")
    assert (first.across, second.across) == (False, True)
    assert first.inputs.query.shape == (2, 2, 5, 4)
    assert second.inputs.key.shape == (2, 2, 3, 4)
    assert first.real.all()
    assert first.first_key.tolist() == [0, 0]


def test_the_weights_are_those_of_the_layer():
    torch.manual_seed(0)
    settings = {"metric": ["l1", "lp", "cosine", "dot"], "p": 3.0, "learn_p": True, "position": "rotary"}
    layer = DistanceAttention(16, 4, num_key_value_heads=2, causal=True, window=3, **settings)
    nn.init.normal_(layer.log_scale_ratio)
    hidden, mask = torch.randn(2, 6, 16), torch.ones(2, 6, dtype=torch.bool)
    mask[1, :2] = False
    (call,) = heard(layer, hidden, mask=mask, positions=torch.arange(6)[None] * 3)
    given = call.inputs
    found = attention_weights(
        given.query, given.key, given.metric, scale=given.scale, p=given.p, causal=given.causal,
        window=given.window, mask=given.mask,
    )  # fmt: skip
    options = {"mask": mask, "positions": torch.arange(6)[None] * 3, "output_attentions": True}
    torch.testing.assert_close(found, layer(hidden, **options)[1])
    assert call.first_key.tolist() == [0, 2]
    assert torch.equal(call.real, mask)


def test_masks_of_pairs_name_no_padding():
    mask = torch.ones(2, 5, 5, dtype=torch.bool)
    mask[:, :, 0] = False
    (call, _) = heard(Shared(), torch.randn(2, 5, 8), torch.randn(2, 3, 8), mask=mask)
    assert call.real.all()
    assert call.first_key.tolist() == [1, 1]


def test_padding_of_queries_across_is_told():
    real = torch.tensor([[True] * 5, [True] * 4 + [False]])
    calls: list[AttentionCall] = []
    with hear_attention(model := Shared(), calls.append, across_rows=real), torch.no_grad():
        model(torch.randn(2, 5, 8), torch.randn(2, 3, 8))
    assert calls[0].real.all()
    assert torch.equal(calls[1].real, real)


def test_gates_and_controller_are_seen():
    class Control:
        def signal(self, heads: object) -> Control:
            return self

        scale_factor = torch.tensor([1.0, 3.0])
        dropout_factor = torch.tensor(1.0)

    layer = DistanceAttention(8, 2).eval()
    layer.head_mask[0] = 0
    gates = torch.tensor([[1.0, 0.5], [1.0, 1.0]])
    (call,) = heard(layer, torch.randn(2, 5, 8), head_gates=gates, control=Control())
    assert call.gates.tolist() == [0.0, 0.75]
    torch.testing.assert_close(call.inputs.scale, layer.effective_scale().detach() * torch.tensor([1.0, 3.0]))


def test_an_empty_cache_is_fine_and_a_full_one_is_not():
    layer, cache = DistanceAttention(8, 2, causal=True), DynamicCache()
    assert len(heard(layer, torch.randn(1, 3, 8), past_key_values=cache)) == 1
    with pytest.raises(ConfigurationError, match="earlier tokens in a cache"):
        heard(layer, torch.randn(1, 1, 8), past_key_values=cache)
    assert not layer._forward_pre_hooks


def test_hooks_are_gone():
    model = Shared()
    with pytest.raises(RuntimeError), hear_attention(model, print):
        model.attention(torch.randn(2, 5, 7))
    with hear_attention(model, print):
        assert len(model.attention._forward_pre_hooks) == 1
    assert not model.attention._forward_pre_hooks


@pytest.mark.parametrize(
    ("mask", "error"),
    [(torch.ones(2, 5), MaskTypeError), (torch.ones(2, 4, dtype=torch.bool), AttentionError)],
)
def test_wrong_masks(mask: Tensor, error: type[Exception]):
    with pytest.raises(error):
        heard(Shared(), torch.randn(2, 5, 8), torch.randn(2, 3, 8), mask=mask)


@pytest.mark.parametrize("model", [nn.Linear(2, 2), "model", None])
def test_nothing_to_hear(model: object):
    with pytest.raises(ConfigurationError, match=r"no DistanceAttention|torch.nn.Module"):
        attention_layers(model)


def test_modes_of_each_part_and_random_numbers_come_back():
    model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(2))
    model[1].eval()
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with undisturbed(model):
        torch.rand(9)
        assert not model[0].training
    with pytest.raises(RuntimeError), undisturbed(model):
        model(torch.rand(9, 3))
    assert (model.training, model[0].training, model[1].training) == (True, True, False)
    assert torch.equal(torch.rand(2), expected)
    assert torch.is_grad_enabled()
