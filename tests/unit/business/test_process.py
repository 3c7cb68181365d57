"""The process task through its public door, against brute force over the tables themselves."""

import itertools
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hybrid_opt.business import ProcessPlanner
from hybrid_opt.errors import OptionError, PlanError, TableError

TABLE = pd.DataFrame(
    {
        "improvement": ["scan", "robot", "layout", "tape", "slots"],
        "saving": [0.3, 0.4, 0.25, 0.2, 0.5],
        "area": ["pick", "pick", "pick", "pack", "pack"],
        "cost": [20, 45, 30, 12.5, 40],
        "staff": [1, 3, 2, 1, 2],
        "group": ["soft", "hard", "soft", "hard", ""],
        "current": ["yes", "no", "no", "no", "no"],
    }
)
NAMES = TABLE["improvement"].tolist()
AREAS = {"pick": 200, "pack": 120}
MONEY = TABLE.assign(saving=[60, 80, 50, 24, 60])
OVERLAPS = pd.DataFrame({"improvement": ["scan", "tape"], "other": ["robot", "slots"], "overlap": [30, -5]})
EXCLUSIONS = pd.DataFrame({"improvement": ["scan"], "other": ["slots"]})
NEEDS = pd.DataFrame({"improvement": ["robot"], "needs": ["layout"]})


def combined(x):
    saved = 0.0
    for area, cost in AREAS.items():
        left = np.prod([1 - s for s, a, t in zip(TABLE["saving"], TABLE["area"], x) if t and a == area])
        saved += cost * (1 - left)
    return saved


def money(x):
    return float(np.dot(x, MONEY["saving"]) - 30 * x[0] * x[1] + 5 * x[3] * x[4])


def within(x, cost=99, staff=99):
    return np.dot(x, TABLE["cost"]) <= cost and np.dot(x, TABLE["staff"]) <= staff


CASES = [
    ({"limits": {"cost": 80}}, lambda x: within(x, 80)),
    ({"limits": {"cost": 80, "staff": 4}}, lambda x: within(x, 80, 4)),
    ({"limits": {"cost": 75}, "needs": NEEDS}, lambda x: within(x, 75) and x[1] <= x[2]),
    ({"limits": {"cost": 75}, "exclusions": EXCLUSIONS, "choose": 3, "at_most": True},
     lambda x: within(x, 75) and x[0] + x[4] <= 1 and sum(x) <= 3),
    ({"choose": 2, "groups": {"hard": {"at_least": 1}, "soft": {"at_most": 1}}},
     lambda x: sum(x) == 2 and x[1] + x[3] >= 1 and x[0] + x[2] <= 1),
]  # fmt: skip


@pytest.mark.parametrize(("options", "allowed"), CASES)
@pytest.mark.parametrize("form", ["shares", "overlaps", "plain"])
def test_the_optimum_equals_brute_force(options, allowed, form):
    if form == "shares":
        planner, score = ProcessPlanner.from_tables(TABLE, areas=AREAS, **options), combined
    elif form == "overlaps":
        planner, score = ProcessPlanner.from_tables(MONEY, overlaps=OVERLAPS, **options), money
    else:
        planner = ProcessPlanner.from_tables(MONEY, **options)

        def score(x):
            return float(np.dot(x, MONEY["saving"]))

    plan = planner.solve(seed=1)
    feasible = [x for x in itertools.product((0, 1), repeat=5) if allowed(x)]
    best = max(score(x) for x in feasible)
    chosen = tuple(int(name in plan.chosen()) for name in NAMES)
    assert chosen in feasible
    assert plan.value == pytest.approx(best) == score(chosen)
    assert plan.status == "optimal"
    assert plan.today_value == pytest.approx(score((1, 0, 0, 0, 0)))
    assert plan.near.count == sum(score(x) >= 0.99 * best - 1e-9 for x in feasible)


def test_a_single_budget_without_overlaps_is_a_knapsack():
    plan = ProcessPlanner.from_tables(MONEY, limits={"cost": 80}).solve(seed=1)
    assert plan.method == "dynamic programming over cost"
    assert [row.value for row in plan.baselines if row.proven] == pytest.approx([plan.value] * 2)


def test_worth_of_a_step_equals_solving_again():
    plan = ProcessPlanner.from_tables(TABLE, areas=AREAS, limits={"cost": 80}, needs=NEEDS).solve(seed=1)
    again = ProcessPlanner.from_tables(TABLE, areas=AREAS, limits={"cost": 92.5}, needs=NEEDS).solve(seed=1)
    limits = plan.limits.set_index("limit")
    assert limits.loc["cost", "change"] == 12.5
    assert limits.loc["cost", "gain"] == pytest.approx(again.value - plan.value)
    free = ProcessPlanner.from_tables(TABLE, areas=AREAS, limits={"cost": 80}).solve(seed=1)
    assert limits.loc["robot needs layout", "gain"] == pytest.approx(free.value - plan.value)


def test_what_is_saved_in_each_area(tmp_path):
    planner = ProcessPlanner.from_tables(
        TABLE.assign(lo=TABLE["saving"] - 0.05, hi=TABLE["saving"] + 0.05), areas=AREAS, limits={"cost": 110}
    )
    plan = planner.solve(seed=2, quantum=True, shots=100, draws=3, what_if=["scan"])
    areas = plan.areas().set_index("area")
    units = plan.spends()
    for area, cost in AREAS.items():
        own = [(s, t) for s, a, t in zip(TABLE["saving"], TABLE["area"], units) if a == area]
        assert areas.loc[area, "saving"] == pytest.approx(cost * (1 - np.prod([1 - s for s, t in own if t])))
        assert areas.loc[area, "added_up"] == pytest.approx(cost * sum(s for s, t in own if t))
    assert areas["saving"].sum() == pytest.approx(plan.value)
    assert plan.figures()["savings added up"] == pytest.approx(plan.added_up())
    assert plan.added_up() > plan.value
    content = json.loads(plan.to_json())
    assert [row["area"] for row in content["areas"]] == ["pick", "pack"]
    assert "What is saved where" in str(plan)
    assert "whose values the draws move" in str(plan)
    page = plan.report(tmp_path / "processes.html").read_text(encoding="utf-8")
    for words in ("Process plan", "What is saved where", "added up, and together", "no claim of"):
        assert words in page
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "processes.xlsx"))
    assert {"improvements", "areas", "budgets", "stability", "what if scan"} <= set(book.sheetnames)


def test_money_has_no_areas(tmp_path):
    plan = ProcessPlanner.from_tables(MONEY, limits={"cost": 80}).solve(seed=1)
    assert len(plan.areas()) == 0
    assert "What is saved where" not in str(plan)
    assert "What is saved where" not in plan.report(tmp_path / "p.html").read_text(encoding="utf-8")


def test_many_improvements_are_proven_by_the_program():
    rng = np.random.default_rng(0)
    n = 22
    table = pd.DataFrame(
        {
            "improvement": [f"i{i}" for i in range(n)],
            "saving": np.round(rng.uniform(0.02, 0.3, n), 3),
            "area": [f"a{i % 4}" for i in range(n)],
            "cost": rng.integers(5, 40, n),
        }
    )
    areas = {f"a{k}": 1000 * (k + 1) for k in range(4)}
    plan = ProcessPlanner.from_tables(table, areas=areas, limits={"cost": 150}).solve(seed=0)
    assert plan.status == "optimal"
    assert "outer approximation" in plan.method
    for row in plan.baselines:
        assert row.value is None or row.value <= plan.value * (1 + 1e-9)
    assert not plan.near.exact
    assert plan.near.count >= 1


@pytest.mark.parametrize(
    ("table", "options", "error", "words"),
    [
        (TABLE, {"areas": AREAS, "overlaps": OVERLAPS}, OptionError, "areas or overlaps, not both"),
        (
            TABLE,
            {"areas": {"pick": 200, "packs": 1}},
            TableError,
            r"index 3, column 'area': no cost is given .* 'packs'",
        ),
        (
            TABLE.assign(saving=[0.3, 1.0, 0, 0, 0]),
            {"areas": AREAS},
            TableError,
            "index 1, column 'saving': 1",
        ),
        (TABLE.assign(area=["pick", None, "pick", "pack", "pack"]), {"areas": AREAS}, TableError, "index 1"),
        (TABLE, {"areas": {"pick": -2, "pack": 1}}, TableError, "index pick, column 'cost': -2 is less"),
        (TABLE, {"areas": AREAS, "limits": {"saving": 3}}, OptionError, "a limit is called 'saving'"),
        (TABLE, {"areas": AREAS, "limits": {"hours": 3}}, TableError, "column 'hours' is missing"),
        (TABLE, {"areas": AREAS, "overlap_weight": -0.1}, OptionError, "overlap_weight is -0.1"),
        (MONEY, {"needs": NEEDS.assign(needs="robot")}, TableError, "paired with itself"),
        (MONEY, {"needs": NEEDS.assign(needs="robots")}, TableError, "did you mean 'robot'"),
        (
            MONEY.assign(must=["", "in", "out", "", ""]),
            {"needs": NEEDS},
            PlanError,
            "robot needs layout",
        ),
    ],
)
def test_wrong_questions(table, options, error, words):
    with pytest.raises(error, match=words):
        ProcessPlanner.from_tables(table, **options)


def test_files(tmp_path):
    TABLE.to_csv(tmp_path / "improvements.csv", index=False)
    pd.DataFrame({"area": list(AREAS), "cost": list(AREAS.values())}).to_csv(
        tmp_path / "areas.csv", index=False
    )
    planner = ProcessPlanner.from_csv(
        tmp_path / "improvements.csv", areas=tmp_path / "areas.csv", limits={"cost": 60}
    )
    table = planner.scenarios({"more": {"limits": {"cost": 90}}}, seed=1)
    assert table.loc["saving", "more"] > table.loc["saving", "as it is"]


def test_a_column_that_no_limit_uses_says_how_it_is_used():
    table = pd.DataFrame({"improvement": ["a"], "saving": [1.0], "machine_hours": [2.0]})
    with pytest.raises(TableError, match=r"give its limit in limits \(--limit machine_hours=LIMIT\)"):
        ProcessPlanner.from_tables(table)
