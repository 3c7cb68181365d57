"""Statistics for a controller: values, when they move, when the controller sees them."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from hybrid_opt.classical.attention_control import AttentionControl
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.components import register_component
from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.control_signals import ControlSignal
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.weights_on_request import attention_distances


class Recorder(nn.Module):
    """A controller that notes what it is shown."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.heads, self.seen = heads, []

    def forward(self, statistics: torch.Tensor) -> ControlSignal:
        self.seen.append(statistics)
        return ControlSignal(torch.ones(self.heads), torch.tensor(1.0))


def build_recorder(settings: dict[str, Any], *, num_heads: int, **context: Any) -> Recorder:
    return Recorder(num_heads)


@pytest.fixture(autouse=True)
def _recorder() -> None:
    register_component("controller", "recorder", build_recorder, replace=True)


def observed(causal: bool, length: int = 6) -> tuple[AttentionControl, DistanceAttention, torch.Tensor]:
    torch.manual_seed(0)
    layer = DistanceAttention(16, 2, metric="l1", causal=causal)
    control = AttentionControl({"name": "recorder"}, 2, 0)
    hidden = torch.randn(2, length, 16)
    layer.train()(hidden, control=control)[0].square().sum().backward()
    return control, layer, hidden


@pytest.mark.parametrize("causal", [False, True])
def test_entropy_distance_and_gradient_are_those_of_the_layer(causal: bool):
    control, layer, hidden = observed(causal)
    layer.eval()
    _, weights = layer(hidden, output_attentions=True)
    assert weights is not None
    weights = weights.detach()
    entropy = -(weights * weights.clamp(min=1e-30).log()).sum(-1)
    rows = range(1, 6) if causal else range(6)
    share = torch.stack([entropy[..., t] / math.log(t + 1 if causal else 6) for t in rows], -1).mean((0, 2))
    torch.testing.assert_close(control.latest_statistics[:, 0], share, rtol=1e-4, atol=1e-5)
    query, key, value = layer.project(hidden)
    distances = attention_distances(query, key, "l1").detach()
    visible = torch.tril(torch.ones(6, 6, dtype=torch.bool)) if causal else torch.ones(6, 6, dtype=torch.bool)
    torch.testing.assert_close(
        control.first_distance, distances[..., visible].mean((0, 2)), rtol=1e-4, atol=1e-5
    )
    torch.testing.assert_close(control.latest_statistics[:, 1], torch.ones(2))
    heads = (weights @ value.detach()).requires_grad_()
    layer.output_projection(heads.transpose(1, 2).flatten(2)).square().sum().backward()
    assert heads.grad is not None
    norms = heads.grad.square().sum((0, 2, 3)).sqrt()
    torch.testing.assert_close(control.latest_statistics[:, 2], norms, rtol=1e-4, atol=1e-5)


def test_distance_is_relative_to_the_first_one_seen():
    control, layer, hidden = observed(causal=False)
    layer(2.0 * hidden, control=control)
    assert (control.latest_statistics[:, 1] > 1.5).all()
    layer.eval()(9.0 * hidden, control=control)
    assert (control.latest_statistics[:, 1] < 3.0).all()  # evaluation observes nothing


def test_long_sequences_are_sampled_from_end_to_end():
    control, layer, hidden = observed(causal=True, length=200)
    _, weights = layer.eval()(hidden, output_attentions=True)
    assert weights is not None
    entropy = -(weights * weights.clamp(min=1e-30).log()).sum(-1)
    share = (entropy[..., 1:] / torch.arange(2, 201).log()).mean((0, 2)).detach()
    torch.testing.assert_close(control.latest_statistics[:, 0], share, rtol=0.05, atol=0.0)


def test_a_controller_sees_the_step_before_and_nothing_in_evaluation_moves_it():
    torch.manual_seed(0)
    config = DistanceTransformerConfig(
        vocab_size=50,
        hidden_size=16,
        num_attention_heads=2,
        num_hidden_layers=2,
        controller={"name": "recorder"},
    )
    model = DistanceGPT(config)
    tokens = torch.arange(8).unsqueeze(0)
    control = model.model.stack.blocks[1].control
    start = control.attention_statistics.clone()
    for _ in range(2):
        model(input_ids=tokens, labels=tokens).loss.backward()
    seen = control.controller.seen
    assert torch.equal(seen[0], start)
    assert (seen[1][:, 2] > 0).all()
    latest = control.latest_statistics.clone()
    model.eval()(input_ids=tokens + 9)
    assert torch.equal(control.latest_statistics, latest)
    assert torch.equal(seen[2], seen[1])


def test_statistics_are_saved_with_the_model():
    control, _, _ = observed(causal=False)
    control.advance()
    other = AttentionControl({"name": "recorder"}, 2, 0)
    other.load_state_dict(control.state_dict())
    assert torch.equal(other.attention_statistics, control.latest_statistics)
    other.reset_parameters()
    assert other.attention_statistics.tolist() == [[1.0, 1.0, 0.0]] * 2
    assert other.first_distance.tolist() == [0.0, 0.0]


def test_dropout_follows_the_factor():
    torch.manual_seed(0)
    layer = DistanceAttention(16, 2, dropout=0.5)
    hidden = torch.randn(1, 6, 16)
    control = AttentionControl({"name": "constant", "dropout_factor": 0.0}, 2, 0)
    assert torch.equal(layer(hidden, control=control)[0], layer(hidden, control=control)[0])
    assert not torch.equal(layer(hidden)[0], layer(hidden)[0])


def test_a_head_without_distance_at_first_waits_for_one():
    torch.manual_seed(0)
    query, settings = torch.randn(1, 2, 4, 3), {"scale": 1.0, "p": None, "causal": False, "window": None}
    same = query.clone()
    same[:, 0] = 1.0
    control = AttentionControl({"name": "constant"}, 2, 0)
    control.observe(same, same, "l2", mask=None, **settings)
    assert control.first_distance[0] == 0.0
    assert control.latest_statistics[:, 1].tolist() == [1.0, 1.0]
    control.observe(query, query, "l2", mask=None, **settings)
    assert control.latest_statistics[:, 1].tolist() == [1.0, 1.0]
    control.observe(2 * query, 2 * query, "l2", mask=None, **settings)
    torch.testing.assert_close(control.latest_statistics[0, 1], torch.tensor(2.0), rtol=0.3, atol=0.0)


def test_products_below_zero_give_a_ratio_that_is_a_number():
    torch.manual_seed(0)
    query, key = torch.randn(1, 2, 4, 3), torch.randn(1, 2, 4, 3)
    control = AttentionControl({"name": "constant"}, 2, 0)
    for _ in range(2):
        control.observe(query, key, "dot", scale=1.0, p=None, causal=False, window=None, mask=None)
    assert control.first_distance.min() < 0
    torch.testing.assert_close(control.latest_statistics[:, 1], torch.ones(2))


def test_a_factor_on_dropout_may_come_with_a_gradient():
    class Learned(Recorder):
        def forward(self, statistics: torch.Tensor) -> ControlSignal:
            factor = torch.zeros((), requires_grad=True)
            return ControlSignal(torch.ones(self.heads), factor)

    layer, hidden = DistanceAttention(16, 2, dropout=0.5), torch.randn(1, 6, 16)
    control = AttentionControl({"name": "recorder"}, 2, 0)
    control.controller = Learned(2)
    assert torch.equal(layer(hidden, control=control)[0], layer(hidden, control=control)[0])
