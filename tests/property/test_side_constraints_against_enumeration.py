"""Random questions with side constraints against enumeration: optimum, count, ranges, models, greedy."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hybrid_opt import solve
from hybrid_opt.errors import PlanError
from hybrid_opt.planning.breakpoints import solve_breakpoints
from hybrid_opt.planning.level_models import to_cqm, to_level_model
from hybrid_opt.planning.lines import LevelQuestion, Line, Synergy
from hybrid_opt.planning.marginal_greedy import greedy_by_marginal_value
from hybrid_opt.planning.proven_answer import prove
from hybrid_opt.planning.resource_program import resource_operations, solve_resources
from hybrid_opt.planning.side_constraint import SideConstraint
from hybrid_opt.planning.side_near import near_plans_by_search


@st.composite
def questions(draw: st.DrawFn, synergies: bool = False) -> LevelQuestion:
    n, lines = draw(st.integers(1, 4)), []
    for i in range(n):
        spends = sorted(draw(st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True)))
        values = [draw(st.integers(-8, 30)) / 2 for _ in spends]
        lines.append(Line(f"d{i}", np.array(spends), values, draw(st.sampled_from([None, "g"]))))
    capped = any(line.group for line in lines) and draw(st.booleans())
    caps = {"g": draw(st.integers(0, 16))} if capped else {}
    sides = []
    for k in range(draw(st.integers(0, 2))):
        weights = tuple(draw(st.integers(0, 3)) for _ in range(n))
        sides.append(SideConstraint(f"r{k}", weights, None, draw(st.integers(0, 30))))
    if n > 1 and draw(st.booleans()):
        fair = (draw(st.integers(1, 3)), -draw(st.integers(1, 3)), *[0] * (n - 2))
        delta = draw(st.integers(0, 6))
        sides.append(SideConstraint("fair", fair, -delta, delta))
    pairs = []
    if synergies and n > 1:
        for _ in range(draw(st.integers(1, 2))):
            first, second = draw(st.lists(st.integers(0, n - 1), min_size=2, max_size=2, unique=True))
            pairs.append(Synergy(first, second, draw(st.integers(-4, 4)) / 2))
    spend = draw(st.sampled_from(["exactly", "at_most"]))
    budget = sum(int(draw(st.sampled_from(line.spends.tolist()))) for line in lines)
    return LevelQuestion(lines, budget, spend, caps, pairs, reference=1.0, sides=sides)


def all_plans(question: LevelQuestion) -> np.ndarray:
    ranges = [range(len(line.spends)) for line in question.lines]
    plans = [plan for plan in itertools.product(*ranges) if question.feasible(np.array(plan))]
    return np.array(plans, dtype=np.int64).reshape(len(plans), len(ranges))


@given(questions())
def test_the_dynamic_program_over_resources_is_exact(question: LevelQuestion):
    assume(resource_operations(question) is not None)
    plans = all_plans(question)
    if not len(plans):
        with pytest.raises(PlanError):
            solve_resources(question)
        return
    choice = solve_resources(question)
    assert question.feasible(choice)
    assert question.value(choice) == pytest.approx(question.values(plans).max())


@given(questions(synergies=True))
def test_the_proof_and_the_milp_are_exact(question: LevelQuestion):
    plans = all_plans(question)
    if not len(plans):
        with pytest.raises(PlanError):
            prove(question)
        return
    best = question.values(plans).max()
    answer = prove(question)
    assert question.feasible(answer.choice)
    assert answer.proven
    assert answer.value == pytest.approx(best, abs=1e-7)
    assert solve_breakpoints(question, shortcut=False).value == pytest.approx(best, abs=1e-7)


@given(questions(synergies=True), st.sampled_from([0.0, 0.1, 0.5]))
def test_the_search_counts_every_plan_within_the_tolerance(question: LevelQuestion, tolerance: float):
    plans = all_plans(question)
    assume(len(plans))
    values = question.values(plans)
    near = near_plans_by_search(question, plans[int(values.argmax())], tolerance=tolerance)
    wanted = values >= values.max() - tolerance * abs(values.max()) - 1e-11
    assert near.exact
    assert near.count == wanted.sum()
    spends = question.spends(plans[wanted])
    assert near.ranges.tolist() == np.column_stack([spends.min(axis=0), spends.max(axis=0)]).tolist()


@given(questions(synergies=True))
def test_both_models_have_the_optimum_of_the_question(question: LevelQuestion):
    plans = all_plans(question)
    assume(len(plans))
    best = question.values(plans).max()
    for model in (to_level_model(question), to_cqm(question)):
        solution = solve(model, "exact")
        assert -solution.objective == pytest.approx(best)


@given(questions())
def test_greedy_is_optimal_whenever_it_says_so(question: LevelQuestion):
    plans = all_plans(question)
    assume(len(plans))
    found = greedy_by_marginal_value(question)
    if found.choice is not None:
        assert question.feasible(found.choice)
    if found.proven:
        assert found.value == pytest.approx(question.values(plans).max())


@given(
    st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=6), min_size=1, max_size=5),
    st.integers(0, 15),
    st.sampled_from(["exactly", "at_most"]),
)
def test_greedy_proves_every_concave_plan_of_one_resource(steps: list[list[int]], budget: int, spend: str):
    lines = [
        Line(f"d{i}", np.arange(len(gains) + 1), np.cumsum([0, *sorted(gains, reverse=True)]))
        for i, gains in enumerate(steps)
    ]
    question = LevelQuestion(lines, min(budget, sum(map(len, steps))), spend)
    found = greedy_by_marginal_value(question)
    assert found.reasons == ()
    assert found.value == pytest.approx(prove(question).value)
