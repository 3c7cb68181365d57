"""A routing put into a model: weights of a softmax router, or a table; wrong models and settings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt.classical import (
    DistanceEncoderForSequenceClassification,
    DistanceSeq2Seq,
    DistanceTransformerConfig,
)
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.expert_layers import expert_layer
from hybrid_opt.tuning.routed_model import separating_weights
from hybrid_opt.tuning.routing_assignment import assign_experts
from hybrid_opt.tuning.routing_problem import RoutingProblem
from hybrid_opt.tuning.token_clusters import TokenClusters

SIZES = {
    "vocab_size": 20, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2,
    "intermediate_size": 8, "feed_forward": "moe",
}  # fmt: skip


def made(**settings):
    torch.manual_seed(0)
    moe = {"num_experts": 3, "top_k": 1, "balance": "loss_free"}
    given = {**SIZES, "moe": moe, "num_labels": 2, **settings}
    return DistanceEncoderForSequenceClassification(DistanceTransformerConfig(**given)).eval()


@pytest.fixture(scope="module")
def routing():
    rng = np.random.default_rng(0)
    clusters = TokenClusters(
        rng.normal(size=(5, 8)), np.array([4, 3, 2, 4, 3]), rng.normal(size=(5, 3)), np.eye(5), np.eye(5),
        layer=1, examples=3,
    )  # fmt: skip
    return assign_experts(clusters.problem(capacity_factor=1.5))


def test_after_initialize_centroids_prefer_their_experts_by_the_margin(routing):
    model = made()
    mixture = expert_layer(model, 1)
    mixture.selection_bias.steps.fill_(50)
    untouched = expert_layer(model, 0).router.weight.clone()
    assert routing.initialize(model, 1, margin=3.0) == 1.0
    centroids = torch.as_tensor(routing.problem.clusters.centroids, dtype=torch.float32)
    logits = mixture.router(centroids)
    assert logits.argmax(1).tolist() == routing.assignment.tolist()
    own = logits[range(5), routing.assignment].clone()
    logits[range(5), routing.assignment] = -torch.inf
    assert (own - logits.max(1).values).mean().item() == pytest.approx(3.0, rel=1e-4)
    assert torch.equal(mixture.selection_bias.steps, torch.zeros_like(mixture.selection_bias.steps))
    assert torch.equal(expert_layer(model, 0).router.weight, untouched)


def test_weights_begin_as_means_of_directions():
    centroids = np.array([[2.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 1.0]])
    weights = separating_weights(centroids, np.array([0, 0, 1]), 3)
    np.testing.assert_allclose(weights, [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])


def test_where_means_are_wrong_they_are_corrected():
    rng = np.random.default_rng(1)
    centroids = rng.normal(size=(12, 16)) + 5.0  # a large common part
    assignment = rng.integers(0, 4, 12)
    weights = separating_weights(centroids, assignment, 4)
    assert ((centroids @ weights.T).argmax(1) == assignment).all()


def test_what_no_linear_router_can_do_is_told():
    # Opposite points of one expert around one of another.
    points = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    clusters = TokenClusters(points, np.array([1, 1, 2]), np.zeros((3, 2)), np.eye(3), np.eye(3), 0, 1)
    problem = RoutingProblem(np.array([[1.0, 0], [0, 1], [1, 0]]), [1, 1, 2], capacity=4, clusters=clusters)
    model = made(hidden_size=2, num_attention_heads=1, moe={"num_experts": 2, "top_k": 1})
    assert assign_experts(problem).initialize(model, 0) == 0.75


def test_freeze_is_saved_and_loaded(routing, tmp_path):
    model = made()
    routing.freeze(model, 1, temperature=0.2)
    mixture = expert_layer(model, 1)
    centroids = torch.as_tensor(routing.problem.clusters.centroids, dtype=torch.float32)
    assert mixture.router(centroids).argmax(1).tolist() == routing.assignment.tolist()
    table = {"name": "table", "num_clusters": 5, "temperature": 0.2}
    assert model.config.router == [None, table]
    model.save_pretrained(tmp_path)
    again = DistanceEncoderForSequenceClassification.from_pretrained(tmp_path).eval()
    tokens = torch.arange(12).view(2, 6)
    with torch.no_grad():
        assert torch.equal(model(input_ids=tokens).logits, again(input_ids=tokens).logits)
    routing.freeze(again, 0)
    assert [entry["temperature"] for entry in again.config.router] == [0.1, 0.2]


def test_a_routing_of_numbers_alone():
    with pytest.raises(OptionError, match="cluster_tokens"):
        assign_experts(RoutingProblem([[1.0, 0.0], [0.0, 1.0]])).initialize(made(), 0)


@pytest.mark.parametrize("change", [{"hidden_size": 4}, {"moe": {"num_experts": 2, "top_k": 1}}])
def test_models_of_other_sizes(routing, change):
    for put in (routing.initialize, routing.freeze):
        with pytest.raises(OptionError, match="the routing is for 3 experts and a width of 8"):
            put(made(**change), 1)


def test_other_routers_and_layers(routing):
    with pytest.raises(OptionError, match="only a SoftmaxRouter"):
        routing.initialize(made(router={"name": "cosine"}), 1)
    with pytest.raises(OptionError, match="layer is 2"):
        routing.freeze(made(), 2)


@pytest.mark.parametrize("margin", [0, -1.0, float("nan"), float("inf"), "2", True])
def test_wrong_margins(routing, margin):
    with pytest.raises(OptionError, match="margin is"):
        routing.initialize(made(), 1, margin=margin)


def test_wrong_temperature(routing):
    with pytest.raises(OptionError, match="temperature"):
        routing.freeze(made(), 1, temperature=0.0)


def test_two_stacks_cannot_be_frozen(routing):
    config = DistanceTransformerConfig(**SIZES, moe={"num_experts": 3, "top_k": 1})
    with pytest.raises(OptionError, match="use initialize"):
        routing.freeze(DistanceSeq2Seq(config), 1)


def test_expert_choice_would_not_obey_a_table(routing):
    model = made(moe={"num_experts": 3, "top_k": 1, "balance": "expert_choice"})
    router = expert_layer(model, 1).router
    with pytest.raises(OptionError, match="layer 1 has balance='expert_choice'"):
        routing.freeze(model, 1)
    assert expert_layer(model, 1).router is router
    assert 0.0 <= routing.initialize(model, 1) <= 1.0  # weights it does obey
