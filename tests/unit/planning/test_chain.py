import itertools

import numpy as np

from hybrid_opt.planning.chain import Chain, as_item, fold

ITEMS = [
    (np.array([0, 2, 3]), np.array([0.0, 2.5, 3.0])),
    (np.array([1, 5]), np.array([-1.0, 4.0])),
    (np.array([0, 1, 9]), np.array([0.5, 1.0, 90.0])),
]


def brute_force(items: list, size: int) -> np.ndarray:
    curve = np.full(size + 1, -np.inf)
    for levels in itertools.product(*(range(len(spends)) for spends, _ in items)):
        total = sum(int(spends[k]) for (spends, _), k in zip(items, levels))
        if total <= size:
            curve[total] = max(curve[total], sum(values[k] for (_, values), k in zip(items, levels)))
    return curve


def test_the_curve_is_the_best_value_of_every_total() -> None:
    for size in (0, 1, 4, 8, 20):
        assert np.allclose(Chain(ITEMS, size).curve, brute_force(ITEMS, size))


def test_a_curve_without_any_plan_stays_empty() -> None:
    assert (fold(np.full(4, -np.inf), ITEMS[0]) == -np.inf).all()


def test_a_folded_chain_is_an_item_of_another() -> None:
    inner = Chain(ITEMS[:2], 8)
    assert np.allclose(Chain([as_item(inner.curve), ITEMS[2]], 8).curve, brute_force(ITEMS, 8))


def test_completions_mirror_the_curve() -> None:
    chain = Chain(ITEMS, 8)
    terminal = np.full(9, -np.inf)
    terminal[7] = 0.0
    after = chain.completions(terminal)
    assert after[0][0] == chain.curve[7]
    for depth in range(4):
        met = chain.prefixes[depth] + after[depth]
        assert np.isclose(met.max(), chain.curve[7])


def test_forward_and_backward_reconstruct_the_same_value() -> None:
    chain = Chain(ITEMS, 8)
    terminal = np.full(9, -np.inf)
    terminal[6] = 0.0
    levels, total = chain.forward(chain.completions(terminal), 0, 0)
    assert total == 6
    for choice in (levels, chain.backward(3, 6)):
        assert sum(values[k] for (_, values), k in zip(ITEMS, choice)) == chain.curve[6]
        assert sum(int(spends[k]) for (spends, _), k in zip(ITEMS, choice)) == 6
