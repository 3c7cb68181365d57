from time import perf_counter

import numpy as np
import pytest

from hybrid_opt.errors import ModelError, OptionError, PlanError, UnsupportedModelError
from hybrid_opt.planning.dynamic_program import DynamicProgram, operations
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy


def concave_lines(count: int, levels: int, rng: np.random.Generator) -> list[Line]:
    lines = []
    for i in range(count):
        gains = np.sort(rng.uniform(0, 10, levels - 1))[::-1]
        lines.append(Line(f"c{i}", np.arange(levels), np.concatenate([[0.0], np.cumsum(gains)])))
    return lines


def test_greedy_by_marginal_value_is_optimal_for_concave_lines() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        lines = concave_lines(6, 15, rng)
        gains = np.sort(np.concatenate([np.diff(line.values) for line in lines]))[::-1]
        program = DynamicProgram(LevelQuestion(lines, 30), reach=84)
        assert program.value == pytest.approx(gains[:30].sum())
        assert np.allclose(program.curve, np.concatenate([[0.0], np.cumsum(gains)]))


def test_plan_of_every_total_has_the_value_of_the_curve() -> None:
    lines = [
        Line("a", [3, 5, 9], [1.0, 4.0, 5.0], "g"),
        Line("b", [0, 4, 5], [0.0, 3.0, 3.5]),
        Line("c", [0, 2, 8], [0.0, -1.0, 9.0], "g"),
    ]
    question = LevelQuestion(lines, 12, "at_most", {"g": 11})
    program = DynamicProgram(question, reach=20)
    totals = np.flatnonzero(np.isfinite(program.curve))
    assert totals.tolist() == [3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    for total in totals:
        plan = program.plan(int(total))
        assert question.spends(plan).sum() == total
        assert question.value(plan) == pytest.approx(program.curve[total])
    assert program.curve[11] == 10.0
    with pytest.raises(PlanError, match="exactly 4"):
        program.plan(4)
    with pytest.raises(PlanError, match="raise reach"):
        program.plan(21)


def test_ties_take_the_smallest_total_then_the_least_on_the_last_line() -> None:
    lines = [Line(name, [0, 1, 2], [0.0, 1.0, 1.0]) for name in "abc"]
    assert DynamicProgram(LevelQuestion(lines, 6, "at_most")).choice.tolist() == [1, 1, 1]
    lines = [Line(name, [0, 1, 2], [0.0, 1.0, 2.0]) for name in "abc"]
    assert DynamicProgram(LevelQuestion(lines, 3)).choice.tolist() == [2, 1, 0]


def test_money_may_stay_unspent_only_if_allowed() -> None:
    lines = [Line("a", [0, 1, 2], [0.0, 3.0, 1.0]), Line("b", [0, 2], [0.0, -5.0])]
    assert DynamicProgram(LevelQuestion(lines, 4, "at_most")).total == 1
    assert DynamicProgram(LevelQuestion(lines, 4)).value == -4.0


def test_off_or_at_least_leaves_a_gap_that_is_respected() -> None:
    lines = [
        Line("a", [0, 50, 60, 70], [0.0, 9.0, 10.0, 11.0]),
        Line("b", [0, 10, 20, 30], [0.0, 1.0, 2.5, 3.0]),
    ]
    assert DynamicProgram(LevelQuestion(lines, 70)).choice.tolist() == [1, 2]
    with pytest.raises(PlanError, match="nearest totals are 30 and 50"):
        DynamicProgram(LevelQuestion(lines, 40))


def test_holding_a_line_gives_a_plan_of_that_value() -> None:
    rng = np.random.default_rng(5)
    lines = [
        Line(line.label, line.spends, line.values, "g" if i in (0, 3, 4) else None)
        for i, line in enumerate(concave_lines(5, 9, rng))
    ]
    question = LevelQuestion(lines, 18, caps={"g": 11})
    program = DynamicProgram(question)
    for line, table in enumerate(program.best_with_levels()):
        assert table.max() == pytest.approx(program.value)
        for level, value in enumerate(table):
            assert program.best_with_level(line, level) == value
            plan = program.plan_with_level(line, level)
            assert plan[line] == level
            assert question.feasible(plan)
            assert question.value(plan) == pytest.approx(value)


def test_a_level_that_no_plan_has() -> None:
    lines = [Line("tv", [0, 4], [0.0, 1.0]), Line("b", [0, 1, 2, 3], np.zeros(4))]
    program = DynamicProgram(LevelQuestion(lines, 3))
    assert program.best_with_level(0, 1) == -np.inf
    with pytest.raises(PlanError, match="4 on 'tv'"):
        program.plan_with_level(0, 1)
    with pytest.raises(ModelError, match="no level 2 of line 0"):
        program.best_with_level(0, 2)


def test_wrong_questions() -> None:
    lines = [Line("a", [0, 1], [0.0, 1.0]), Line("b", [0, 1], [0.0, 1.0])]
    with pytest.raises(UnsupportedModelError, match="solve_breakpoints"):
        DynamicProgram(LevelQuestion(lines, 1, synergies=[Synergy(0, 1, 1.0)]))
    with pytest.raises(OptionError, match="reach"):
        DynamicProgram(LevelQuestion(lines, 1), reach=-1)


def test_a_realistic_plan_is_solved_at_once() -> None:
    rng = np.random.default_rng(0)
    question = LevelQuestion(concave_lines(19, 701, rng), 700)
    assert 19 * 701 * 701 <= operations(question) <= 20 * 701 * 701
    seconds = []
    for _ in range(3):
        start = perf_counter()
        program = DynamicProgram(question)
        seconds.append(perf_counter() - start)
    assert question.feasible(program.choice)
    # A tenth of the 0.3 s that were promised; a loop over the operations above would take ten seconds.
    assert min(seconds) < 3
