from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from hybrid_opt.errors import OptionError, PlanError
from hybrid_opt.planning import breakpoints
from hybrid_opt.planning.breakpoint_model import BreakpointModel
from hybrid_opt.planning.breakpoints import kept_levels, solve_breakpoints
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.joined_lines import joinable_pairs
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.separable_bound import relax
from hybrid_opt.planning.steps import in_steps


def s_curves(count: int, levels: int, scale: float = 1.0) -> list[Line]:
    rng = np.random.default_rng(11)
    spends = np.arange(levels)
    lines = []
    for i in range(count):
        half, power = rng.uniform(0.1, 0.6) * levels, rng.uniform(0.8, 3)
        values = scale * rng.uniform(1, 5) * spends**power / (half**power + spends**power)
        lines.append(Line(f"c{i}", spends * 100 + 50, values, "g" if i < 2 else None))
    return lines


def exhaustive(question: LevelQuestion) -> float:
    """Best value by looping over the first two lines and solving the rest, which has no synergy."""
    best = -np.inf
    for a in range(len(question.lines[0].spends)):
        for b in range(len(question.lines[1].spends)):
            held = [
                Line(line.label, line.spends[[k]], line.values[[k]], line.group)
                for line, k in zip(question.lines, (a, b))
            ]
            try:
                rest = DynamicProgram(
                    replace(question, lines=[*held, *question.lines[2:]], synergies=())
                )
            except PlanError:
                continue
            best = max(best, question.value([a, b, *rest.choice[2:]]))
    return best


@pytest.mark.parametrize("strength", [2e-3, -2e-3])
@pytest.mark.parametrize(("spend", "caps"), [("exactly", {}), ("at_most", {"g": 1500})])
def test_against_all_pairs_of_the_two_lines_that_interact(strength: float, spend: str, caps: dict) -> None:
    question = LevelQuestion(s_curves(4, 21), 3000, spend, caps, [Synergy(1, 0, strength)])
    best = exhaustive(question)
    joined = solve_breakpoints(question, max_levels=4)
    assert (joined.method, joined.status, joined.complete) == ("dynamic programming", "optimal", True)
    assert joined.value == pytest.approx(best, rel=1e-12)
    assert joined.full_bound == pytest.approx(best, rel=1e-12)
    answer = solve_breakpoints(question, shortcut=False)
    assert (answer.method, answer.status) == ("milp", "optimal")
    assert answer.value == pytest.approx(best, rel=1e-8)
    assert answer.bound == pytest.approx(best, rel=1e-6)
    alone = BreakpointModel(question, in_steps(question), [np.arange(21)] * 4).solve(20.0)
    assert question.value(alone.choice) == pytest.approx(best, rel=1e-8)


def test_lines_that_interact_across_a_cap_are_not_joined() -> None:
    pairs = [Synergy(2, 0, 5e-3), Synergy(3, 2, 4e-3)]
    question = LevelQuestion(s_curves(4, 11), 1500, "exactly", {"g": 700}, pairs)
    assert list(joinable_pairs(question)) == [(2, 3)]
    assert list(joinable_pairs(replace(question, caps={}))) == [(0, 2)]
    answer = solve_breakpoints(question)
    plans = np.array([p for p in product(range(11), repeat=4) if question.feasible(p)])
    best = question.values(plans).max()
    assert answer.value == pytest.approx(best, rel=1e-8)
    assert best <= relax(question, answer.choice).bound <= 1.2 * best


@pytest.mark.parametrize("scale", [1e-7, 1.0, 1e9])
def test_without_synergies_it_agrees_with_the_dynamic_program_at_any_scale(scale: float) -> None:
    question = LevelQuestion(s_curves(5, 31, scale), 5050, caps={"g": 1300})
    answer, program = solve_breakpoints(question, shortcut=False), DynamicProgram(question)
    assert answer.value == pytest.approx(program.value, rel=1e-9)
    assert answer.bound == pytest.approx(program.value, rel=1e-6)
    found = BreakpointModel(question, in_steps(question), answer.kept).solve(20.0)
    assert question.value(found.choice) == pytest.approx(program.value, rel=1e-7)


def test_dropped_levels_are_named_and_the_full_bound_still_holds() -> None:
    pairs = [Synergy(0, 2, 1e-3), Synergy(2, 4, 8e-4), Synergy(1, 3, -5e-4)]
    question = LevelQuestion(s_curves(5, 41), 6050, synergies=pairs)
    complete = solve_breakpoints(question, time_limit=60)
    coarse = solve_breakpoints(question, max_levels=12)
    again = solve_breakpoints(question, max_levels=12, start=coarse.choice)
    assert complete.status == coarse.status == again.status == "optimal"
    assert not coarse.complete
    assert all(len(levels) <= 12 for levels in coarse.kept)
    assert coarse.value <= again.value <= complete.value + 1e-9
    assert complete.value - 1e-9 <= coarse.full_bound <= 1.1 * complete.value
    assert "kept levels only" in coarse.notes[0]
    assert complete.notes == ()


def test_a_time_limit_returns_the_start_with_a_bound() -> None:
    pairs = [Synergy(i, i + 1, 1e-4) for i in range(8)]
    question = LevelQuestion(s_curves(12, 200), 40_000, caps={"g": 9_000}, synergies=pairs)
    answer = solve_breakpoints(question, time_limit=1e-3)
    assert answer.status == "feasible"
    assert question.feasible(answer.choice)
    assert answer.value <= answer.full_bound <= 1.01 * answer.value
    assert answer.bound >= answer.value


def test_too_large_for_a_dynamic_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakpoints, "PROGRAM_LIMIT", 0)
    question = LevelQuestion(s_curves(4, 21), 3100)
    alone = solve_breakpoints(question, max_levels=5)
    assert (alone.status, alone.choice, alone.value, alone.full_bound) == ("infeasible", None, None, None)
    assert "raise max_levels" in alone.notes[-1]
    question = LevelQuestion(s_curves(4, 21), 3000)
    start = DynamicProgram(question).choice
    assert solve_breakpoints(question, max_levels=5, start=start).value >= question.value(start)


def test_kept_levels_hold_both_ends_and_the_given_one() -> None:
    for most in range(4, 30):
        for near in (None, 0, 3, 50, 99):
            kept = kept_levels(100, most, near)
            assert len(kept) <= most
            assert {0, 99} <= set(kept.tolist())
            assert near is None or near in kept
    assert kept_levels(5, 8).tolist() == kept_levels(5, None, 2).tolist() == [0, 1, 2, 3, 4]


def test_wrong_arguments() -> None:
    question = LevelQuestion(s_curves(3, 5), 850)
    with pytest.raises(OptionError, match="time_limit"):
        solve_breakpoints(question, time_limit=0.0)
    with pytest.raises(OptionError, match="max_levels"):
        solve_breakpoints(question, max_levels=3)
    with pytest.raises(OptionError, match="start spends"):
        solve_breakpoints(question, start=[0, 0, 0])
    with pytest.raises(PlanError, match="nearest totals are 750 and 850"):
        solve_breakpoints(LevelQuestion(s_curves(3, 5), 800))
    with pytest.raises(OptionError, match="ratios"):
        relax(question, [0, 0, 0], ratios=())
