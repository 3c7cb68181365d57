"""Choices of metrics that a softmax learns or that are given."""

from itertools import product

import pytest
import torch

from hybrid_opt.classical.attention_scale import no_decay_parameter_names
from hybrid_opt.classical.components import build_component, component_names
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.metric_choices import FixedMetricChoice, SoftmaxMetricChoice

METRICS = ["l1", "l2", "cosine"]


def built(name, *, start=("l2", "l1"), **settings):
    spec = {"name": name, "metrics": METRICS, **settings}
    return build_component("metric_choice", spec, num_layers=len(start), start_metrics=list(start))


def test_both_are_built_in():
    assert {"softmax_metric", "fixed_metric"} <= set(component_names("metric_choice"))


def test_a_softmax_starts_at_the_metric_of_each_layer_with_three_fifths():
    torch.testing.assert_close(built("softmax_metric")(), torch.tensor([[0.2, 0.6, 0.2], [0.6, 0.2, 0.2]]))


def test_a_softmax_learns_another_choice():
    choice, wanted = SoftmaxMetricChoice([0, 0], 3), torch.tensor([2, 1])
    optimizer = torch.optim.Adam(choice.parameters(), lr=0.1)
    for _ in range(40):
        optimizer.zero_grad()
        (-choice()[torch.arange(2), wanted].log().sum()).backward()
        optimizer.step()
    assert choice().argmax(-1).tolist() == wanted.tolist()
    choice.reset_parameters()
    assert choice().argmax(-1).tolist() == [0, 0]


def test_decay_leaves_logits_alone_and_half_precision_gives_single():
    choice = SoftmaxMetricChoice([0, 1], 2)
    assert no_decay_parameter_names(choice) == ["metric_logits"]
    assert choice.to(torch.bfloat16)().dtype == torch.float32


def test_given_choices_for_all_per_layer_and_by_default():
    assert built("fixed_metric").choices.tolist() == [1, 0]
    assert built("fixed_metric", choices="cosine").choices.tolist() == [2, 2]
    assert built("fixed_metric", choices=["cosine", "l2"])().tolist() == [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]


def test_a_loop_over_configurations_sees_every_choice():
    seen = {tuple(built("fixed_metric", choices=list(names)).choices.tolist())
            for names in product(METRICS, repeat=2)}  # fmt: skip
    assert len(seen) == 9


def test_given_choices_are_saved_and_not_trained():
    first, second = FixedMetricChoice([1, 0], 3), FixedMetricChoice([2, 2], 3)
    second.load_state_dict(first.state_dict())
    assert torch.equal(second(), first())
    assert not list(second.parameters())
    second.reset_parameters()
    assert second().argmax(-1).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("softmax_metric", {"choices": "l1"}),
        ("softmax_metric", {"metrics": ["l1"]}),
        ("softmax_metric", {"metrics": ["l1", "dot"]}),
        ("fixed_metric", {"choices": "dot"}),
        ("fixed_metric", {"choices": ["l1"]}),
        ("fixed_metric", {"choices": ["l1", 0]}),
        ("fixed_metric", {"choices": 1}),
        ("fixed_metric", {"metrics": "l1"}),
    ],
)
def test_illegal_settings(name, settings):
    with pytest.raises(ComponentError, match=f"metric_choice '{name}'"):
        built(name, **settings)
