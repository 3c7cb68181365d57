"""The program over variants against enumeration in the true model."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import PlanError
from hybrid_opt.marketing import ContentPlanner, content, content_program
from hybrid_opt.marketing.content_program import best_variants, variant_counts
from hybrid_opt.planning.choice_form import ChoiceForm


def case(seed, factors=2, levels=3, **options):
    random = np.random.default_rng(seed)
    rows = [
        {
            "audience": audience,
            "factor": f"f{f}",
            "level": f"l{k}",
            "effect": round(float(random.normal()), 2),
            "cost": 5 * k + f,
            "shared": True,
            "current": k == 0,
        }
        for audience in ("enterprise", "startup")
        for f in range(factors)
        for k in range(levels)
    ]
    people = {"enterprise": 40, "startup": 60}
    return ContentPlanner.from_tables(pd.DataFrame(rows), audiences=people, scale="logit", **options)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "options", [{"worth": 1.0}, {"budget": 13}, {"worth": 0.5, "budget": 12, "explore": 1}]
)
def test_the_program_finds_what_enumeration_finds(seed, options):
    planner = case(seed, **options)
    form = ChoiceForm.of(planner.question.levels())
    units, bound = best_variants(planner.model, form, 60.0)
    expected = planner.solve(seed=0, alternatives=1)
    assert planner.model.values(units) == pytest.approx(expected.value, rel=1e-6)
    assert bound == pytest.approx(expected.value, rel=1e-6)
    assert variant_counts(planner.model, form) == [9, 9]


def test_it_proves_plans_beyond_enumeration(monkeypatch):
    planner = case(0, factors=5, worth=1.0, explore=2)
    assert ChoiceForm.of(planner.question.levels()).size > 2**20
    plan = planner.solve(seed=0, alternatives=2)
    assert plan.status == "optimal"
    assert "whole variants" in plan.method
    monkeypatch.setattr(content, "MOST_VARIANTS", 10)
    unproven = planner.solve(seed=0, alternatives=2)
    assert unproven.status == "feasible"
    assert unproven.bound is None
    assert plan.value >= unproven.value - 1e-9


@pytest.mark.parametrize("options", [{"worth": 1.0, "budget": 12}, {"budget": 13}])
def test_a_known_plan_leaves_the_optimum_in(options):
    planner = case(2, **options)
    form = ChoiceForm.of(planner.question.levels())
    best, _ = best_variants(planner.model, form, 60.0)
    value = float(planner.model.values(best))
    again, bound = best_variants(planner.model, form, 60.0, at_least=value)
    assert planner.model.values(again) == pytest.approx(value)
    assert bound == pytest.approx(value, rel=1e-6)
    with pytest.raises(PlanError, match="no plan reaches 1000"):
        best_variants(planner.model, form, 60.0, at_least=1000.0)


def test_a_program_without_an_answer_leaves_the_plan_without_a_bound(monkeypatch):
    def late(*arguments, **options):
        raise PlanError("no plan was found in 1 s")

    planner = case(0, factors=5, worth=1.0)
    monkeypatch.setattr(content, "best_variants", late)
    plan = planner.solve(seed=0, alternatives=2)
    assert plan.bound is None
    assert any("the program over variants: no plan was found" in note for note in plan.notes)


def test_an_interrupted_program_ends_the_question(monkeypatch):
    inside = content_program.solve

    def stopped(*arguments, **options):
        return replace(inside(*arguments, **options), interrupted=True)

    planner = case(0, factors=5, worth=1.0)
    monkeypatch.setattr(content_program, "solve", stopped)
    with pytest.raises(KeyboardInterrupt):
        planner.solve(seed=0, alternatives=2)


def test_no_variant_is_said():
    planner = case(1, worth=1.0)
    form = ChoiceForm.of(planner.question.levels())
    blocked = ChoiceForm(
        form.groups, form.options, form.labels, form.values, form.pairs,
        [*form.rows, ("never", np.ones(len(form.labels), dtype=np.int64), 1)],
    )  # fmt: skip
    with pytest.raises(PlanError, match="no variant of 'enterprise'"):
        best_variants(planner.model, blocked, 10.0)
