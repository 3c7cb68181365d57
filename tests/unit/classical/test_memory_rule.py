"""Which dry runs are planned, and which one is chosen."""

import math

import pytest

from hybrid_opt.classical.errors import ConfigurationError, MemoryBudgetError
from hybrid_opt.classical.memory_rule import MemoryRule, MemoryTrial

RULE = MemoryRule(mebibytes=100, margin=0.0, tolerance=0.1)


def trial(micro=4, precision="float32", checkpointing=False, mebibytes=50.0, seconds=1.0):
    return MemoryTrial(micro, 8 // micro, precision, checkpointing, mebibytes * 2**20, seconds)


def test_the_fastest_that_fits():
    slow, fast, large = trial(1, seconds=3.0), trial(2, seconds=1.0), trial(8, mebibytes=101, seconds=0.1)
    assert RULE.choose([slow, fast, large]) is fast
    assert "this is the fastest" in RULE.reason(fast, [slow, fast, large])
    assert "2 of 3 settings tried fit" in RULE.reason(fast, [slow, fast, large])


def test_a_plainer_one_that_is_hardly_slower():
    plain, half = trial(seconds=1.09), trial(precision="bfloat16", seconds=1.0)
    assert RULE.choose([half, plain]) is plain
    assert "too little gain" in RULE.reason(plain, [half, plain])
    assert RULE.choose([half, trial(seconds=1.11)]) is half
    recomputed = trial(checkpointing=True, seconds=0.95)
    assert RULE.choose([recomputed, trial(seconds=1.0)]).checkpointing is False
    assert RULE.choose([trial(2), trial(8), trial(1)]).micro_batch == 8


def test_the_margin_stays_free():
    assert MemoryRule(mebibytes=100, margin=0.1).usable_bytes == pytest.approx(90 * 2**20)
    with pytest.raises(MemoryBudgetError, match=r"takes 95.0 MiB. Give mebibytes of at least 106"):
        MemoryRule(mebibytes=100, margin=0.1).choose([trial(mebibytes=95), trial(8, mebibytes=math.inf)])


def test_what_is_tried():
    assert MemoryRule.micro_batches(6, 100) == [1, 2, 6]
    assert MemoryRule.micro_batches(8, 5) == [1, 2, 4]
    kinds = list(MemoryRule(mebibytes=1, checkpointing=True).kinds())
    assert kinds == [("float32", True), ("bfloat16", True)]


def test_changes_are_settings_of_training():
    from hybrid_opt.classical.training_settings import TrainingSettings

    changed = TrainingSettings().replaced(**trial(2, "bfloat16", True).changes())
    assert (changed.batch_size, changed.gradient_accumulation) == (2, 4)
    assert (changed.precision, changed.gradient_checkpointing) == ("bfloat16", True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "needs a budget; give mebibytes"),
        ({"mebibytes": -1}, "mebibytes of"),
        ({"mebibytes": "much"}, "mebibytes of"),
        ({"margin": 1.0}, "margin of"),
        ({"tolerance": -0.1}, "tolerance of"),
        ({"trial_passes": 0}, "trial_passes of"),
        ({"precisions": "float16"}, "precisions of"),
        ({"precisions": []}, "precisions of"),
        ({"checkpointing": "yes"}, "checkpointing of"),
    ],
)
def test_an_illegal_value_is_named(settings, words):
    base = {} if settings == {} else {"mebibytes": 10}
    with pytest.raises(ConfigurationError, match=words):
        MemoryRule(**{**base, **settings})
