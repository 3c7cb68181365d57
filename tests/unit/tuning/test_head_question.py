"""Questions about heads: objective, constraints and labels against direct definitions on all masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.solvers import solve
from hybrid_opt.tuning.head_question import HeadQuestion, head_label, layer_row
from hybrid_opt.tuning.loss_statistics import HeadStatistics

RNG = np.random.default_rng(0)
ROOT = RNG.normal(size=(6, 6))
MASKS = np.array([[number >> head & 1 for head in range(6)] for number in range(64)])
ALIKE = np.abs(RNG.normal(size=(6, 6)))
ALIKE = np.where(np.kron(np.eye(2), np.ones((3, 3))) > 0, ALIKE + ALIKE.T, 0.0)


def statistics(center: Any = None, layers: tuple[int, ...] = (3, 3)) -> HeadStatistics:
    point = np.ones(6) if center is None else np.array(center, dtype=float)
    gradient = np.linspace(-1, 1, 6)
    return HeadStatistics(layers, point, 1.0, gradient, ROOT @ ROOT.T, np.ones(6), ALIKE, 9, 9)


@pytest.mark.parametrize("center", [None, [1, 0, 1, 1, 0.5, 0]])
@pytest.mark.parametrize(("redundancy", "scale"), [(0.0, 1.0), (0.7, 1.0), (0.0, 2.5)])
def test_the_model_is_the_formula(center, redundancy, scale):
    measured = statistics(center)
    asked = HeadQuestion(measured, keep=3, redundancy=redundancy, scale=scale)
    cqm, labels = asked.to_cqm(), asked.labels
    for mask in MASKS:
        step = mask - measured.center
        wanted = measured.gradient @ step + 0.5 * scale * step @ measured.fisher @ step
        away = 1 - mask
        alone = [measured.change(1 - unit, scale) - measured.change(np.ones(6), scale) for unit in np.eye(6)]
        weight = redundancy * np.abs(alone).mean()
        wanted += weight * away @ np.triu(ALIKE, 1) @ away
        assert asked.objective(mask) == pytest.approx(wanted)
        energy = cqm.objective.energy(dict(zip(labels, mask.tolist(), strict=True)))
        assert energy * asked.unit == pytest.approx(wanted)
    assert measured.change(MASKS, scale) == pytest.approx(
        HeadQuestion(measured, keep=3, scale=scale).objective(MASKS)
    )


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"keep": 3}, lambda m: m.sum() == 3 and m[:3].any() and m[3:].any()),
        ({"keep": 5}, lambda m: m.sum() == 5),
        ({"keep": (1, 2)}, lambda m: m[:3].sum() == 1 and m[3:].sum() == 2),
        (
            {"budget": 7.0, "costs": np.array([1.0, 2, 3, 4, 5, 6])},
            lambda m: m @ [1, 2, 3, 4, 5, 6] <= 7 and m[:3].any() and m[3:].any(),
        ),
    ],
)
def test_legal_masks_are_those_of_the_rule_and_of_dimod(settings, rule):
    asked = HeadQuestion(statistics(), **settings)
    cqm = asked.to_cqm()
    for mask in MASKS:
        sample = dict(zip(asked.labels, mask.tolist(), strict=True))
        assert asked.feasible(mask) == bool(rule(mask)) == cqm.check_feasible(sample)
        assert (asked.mask(sample) == mask).all()


def test_rows_stand_only_where_a_layer_could_lose_all():
    assert HeadQuestion(statistics(), keep=4).layer_rows == []
    assert HeadQuestion(statistics(), keep=3).layer_rows == [layer_row(0), layer_row(1)]
    assert HeadQuestion(statistics(layers=(2, 4)), keep=4).layer_rows == ["layer 0 keeps a head"]
    assert HeadQuestion(statistics(), keep=(1, 1)).layer_rows == []


def test_fixed_heads_leave_the_model():
    asked = HeadQuestion(statistics(), keep=3, fixed=np.array([0, -1, -1, 1, -1, -1]))
    cqm = asked.to_cqm()
    assert set(cqm.variables) == {head_label(0, 1), head_label(0, 2), head_label(1, 1), head_label(1, 2)}
    mask = asked.mask({head_label(0, 2): 1, head_label(1, 1): 1})
    assert mask.tolist() == [0, 0, 1, 1, 1, 0]
    chosen = (head_label(0, 2), head_label(1, 1))
    energy = cqm.objective.energy({name: int(name in chosen) for name in cqm.variables})
    assert energy * asked.unit == pytest.approx(float(asked.objective(mask)))


@pytest.mark.parametrize("fixed", [[0, -1, -1, 1, -1, -1], [1, 0, 0, -1, -1, 0], [0, 0, 1, 1, -1, -1]])
@pytest.mark.parametrize(
    "settings", [{"keep": 3}, {"keep": (1, 2)}, {"budget": 14.0, "costs": np.arange(1.0, 7)}]
)
def test_the_optimum_with_fixed_heads_is_that_of_all_masks(settings, fixed):
    asked = HeadQuestion(statistics(), **settings, fixed=np.array(fixed), redundancy=0.3)
    legal = [mask for mask in MASKS if asked.feasible(mask)]
    held = np.array(fixed) >= 0
    plain = HeadQuestion(statistics(), **settings, redundancy=0.3)
    matching = [mask for mask in MASKS if (mask == fixed)[held].all() and plain.feasible(mask)]
    assert [mask.tolist() for mask in legal] == [mask.tolist() for mask in matching]
    assert 0 < len(legal) < sum(plain.feasible(mask) for mask in MASKS)
    found = solve(asked.to_cqm(), "exact", seed=0)
    best = min(float(asked.objective(mask)) for mask in legal)
    assert float(asked.objective(asked.mask(found.sample))) == pytest.approx(best)
    assert found.objective * asked.unit == pytest.approx(best)


def test_bits_of_a_sample_are_rounded_and_fixed_heads_stay():
    asked = HeadQuestion(statistics(), keep=3, fixed=[1, 0, -1, -1, -1, -1])
    sample = dict.fromkeys(asked.labels, 0.9999999)
    assert asked.mask(sample).tolist() == [1, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ([1, 0, 1], r"mask has the shape \(3,\)"),
        ([2, 0, 0, 1, 0, 0], r"mask holds \[0, 1, 2\]; legal are 0 and 1"),
        ([0.5, 0.5, 1, 1, 0, 0], "mask .* finite int64 numbers"),
    ],
)
def test_masks_that_are_none(mask, message):
    with pytest.raises(OptionError, match=message):
        HeadQuestion(statistics(), keep=3).feasible(mask)
    with pytest.raises(OptionError, match=r"the last dimension must be 6"):
        HeadQuestion(statistics(), keep=3).objective(np.ones((2, 5)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "either keep"),
        ({"keep": 3, "budget": 2.0}, "either keep"),
        ({"keep": 1}, "legal are 2 to 6"),
        ({"keep": 7}, "legal are 2 to 6"),
        ({"keep": (3,)}, "names 1 layers"),
        ({"keep": (0, 3)}, "0 heads of layer 0"),
        ({"budget": 3.0}, "needs costs"),
        ({"budget": 3.0, "costs": np.zeros(6)}, "positive numbers"),
        ({"budget": 3.0, "costs": np.full(6, 2.0)}, "does not pay for the cheapest"),
        ({"keep": 3, "redundancy": float("nan")}, "redundancy is nan"),
    ],
)
def test_impossible_questions(settings, message):
    with pytest.raises(OptionError, match=message):
        HeadQuestion(statistics(), **settings)


def test_redundancy_needs_similarity():
    bare = HeadStatistics((3, 3), np.ones(6), 1.0, np.zeros(6), np.eye(6), np.ones(6), None, 9, 9)
    with pytest.raises(OptionError, match="similarity=True"):
        HeadQuestion(bare, keep=3, redundancy=1.0)
