"""cluster_tokens: which tokens, what is measured of clusters, that the model stays as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from hybrid_opt.classical import DistanceEncoderForSequenceClassification, DistanceTransformerConfig
from hybrid_opt.errors import MissingDependencyError, OptionError
from hybrid_opt.tuning import token_clusters
from hybrid_opt.tuning.expert_layers import expert_layer
from hybrid_opt.tuning.routing_assignment import assign_experts
from hybrid_opt.tuning.token_clusters import TokenClusters, cluster_tokens

EXPERTS = 3


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = DistanceTransformerConfig(
        vocab_size=12, hidden_size=8, num_attention_heads=2, num_hidden_layers=2, intermediate_size=8,
        feed_forward=["dense", "moe"], moe={"num_experts": EXPERTS, "top_k": 1}, num_labels=2, pad_token_id=0,
    )  # fmt: skip
    return DistanceEncoderForSequenceClassification(config)


def batches(examples=12, length=6, padded=2):
    generator = torch.Generator().manual_seed(1)
    made = []
    for _ in range(examples // 4):
        tokens = torch.randint(1, 12, (4, length), generator=generator)
        mask = torch.ones_like(tokens)
        mask[0, length - padded :] = 0
        made.append({"input_ids": tokens, "attention_mask": mask, "labels": torch.zeros(4, dtype=torch.long)})
    return made


def test_padded_tokens_are_left_out(model):
    clusters = cluster_tokens(model, batches(), 1, 4, examples=None, seed=1)
    assert clusters.sizes.sum() == 3 * (4 * 6 - 2)
    assert clusters.examples == 12
    assert "66 tokens" in repr(clusters)


def test_figures_against_their_definitions(model):
    given = batches(4)
    clusters = cluster_tokens(model, given, 1, 3, examples=None, seed=1)
    mixture = expert_layer(model, 1)
    seen = {}
    hook = mixture.register_forward_pre_hook(
        lambda part, args, kwargs: seen.update(hidden=args[0], mask=kwargs["mask"]), with_kwargs=True
    )
    with torch.no_grad():
        model.eval()(**given[0])
    hook.remove()
    tokens = seen["hidden"][seen["mask"]].double().numpy()
    owners = np.repeat(np.arange(4), 6).reshape(4, 6)[seen["mask"].numpy()]
    own = np.linalg.norm(tokens[:, None] - clusters.centroids, axis=2).argmin(1)
    with torch.no_grad():
        logits = mixture.router(torch.tensor(tokens).float()).double().numpy()
    assert len(clusters.sizes) == 3
    # Minibatch k-means ends where the nearest mean may still differ for single tokens.
    assert np.abs(np.bincount(own, minlength=3) - clusters.sizes).sum() <= 4
    if (np.bincount(own, minlength=3) == clusters.sizes).all():
        for m in range(3):
            np.testing.assert_allclose(clusters.centroids[m], tokens[own == m].mean(0), atol=1e-6)
            gap = logits[own == m].mean(0) - logits[own == m].mean()
            np.testing.assert_allclose(clusters.affinity[m], gap, atol=1e-6)
            for n in range(3):
                both = np.intersect1d(owners[own == m], owners[own == n])
                assert clusters.coactivation[m, n] == len(both) / 4
    cosine = clusters.centroids @ clusters.centroids.T
    lengths = np.linalg.norm(clusters.centroids, axis=1)
    np.testing.assert_allclose(clusters.similarity, cosine / np.outer(lengths, lengths))


def test_described_exactly():
    tokens = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0], [0.0, 2.0]])
    logits = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0], [5.0, 6.0]])
    made = token_clusters._described(tokens, logits, np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2, 4)
    np.testing.assert_array_equal(made.centroids, [[2.0, 0.0], [0.0, 2.0]])
    np.testing.assert_array_equal(made.sizes, [2, 2])
    np.testing.assert_array_equal(made.affinity, [[1.0, -1.0], [-0.5, 0.5]])
    np.testing.assert_array_equal(made.coactivation, [[0.5, 0.5], [0.5, 1.0]])
    np.testing.assert_array_equal(made.similarity, np.eye(2))
    assert (made.layer, made.examples) == (4, 2)
    assert made.table()["preferred expert"].tolist() == [0, 1]


def test_the_model_and_its_counts_stay_as_they_were(model):
    model.train()
    mixture = expert_layer(model, 1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    counted = mixture.statistics()
    cluster_tokens(model, batches(), 1, 3, seed=1)
    assert model.training
    assert mixture.statistics().passes == counted.passes
    assert not mixture._forward_pre_hooks
    assert not mixture.router._forward_hooks
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_the_same_seed_gives_the_same_clusters(model):
    first, again = (cluster_tokens(model, batches(), 1, 4, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.centroids, again.centroids)


def test_the_problem_remembers_its_clusters(model):
    clusters = cluster_tokens(model, batches(), 1, 4, seed=1)
    problem = clusters.problem(capacity_factor=2.5, co_weight=0.1, sim_weight=0.2)
    assert problem.clusters is clusters
    np.testing.assert_array_equal(problem.sizes, clusters.sizes)
    assert (problem.shape, problem.co_weight, problem.sim_weight) == ((4, EXPERTS), 0.1, 0.2)
    assert clusters.problem(capacity=66).is_linear


@pytest.mark.parametrize(
    ("layer", "clusters", "words"),
    [
        (0, 3, "layer is 0"),
        (1, 1, "n_clusters is 1"),
        (1, 2.0, "n_clusters is 2.0"),
        (1, 500, "different tokens"),
    ],
)
def test_wrong_arguments(model, layer, clusters, words):
    with pytest.raises(OptionError, match=words):
        cluster_tokens(model, batches(), layer, clusters, seed=1)


def test_data_without_labels(model):
    with pytest.raises(OptionError, match="labels"):
        cluster_tokens(model, [{"input_ids": torch.ones(1, 3)}], 1, 2)


def test_a_layer_that_takes_no_part(model):
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.unused = nn.Linear(2, 2), expert_layer(model, 1)

        def forward(self, labels, input_ids):
            return None

    with pytest.raises(OptionError, match="did not call this layer"):
        cluster_tokens(Around(), batches_of_two(), 0, 2)


def batches_of_two():
    return [{"input_ids": torch.ones(2, 3), "labels": torch.zeros(2, dtype=torch.long)}]


def test_without_scikit_learn(model, monkeypatch):
    def missing(module, extra):
        raise MissingDependencyError(f"{module} {extra}")

    monkeypatch.setattr(token_clusters, "require", missing)
    with pytest.raises(MissingDependencyError, match=r"sklearn.cluster ml"):
        cluster_tokens(model, batches(), 1, 3)


def test_clusters_made_by_hand():
    clusters = TokenClusters(
        np.eye(2), np.array([3, 1]), np.eye(2), np.eye(2), np.eye(2), layer=0, examples=2
    )
    assert clusters.problem(capacity=3).objective([0, 1]) == -1.0


@pytest.mark.parametrize(
    ("sizes", "factor", "room"),
    [([9, 1], 1.25, 9.0), ([9, 1], 2.0, 10.0), ([5, 5, 5], 1.25, 10.0), ([4, 3, 2, 1], 1.25, 6.25)],
)
def test_room_is_what_whole_clusters_need_at_least(sizes, factor, room):
    count = len(sizes)
    clusters = TokenClusters(
        np.eye(count), np.array(sizes), np.ones((count, 2)), np.eye(count), np.eye(count), layer=0, examples=2
    )
    assert clusters.room(factor) == room
    assert assign_experts(clusters.problem(capacity=room), "milp").feasible


def test_room_of_less_than_all_tokens_is_refused():
    part = np.eye(2)
    clusters = TokenClusters(part, np.array([9, 1]), part, part, part, layer=0, examples=2)
    with pytest.raises(OptionError, match="below 1 the experts cannot take all tokens"):
        clusters.room(0.9)
