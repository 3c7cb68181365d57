"""The compiled loops give what their Python source gives."""

import numpy as np

from hybrid_opt.circuits import closed_form_kernel


def test_compiled_and_interpreted_loops_agree():
    # A triangle with fields: every kind of neighbor occurs.
    rng = np.random.default_rng(2)
    fields, couplings = rng.normal(size=3), rng.normal(size=3)
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    starts, neighbors = np.array([0, 2, 4, 6]), np.array([1, 2, 0, 2, 0, 1])
    weights = couplings[[0, 1, 0, 2, 1, 2]]
    field_waves, waves, coupling_waves = (
        np.stack([np.cos(0.6 * row), np.sin(0.6 * row)]) for row in (fields, weights, couplings)
    )
    ones, twos = np.zeros((2, 2, 3)), np.zeros((2, 4, 3))
    for k, pick in enumerate([lambda kernel: kernel, lambda kernel: kernel.py_func]):
        pick(closed_form_kernel.field_terms)(fields, field_waves, starts, weights, waves, ones[k])
        pick(closed_form_kernel.pair_terms)(
            fields,
            field_waves,
            starts,
            neighbors,
            weights,
            waves,
            pairs,
            couplings,
            coupling_waves,
            0,
            3,
            twos[k],
        )
    np.testing.assert_allclose(ones[0], ones[1], rtol=1e-14)
    np.testing.assert_allclose(twos[0], twos[1], rtol=1e-13)
    assert np.abs(twos).min() > 1e-6
