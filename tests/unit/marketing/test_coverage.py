import itertools

import numpy as np
import pytest

from hybrid_opt.marketing.coverage import Coverage
from hybrid_opt.marketing.coverage_program import cover_most
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.side_constraint import SideConstraint


def brute(members, people, values, chosen):
    """Every person counts with the most valuable chosen segment."""
    total = 0.0
    for row, count in zip(members, people):
        own = [v for inside, v, taken in zip(row, values, chosen) if inside and taken]
        total += count * max(own, default=0.0)
    return total


@pytest.fixture(params=[0, 1])
def case(request):
    rng = np.random.default_rng(request.param)
    members = (rng.random((40, 5)) < 0.4).astype(int)
    people = rng.integers(1, 9, 40)
    values = rng.integers(0, 4, 5) if request.param else np.ones(5)
    return members, people, values


def test_people_count_once_with_the_most_valuable_segment(case):
    members, people, values = case
    score = Coverage.of(members, people, values)
    everything = np.array([[position >> i & 1 for i in range(5)] for position in range(32)])
    expected = [brute(members, people, values, chosen) for chosen in everything]
    assert score.values(everything) == pytest.approx(expected)
    assert score.all_values() == pytest.approx(expected)
    assert score.singles() == pytest.approx(score.values(np.eye(5, dtype=int)))
    pairs = score.singles()[:, None] + score.singles() - score.overlaps()
    for i, j in itertools.combinations(range(5), 2):
        chosen = np.zeros(5, dtype=int)
        chosen[[i, j]] = 1
        assert score.values(chosen) == pytest.approx(pairs[i, j])


def test_costs_are_taken_off(case):
    members, people, values = case
    costs = np.array([3.0, 1.0, 0.0, 2.5, 4.0])
    plain = Coverage.of(members, people, values)
    net = Coverage(plain.patterns, plain.weights, "true net value", costs)
    everything = np.array([[position >> i & 1 for i in range(5)] for position in range(32)])
    assert net.all_values() == pytest.approx(plain.all_values() - everything @ costs)
    assert net.values(everything) == pytest.approx(net.all_values())
    assert net.name == "true net value"


def test_nobody_and_values_of_zero_reach_nothing():
    assert Coverage.of([[0, 0]], [5]).values([1, 1]) == 0.0
    assert Coverage.of([[1, 1]], [5], [0.0, 0.0]).all_values().tolist() == [0.0] * 4


def test_the_program_equals_brute_force_under_limits(case):
    members, people, values = case
    score = Coverage.of(members, people, values)
    lines = [Line(f"s{i}", [0, 1], [0.0, 1.0]) for i in range(4)] + [Line("s4", [1], [1.0])]
    question = LevelQuestion(lines, 3, "at_most", sides=[SideConstraint("money", (3, 1, 2, 2, 1), None, 5)])
    allowed = [
        x
        for x in itertools.product((0, 1), repeat=5)
        if x[4] and sum(x) <= 3 and np.dot(x, (3, 1, 2, 2, 1)) <= 5
    ]
    units, bound = score.program(question, 20.0)
    best = max(brute(members, people, values, x) for x in allowed)
    assert tuple(units.tolist()) in allowed
    assert score.values(units) == pytest.approx(best)
    assert bound == pytest.approx(best)
    assert "patterns" in score.program_name()


def test_without_patterns_costs_decide():
    lines = [Line("a", [0, 1], [0.0, 1.0]), Line("b", [0, 1], [0.0, 1.0])]
    empty = np.zeros((0, 2), dtype=np.int64)
    units, bound = cover_most(LevelQuestion(lines, 1), empty, np.zeros(0), costs=np.array([2.0, 1.0]))
    assert units.tolist() == [0, 1]
    assert bound >= -1.0
