"""The audience task through its public door, against brute force over the tables themselves."""

import itertools
import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hybrid_opt import solve
from hybrid_opt.errors import OptionError, PlanError, TableError
from hybrid_opt.marketing import AudiencePlan, AudiencePlanner

NAMES = list("abcdef")
MEMBERS = pd.DataFrame(
    [(40, 1, 1, 0, 0, 0, 0), (25, 0, 1, 1, 0, 0, 1), (30, 0, 0, 1, 0, 0, 0), (20, 0, 0, 0, 1, 1, 0),
     (15, 1, 0, 0, 1, 0, 0), (10, 0, 1, 0, 0, 1, 0), (12, 0, 0, 0, 0, 0, 1), (8, 1, 1, 1, 0, 0, 0)],
    columns=["people", *NAMES],
)  # fmt: skip
SEGMENTS = pd.DataFrame(
    {
        "segment": NAMES,
        "cost": [5, 6, 4, 3, 2, 3],
        "group": ["x", "x", "y", "y", "y", ""],
        "current": [1, 1, 0, 0, 0, 0],
        "value": [1, 2, 1, 3, 1, 2],
    }
)
PLAIN = SEGMENTS.drop(columns="value")
INSIDE = MEMBERS[NAMES].to_numpy()
SIZES = MEMBERS["people"].to_numpy() @ INSIDE
OVERLAPS = pd.DataFrame((INSIDE * MEMBERS["people"].to_numpy()[:, None]).T @ INSIDE, columns=NAMES)
OVERLAPS.insert(0, "segment", NAMES)
EXCLUSIONS = pd.DataFrame({"segment": ["b"], "other": ["d"]})


def reached(chosen, values):
    own = np.where(INSIDE.astype(bool) & np.array(chosen, dtype=bool), values, 0)
    return float(MEMBERS["people"] @ own.max(axis=1))


def surely(chosen, values):
    total = float((SIZES * values * chosen).sum())
    shared = OVERLAPS[NAMES].to_numpy()
    for i, j in itertools.combinations(range(6), 2):
        total -= min(values[i], values[j]) * shared[i, j] * chosen[i] * chosen[j]
    return total


CASES = [
    ({"choose": 3}, lambda x: sum(x) == 3),
    ({"choose": 3, "at_most": True, "budget": 9}, lambda x: sum(x) <= 3 and np.dot(x, SEGMENTS["cost"]) <= 9),
    (
        {"budget": 12, "exclusions": EXCLUSIONS},
        lambda x: np.dot(x, SEGMENTS["cost"]) <= 12 and x[1] + x[3] <= 1,
    ),
    (
        {"choose": 3, "groups": {"x": {"at_most": 1}, "y": {"at_least": 1, "min_share": 0.4}}},
        lambda x: sum(x) == 3 and x[0] + x[1] <= 1 and sum(x[2:5]) >= 1
        and 10 * np.dot(x[2:5], SIZES[2:5]) >= 4 * np.dot(x, SIZES),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("options", "allowed"), CASES)
@pytest.mark.parametrize("valued", [False, True])
@pytest.mark.parametrize("known", ["members", "overlaps"])
def test_the_optimum_equals_brute_force(options, allowed, valued, known):
    values = SEGMENTS["value"].to_numpy() if valued else np.ones(6, dtype=int)
    table = SEGMENTS if valued else PLAIN
    given = {"members": MEMBERS} if known == "members" else {"overlaps": OVERLAPS}
    table = table if known == "members" else table.assign(size=SIZES)
    planner = AudiencePlanner.from_tables(table, **given, **options)
    plan = planner.solve(seed=1)
    score = reached if known == "members" else surely
    feasible = [x for x in itertools.product((0, 1), repeat=6) if allowed(x)]
    best = max(score(x, values) for x in feasible)
    chosen = tuple(int(name in plan.chosen()) for name in NAMES)
    assert allowed(chosen)
    assert plan.value == pytest.approx(best) == score(chosen, values)
    assert plan.status == "optimal"
    assert plan.gap <= 1e-9
    today = (1, 1, 0, 0, 0, 0)
    assert plan.today_value == pytest.approx(score(today, values))
    low, high = plan.interval()
    assert low - 1e-9 <= reached(chosen, values) <= high + 1e-9
    within = [x for x in feasible if score(x, values) >= 0.99 * best - 1e-9]
    assert plan.near.exact
    assert plan.near.count == len(within)
    counts = plan.by_count.set_index("chosen")["value"]
    for size in range(1, 7):
        ways = [
            score(x, values)
            for x in itertools.product((0, 1), repeat=6)
            if sum(x) == size and ("choose" not in options or allowed_without_count(options, x))
            and ("choose" in options or allowed(x))
        ]  # fmt: skip
        assert (size in counts) == bool(ways)
        if ways:
            assert counts[size] == pytest.approx(max(ways))


def allowed_without_count(options, x):
    """The limits beside the number of segments, written out once more."""
    kept = np.dot(x, SEGMENTS["cost"]) <= options.get("budget", 99)
    if "groups" in options:
        kept &= (
            x[0] + x[1] <= 1 and sum(x[2:5]) >= 1 and 10 * np.dot(x[2:5], SIZES[2:5]) >= 4 * np.dot(x, SIZES)
        )
    return kept


def test_the_cost_can_be_taken_off():
    plan = AudiencePlanner.from_tables(PLAIN, members=MEMBERS, subtract_cost=True).solve(seed=1)
    cost = SEGMENTS["cost"].to_numpy()
    ones = np.ones(6)
    best = max(reached(x, ones) - np.dot(x, cost) for x in itertools.product((0, 1), repeat=6))
    assert plan.value == pytest.approx(best)
    assert plan.words.value == "net value"


def test_must_holds_segments_in_and_out():
    table = PLAIN.assign(must=["", "out", "", "", "in", ""])
    plan = AudiencePlanner.from_tables(table, members=MEMBERS, choose=3).solve(seed=1)
    assert "e" in plan.chosen()
    assert "b" not in plan.chosen()
    ones = np.ones(6)
    best = max(
        reached(x, ones) for x in itertools.product((0, 1), repeat=6) if sum(x) == 3 and x[4] and not x[1]
    )
    assert plan.value == best
    # What if it were not held cannot be asked of the held one; another one can be forced in and out.
    table = AudiencePlanner.from_tables(table, members=MEMBERS, choose=3).what_if("d")
    assert table["d"].tolist() == [0.0, 1.0]
    assert table["reach"].max() == best


def test_the_answer_carries_everything(tmp_path):
    planner = AudiencePlanner.from_tables(
        SEGMENTS.assign(lo=SIZES * 0.8, hi=SIZES * 1.2), members=MEMBERS, budget=12, exclusions=EXCLUSIONS
    )
    plan = planner.solve(seed=3, quantum=True, shots=200, draws=4, what_if=["d"])
    assert isinstance(plan, AudiencePlan)
    content = json.loads(plan.to_json())
    assert content["chosen_names"] == plan.chosen()
    assert content["reach"]["true"] == plan.value
    assert content["quantum_check"]["qubits"] <= 20
    assert {row["part"] for row in content["gaps"]} >= {"solver", "QUBO, proven minimum"}
    text = str(plan)
    for words in (
        "Who is reached",
        "b and d exclude each other",
        "What is used of each budget",
        "greedy by true value",
    ):
        assert words in text
    assert "Quantum check: proven optimum of the whole question, with pairs only," in text
    page = plan.report(tmp_path / "audience.html").read_text(encoding="utf-8")
    for words in ("Audience plan", "Who is reached", "no claim of", "What each segment brings alone"):
        assert words in page
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "audience.xlsx"))
    assert {"segments", "budgets", "by number", "stability", "what if d"} <= set(book.sheetnames)
    assert any("lifting it would bring" in line for line in plan.binding())
    assert any("the limit of cost" in line for line in plan.binding())
    again = planner.solve(seed=3)
    assert again.chosen() == plan.chosen()
    frame = plan.segments().set_index("segment")
    for name in NAMES:
        other = tuple(int((n in plan.chosen()) != (n == name)) for n in NAMES)
        change = abs(plan.value - reached(other, SEGMENTS["value"].to_numpy()))
        assert abs(frame.loc[name, "adds"]) == pytest.approx(change)


def test_pairs_alone_give_no_number_of_people():
    plan = AudiencePlanner.from_tables(PLAIN.assign(size=SIZES), overlaps=OVERLAPS, choose=4).solve(seed=1)
    figures = plan.figures()
    assert "reach" not in figures
    assert "least reach" in figures
    assert figures["reach from"] <= figures["reach to"]
    assert plan.to_dict()["reach"]["true"] is None
    assert "with pair overlaps alone" in str(plan)


def test_models_for_other_solvers():
    planner = AudiencePlanner.from_tables(PLAIN.assign(size=SIZES), overlaps=OVERLAPS, choose=3)
    value = planner.solve(seed=1).value
    cqm = planner.to_cqm()
    assert sorted(cqm.variables) == NAMES
    assert -solve(cqm, "exact").objective == pytest.approx(value)
    assert -solve(planner.to_level_model(), "exact").objective == pytest.approx(value)
    bqm = planner.to_bqm()
    sample = {name: int(name in planner.solve(seed=1).chosen()) for name in NAMES}
    assert -bqm.energy(sample) == pytest.approx(value)


def test_any_method_and_scenarios():
    planner = AudiencePlanner.from_tables(PLAIN, members=MEMBERS, choose=3)
    found = planner.solve("anneal", seed=2)
    proven = planner.solve(seed=2)
    assert found.value <= proven.value + 1e-9
    assert found.bound == proven.value
    table = planner.scenarios({"four": {"choose": 4}, "cheap": {"budget": 9}}, seed=1)
    assert table.loc["reach", "four"] >= table.loc["reach", "as it is"] >= table.loc["reach", "cheap"]


def test_a_given_weight_is_used():
    planner = AudiencePlanner.from_tables(PLAIN, members=MEMBERS, choose=3, overlap_weight=0.5)
    assert planner.weight == 0.5
    single = planner.to_bqm().get_quadratic("a", "b")
    assert single == pytest.approx(0.5 * OVERLAPS.loc[0, "b"])


@pytest.mark.parametrize(
    ("table", "options", "error", "words"),
    [
        (PLAIN, {}, OptionError, "give either overlaps or members"),
        (PLAIN, {"members": MEMBERS, "overlaps": OVERLAPS}, OptionError, "give either"),
        (PLAIN, {"members": MEMBERS, "choose": 7}, OptionError, "choose is 7"),
        (PLAIN, {"members": MEMBERS, "overlap_weight": 2}, OptionError, "overlap_weight is 2"),
        (PLAIN, {"overlaps": OVERLAPS}, TableError, "index 0, column 'size': the cell is blank"),
        (PLAIN.assign(size=SIZES + 1), {"members": MEMBERS}, TableError, "the memberships count 63"),
        (
            SEGMENTS.assign(value=[1, None, 1, 1, 1, 1]),
            {"members": MEMBERS},
            TableError,
            "index 1, column 'value'",
        ),
        (PLAIN.drop(columns="cost"), {"members": MEMBERS, "budget": 3}, TableError, "column 'cost'"),
        (PLAIN.assign(lo=0, hi=1), {"members": MEMBERS}, TableError, "is not between lo 0 and hi 1"),
        (PLAIN, {"members": MEMBERS, "budget": -1}, OptionError, "limit of 'cost' is -1"),
        (
            PLAIN,
            {"members": MEMBERS, "choose": 1, "groups": {"x": {"at_least": 2}}},
            PlanError,
            "the number of segments 1, at least 2 of group x",
        ),
        (
            PLAIN.assign(must=["", "in", "", "in", "", ""]),
            {"members": MEMBERS, "exclusions": EXCLUSIONS},
            PlanError,
            "b and d exclude each other",
        ),
        (PLAIN.assign(must=["in"] * 6), {"members": MEMBERS, "budget": 5}, PlanError, "use 23 of cost"),
    ],
)
def test_wrong_questions(table, options, error, words):
    with pytest.raises(error, match=words):
        AudiencePlanner.from_tables(table, **options)


def test_nobody_at_all():
    with pytest.raises(TableError, match="no segment holds anybody"):
        AudiencePlanner.from_tables(PLAIN, members=MEMBERS.assign(people=0))


def test_files(tmp_path):
    SEGMENTS.to_csv(tmp_path / "segments.csv", index=False)
    MEMBERS.to_csv(tmp_path / "members.csv", index=False, sep=";")
    plan = AudiencePlanner.from_csv(
        tmp_path / "segments.csv", members=tmp_path / "members.csv", choose=2
    ).solve(seed=0)
    assert len(plan.chosen()) == 2
