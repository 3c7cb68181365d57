"""Dropout against entropy: direction, size, bounds."""

import pytest

from hybrid_opt.classical.entropy_rule import EntropyRule
from hybrid_opt.classical.errors import ConfigurationError

RULE = EntropyRule(low=0.4, high=0.8, rate=0.1, smallest=0.05, largest=0.3)


@pytest.mark.parametrize(
    ("entropy", "expected"),
    [(0.0, 0.25), (0.2, 0.2), (0.4, 0.15), (0.6, 0.15), (0.8, 0.15), (0.9, 0.1), (1.0, 0.05)],
)
def test_peaked_raises_diffuse_lowers_and_the_range_leaves_alone(entropy, expected):
    assert RULE.after(0.15, entropy) == pytest.approx(expected, abs=1e-12)


def test_bounds_hold():
    assert RULE.after(0.28, 0.0) == 0.3
    assert RULE.after(0.06, 1.0) == 0.05


def test_open_ends_never_push():
    rule = EntropyRule(low=0.0, high=1.0)
    assert [rule.after(0.1, entropy) for entropy in (0.0, 0.5, 1.0)] == [0.1, 0.1, 0.1]


def test_the_running_mean():
    assert RULE.smoothed(None, 0.7) == 0.7
    assert EntropyRule(smoothing=1.0).smoothed(0.1, 0.7) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"low": -0.1}, "low of"),
        ({"low": 1.0}, "low of"),
        ({"high": 1.1}, "high of"),
        ({"low": 0.9, "high": 0.9}, "low must be below high"),
        ({"rate": 0}, "rate of"),
        ({"smallest": -1}, "smallest of"),
        ({"largest": 1.0}, "largest of"),
        ({"smallest": 0.4, "largest": 0.3}, "smallest must be at most largest"),
        ({"smoothing": 0.0}, "smoothing of"),
        ({"interval": 0}, "interval of"),
        ({"rows": 0}, "rows of"),
        ({"sequences": 0.5}, "sequences of"),
    ],
)
def test_an_illegal_value_is_named(settings, words):
    with pytest.raises(ConfigurationError, match=words):
        EntropyRule(**settings)
