"""TableRouter: the nearest point decides, and the table is saved with the model."""

from __future__ import annotations

import copy

import pytest
import torch

from hybrid_opt.classical import DistanceEncoderForSequenceClassification, DistanceTransformerConfig, MoELayer
from hybrid_opt.classical.components import component_names
from hybrid_opt.classical.errors import ComponentError
from hybrid_opt.classical.table_router import TableRouter, build_table_router

POINTS = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def filled(**settings):
    router = TableRouter(2, 4, num_clusters=3, **settings)
    router.fill(POINTS, torch.tensor([3, 1, 3]))
    return router


def test_it_has_a_name():
    assert "table" in component_names("router")


def test_the_nearest_point_decides():
    tokens = torch.tensor([[1.0, 1.0], [9.0, 4.0], [1.0, 6.0]])
    assert filled().nearest(tokens).tolist() == [0, 1, 2]
    logits = filled(temperature=0.5)(tokens)
    assert logits.tolist() == [[0, 0, 0, 2.0], [0, 2.0, 0, 0], [0, 0, 0, 2.0]]
    assert not logits.requires_grad


def test_near_points_far_from_the_origin_are_told_apart():
    router = TableRouter(2, 2, num_clusters=2)
    router.fill(torch.tensor([[1000.0, 0.0], [1000.001, 0.0]]), torch.tensor([0, 1]))
    assert router.nearest(torch.tensor([[1000.001, 0.0], [1000.0, 0.0]])).tolist() == [1, 0]


def test_a_layer_follows_the_table_and_still_trains_its_experts():
    layer = MoELayer(2, 4, num_experts=4, top_k=1, router=filled())
    output, loss = layer(torch.tensor([[[0.5, 0.0], [8.0, 1.0], [1.0, 9.0]]]))
    assert layer.statistics().load == (0, 1, 0, 2)
    (output.sum() + loss).backward()
    assert layer.experts.parameters().__next__().grad is not None


def test_types():
    for given, wanted in ((torch.bfloat16, torch.float32), (torch.float64, torch.float64)):
        router = filled().to(given)
        assert router(torch.zeros(1, 2, dtype=given)).dtype == wanted
        assert router.experts.dtype == torch.int64


def test_reset_draws_from_the_default_generator():
    torch.manual_seed(3)
    router = TableRouter(2, 4, num_clusters=3)
    other = copy.deepcopy(filled())
    torch.manual_seed(3)
    other.reset_parameters()
    assert torch.equal(router.centroids, other.centroids)
    assert other.experts.tolist() == [0, 0, 0]


def test_saved_and_loaded_with_the_model_bit_for_bit(tmp_path):
    config = DistanceTransformerConfig(
        vocab_size=20, hidden_size=8, num_attention_heads=2, num_hidden_layers=2, intermediate_size=8,
        feed_forward="moe", moe={"num_experts": 4, "top_k": 1}, num_labels=2,
        router=[None, {"name": "table", "num_clusters": 3, "temperature": 0.2}],
    )  # fmt: skip
    model = DistanceEncoderForSequenceClassification(config).eval()
    router = next(part for part in model.modules() if isinstance(part, TableRouter))
    router.fill(torch.randn(3, 8), torch.tensor([2, 0, 3]))
    model.save_pretrained(tmp_path)
    again = DistanceEncoderForSequenceClassification.from_pretrained(tmp_path).eval()
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    tokens = torch.arange(12).view(2, 6)
    with torch.no_grad():
        assert torch.equal(model(input_ids=tokens).logits, again(input_ids=tokens).logits)


@pytest.mark.parametrize(
    ("points", "experts", "words"),
    [
        (POINTS[:2], torch.tensor([0, 1]), r"centroids \(2, 2\)"),
        (POINTS, torch.tensor([0, 1]), r"experts \(2,\)"),
        (POINTS, torch.tensor([0, 1, 4]), "from 0 to 3"),
        (POINTS, torch.tensor([0, -1, 1]), "from 0 to 3"),
        (POINTS, torch.tensor([0.0, 1.0, 1.0]), "whole numbers"),
        (POINTS, torch.tensor([True, False, True]), "whole numbers"),
        (POINTS * torch.nan, torch.tensor([0, 1, 1]), "not finite"),
    ],
)
def test_tables_that_do_not_fit(points, experts, words):
    with pytest.raises(ComponentError, match=words):
        TableRouter(2, 4, num_clusters=3).fill(points, experts)


@pytest.mark.parametrize(
    "settings", [{"num_clusters": 0}, {"num_clusters": 2.0}, {"temperature": 0.0}, {"centroids": [[1.0]]}]
)
def test_settings_outside_their_range(settings):
    with pytest.raises(ComponentError, match="router 'table'"):
        build_table_router(settings, hidden_size=2, num_experts=4)


def test_defaults():
    router = build_table_router({}, hidden_size=2, num_experts=4)
    assert router.centroids.shape == (4, 2)
    assert router.temperature == 0.1
