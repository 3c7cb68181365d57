"""The resource task through its public door, against enumeration of the tables themselves."""

import itertools
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hybrid_opt import solve
from hybrid_opt.business import ResourcePlanner
from hybrid_opt.errors import OptionError, PlanError, TableError

DEPARTMENTS = pd.DataFrame(
    {
        "department": ["sales", "support", "lab"],
        "current": [2, 3, 1],
        "min": [0, 1, 0],
        "max": [5, 5, 4],
        "step": [1, 1, 1],
        "service": [None, 30, None],
        "need": [4, 4, 2],
        "money": [3, 2, 4.5],
    }
)
CURVES = pd.DataFrame(
    {
        "department": ["sales"] * 3 + ["support"] * 3 + ["lab"] * 3,
        "level": [0, 2, 5, 0, 2, 5, 0, 2, 4],
        "value": [0, 50, 80, 0, 40, 55, 0, 10, 60],
        "lo": [0, 40, 60, 0, 35, 50, 0, 5, 40],
        "hi": [0, 60, 95, 0, 45, 65, 0, 20, 90],
    }
)
RESOURCES = {"staff": 7, "money": 22}
FAIR = pd.DataFrame({"department": ["sales"], "other": ["support"], "delta": [0.3]})
PAIRS = pd.DataFrame({"department": ["sales", "lab"], "other": ["lab", "support"], "strength": [1.5, -0.5]})


def planner(**options):
    return ResourcePlanner.from_tables(DEPARTMENTS, CURVES, **({"resources": RESOURCES} | options))


def brute_force(resources, fairness=None, synergies=False, single=False, cap=None):
    """Best value over all plans, from the tables alone."""
    curves = dict(list(CURVES.groupby("department")))
    best = -np.inf
    for levels in itertools.product(range(6), range(1, 6), range(5)):
        parts = [
            np.interp(level, curves[name]["level"], curves[name]["value"])
            for name, level in zip(DEPARTMENTS["department"], levels)
        ]
        a, b, c = levels
        fits = sum(levels) <= resources.get("staff", 99) and parts[1] >= 30
        fits = fits and (single or 3 * a + 2 * b + 4.5 * c <= resources["money"])
        fits = fits and (fairness is None or abs(a / 4 - b / 4) <= fairness + 1e-12)
        fits = fits and (cap is None or a + b <= cap)
        if fits:
            best = max(best, sum(parts) + (1.5 * a * c - 0.5 * b * c if synergies else 0.0))
    return best


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({}, {}),
        ({"fairness": FAIR}, {"fairness": 0.3}),
        ({"synergies": PAIRS}, {"synergies": True}),
        ({"fairness": FAIR, "synergies": PAIRS}, {"fairness": 0.3, "synergies": True}),
        ({"resources": {"money": 15, "staff": 9}}, {}),
    ],
)
def test_optimum_equals_brute_force(options, known):
    asked = planner(**options)
    assert "budget" not in asked.to_cqm().constraints
    plan = asked.solve(seed=1)
    best = brute_force(asked.resources, **known)
    assert plan.value == pytest.approx(best)
    assert plan.status == "optimal"
    for model, method in ((asked.to_level_model(), "exact"), (asked.to_cqm(), "milp")):
        assert -solve(model, method).objective == pytest.approx(best)


def test_one_resource_without_a_column_is_the_level_itself():
    table = DEPARTMENTS.drop(columns="money")
    asked = ResourcePlanner.from_tables(table, CURVES, resources={"staff": 6})
    plan = asked.solve(seed=1)
    assert plan.value == pytest.approx(brute_force({"staff": 6}, single=True))
    assert plan.method == "dynamic programming over staff"


def test_groups_keep_their_cap():
    table = DEPARTMENTS.assign(group=["front", "front", ""])
    asked = ResourcePlanner.from_tables(table, CURVES, resources=RESOURCES, caps={"front": 3})
    assert asked.solve(seed=1).value == pytest.approx(brute_force(RESOURCES, cap=3))


def test_greedy_is_proven_on_concave_curves_with_one_resource_and_says_so():
    table = DEPARTMENTS.iloc[:2].drop(columns=["money", "service"])
    plan = ResourcePlanner.from_tables(table, CURVES, resources={"staff": 6}).solve(seed=1)
    greedy = plan.baselines[2]
    assert greedy.proven
    assert greedy.value == pytest.approx(plan.value)
    assert "were checked: optimal" in str(plan)
    assert not planner().solve(seed=1).baselines[2].proven


def test_worth_of_a_step_equals_solving_the_changed_question():
    plan = planner(fairness=FAIR).solve(seed=1)
    for name, step in (("staff", 1), ("money", 2)):
        more = planner(fairness=FAIR, resources={**RESOURCES, name: RESOURCES[name] + step}).solve(seed=1)
        row = plan.resources().set_index("resource").loc[name]
        assert row["step"] == step
        assert row["worth"] == pytest.approx(more.value - plan.value)
    wider = planner(fairness=FAIR.assign(delta=0.55)).solve(seed=1)
    row = plan.fairness().iloc[0]
    assert (row["pair"], row["step"]) == ("sales and support", 0.25)
    assert row["worth"] == pytest.approx(wider.value - plan.value)


def test_use_is_reported_per_resource():
    plan = planner().solve(seed=1)
    levels = plan.spends()
    used = plan.resources().set_index("resource")
    assert used.loc["money", "plan"] == pytest.approx(levels @ [3, 2, 4.5])
    assert used.loc["staff", "plan"] == levels.sum()
    assert used.loc["money", "today"] == pytest.approx(16.5)
    assert (used["left"] >= 0).all()
    assert plan.figures()["money used"] == used.loc["money", "plan"]


def test_plans_within_the_tolerance_are_counted_exactly():
    plan = planner(fairness=FAIR).solve(seed=1, tolerance=0.1)
    curves = dict(list(CURVES.groupby("department")))
    count = 0
    for levels in itertools.product(range(6), range(1, 6), range(5)):
        names = DEPARTMENTS["department"]
        parts = [np.interp(v, curves[n]["level"], curves[n]["value"]) for n, v in zip(names, levels)]
        fits = sum(levels) <= 7 and parts[1] >= 30 and np.dot(levels, [3, 2, 4.5]) <= 22
        count += fits and abs(levels[0] - levels[1]) <= 1 and sum(parts) >= 0.9 * plan.value - 1e-9
    assert plan.near.exact
    assert plan.near.count == count
    assert plan.alternatives().iloc[0]["loss"] == 0.0


def test_everything_is_written_everywhere(tmp_path):
    asked = planner(fairness=FAIR, synergies=PAIRS)
    plan = asked.solve(seed=7, quantum=True, qubits=12, depth=1, shots=64, draws=5, what_if=["lab"])
    content = json.loads(plan.to_json())
    assert content["departments"][0]["department"] == "sales"
    assert [row["resource"] for row in content["resources"]] == ["staff", "money"]
    assert content["stability"]["draws"] == 5
    assert content["quantum_check"]["qubits"] <= 12
    html = plan.report(tmp_path / "resources.html").read_text(encoding="utf-8")
    parts = ["What is used of each resource", "Fairness", "How sure is it", "no claim of"]
    for words in ("Resource plan", *parts):
        assert words in html
    assert "7 staff, 22 money" in html
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "resources.xlsx"))
    assert {"departments", "resources", "fairness", "exact methods", "stability", "what if lab"} <= set(
        book.sheetnames
    )
    text = str(plan)
    assert "channel" not in text + html
    assert "budget" not in text


def test_the_same_seed_gives_the_same_answer():
    options = {"seed": 3, "draws": 4, "quantum": True, "qubits": 10, "depth": 1, "shots": 32}
    first, second = (planner().solve(**options).to_dict() for _ in range(2))
    for content in (first, second):
        del content["seconds"]
        for row in content["exact_methods"]:
            del row["seconds"]
        check = content.pop("quantum_check")
        content["drawn"] = check["rows"][0]["best"], check["coarse_plan"]
    assert first == second


def test_the_whole_question_is_sampled_where_it_fits_in_both_engines():
    table = DEPARTMENTS.assign(max=[3, 3, 2])
    asked = ResourcePlanner.from_tables(table, CURVES, resources={"staff": 6, "money": 16})
    for mixer in ("x", "xy-exact"):
        plan = asked.solve(seed=1, quantum=True, qubits=16, depth=1, shots=64, mixer=mixer)
        assert plan.check.whole
        assert plan.check.optimum == pytest.approx(plan.value)
        assert "The whole question for the simulator" in str(plan)
        uniform = plan.check.solution.quantum.uniform
        assert 0 < uniform.p_optimum <= 1
    assert plan.check.solution.quantum.mixer == "xy-exact"
    assert plan.check.solution.quantum.qubits > 9  # one bit per level, and slack


def test_zoom_never_beats_the_bound():
    plan = planner(fairness=FAIR).solve("anneal", seed=1)
    assert plan.value <= plan.bound + 1e-9
    assert plan.value >= plan.today_value - 1e-9


def test_scenarios_and_what_if():
    asked = planner()
    table = asked.scenarios({"fewer": {"resources": {"staff": 5, "money": 22}}}, seed=1)
    assert table.loc["value", "fewer"] == pytest.approx(brute_force({"staff": 5, "money": 22}))
    rows = asked.what_if("lab", [0, 4])
    assert rows["value"].max() <= table.loc["value", "as it is"] + 1e-9
    assert rows["lab"].tolist() == [0.0, 4.0]


def test_today_is_judged():
    plan = planner(resources={"staff": 5, "money": 22}).solve(seed=1)
    assert any("staff: today 6, the limit is 5" in note for note in plan.notes)
    assert plan.today is None
    assert plan.today_value == pytest.approx(50 + 45 + 5)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"resources": {}}, OptionError, "at least one"),
        ({"resources": {"staff": -1, "money": 2}}, OptionError, "limit of 'staff' is -1"),
        ({"resources": {"staff": 2, "money": 2, "rooms": 4}}, TableError, "'staff', 'rooms' have no column"),
        (
            {"resources": {"staff": 9, "money": 1}},
            PlanError,
            "use 4 of money, the limit is 1: lower the service of 'support'",
        ),
        ({"fairness": -1}, OptionError, "fairness is -1"),
        ({"fairness": True}, OptionError, "fairness is True"),
        ({"fairness": FAIR.assign(other="suport")}, TableError, "did you mean 'support'"),
        ({"synergies": PAIRS.assign(other="sales")}, TableError, "paired with itself"),
        ({"caps": {"front": 3}}, TableError, "no department is in group 'front'"),
        (
            {"resources": {"staff": 3, "money": 22}, "fairness": FAIR.assign(delta=0)},
            PlanError,
            r"staff \(3\)",
        ),
    ],
)
def test_wrong_options(options, error, words):
    with pytest.raises(error, match=words):
        planner(**options)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (DEPARTMENTS.assign(money=[3, None, 4]), "index 1, column 'money': the cell is blank"),
        (DEPARTMENTS.assign(money=[3, -2, 4]), "less than 0"),
        (DEPARTMENTS.assign(monee=1).drop(columns="need"), "column 'monee' is unknown"),
        (DEPARTMENTS.rename(columns={"department": "departement"}), "did you mean 'department'"),
    ],
)
def test_wrong_tables(table, words):
    with pytest.raises(TableError, match=words):
        ResourcePlanner.from_tables(table, CURVES, resources=RESOURCES)


def test_a_curve_that_is_missing_or_too_short_speaks_of_departments():
    with pytest.raises(PlanError, match=r"department 'lab' .* has no curve"):
        ResourcePlanner.from_tables(DEPARTMENTS, CURVES[CURVES["department"] != "lab"], resources=RESOURCES)
    short = CURVES[~((CURVES["department"] == "lab") & (CURVES["level"] == 4))]
    with pytest.raises(PlanError, match="curves end before the highest level: 'lab'"):
        ResourcePlanner.from_tables(DEPARTMENTS, short, resources=RESOURCES)


@pytest.mark.parametrize(
    ("phase", "left"), [("_near", "plans that are almost as good"), ("_stability", "stability over draws")]
)
def test_ctrl_c_keeps_the_proven_plan(monkeypatch, phase, left):
    asked = planner()

    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(asked, phase, stop)
    plan = asked.solve(seed=1, draws=2)
    assert plan.status == "optimal"
    assert left in plan.notes[-1]
    assert json.loads(plan.to_json())["status"] == "optimal"


def test_a_column_that_no_resource_uses_says_how_it_is_used():
    with pytest.raises(TableError, match=r"'money' is unknown; give its limit in resources \(--res"):
        ResourcePlanner.from_tables(DEPARTMENTS, CURVES, resources={"staff": 40})
