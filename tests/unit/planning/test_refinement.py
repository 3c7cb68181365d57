import numpy as np
import pytest

from hybrid_opt.planning import proven_answer
from hybrid_opt.planning.dynamic_program import DynamicProgram
from hybrid_opt.planning.lines import LevelQuestion, Line
from hybrid_opt.planning.proven_answer import prove
from hybrid_opt.planning.refinement import price_bound, refine


def question(seed, spend="exactly", levels=30, caps=None):
    rng = np.random.default_rng(seed)
    curves = [np.cumsum(rng.normal(0.3, 1, levels)) for _ in range(4)]
    lines = [Line(f"line {k}", np.arange(levels), curve, "g") for k, curve in enumerate(curves)]
    return LevelQuestion(lines, 50, spend, caps or {})


@pytest.mark.parametrize("spend", ["exactly", "at_most"])
@pytest.mark.parametrize("seed", range(20))
def test_the_price_bound_is_never_below_the_optimum(seed, spend):
    whole = question(seed, spend, caps={"g": 60})
    assert price_bound(whole) >= DynamicProgram(whole).value - 1e-9


def test_the_price_bound_is_tight_for_concave_values():
    gains = np.sort(np.random.default_rng(1).random((3, 40)))[:, ::-1]
    lines = [Line(f"line {k}", np.arange(40), np.cumsum(row)) for k, row in enumerate(gains)]
    whole = LevelQuestion(lines, 55)
    assert price_bound(whole) == pytest.approx(DynamicProgram(whole).value)


@pytest.mark.parametrize("seed", range(5))
def test_refinement_in_small_programs_keeps_the_start_and_the_limits(seed):
    whole = question(seed, levels=200)
    whole = LevelQuestion(whole.lines, 400)
    start = np.array([100, 100, 100, 100])
    found = refine(whole, start, most_operations=20_000)
    assert whole.feasible(found)
    assert whole.value(found) >= whole.value(start)
    assert whole.value(found) >= 0.9 * DynamicProgram(whole).value


def test_a_grid_too_fine_for_one_program_gets_a_plan_and_a_finite_bound(monkeypatch):
    whole = LevelQuestion(question(3, levels=200).lines, 400)
    monkeypatch.setattr(proven_answer, "QUICK", 100_000)
    answer = prove(whole, start=np.array([100, 100, 100, 100]))
    optimum = DynamicProgram(whole).value
    assert answer.value <= optimum + 1e-9 <= answer.bound + 2e-9
    assert answer.gap < 0.2
