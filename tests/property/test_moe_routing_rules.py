"""Rules that every routing keeps, over random probabilities, biases, masses and capacities."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.classical.moe_layer import MoELayer
from hybrid_opt.classical.moe_routing import keep_within_capacity, select_by_mass, select_top_k

SIZES = st.tuples(
    st.integers(0, 30), st.integers(1, 7), st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 3.0, 30.0])
)


def random_probabilities(size):
    tokens, experts, seed, spread = size
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(tokens, experts, generator=generator)
    return logits.softmax(-1), 0.3 * torch.randn(experts, generator=generator)


@given(SIZES, st.floats(0.0, 1.0), st.integers(1, 7), st.booleans())
def test_by_mass_no_expert_is_too_much_and_none_is_missing(size, mass, most, biased):
    probabilities, bias = random_probabilities(size)
    most = min(most, size[1])
    selection = select_by_mass(probabilities, mass, most, bias if biased else None)
    scores = probabilities + bias if biased else probabilities
    order = scores.sort(dim=-1, descending=True, stable=True).indices
    assert torch.equal(selection.experts, order[:, :most])
    for row, chosen in zip(selection.probabilities.tolist(), selection.chosen.tolist(), strict=True):
        count = sum(chosen)
        assert chosen == [True] * count + [False] * (most - count)
        assert count >= 1
        assert count == 1 or sum(row[: count - 1]) < mass + 1e-6
        assert count == most or sum(row[:count]) >= mass - 1e-6


@given(SIZES, st.integers(1, 7), st.floats(0.05, 3.0))
def test_capacity_is_filled_and_never_exceeded_and_drops_the_least_probable(size, k, factor):
    probabilities, _ = random_probabilities(size)
    selection = select_top_k(probabilities, min(k, size[1]))
    kept = keep_within_capacity(selection, size[1], factor)
    capacity = math.ceil(factor * selection.chosen.sum().item() / size[1])
    assert kept.load(size[1]).tolist() == selection.load(size[1]).clamp(max=capacity).tolist()
    for expert in range(size[1]):
        asked = selection.experts == expert
        dropped, stayed = asked & ~kept.chosen, asked & kept.chosen
        if dropped.any():
            assert selection.probabilities[dropped].max() <= selection.probabilities[stayed].min()


@settings(max_examples=30)
@given(
    st.permutations(range(9)), st.sampled_from([{"top_k": 2}, {"probability_mass": 0.6}]), st.integers(0, 100)
)
def test_the_order_of_tokens_does_not_matter(order, routing, seed):
    torch.manual_seed(seed)
    layer = MoELayer(4, 6, num_experts=3, initializer_std=1.0, **routing)
    hidden = torch.randn(9, 4)
    torch.testing.assert_close(layer(hidden[list(order)])[0], layer(hidden)[0][list(order)])
