import itertools

import numpy as np
import pytest

from hybrid_opt.errors import ModelTooLargeError, PlanError
from hybrid_opt.marketing.coverage import Coverage
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.side_constraint import SideConstraint
from hybrid_opt.planning.true_baselines import fitted_weight, greedy_by_true_value, true_baselines
from hybrid_opt.planning.true_score import enumerate_selections, near_true_plans, subset_sums


def coverage(n=6, people=60, seed=0):
    rng = np.random.default_rng(seed)
    return Coverage.of(rng.random((people, n)) < 0.35, np.ones(people))


def question(score, budget, spend="exactly", sides=(), held=(), weight=1.0):
    singles, overlaps = score.singles(), score.overlaps()
    lines = [
        Line(f"s{i}", [1] if i in held else [0, 1], [v] if i in held else [0.0, v])
        for i, v in enumerate(singles)
    ]
    pairs = [Synergy(i, j, -weight * overlaps[i, j]) for i, j in itertools.combinations(range(len(lines)), 2)]
    return LevelQuestion(lines, budget, spend, synergies=pairs, reference=1.0, sides=sides)


def test_sums_of_all_subsets():
    weights = [3.0, -1.0, 4.0]
    for position, total in enumerate(subset_sums(weights)):
        assert total == sum(w for i, w in enumerate(weights) if position >> i & 1)


def test_enumeration_keeps_exactly_what_the_question_allows():
    score = coverage()
    side = SideConstraint("money", (2, 1, 3, 1, 2, 2), 3, 5)
    asked = question(score, 4, "at_most", [side], held=(2,))
    found = enumerate_selections(asked, score.all_values())
    # A held line has one level only, so the level of every line is what it gets above its lowest.
    low = np.array([line.spends[0] for line in asked.lines])
    kept = {
        units
        for units in itertools.product((0, 1), repeat=6)
        if units[2] == 1 and asked.feasible(np.array(units) - low)
    }
    assert {tuple(row) for row in found.units().tolist()} == kept
    assert found.values.tolist() == score.values(found.units()).tolist()
    assert found.values[found.best] == found.values.max()


def test_nothing_feasible_and_too_many_items():
    score = coverage()
    asked = question(score, 2, sides=[SideConstraint("money", (1,) * 6, 3, 5)])
    with pytest.raises(PlanError, match="money"):
        enumerate_selections(asked, score.all_values())
    many = LevelQuestion([Line(f"s{i}", [0, 1], [0.0, 1.0]) for i in range(21)], 2)
    with pytest.raises(ModelTooLargeError, match="21 items"):
        enumerate_selections(many, np.zeros(1))


def test_near_plans_are_counted_by_true_value():
    score = coverage()
    asked = question(score, 3)
    units = np.array(list(itertools.product((0, 1), repeat=6)))
    units = units[units.sum(axis=1) == 3]
    values = score.values(units)
    best = units[np.argmax(values)]
    near = near_true_plans(asked, score, best, tolerance=0.1, most=4)
    within = units[values >= 0.9 * values.max() - 1e-9]
    assert near.exact
    assert near.count == len(within) > 1
    assert near.ranges.tolist() == np.column_stack([within.min(axis=0), within.max(axis=0)]).tolist()
    assert len(near.plans) <= 4
    assert near.values[0] == values.max()
    assert near.values.tolist() == score.values(asked.spends(near.plans)).tolist()


def test_near_plans_of_many_items_are_a_lower_bound():
    score = coverage(n=22, people=200, seed=3)
    asked = question(score, 2)
    units, bound = score.program(asked, 20.0)
    assert score.values(units) == pytest.approx(bound)
    near = near_true_plans(asked, score, units, tolerance=0.1, most=3)
    pairs = np.zeros((231, 22), dtype=int)
    for row, (i, j) in enumerate(itertools.combinations(range(22), 2)):
        pairs[row, [i, j]] = 1
    true = int((score.values(pairs) >= 0.9 * bound - 1e-9).sum())
    assert not near.exact
    assert 1 <= near.count <= true


def test_the_fitted_weight_is_the_least_squares_one():
    score = coverage()
    asked = question(score, 3)
    weight, over = fitted_weight(asked, score)
    units = np.array([row for row in itertools.product((0, 1), repeat=6) if sum(row) == 3])
    true, single = score.values(units), units @ score.singles()
    lost = single - asked.values(units)
    trial = np.linspace(0, 1, 2001)
    errors = [((single - w * lost - true) ** 2).sum() for w in trial]
    assert over == 20
    assert weight == pytest.approx(trial[int(np.argmin(errors))], abs=1e-3)
    assert 0 < weight < 1
    lone = LevelQuestion(asked.lines, 3)
    assert fitted_weight(lone, score) == (1.0, 20)


def test_the_weight_of_many_items_is_fitted_over_draws():
    score = coverage(n=21, people=200, seed=2)
    weight, over = fitted_weight(question(score, 5), score, seed=1)
    assert 0 < weight < 1
    assert over == 2000
    assert fitted_weight(question(score, 5), score, seed=1)[0] == weight


def test_greedy_adds_what_brings_most():
    score = Coverage.of([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 1]], [4, 3, 2, 4])
    assert greedy_by_true_value(question(score, 2), score).tolist() == [1, 0, 1]
    # A minimum that no single step reaches ends it at nothing feasible.
    side = SideConstraint("least", (0, 5, 1), 6, None)
    assert greedy_by_true_value(question(score, 2, "at_most", [side]), score) is None


def test_the_methods_agree_and_losses_are_stated():
    score = coverage(seed=5)
    asked, plain = question(score, 3, weight=0.7), question(score, 3)
    rows = true_baselines(asked, plain, score, 0.7, time_limit=20.0)
    assert [row.proven for row in rows] == [True, True, False, False, False]
    assert rows[0].value == pytest.approx(rows[1].value)
    assert "weight 0.7" in rows[2].method
    assert "weight 1" in rows[3].method
    assert "greedy" in rows[4].method
    for row in rows[2:]:
        assert row.value <= rows[0].value
        assert "loses" in row.note
    assert len(true_baselines(plain, plain, score, 1.0, time_limit=20.0)) == 4
