from itertools import product
from math import comb

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.planning import prefix_search, prefix_tail
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.near_optimal import near_optimal_plans
from hybrid_opt.planning.prefix_search import PrefixSearch


def equal_lines(count: int, levels: int, groups: dict[int, str] | None = None) -> list[Line]:
    spends = np.arange(levels)
    return [Line(f"c{i}", spends, spends.astype(float), (groups or {}).get(i)) for i in range(count)]


def test_when_all_plans_are_equal_the_count_is_the_number_of_compositions() -> None:
    near = near_optimal_plans(DynamicProgram(LevelQuestion(equal_lines(5, 31), 30)), seed=0)
    assert (near.count, near.exact) == (comb(34, 4), True)
    near = near_optimal_plans(
        DynamicProgram(LevelQuestion(equal_lines(5, 31), 30, "at_most")), tolerance=1.0, seed=0
    )
    assert (near.count, near.exact) == (comb(35, 5), True)
    assert near.ranges.tolist() == [[0, 30]] * 5


def test_caps_are_counted_exactly_also_where_bounds_ignore_them(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = {0: "g", 2: "g", 3: "g"}
    question = LevelQuestion(equal_lines(5, 13, groups), 20, caps={"g": 7})
    # Compositions of t into p parts of at most 12: here only the two free lines can hit that bound.
    free = [max(0, min(t, 12) - max(0, t - 12) + 1) for t in range(21)]
    expected = sum(comb(w + 2, 2) * free[20 - w] for w in range(8))
    program = DynamicProgram(question)
    assert near_optimal_plans(program, seed=0).count == expected
    monkeypatch.setattr(prefix_search, "TABLE_LIMIT", 0)
    assert near_optimal_plans(program, seed=0).count == expected
    monkeypatch.setattr(prefix_tail, "PAIR_LIMIT", 0)
    census = PrefixSearch(program, program.value - 1e-9).count()
    assert census.count == len(np.unique(census.plans, axis=0)) == expected


@pytest.mark.parametrize("g", [4, 5, 6])
def test_two_capped_groups_beside_each_other(g: int) -> None:
    lines = equal_lines(5, 4, {0: "g", 1: "g", 2: "h", 3: "h"})
    question = LevelQuestion(lines, 9, caps={"g": g, "h": 5})
    plans = [list(p) for p in product(range(4), repeat=5) if question.feasible(p)]
    program = DynamicProgram(question)
    for order in (None, np.array([0, 1, 2, 3, 4]), np.array([4, 3, 1, 2, 0])):
        assert PrefixSearch(program, program.value - 1e-9, order=order).count().plans.tolist() == plans


def test_a_work_limit_gives_a_lower_bound_and_exact_ranges() -> None:
    program = DynamicProgram(LevelQuestion(equal_lines(8, 31), 30))
    near = near_optimal_plans(program, work_limit=2_000, seed=0)
    assert not near.exact
    assert 1 < near.count < comb(37, 7)
    assert near.work <= 2_000
    assert near.ranges.tolist() == [[0, 30]] * 8
    assert len(near.plans) == 10
    # Every pair of the corners (all money on one line) differs by 60, and the ends of the ranges give them.
    spends = program.question.spends(near.plans)
    distances = np.abs(spends[:, None] - spends).sum(axis=2)
    assert (np.sort(distances[:8, :8].ravel())[8:] >= 40).all()
    assert near_optimal_plans(program, work_limit=0, draws=0, seed=0).count >= 8


def test_the_same_seed_gives_the_same_plans() -> None:
    program = DynamicProgram(LevelQuestion(equal_lines(8, 31), 30))
    first, second, other = (near_optimal_plans(program, work_limit=500, seed=s) for s in (4, 4, 5))
    assert first.plans.tolist() == second.plans.tolist()
    assert first.seed == 4
    assert first.plans.tolist() != other.plans.tolist()


def test_a_negative_best_value_has_a_threshold_below_it() -> None:
    lines = [Line("a", [0, 1], [-10.0, -10.5]), Line("b", [0, 1], [0.0, 0.0])]
    near = near_optimal_plans(DynamicProgram(LevelQuestion(lines, 1)), tolerance=0.1, seed=0)
    assert (near.threshold, near.count) == (-11.0, 2)


def test_progress_ends_below_one_and_rises() -> None:
    shares: list[float] = []
    near_optimal_plans(
        DynamicProgram(LevelQuestion(equal_lines(6, 31), 30)),
        seed=0,
        progress=lambda share, text: shares.append(share),
    )
    assert shares == sorted(shares)
    assert 0 < shares[-1] <= 1


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"tolerance": -0.1}, "tolerance"),
        ({"tolerance": np.inf}, "tolerance"),
        ({"most": 0}, "most"),
        ({"work_limit": -1}, "work_limit"),
        ({"draws": -1}, "draws"),
        ({"seed": -1}, "seed"),
    ],
)
def test_wrong_options(option: dict[str, float], message: str) -> None:
    program = DynamicProgram(LevelQuestion(equal_lines(2, 3), 2))
    with pytest.raises(OptionError, match=message):
        near_optimal_plans(program, **option)


def test_the_search_refuses_what_it_cannot_count() -> None:
    program = DynamicProgram(LevelQuestion(equal_lines(2, 3), 2))
    with pytest.raises(OptionError, match="must not exceed"):
        PrefixSearch(program, 2.5)
    with pytest.raises(OptionError, match="unspent"):
        PrefixSearch(DynamicProgram(LevelQuestion(equal_lines(2, 3), 2, "at_most")), 1.0)
