"""Values of content plans against sums written out."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.marketing import ContentPlanner
from hybrid_opt.marketing.content_columns import read_levels
from hybrid_opt.marketing.content_model import TrueOutcome, fatigued

TABLE = pd.DataFrame(
    {
        "factor": ["image", "image", "call", "call"],
        "level": ["photo", "video", "trial", "demo"],
        "effect": [0.1, 0.7, -0.4, 0.2],
        "cost": [0, 3, 0, 1],
        "exposure": [0, 0.5, 0, 0],
    }
)
PAIRS = pd.DataFrame(
    [{"factor": "image", "level": "video", "other": "call", "other_level": "demo", "effect": -0.3}]
)
PEOPLE = pd.DataFrame({"audience": ["a", "b"], "size": [10, 20], "base": [0.5, -1.0]})


def planner(scale, worth=2.0):
    return ContentPlanner.from_tables(TABLE, pairs=PAIRS, audiences=PEOPLE, scale=scale, worth=worth)


def test_values_are_sums_of_effects_less_costs():
    model = planner("linear").model
    # a: video and demo; b: photo and trial; the video and the demo are made.
    units = np.array([0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1])
    scores = [0.5 + 0.7 + 0.2 - 0.3, -1.0 + 0.1 - 0.4]
    assert model.outcomes(units[None, :])[0] == pytest.approx([10 * scores[0], 20 * scores[1]])
    assert model.values(units) == pytest.approx(2 * (10 * scores[0] + 20 * scores[1]) - 4)
    chances = planner("logit").model.outcomes(units[None, :])[0]
    assert chances == pytest.approx([10 / (1 + np.exp(-scores[0])), 20 / (1 + np.exp(-scores[1]))])


@pytest.mark.parametrize("scale", ["linear", "logit"])
def test_the_model_with_pairs_holds_two_factors_exactly(scale):
    model = planner(scale).model
    values, pairs, fit = model.with_pairs()
    assert (fit is None) == (scale == "linear")
    for k in range(16):
        bits = [(k >> b) & 1 for b in range(4)]
        shown = [bit == flag for bit in bits for flag in (0, 1)]
        units = np.array([*shown, bits[1] == 0, bits[1] == 1, bits[3] == 0, bits[3] == 1], dtype=np.int64)
        found = values @ units + sum(value * units[i] * units[j] for i, j, value in pairs)
        assert found == pytest.approx(float(model.values(units)))


def test_plans_are_settled():
    model = planner("linear").model
    waste = np.array([[1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1]])
    assert model.settled(waste)[0, 8:].tolist() == [1, 0, 0, 1]


def test_fatigue_leaves_the_weakest_alone():
    levels = read_levels(TABLE)
    assert fatigued(levels, levels.effect, 0.5) == pytest.approx([0.1, 0.1 + 0.6 * 0.75, -0.4, 0.2])
    assert fatigued(levels, levels.effect, 0.0) == pytest.approx(levels.effect)


def test_other_effects_wear_out_like_the_first():
    model = ContentPlanner.from_tables(TABLE, fatigue=0.5).model
    other = model.with_effects(np.array([0.2, 1.0, 0.0, 0.5]), model.pair_effect)
    assert other.effect == pytest.approx([0.2, 0.2 + 0.8 * 0.75, 0.0, 0.5])
    assert model.effect == pytest.approx([0.1, 0.1 + 0.6 * 0.75, -0.4, 0.2])


def test_the_true_outcome_speaks_as_planning_does():
    truth = TrueOutcome(planner("logit").model)
    small = ContentPlanner.from_tables(TABLE, scale="logit")
    everything = TrueOutcome(small.model).all_values()
    assert everything.shape == (16,)
    assert everything[0b1010] == pytest.approx(float(small.model.values(np.array([0, 1, 0, 1]))))
    assert truth.program(small.question.levels(), 1.0) is None
    assert "logit" in truth.program_name()
    far = small.model.with_effects(np.array([800.0, -800, 0, 0]), small.model.pair_effect)
    assert far.outcomes(np.array([[1, 0, 1, 0], [0, 1, 1, 0]])).ravel().tolist() == [1.0, 0.0]
