"""One budget for several planners: against every split, its bound between steps, each wrong argument."""

from itertools import product
from typing import Any

import pandas as pd
import pytest

from hybrid_opt.business import ProcessPlanner
from hybrid_opt.errors import OptionError, PlanError
from hybrid_opt.marketing import AudiencePlanner, BudgetPlanner
from hybrid_opt.planning import compare, share_budget
from hybrid_opt.planning.level_planner import LevelPlanner
from hybrid_opt.planning.value_of_budget import MoneyLimit


def ads(values: list[float], spend: Any = "at_most", **options: Any) -> BudgetPlanner:
    """Two channels of up to 40 in steps of 10."""
    plan = pd.DataFrame({"channel": ["a", "b"], "current": 10, "min": 0, "max": 40, "step": 10})
    response = [0, *values[:2], 0, *values[2:]]
    curves = pd.DataFrame({"channel": list("aaabbb"), "spend": [0, 20, 40] * 2, "response": response})
    return BudgetPlanner(plan, curves, spend=spend, **options)


def processes() -> ProcessPlanner:
    table = pd.DataFrame({"improvement": ["x", "y", "z"], "saving": [9.0, 7.0, 14.0], "cost": [20, 10, 35]})
    return ProcessPlanner(table, limits={"cost": 30})


def audience() -> AudiencePlanner:
    table = pd.DataFrame({"segment": ["m", "n"], "size": [6, 11], "cost": [10, 20]})
    overlaps = pd.DataFrame({"segment": ["m"], "other": ["n"], "overlap": [1]})
    return AudiencePlanner(table, overlaps=overlaps, budget=20)


def planners() -> dict[str, LevelPlanner[Any]]:
    return {"ads": ads([8.0, 18.0, 10.0, 12.0]), "processes": processes(), "audience": audience()}


def test_marketing_and_business_together_against_every_split() -> None:
    made, limits = planners(), {"processes": "limits.cost"}
    weights = {"processes": 1.5}
    shared = share_budget(made, 70, step=10, limits=limits, weights=weights, seed=3)
    known = {
        name: [MoneyLimit.of(name, own, limits.get(name)).point(10.0 * k, 60.0).value for k in range(8)]
        for name, own in made.items()
    }
    totals = {}
    for split in product(range(8), repeat=3):
        values = [known[name][k] for name, k in zip(made, split)]
        if sum(split) <= 7 and None not in values:
            totals[split] = sum(weights.get(n, 1.0) * v for n, v in zip(made, values) if v is not None)
    assert shared.value == pytest.approx(max(totals.values()), abs=1e-9)
    steps = tuple(round(share / 10) for share in shared.shares.values())
    assert shared.value == pytest.approx(totals[steps], abs=1e-9)
    assert shared.status == "optimal on the grid"
    assert shared.bound == pytest.approx(shared.value)
    equal, before = shared.baselines.values()
    assert sum(equal[0].values()) == 7
    assert equal[1] == totals[tuple(equal[0].values())]
    assert before[1] is not None
    assert before[1] <= shared.value
    assert {name: plan.value for name, plan in shared.plans.items()} == {
        row["name"]: pytest.approx(row["outcome"]) for row in shared.table().to_dict("records")
    }


def test_the_bound_between_the_steps_holds_on_a_finer_grid() -> None:
    made = {"north": ads([18.0, 19.0, 0.0, 0.0]), "south": ads([17.0, 18.0, 0.0, 0.0])}
    coarse = share_budget(made, 40, step=40, seed=1)
    fine = share_budget(made, 40, step=10, seed=1)
    assert coarse.between is not None
    assert coarse.value < fine.value <= coarse.between + 1e-9
    assert coarse.gap_between is not None
    assert coarse.gap_between > 0
    assert fine.table()["one_more"].notna().any()


def test_a_planner_that_must_spend_its_share_gets_no_bound_between() -> None:
    shared = share_budget({"n": ads([8, 9, 8, 9], "exactly"), "s": ads([3, 5, 9, 19])}, 80, step=20, seed=1)
    assert shared.between is None
    assert shared.gap_between is None
    assert any("'n' must spend exactly its share" in note for note in shared.notes)


def test_ctrl_c_keeps_the_solved_points(monkeypatch: pytest.MonkeyPatch) -> None:
    solved, whole = [], MoneyLimit.point

    def point(self: MoneyLimit, amount: float, time_limit: float) -> Any:
        if len(solved) == 7:
            raise KeyboardInterrupt
        solved.append(amount)
        return whole(self, amount, time_limit)

    monkeypatch.setattr(MoneyLimit, "point", point)
    shared = share_budget({"n": ads([8, 18, 10, 12]), "s": ads([3, 5, 9, 19])}, 80, step=10, seed=1)
    assert "ctrl-C: the split is the best of 7 solved points of 18" in shared.notes
    assert shared.bound is None
    assert shared.status == "feasible"
    assert all("brings no more" not in note for note in shared.notes)
    assert sum(shared.shares.values()) <= 80
    assert set(shared.plans) == {"n", "s"}


def test_everything_is_told() -> None:
    shared = share_budget({"n": ads([8, 18, 10, 12]), "s": ads([3, 5, 9, 19])}, 80, step=20, seed=1)
    written = shared.to_dict()
    assert written["kind"] == "Shared budget"
    assert set(written["plans"]) == {"n", "s"}
    assert shared.to_json().startswith("{")
    assert compare({"shared": shared}).loc["outcome", "shared"] == shared.value
    assert "Split equal" in shared.summary()
    assert "between the steps" in shared.summary()
    assert [table.title for table in shared.tables()] == ["Who gets how much", "Against simple rules"]
    assert shared.plot().lstrip().startswith("<svg")
    assert len(shared.curves()) == 10
    assert shared.binding()


WRONG = [
    ({"planners": {}}, "give name -> planner"),
    ({"planners": {"a": 5}}, "'a' is a int; give planners"),
    ({"budget": 0}, "budget is 0; legal"),
    ({"budget": True}, "budget is True"),
    ({"step": 30}, "must be a whole multiple"),
    ({"step": 0.01}, "at most 1,000 times"),
    ({"limits": {"nobody": "budget"}}, "limits names 'nobody'"),
    ({"limits": {"n": "money"}}, "'n' has no limit 'money'"),
    ({"limits": {"n": 3}}, "write the name of an option"),
    ({"weights": {"nobody": 1}}, "weights names 'nobody'"),
    ({"weights": {"n": -1}}, "the weight of 'n' is -1"),
    ({"planners": {"p": "processes"}}, "has no option 'budget'; name its money limit in limits"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=[message for _, message in WRONG])
def test_each_wrong_argument_has_its_message(wrong: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"planners": {"n": ads([8, 9, 8, 9])}, "budget": 80, **wrong}
    if given["planners"] == {"p": "processes"}:
        given["planners"] = {"p": processes()}
    with pytest.raises(OptionError, match=message):
        share_budget(given.pop("planners"), given.pop("budget"), **given)


def test_a_budget_that_serves_nobody_names_what_they_need() -> None:
    held = pd.DataFrame({"channel": ["a"], "current": [30], "min": [30], "max": [40], "step": [10]})
    curve = pd.DataFrame({"channel": "a", "spend": [0, 40], "response": [0, 9]})
    made = {name: BudgetPlanner(held, curve, spend="at_most") for name in ("n", "s")}
    with pytest.raises(PlanError, match="cannot serve all planners: 'n' needs 30; 's' needs 30"):
        share_budget(made, 50, step=10)
