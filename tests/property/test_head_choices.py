"""The greedy choice of heads to close is the best one there is, by brute force."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hybrid_opt.classical.sparsity_rule import SparsityRule, least_important

LAYERS = st.lists(
    st.lists(st.integers(0, 9).map(float), min_size=1, max_size=3), min_size=1, max_size=3
)


@given(LAYERS, st.data())
def test_no_other_choice_has_less_importance(importance, data):
    heads = [(layer, head) for layer, row in enumerate(importance) for head in range(len(row))]
    count = data.draw(st.integers(0, len(heads) - len(importance)))
    stay = least_important(importance, count)
    closed = [(layer, head) for layer, head in heads if not stay[layer][head]]
    assert len(closed) == count
    assert all(any(row) for row in stay)

    def cost(chosen):
        return sum(importance[layer][head] for layer, head in chosen)

    legal = [
        chosen
        for chosen in itertools.combinations(heads, count)
        if all(
            any((layer, head) not in chosen for head in range(len(row)))
            for layer, row in enumerate(importance)
        )
    ]
    assert cost(closed) == min(map(cost, legal))


@given(st.floats(0.01, 0.99), st.integers(1, 64), st.integers(1, 40), st.integers(1, 200))
def test_shares_never_fall_and_end_at_the_target(target, heads, first, length):
    rule = SparsityRule(target=target)
    counts = [rule.heads_out(step, first, first + length, heads) for step in range(first + length + 3)]
    assert counts == sorted(counts)
    assert counts[-1] == round(target * heads)
