"""Random small questions against enumeration: value, plans by level, count, ranges, bounds."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hybrid_opt.errors import PlanError
from hybrid_opt.planning.breakpoint_model import BreakpointModel
from hybrid_opt.planning.breakpoints import solve_breakpoints
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.joined_lines import joinable_pairs
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.near_optimal import near_optimal_plans
from hybrid_opt.planning.prefix_search import PrefixSearch
from hybrid_opt.planning.separable_bound import relax
from hybrid_opt.planning.steps import in_steps


@st.composite
def questions(draw: st.DrawFn, synergies: bool = False) -> LevelQuestion:
    n = draw(st.integers(1, 4))
    stride, lines = draw(st.sampled_from([1, 1, 5])), []
    for i in range(n):
        offset = draw(st.integers(0, 7))
        steps = draw(st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True))
        values = [draw(st.integers(-8, 30)) / 2 for _ in steps]
        group = draw(st.sampled_from([None, "g", "h"]))
        lines.append(Line(f"c{i}", np.array(sorted(steps)) * stride + offset, values, group))
    groups = sorted({line.group for line in lines if line.group})
    caps = {g: draw(st.integers(5, 20 * stride)) for g in groups if draw(st.booleans())}
    pairs = []
    for _ in range(draw(st.integers(1, 3)) if synergies and n > 1 else 0):
        first, second = draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=2, unique=True))
        pairs.append(Synergy(first, second, draw(st.integers(-8, 8)) / 2))
    spend = draw(st.sampled_from(["exactly", "at_most"]))
    # A budget that some plan spends, so that spend-exactly questions are mostly feasible.
    budget = sum(int(draw(st.sampled_from(line.spends.tolist()))) for line in lines)
    return LevelQuestion(lines, budget, spend, caps, pairs)


def feasible_plans(question: LevelQuestion) -> tuple[np.ndarray, np.ndarray]:
    plans = np.array(list(itertools.product(*(range(len(line.spends)) for line in question.lines))))
    kept = np.array([question.feasible(plan) for plan in plans])
    return plans[kept], question.values(plans[kept])


def solved(question: LevelQuestion, values: np.ndarray) -> DynamicProgram:
    if len(values) == 0:
        with pytest.raises(PlanError):
            DynamicProgram(question)
        assume(False)
    return DynamicProgram(question)


@given(questions())
@settings(max_examples=150, deadline=None)
def test_best_plan_and_best_plan_per_level(question: LevelQuestion) -> None:
    plans, values = feasible_plans(question)
    program = solved(question, values)
    assert program.value == values.max() == question.value(program.choice)
    assert question.feasible(program.choice)
    for line, table in enumerate(program.best_with_levels()):
        for level, best in enumerate(table):
            having = values[plans[:, line] == level]
            assert best == max(having, default=-np.inf)
            if len(having):
                plan = program.plan_with_level(line, level)
                assert plan[line] == level
                assert question.feasible(plan)
                assert question.value(plan) == best


@given(questions(), st.sampled_from([0.0, 0.01, 0.2, 1.0, 5.0]))
@settings(max_examples=150, deadline=None)
def test_near_optimal_plans(question: LevelQuestion, tolerance: float) -> None:
    plans, values = feasible_plans(question)
    program = solved(question, values)
    near = near_optimal_plans(program, tolerance=tolerance, most=4, seed=0)
    accepted = values >= values.max() - tolerance * abs(values.max()) - 1e-9
    spends = question.spends(plans[accepted])
    assert near.exact
    assert near.count == accepted.sum()
    assert near.ranges.tolist() == np.column_stack([spends.min(axis=0), spends.max(axis=0)]).tolist()
    assert near.plans[0].tolist() == program.choice.tolist()
    assert len(near.plans) == min(4, near.count)
    assert len(np.unique(near.plans, axis=0)) == len(near.plans)
    assert all(question.feasible(plan) for plan in near.plans)
    assert (near.values >= near.threshold - 1e-9).all()
    if len(near.plans) > 1:
        moved = np.abs(spends - question.spends(near.plans[0])).sum(axis=1)
        assert np.abs(question.spends(near.plans[1]) - question.spends(near.plans[0])).sum() == moved.max()


@given(questions(), st.randoms(use_true_random=False), st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_any_order_and_any_limit_of_the_search(question: LevelQuestion, random, limit: int) -> None:
    plans, values = feasible_plans(question)
    assume(len(values) > 0 and question.spend == "exactly")
    program = DynamicProgram(question)
    threshold = float(np.median(values))
    wanted = plans[values >= threshold]
    order = list(range(len(question.lines)))
    random.shuffle(order)
    search = PrefixSearch(program, threshold, order=np.array(order))
    assert search.count().plans.tolist() == wanted.tolist()
    drawn = search.draw(20, np.random.default_rng(0))
    assert {tuple(plan) for plan in drawn.tolist()} <= {tuple(plan) for plan in wanted.tolist()}
    assert len(drawn) == 20
    short = PrefixSearch(program, threshold).count(work_limit=limit)
    assert short.count == len(wanted) if short.exact else short.count <= len(wanted)


@given(questions(synergies=True))
@settings(max_examples=60, deadline=None)
def test_breakpoint_program_and_its_bounds(question: LevelQuestion) -> None:
    plans, values = feasible_plans(question)
    if len(values) == 0:
        with pytest.raises(PlanError):
            solve_breakpoints(question)
        return
    best = values.max()
    for shortcut in (True, False):
        answer = solve_breakpoints(question, shortcut=shortcut)
        assert answer.status == "optimal"
        assert answer.complete
        assert question.feasible(answer.choice)
        assert answer.value == question.value(answer.choice) == pytest.approx(best, abs=1e-6)
        assert best - 1e-6 <= answer.bound <= best + 1e-5
        assert best - 1e-6 <= answer.full_bound <= best + 1e-5
    every = [np.arange(len(line.spends)) for line in question.lines]
    alone = BreakpointModel(question, in_steps(question), every).solve(20.0)
    assert question.value(alone.choice) == pytest.approx(best, abs=1e-6)
    for around in (plans[0], plans[-1], plans[np.argmax(values)]):
        relaxed = relax(question, around)
        assert relaxed.bound >= best - 1e-9
        assert question.feasible(relaxed.choice)
        if len(question.synergies) == 1 and joinable_pairs(question):
            assert relaxed.bound == pytest.approx(best, abs=1e-9)
            assert question.value(relaxed.choice) == pytest.approx(best, abs=1e-9)

    fewer = solve_breakpoints(question, max_levels=4, start=plans[0], shortcut=False)
    kept = np.array([all(k in levels for k, levels in zip(plan, fewer.kept)) for plan in plans])
    assert fewer.value == pytest.approx(values[kept].max(), abs=1e-6)
    assert fewer.value >= values[0]
    assert fewer.bound >= fewer.value
    assert fewer.full_bound >= best - 1e-6
