"""The rule by which a step is kept, against its formula."""

from __future__ import annotations

import math
import statistics

import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.system.keep_rule import Decision, decide, decide_memory


def test_the_formula():
    before, after = [1.0, 1.3, 1.1], [0.9, 0.95, 1.0]
    found = decide(before, after)
    assert found.gain == pytest.approx(statistics.mean(a - b for a, b in zip(before, after, strict=True)))
    assert found.spread == pytest.approx(max(statistics.stdev(before), statistics.stdev(after)))
    assert found.kept is (found.gain > found.spread)


def test_a_gain_within_the_spread_is_undone_and_told():
    found = decide([1.0, 1.02], [0.997, 1.017])
    assert not found.kept
    assert found.words() == "undone: gained 0.0030, spread 0.0141"
    assert decide([1.0, 1.02], [1.2, 1.22]).words().startswith("undone: lost 0.2000")
    assert not decide([1.0, 1.0], [1.0, 1.0]).kept  # nothing gained, however small the spread


def test_divergence():
    assert decide([1.0, 1.1], [0.5, math.inf]) == Decision(False, None, None)
    assert decide([1.0, math.inf], [0.5, 0.6]).kept
    assert decide([1.0, 1.0], [math.inf, 1.0]).words() == "undone: a training diverged"
    assert not decide_memory([1.0, 1.0], [math.inf, 1.0], 10, 5).kept
    assert decide_memory([1.0, 1.0], [math.inf, 1.0], 10, None) == Decision(False, None, None)


def test_memory_counts_as_long_as_the_loss_stays():
    before = [1.0, 1.1]
    assert decide_memory(before, [1.05, 1.15], 10, 5).kept  # loses 0.05, spread 0.07
    assert not decide_memory(before, [1.1, 1.2], 10, 5).kept
    assert not decide_memory(before, before, 10, 10).kept
    assert decide_memory(before, before, 10, 5).memory == 5.0


def test_one_seed_is_refused():
    with pytest.raises(OptionError, match="at least two seeds"):
        decide([1.0], [0.5])
    with pytest.raises(OptionError, match=r"shapes \(2,\) and \(3,\)"):
        decide([1.0, 2.0], [0.5, 1.0, 1.0])
