"""Fitting pairs: exact where the value is one of pairs, least squares where it is not."""

import numpy as np

from hybrid_opt.planning.choice_surrogate import fit_pairs


def total(fit, picks):
    value = sum(own[picks[:, g]] for g, own in enumerate(fit.own))
    return value + sum(table[picks[:, g], picks[:, h]] for (g, h), table in fit.pairs.items())


def grid(sizes):
    return np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=-1)


def test_a_value_of_pairs_is_found_exactly():
    random, sizes = np.random.default_rng(0), [3, 2, 4]
    own = [random.normal(size=n) for n in sizes]
    table = random.normal(size=(3, 4))

    def value(picks):
        return sum(v[picks[:, g]] for g, v in enumerate(own)) + table[picks[:, 0], picks[:, 2]] + 5.0

    fit, picks = fit_pairs(sizes, value), grid(sizes)
    np.testing.assert_allclose(total(fit, picks), value(picks), atol=1e-9)
    assert fit.choices == 24
    assert fit.error < 1e-9


def test_a_triple_leaves_the_least_squares_error():
    fit, picks = fit_pairs([2, 2, 2], lambda p: p.prod(axis=1).astype(float)), grid([2, 2, 2])
    # The part of a product of three that pairs cannot hold is +-1/8 everywhere.
    np.testing.assert_allclose(np.abs(total(fit, picks) - picks.prod(axis=1)), 1 / 8)
    assert abs(fit.error - 1 / 8) < 1e-9


def test_many_choices_are_drawn_by_a_seed():
    fits = [fit_pairs([5] * 7, lambda p: p.sum(axis=1).astype(float), seed=s) for s in (0, 0, 1)]
    assert fits[0].choices == 20_000
    np.testing.assert_array_equal(fits[0].own[0], fits[1].own[0])
    picks = np.random.default_rng(5).integers(0, 5, size=(50, 7))
    np.testing.assert_allclose(total(fits[2], picks), picks.sum(axis=1), atol=1e-6)
