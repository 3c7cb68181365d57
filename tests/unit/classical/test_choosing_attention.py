"""Attention that chooses: exactly the chosen metric forward, the gradient of the mixture for the choice."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hybrid_opt.classical import choosing_attention
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.attention_slices import distance_changes
from hybrid_opt.classical.choosing_attention import ChoosingAttention
from hybrid_opt.classical.errors import AttentionError, ComponentError
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.projection_slices import apply_changes

SETTINGS: dict[str, Any] = {"causal": True, "p": [1.5, 2.0, 3.0, 4.0], "scale_factor": 1.5}


def layer_of(metric: str = "l1", candidates: Any = METRICS, **settings: Any) -> ChoosingAttention:
    torch.manual_seed(0)
    return ChoosingAttention(16, 4, candidates=candidates, metric=metric, **{**SETTINGS, **settings})


def plain_of(layer: ChoosingAttention, metric: str, **settings: Any) -> DistanceAttention:
    plain = DistanceAttention(16, 4, metric=metric, **{**SETTINGS, **settings}).to(layer.head_mask.device)
    plain.load_state_dict(layer.state_dict())
    return plain


def tokens() -> torch.Tensor:
    return torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("start", ["l1", "lp", "cosine"])
@pytest.mark.parametrize("metric", METRICS)
def test_each_metric_is_exactly_that_of_a_layer_built_for_it(start: str, metric: str):
    layer = layer_of(start)
    torch.nn.init.normal_(layer.log_scale_ratio, std=0.3)
    layer.choose(METRICS.index(metric))
    plain = plain_of(layer, metric)
    assert (layer.metrics, layer.start_scale) == (plain.metrics, plain.start_scale)
    found, weights = layer(tokens(), output_attentions=True)
    expected, expected_weights = plain(tokens(), output_attentions=True)
    assert torch.equal(found, expected)
    assert torch.equal(weights, expected_weights)
    assert torch.equal(layer.effective_scale(), plain.effective_scale())


def test_while_learning_the_output_is_that_of_the_chosen_metric_and_so_are_its_gradients():
    layer = layer_of("l2")
    probabilities = torch.full((len(METRICS),), 1 / len(METRICS), requires_grad=True)
    found = layer(tokens(), metric_probabilities=probabilities)[0]
    plain = plain_of(layer, "l2")
    expected = plain(tokens())[0]
    assert torch.equal(found, expected)
    found.square().sum().backward()
    expected.square().sum().backward()
    for (name, own), other in zip(layer.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad, msg=name)
    assert (probabilities.grad != 0).all()


@pytest.mark.parametrize("metric", ["l1", "lp"])
def test_the_gradient_of_probabilities_is_that_of_the_mixture(metric: str):
    # Of a loss that is linear in the layer's heads' outputs, the straight-through gradient is exact.
    layer = layer_of(metric).double()
    hidden, direction = tokens().double(), torch.randn(2, 5, 16, dtype=torch.float64)
    gates = torch.tensor([0.5, 1.0, 2.0, 0.0], dtype=torch.float64)
    logits = torch.randn(len(METRICS), dtype=torch.float64, requires_grad=True)
    output = layer(hidden, metric_probabilities=torch.softmax(logits, 0), head_gates=gates)[0]
    (output * direction).sum().backward()

    outputs = torch.stack(
        [plain_of(layer, name).double()(hidden, head_gates=gates)[0].detach() for name in METRICS]
    )

    def mixture(of: torch.Tensor) -> torch.Tensor:
        return (torch.einsum("k,kbtc->btc", torch.softmax(of, 0), outputs) * direction).sum()

    step = 1e-6
    for index in range(len(METRICS)):
        moved = step * torch.eye(len(METRICS), dtype=torch.float64)[index]
        slope = (mixture(logits.detach() + moved) - mixture(logits.detach() - moved)) / (2 * step)
        assert logits.grad[index].item() == pytest.approx(slope.item(), rel=1e-5, abs=1e-7)


def test_without_probabilities_only_the_chosen_metric_is_computed(monkeypatch: pytest.MonkeyPatch):
    layer, asked = layer_of("l1"), []
    whole = choosing_attention.distance_attention

    def counted(*tensors: Any, metric: str, **settings: Any) -> Any:
        asked.append(metric)
        return whole(*tensors, metric=metric, **settings)

    monkeypatch.setattr(choosing_attention, "distance_attention", counted)
    layer(tokens())
    assert asked == []
    layer(tokens(), metric_probabilities=torch.ones(7, requires_grad=True))
    assert asked == [name for name in METRICS if name != "l1"]
    layer(tokens())
    assert len(asked) == 6


def test_a_steered_lambda_steers_every_metric():
    class Control:
        def signal(self, heads: Any) -> Any:
            from hybrid_opt.classical.control_signals import ControlSignal

            return ControlSignal(torch.full((4,), 2.0), torch.ones(()))

    layer = layer_of("l1", ["l1", "l2"]).eval()
    probabilities = torch.tensor([0.5, 0.5], requires_grad=True)
    layer(tokens(), metric_probabilities=probabilities, control=Control())[0].sum().backward()
    for index, name in enumerate(["l1", "l2"]):
        plain = plain_of(layer, name).eval()
        expected = plain(tokens(), control=Control())[0] - layer.output_projection.bias
        assert probabilities.grad[index].item() == pytest.approx(expected.sum().item(), rel=1e-4)


def test_heads_can_be_pruned_and_the_choice_goes_on():
    layer = layer_of("lp")
    gates = torch.tensor([0.0, 1.0, 0.0, 1.0])
    apply_changes(distance_changes(layer, [1, 3]))
    for index, name in enumerate(METRICS):
        layer.choose(index)
        whole = layer_of("lp")
        whole.choose(index)
        torch.testing.assert_close(layer(tokens())[0], whole(tokens(), head_gates=gates)[0], msg=name)
    assert all(len(row) == 2 for row in layer.candidate_scales)


def test_illegal_arguments():
    with pytest.raises(ComponentError, match="metrics of ChoosingAttention"):
        layer_of(candidates=["l1"])
    with pytest.raises(AttentionError, match="starts with one of its candidates, l1, l2"):
        layer_of("dot", ["l1", "l2"])
    with pytest.raises(AttentionError, match="starts with one of its candidates"):
        ChoosingAttention(8, 2, candidates=["l1", "l2"], metric=["l1", "l2"])
    with pytest.raises(AttentionError, match="learn_p is on"):
        layer_of(learn_p=True)
    for index in (-1, 7, True, "l1"):
        with pytest.raises(AttentionError, match="the 7 metrics have numbers from 0"):
            layer_of().choose(index)
    with pytest.raises(AttentionError, match=r"shape \(3,\); it must be \(7,\)"):
        layer_of()(tokens(), metric_probabilities=torch.ones(3))


def test_what_print_shows():
    assert "metric='l2'" in repr(layer_of("l2", ["l1", "l2"]))
    assert "candidates=['l1', 'l2']" in repr(layer_of("l2", ["l1", "l2"]))
