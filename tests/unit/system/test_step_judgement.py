"""Which arm of a step is the best."""

from __future__ import annotations

from hybrid_opt.system.recipe_training import TrainingRecord
from hybrid_opt.system.step_judgement import judge


def records(*losses, memory=100):
    return [TrainingRecord(loss, 1.0, memory=memory) for loss in losses]


BEFORE = records(1.0, 1.1)


def test_the_lowest_mean_loss_is_judged_and_the_first_of_equals():
    name, decision = judge("loss", BEFORE, {"a": records(0.9, 0.8), "b": records(0.9, 0.8), "c": BEFORE})
    assert (name, decision.kept) == ("a", True)
    name, decision = judge("loss", BEFORE, {"diverged": records(0.1, None), "worse": records(2.0, 2.0)})
    assert (name, decision.kept) == ("worse", False)


def test_the_smallest_that_does_not_lose_is_judged_by_memory():
    arms = {
        "small": records(1.0, 1.1, memory=60),
        "smaller": records(1.02, 1.12, memory=40),
        "smallest, worse": records(1.5, 1.6, memory=10),
    }
    name, decision = judge("memory", BEFORE, arms)
    assert (name, decision.kept, decision.memory) == ("smaller", True, 60.0)
    name, decision = judge("memory", BEFORE, {"worse": records(1.5, 1.6, memory=10)})
    assert (name, decision.kept) == ("worse", False)


def test_a_diverged_training_saves_nothing_and_comes_last():
    diverged = [*records(1.0, memory=40), TrainingRecord(None, 1.0)]
    arms = {"diverged": diverged, "worse": records(1.5, 1.6, memory=90)}
    name, decision = judge("memory", BEFORE, arms)
    assert (name, decision.kept, decision.memory) == ("worse", False, 10.0)
    name, decision = judge("memory", BEFORE, {"diverged": diverged})
    assert (name, decision.kept, decision.memory) == ("diverged", False, None)
    assert decision.words() == "undone: a training diverged"


def test_memory_is_a_mean():
    arms = {"mixed": [*records(1.0, memory=10), *records(1.1, memory=20)]}
    assert judge("memory", BEFORE, arms)[1].memory == 85.0
