"""Choosing experts: top-k, by mass, with a bias, within a capacity."""

import math

import pytest
import torch

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.moe_routing import (
    Selection,
    keep_within_capacity,
    select_by_experts,
    select_by_mass,
    select_top_k,
)


def random_probabilities(tokens, experts, seed=0, spread=1.0):
    generator = torch.Generator().manual_seed(seed)
    return (spread * torch.randn(tokens, experts, generator=generator, dtype=torch.float64)).softmax(-1)


def test_top_k_agrees_with_torch():
    probabilities = random_probabilities(50, 6)
    selection = select_top_k(probabilities, 3)
    values, experts = probabilities.topk(3)
    assert torch.equal(selection.experts, experts)
    assert torch.equal(selection.probabilities, values)
    assert selection.chosen.all()


def test_equal_probabilities_go_to_the_first_experts():
    assert select_top_k(torch.full((2, 4), 0.25), 2).experts.tolist() == [[0, 1], [0, 1]]


def test_a_bias_changes_the_choice_and_not_the_weights():
    probabilities = torch.tensor([[0.5, 0.3, 0.2]])
    selection = select_top_k(probabilities, 2, torch.tensor([-1.0, 0.0, 0.2]))
    assert selection.experts.tolist() == [[2, 1]]
    torch.testing.assert_close(selection.weights(normalize=False), torch.tensor([[0.2, 0.3]]))


def test_by_mass_takes_the_fewest_that_reach_it():
    probabilities = random_probabilities(200, 6, spread=2.0)
    selection = select_by_mass(probabilities, 0.7, 6)
    for row, experts, chosen in zip(probabilities, selection.experts, selection.chosen, strict=True):
        ranked = sorted(row.tolist(), reverse=True)
        fewest = next(k for k in range(1, 7) if sum(ranked[:k]) >= 0.7)
        assert chosen.tolist() == [True] * fewest + [False] * (6 - fewest)
        assert [row[e].item() for e in experts] == ranked


@pytest.mark.parametrize(("mass", "expected"), [(0.0, 1), (1.0, 5), (torch.tensor(1.0), 5)])
def test_by_mass_takes_at_least_one_and_all_for_a_mass_of_one(mass, expected):
    assert select_by_mass(torch.full((3, 5), 0.2), mass, 5).chosen.sum(-1).tolist() == [expected] * 3


def test_by_mass_takes_no_more_than_allowed():
    selection = select_by_mass(random_probabilities(20, 6), 0.99, 2)
    assert selection.experts.shape == (20, 2)
    assert selection.chosen.all()


def test_by_mass_orders_by_the_biased_and_counts_the_plain_probability():
    selection = select_by_mass(torch.tensor([[0.6, 0.3, 0.1]]), 0.35, 3, torch.tensor([-1.0, 0.0, 0.0]))
    assert selection.experts[selection.chosen].tolist() == [1, 2]  # 0.3 is too little, 0.3 + 0.1 is enough


def test_normalized_weights_sum_to_one_over_chosen_experts():
    weights = select_by_mass(random_probabilities(20, 6), 0.6, 6).weights(normalize=True)
    torch.testing.assert_close(weights.sum(-1), torch.ones(20, dtype=torch.float64))


def test_normalized_weights_of_vanishing_probabilities_are_finite():
    probabilities = torch.zeros(1, 2, requires_grad=True)
    weights = Selection(torch.tensor([[0, 1]]), torch.ones(1, 2, dtype=torch.bool), probabilities)
    weights.weights(normalize=True).sum().backward()
    assert probabilities.grad.isfinite().all()


def test_load_counts_chosen_slots_alone():
    selection = select_by_mass(torch.tensor([[0.8, 0.1, 0.1], [0.4, 0.5, 0.1]]), 0.7, 3)
    assert selection.load(3).tolist() == [2, 1, 0]


def kept_by_hand(selection, num_experts, factor):
    """For every expert its tokens by falling probability, as many as fit."""
    wanted = [
        (int(selection.experts[n, k]), -float(selection.probabilities[n, k]), n, k)
        for n, k in selection.chosen.nonzero().tolist()
    ]
    capacity = math.ceil(factor * len(wanted) / num_experts)
    kept = torch.zeros_like(selection.chosen)
    for expert in range(num_experts):
        for _, _, n, k in sorted(entry for entry in wanted if entry[0] == expert)[:capacity]:
            kept[n, k] = True
    return kept


@pytest.mark.parametrize("factor", [0.3, 1.0, 1.25, 10.0])
@pytest.mark.parametrize("seed", range(4))
def test_capacity_keeps_the_most_probable(factor, seed):
    probabilities = random_probabilities(40, 5, seed)
    for selection in (select_top_k(probabilities, 2), select_by_mass(probabilities, 0.6, 4)):
        kept = keep_within_capacity(selection, 5, factor)
        assert torch.equal(kept.chosen, kept_by_hand(selection, 5, factor))


def test_ranking_by_logits_would_drop_other_tokens():
    """Two tokens with the same probabilities and logits shifted by 100: equal claims, kept in order."""
    logits = torch.tensor([[1.0, 0.0], [101.0, 100.0], [2.0, 0.0]])
    selection = select_top_k(logits.softmax(-1), 1)
    assert keep_within_capacity(selection, 2, 1.0).chosen.flatten().tolist() == [True, False, True]


def test_capacity_one_drops_nothing_of_an_even_load_and_little_of_a_random_one():
    even = select_top_k(torch.eye(4).repeat(8, 1), 1)
    assert keep_within_capacity(even, 4, 1.0).chosen.all()
    random = select_top_k(random_probabilities(4096, 4, spread=0.5), 2)
    kept = keep_within_capacity(random, 4, 1.0)
    assert 0.0 < 1.0 - kept.chosen.double().mean().item() < 0.03


def test_capacity_of_nothing_keeps_nothing():
    assert keep_within_capacity(select_top_k(torch.ones(0, 3), 2), 3, 1.0).chosen.shape == (0, 2)


@pytest.mark.parametrize("number", [0, 4])
def test_more_experts_than_there_are(number):
    probabilities = random_probabilities(2, 3)
    with pytest.raises(ConfigurationError, match=f"k is 1 to 3, the number of experts, not {number}"):
        select_top_k(probabilities, number)
    with pytest.raises(
        ConfigurationError, match=f"max_active is 1 to 3, the number of experts, not {number}"
    ):
        select_by_mass(probabilities, 0.5, number)


@pytest.mark.parametrize(("tokens", "k", "room"), [(12, 1, 3), (10, 1, 3), (10, 2, 5), (3, 4, 3), (0, 1, 0)])
def test_experts_take_the_tokens_that_are_likeliest_theirs(tokens, k, room):
    probabilities = random_probabilities(tokens, 4)
    selection = select_by_experts(probabilities, k)
    assert selection.load(4).tolist() == [room] * 4
    for e in range(4):
        taken = set(selection.chosen[:, e].nonzero().flatten().tolist())
        assert taken == set(probabilities[:, e].argsort(descending=True)[:room].tolist())


def test_experts_take_earlier_tokens_first_where_all_are_equal():
    assert select_by_experts(torch.full((4, 2), 0.5), 1).chosen.any(-1).tolist() == [True, True, False, False]


@pytest.mark.parametrize("k", [0, 5])
def test_experts_take_no_more_than_all_tokens(k):
    with pytest.raises(ConfigurationError, match="k is 1 to 4"):
        select_by_experts(random_probabilities(3, 4), k)
