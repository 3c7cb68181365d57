"""When measured values count as no longer improving."""

import numpy as np

from hybrid_opt.circuits.noisy_search import stalled


def test_two_windows_are_needed():
    assert not stalled([1.0] * 7, [0.1] * 7, 4)
    assert stalled([1.0] * 8, [0.1] * 8, 4)


def test_only_the_last_two_windows_count():
    assert stalled([50.0] * 10 + [1.0] * 8, [0.1] * 18, 4)


def test_a_gain_is_compared_with_its_noise():
    # The difference of two means of 4 values with errors 0.2 has the standard error 0.1414.
    for gain, expected in ((0.14, True), (0.142, False)):
        assert stalled([gain] * 4 + [0.0] * 4, [0.2] * 8, 4) is expected


def test_on_a_plateau_it_is_mostly_true():
    rng = np.random.default_rng(1)
    decisions = [stalled(rng.normal(size=16).tolist(), [1.0] * 16, 8) for _ in range(400)]
    assert 0.78 < np.mean(decisions) < 0.9  # a gain below one standard error: 84 %
