"""The strategy task through its public door, against brute force over all schedules."""

import itertools
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hybrid_opt.business import StrategyPlanner, strategy
from hybrid_opt.errors import OptionError, PlanError, TableError
from hybrid_opt.planning import selection_planner

TABLE = pd.DataFrame(
    {
        "project": ["site", "shop", "lab", "fleet"],
        "value": [120, 70, 90, 60],
        "cost": [40, 30, 25, 35],
        "duration": [2, 1, 2, 1],
        "category": ["build", "sell", "build", "sell"],
    }
)
FUTURES = pd.DataFrame(
    {
        "project": TABLE["project"],
        "good": [1.3, 1.2, 0.8, 1.1],
        "bad": [0.6, 0.7, 1.3, 0.8],
        "flat": [1.0, 1.1, 0.9, 1.1],
    }
)
NEEDS = pd.DataFrame({"project": ["shop"], "needs": ["lab"]})
EXCLUSIONS = pd.DataFrame({"project": ["site"], "other": ["fleet"]})
GROUPS = {"build": {"min_share": 0.5}, "sell": {"at_least": 1}}
PERIODS, BUDGETS = 3, [60, 60, 40]


def schedules():
    """None or a start for every project."""
    starts = [[None, *range(1, PERIODS - d + 2)] for d in TABLE["duration"]]
    return itertools.product(*starts)


def keeps(plan, budgets=BUDGETS, needs=False, exclusions=False, groups=False):
    d, cost = TABLE["duration"], TABLE["cost"]
    for period in range(1, PERIODS + 1):
        running = [s is not None and s <= period < s + d[i] for i, s in enumerate(plan)]
        if np.dot(running, cost) > budgets[period - 1]:
            return False
    site, shop, lab, fleet = plan
    if needs and shop is not None and (lab is None or lab + d[2] > shop):
        return False
    if exclusions and site is not None and fleet is not None:
        return False
    total = [0 if s is None else cost[i] * d[i] for i, s in enumerate(plan)]
    return not groups or (2 * (total[0] + total[2]) >= sum(total) and (shop is not None or fleet is not None))


def worth(plan, rate=0.1, aversion=0.0, net=False):
    d, total = TABLE["duration"], 0.0
    for i, s in enumerate(plan):
        if s is not None:
            total += TABLE["value"][i] / (1 + rate) ** (s + d[i] - 1)
            if net:
                total -= sum(TABLE["cost"][i] / (1 + rate) ** (p - 1) for p in range(s, s + d[i]))
    outcomes = TABLE["value"].to_numpy()[:, None] * FUTURES[["good", "bad", "flat"]].to_numpy()
    discounts = np.array([0.0 if s is None else (1 + rate) ** -(s + d[i] - 1.0) for i, s in enumerate(plan)])
    return total - aversion * np.var(discounts @ outcomes)


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        ({}, {}),
        ({"needs": NEEDS}, {"needs": True}),
        ({"exclusions": EXCLUSIONS, "groups": GROUPS}, {"exclusions": True, "groups": True}),
    ],
)
@pytest.mark.parametrize("aversion", [0.0, 0.02])
@pytest.mark.parametrize("net", [False, True])
def test_the_optimum_equals_brute_force(options, rules, aversion, net):
    planner = StrategyPlanner.from_tables(
        TABLE, periods=PERIODS, budgets=BUDGETS, rate=0.1, futures=FUTURES, risk_aversion=aversion,
        subtract_cost=net, **options,
    )  # fmt: skip
    plan = planner.solve(seed=1)
    ways = [way for way in schedules() if keeps(way, **rules)]
    best = max(worth(way, aversion=aversion, net=net) for way in ways)
    found = tuple(plan.starts().get(name) for name in TABLE["project"])
    assert found in ways
    assert plan.value == pytest.approx(best) == worth(found, aversion=aversion, net=net)
    assert plan.status == "optimal"
    assert plan.net_value() == pytest.approx(worth(found, net=net))
    assert plan.near.count == sum(
        worth(w, aversion=aversion, net=net) >= best - 0.01 * abs(best) - 1e-9 for w in ways
    )


def test_the_worth_of_a_budget_equals_solving_again():
    options = {"periods": PERIODS, "rate": 0.1, "futures": FUTURES, "risk_aversion": 0.02}
    plan = StrategyPlanner.from_tables(TABLE, budgets=BUDGETS, **options).solve(seed=1)
    again = StrategyPlanner.from_tables(TABLE, budgets=[85, 60, 40], **options).solve(seed=1)
    gain = plan.limits.set_index("limit").loc["budget of period 1", "gain"]
    assert gain == pytest.approx(again.value - plan.value)
    # At most one start of a project is what a project is, and no limit to move.
    assert "cap" not in set(plan.limits["kind"])


def test_must_and_choose():
    table = TABLE.assign(must=["out", "", "", "in"])
    plan = StrategyPlanner.from_tables(table, periods=PERIODS, budgets=BUDGETS, rate=0.1, choose=2).solve(
        seed=1
    )
    best = max(
        worth(w) for w in schedules()
        if keeps(w) and w[0] is None and w[3] is not None and sum(s is not None for s in w) == 2
    )  # fmt: skip
    assert plan.value == pytest.approx(best)
    assert len(plan.starts()) == 2
    assert "fleet" in plan.starts()


def test_everything_is_written_everywhere(tmp_path):
    planner = StrategyPlanner.from_tables(
        TABLE.assign(jobs=[3, 9, 4, 8]), periods=PERIODS, budgets=BUDGETS, rate=0.1, needs=NEEDS,
        futures=FUTURES, risk_aversion=0.01, third="jobs",
    )  # fmt: skip
    plan = planner.solve(seed=2, quantum=True, qubits=14, shots=100, pareto=3, what_if=["lab in period 1"])
    content = json.loads(plan.to_json())
    assert content["schedule"] == plan.starts()
    assert content["standard_deviation"] == pytest.approx(plan.deviation())
    assert [row["future"] for row in content["futures"]] == ["good", "bad", "flat"]
    assert content["front"][-1]["starts"]
    text = str(plan)
    for words in (
        "Which projects, and when",
        "in every future",
        "Efficient plans",
        "budget of period 2",
        "jobs",
    ):
        assert words in text
    page = plan.report(tmp_path / "strategy.html").read_text(encoding="utf-8")
    for words in ("Strategic plan", "When each project starts", "What more risk buys", "no claim of"):
        assert words in page
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "strategy.xlsx"))
    assert {"schedule", "starts", "futures", "front", "budgets"} <= set(book.sheetnames)
    gross = {name: TABLE["value"][i] for i, name in enumerate(TABLE["project"])}
    schedule = plan.schedule().set_index("project")
    for future in ("good", "bad", "flat"):
        factors = dict(zip(FUTURES["project"], FUTURES[future]))
        expected = sum(
            gross[name] * factors[name] / 1.1 ** schedule.loc[name, "end"] for name in plan.starts()
        )
        assert plan.outcomes().set_index("future").loc[future, "value"] == pytest.approx(expected)


def test_the_front_goes_from_no_risk_to_the_most_value():
    planner = StrategyPlanner.from_tables(TABLE, periods=PERIODS, budgets=BUDGETS, rate=0.1, futures=FUTURES)
    front = planner.front(5)
    ways = [way for way in schedules() if keeps(way)]
    assert front["value"].max() == pytest.approx(max(worth(way) for way in ways))
    assert front["risk"].iloc[0] == 0.0
    assert front["proven"].all()
    points = [(worth(w), worth(w) - worth(w, aversion=1.0)) for w in ways]
    for value, risk in zip(front["value"], front["risk"]):
        assert not any(v > value + 1e-4 and r < risk**2 - 1e-4 for v, r in points)


def test_a_risk_table_is_the_same_as_its_futures():
    outcomes = TABLE["value"].to_numpy()[:, None] * FUTURES[["good", "bad", "flat"]].to_numpy()
    square = pd.DataFrame(np.cov(outcomes, bias=True), columns=TABLE["project"])
    square.insert(0, "project", TABLE["project"])
    options = {"periods": PERIODS, "budgets": BUDGETS, "rate": 0.1, "risk_aversion": 0.02}
    one = StrategyPlanner.from_tables(TABLE, risk=square, **options).solve(seed=1)
    two = StrategyPlanner.from_tables(TABLE, futures=FUTURES, **options).solve(seed=1)
    assert one.starts() == two.starts()
    assert one.value == pytest.approx(two.value)
    assert one.deviation() == pytest.approx(two.deviation())
    assert len(one.outcomes()) == 0


@pytest.mark.parametrize("net", [False, True])
def test_the_deviation_is_that_of_the_outcomes(net):
    for rate in (0.0, 0.5):
        plan = StrategyPlanner.from_tables(
            TABLE, periods=PERIODS, budgets=BUDGETS, rate=rate, futures=FUTURES, subtract_cost=net
        ).solve(seed=1)
        assert len(plan.starts()) > 1
        assert plan.deviation() == pytest.approx(plan.outcomes()["value"].std(ddof=0))


def test_risk_is_discounted_like_the_value():
    # Undiscounted, the variance of 2,500 outweighed a value of 19.75; discounted it is 97.5.
    late = pd.DataFrame({"project": ["late"], "value": [100.0], "cost": [1.0], "duration": [4]})
    futures = pd.DataFrame({"project": ["late"], "good": [1.5], "bad": [0.5]})
    plan = StrategyPlanner.from_tables(
        late, periods=4, budgets=5, rate=0.5, futures=futures, risk_aversion=0.01
    ).solve(seed=0)
    assert plan.starts() == {"late": 1}
    assert plan.value == pytest.approx(100 / 1.5**4 - 0.01 * (50 / 1.5**4) ** 2)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"rate": -0.1}, OptionError, "rate is -0.1"),
        ({"risk_aversion": float("nan")}, OptionError, "risk_aversion is nan"),
        ({"risk_aversion": 1}, OptionError, "neither risk nor futures"),
        ({"risk": FUTURES, "futures": FUTURES}, OptionError, "risk or futures, not both"),
        ({"choose": 5}, OptionError, "choose is 5; there are 4 projects"),
        ({"third": "jobs"}, TableError, "column 'jobs' is missing"),
        ({"needs": NEEDS.assign(needs="labs")}, TableError, "did you mean 'lab'"),
        ({"budgets": [1, 2]}, OptionError, "per period"),
        ({"budgets": 10, "choose": 1}, PlanError, "the number of projects 1"),
    ],
)
def test_wrong_questions(options, error, words):
    with pytest.raises(error, match=words):
        StrategyPlanner.from_tables(TABLE, **{"periods": PERIODS, "budgets": BUDGETS, **options})


@pytest.mark.parametrize("pareto", [-1, 1.5, True])
def test_wrong_fronts(pareto):
    planner = StrategyPlanner.from_tables(TABLE, periods=PERIODS, budgets=BUDGETS, futures=FUTURES)
    with pytest.raises(OptionError, match="pareto is"):
        planner.solve(pareto=pareto)


def test_a_front_needs_risk():
    planner = StrategyPlanner.from_tables(TABLE, periods=PERIODS, budgets=BUDGETS)
    with pytest.raises(OptionError, match="a front needs risk"):
        planner.solve(pareto=3)
    with pytest.raises(OptionError, match="a front needs risk"):
        planner.front()


@pytest.mark.parametrize(
    ("phase", "left", "kept"),
    [
        ("pareto_front", "but the front of value and risk was left out", True),
        ("value_by_count", "but the best selection of every size, the front of value and", False),
    ],
)
def test_ctrl_c_in_the_last_phases_keeps_the_proven_plan(monkeypatch, phase, left, kept):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(strategy if phase == "pareto_front" else selection_planner, phase, stop)
    seen = []
    planner = StrategyPlanner.from_tables(
        TABLE, periods=PERIODS, budgets=BUDGETS, futures=FUTURES, risk_aversion=0.01
    )
    plan = planner.solve(seed=1, pareto=3, progress=lambda share, words: seen.append((share, words)))
    assert plan.status == "optimal"
    assert left in plan.notes[-1]
    assert plan.front is None
    assert (plan.by_count is not None) == kept
    assert plan.deviation() > 0
    assert "the best selection of every size" in [words for _, words in seen]
    assert [share for share, _ in seen] == sorted(share for share, _ in seen)
    assert json.loads(plan.to_json())["front"] == []
    # Asking for a front once does not make the next answer have one.
    monkeypatch.undo()
    assert planner.solve(seed=1).front is None


def test_a_column_that_no_objective_uses_says_how_it_is_used():
    with pytest.raises(TableError, match=r"'jobs' is unknown; name it as the third .*third='jobs', --third"):
        StrategyPlanner.from_tables(TABLE.assign(jobs=1), periods=PERIODS, budgets=BUDGETS)
    with pytest.raises(TableError, match=r"did you mean 'value'\? Else name it as the third objective"):
        StrategyPlanner.from_tables(TABLE.rename(columns={"value": "valu"}), periods=PERIODS, budgets=BUDGETS)
