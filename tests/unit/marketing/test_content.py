"""The content task through its public door."""

import json

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, PlanError, TableError
from hybrid_opt.marketing import ContentPlan, ContentPlanner

LEVELS = pd.DataFrame(
    {
        "factor": ["headline", "headline", "image", "image", "image"],
        "level": ["question", "offer", "photo", "chart", "video"],
        "effect": [0.0, 2.5, 0.0, 1.0, 3.0],
        "error": [0.5, 1.0, 0.1, 0.1, 2.0],
        "cost": [0, 0, 0, 1, 5],
        "current": [True, False, True, False, False],
        "exposure": [1.0, 0.0, 0.5, 0.0, 0.0],
    }
)
PAIR = {"factor": ["headline"], "level": ["offer"], "other": ["image"], "other_level": ["video"]}
PAIRS = pd.DataFrame({**PAIR, "effect": [-4.0], "error": [0.2]})
TWO = {"enterprise": 3, "startup": 1}


def planner(levels=LEVELS, **options):
    return ContentPlanner.from_tables(levels, **options)


def test_main_effects_and_pairs_decide():
    assert planner().solve(seed=0).variants() == {"everybody": {"headline": "offer", "image": "video"}}
    plan = planner(pairs=PAIRS).solve(seed=0)
    assert plan.variants() == {"everybody": {"headline": "offer", "image": "chart"}}
    assert (plan.value, plan.today_value, plan.status) == (3.5, 0.0, "optimal")
    assert isinstance(plan, ContentPlan)


def test_a_row_for_all_is_produced_once_and_rows_by_audience_each():
    # A video brings 3 * 3 + 3 = 12 to both audiences, a chart 4 - 1: the cost of 5 is paid once.
    once = planner(audiences=TWO, worth=1.0).solve(seed=0)
    assert once.value == pytest.approx(4 * 5.5 - 5)
    assert once.made().set_index("level").loc["image = video", "audiences"] == "enterprise, startup"
    assert once.cost == 5.0
    each = pd.concat([LEVELS.assign(audience=name) for name in TWO])
    apart = planner(each.reset_index(drop=True), audiences=TWO, worth=1.0).solve(seed=0)
    # For the startup video brings 3 - 5, the chart 1 - 1, the photo 0.
    assert apart.variants()["enterprise"]["image"] == "video"
    assert apart.variants()["startup"]["image"] in ("photo", "chart")
    assert apart.value == pytest.approx(3 * 5.5 - 5 + 2.5)
    assert planner(each.assign(shared=True), audiences=TWO, worth=1.0).solve(seed=0).value == once.value


def test_what_nobody_is_shown_is_never_made():
    # The outcome alone would leave it open whether the video is made for nothing.
    plan = planner(audiences=TWO, pairs=PAIRS, budget=100).solve(seed=0)
    made = plan.spends()[[plan.question.table.labels.index("image = video made")]]
    assert made.tolist() == [0.0]
    assert plan.cost == 1.0
    by_blocks = planner(audiences=TWO, pairs=PAIRS, budget=100).solve("anneal", qubits=8, seed=0)
    shown = "video" in [variant["image"] for variant in by_blocks.variants().values()]
    assert by_blocks.allocation()["image = video made"] == float(shown)


def test_the_budget_limits_production_and_says_what_more_would_bring():
    plan = planner(budget=1).solve(seed=0)
    assert plan.variants()["everybody"]["image"] == "chart"
    assert plan.limits.set_index("limit").loc["production", "change"] == 1.0
    assert planner(budget=4).solve(seed=0).binding() == [
        "the limit of production: 1 more would bring +2.0000"
    ]
    assert plan.limits_used() == {"production cost": 1.0, "production limit": 1.0}


def test_shown_only_if_made_is_no_limit_to_move():
    plan = planner(audiences=TWO, worth=1.0, budget=5).solve(seed=0)
    assert plan.limits["limit"].tolist() == ["production"]


def test_fatigue_takes_a_share_of_the_lead():
    worn = LEVELS.assign(exposure=[0, 1.0, 0, 0, 0.5])
    lines = planner(worn, fatigue=0.4).solve(seed=0).lines().set_index("level")["effect"]
    assert lines["offer"] == pytest.approx(2.5 * 0.6)
    assert lines["video"] == pytest.approx(3 * 0.8)
    assert lines["question"] == 0.0
    # The same whatever level the effects are counted from.
    moved = worn.assign(effect=worn["effect"] - 7.0)
    shifted = planner(moved, fatigue=0.4).solve(seed=0).lines().set_index("level")["effect"]
    np.testing.assert_allclose(shifted + 7.0, lines)


def test_exploration_counts_other_levels_or_uncertain_ones():
    worse = LEVELS.assign(effect=[3.0, 2.0, 3.0, 1.0, 0.0])
    free = planner(worse).solve(seed=0)
    assert free.variants()["everybody"] == {"headline": "question", "image": "photo"}
    one = planner(worse, explore=1).solve(seed=0)
    assert one.variants()["everybody"] == {"headline": "offer", "image": "photo"}
    two = planner(worse, explore=2).solve(seed=0)
    assert two.variants()["everybody"] == {"headline": "offer", "image": "chart"}
    uncertain = planner(worse, explore=2, explore_error=0.9).solve(seed=0)
    assert uncertain.variants()["everybody"] == {"headline": "offer", "image": "video"}
    unknown = worse.assign(error=[0.1, 0.1, 0.1, np.nan, 0.1])
    plan = planner(unknown, explore=1, explore_error=0.9).solve(seed=0)
    assert plan.variants()["everybody"]["image"] == "chart"


def test_forbidden_and_required_pairs():
    plan = planner(forbidden=pd.DataFrame(PAIR)).solve(seed=0)
    assert plan.variants()["everybody"] == {"headline": "offer", "image": "chart"}
    needs = pd.DataFrame(PAIR).rename(columns={"other": "needs", "other_level": "needs_level"})
    assert planner(pairs=PAIRS, required=needs).solve(seed=0).value == 3.0
    with pytest.raises(PlanError, match="offer needs image = video"):
        planner(LEVELS.assign(must=["", "in", "in", "", ""]), required=needs)


def test_stability_follows_the_errors_and_rows_move_together():
    plan = planner(audiences=TWO).solve(seed=0, draws=60)
    stays = plan.lines().set_index("option")["stays"]
    assert 0.5 < stays["enterprise: image = video"] < 1.0
    # A row for both audiences is one estimate: both draws agree.
    assert stays["enterprise: image = video"] == stays["startup: image = video"]
    sure = planner(LEVELS.assign(error=1e-6)).solve(seed=0, draws=10)
    assert (sure.stability.spends.mean(axis=0) == sure.spends()).all()
    assert sure.stability.losses.max() == 0.0
    pair_only = planner(LEVELS.assign(error=0.0), pairs=PAIRS.assign(error=5.0)).solve(seed=0, draws=40)
    assert 0.0 < pair_only.lines().set_index("level")["stays"]["video"] < 1.0
    none = planner(LEVELS.drop(columns="error")).solve(seed=0, draws=3)
    assert none.stability is None
    assert any("stability was left out" in note for note in none.notes)


def test_the_logit_is_scored_in_its_own_model():
    # Pairs cannot hold three factors on the logit scale, the truth is enumerated.
    more = {"factor": ["call"] * 2, "level": ["trial", "demo"], "effect": [0.0, 1.5], "error": 0.3}
    more = pd.DataFrame(more)
    levels = pd.concat([LEVELS.drop(columns=["current", "exposure", "cost"]), more], ignore_index=True)
    base = pd.DataFrame({"audience": ["all"], "size": [100], "base": [-2.0]})
    plan = planner(levels, audiences=base, scale="logit", pairs=PAIRS).solve(seed=0, draws=5)
    assert plan.value == pytest.approx(100 / (1 + np.exp(-(-2.0 + 2.5 + 1.0 + 1.5))))
    assert plan.status == "optimal"
    assert "logit" in plan.method
    assert any("least-squares fit" in note for note in plan.notes)
    assert not any("the draws move" in note for note in plan.notes)
    assert plan.stability.draws == 5
    assert "QUBO form" in plan.gaps()["part"].iloc[1]


def test_everything_an_answer_says(tmp_path):
    plan = planner(pairs=PAIRS, audiences=TWO, worth=2.0, budget=6).solve(
        seed=0, draws=4, tolerance=0.2, what_if=["startup: image"]
    )
    text = str(plan)
    for words in ("Which content for which audience", "What is produced", "What levels add together",
                  "What if startup: image is held", "stays chosen", "moves every effect"):  # fmt: skip
        assert words in text
    content = json.loads(plan.to_json())
    assert content["variants"] == plan.variants()
    assert content["production"][0].keys() == {"level", "audiences", "cost"}
    assert not any("made" in name for name in content["chosen_names"])
    book = openpyxl.load_workbook(plan.to_excel(tmp_path / "c.xlsx"))
    assert {"outcomes", "production", "options", "stability"} <= set(book.sheetnames)
    page = plan.report(tmp_path / "c.html").read_text(encoding="utf-8")
    assert page.count("data-mark=\"chosen:") + page.count('data-mark="cell:') > 10
    frame = plan.outcomes()
    assert 2.0 * frame["outcome"].sum() - plan.cost == pytest.approx(plan.value)
    assert plan.limit_words().endswith("levels changed")
    with pytest.raises(AttributeError, match="comes from ContentPlanner"):
        _ = ContentPlan.content.fget(type("Bare", (), {"model": None})())


def test_scenarios_other_methods_and_changes():
    frame = planner(budget=1).scenarios({"more": {"budget": 9}}, seed=0)
    assert frame.loc["outcome", "more"] > frame.loc["outcome", "as it is"]
    plan = planner(pairs=PAIRS, audiences=TWO, worth=1.0).solve("anneal", qubits=8, seed=0)
    assert plan.today_value <= plan.value <= plan.bound + 1e-9
    with pytest.raises(OptionError, match="did you mean 'headline'"):
        planner().solve(what_if=["headlin"])


def test_the_quantum_check_keeps_one_level_per_factor():
    pytest.importorskip("qiskit_aer")
    few = LEVELS[LEVELS["level"] != "chart"]
    plan = planner(few, pairs=PAIRS, audiences=TWO, worth=1.0).solve(
        seed=1, quantum=True, depth=1, shots=200, alternatives=1
    )
    assert plan.check.whole
    # Eight levels and two options for the shared video; shown only if made needs no slack.
    assert plan.check.qubo.n_bits == 10
    assert plan.check.optimum == pytest.approx(plan.value)
    assert plan.check.solution.quantum.feasible_share < 1.0  # "shown only if made" is a penalty


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale": "probit"}, "scale is 'probit'"),
        ({"worth": 0}, "worth is 0"),
        ({"worth": True}, "worth is True"),
        ({"worth": 1e16}, "worth is 1e.16; legal is a number above 0 up to 1e.15, or None"),
        ({"fatigue": 1.2}, "fatigue is 1.2"),
        ({"fatigue": None}, "fatigue is None"),
        ({"budget": -1}, "budget is -1"),
        ({"explore": 3}, "explore is 3"),
        ({"explore": 1, "explore_error": -1}, "explore_error is -1"),
        ({"explore_error": 0.5}, "without explore"),
        ({"audiences": {"all": 0}}, "size of audience 'all'"),
        ({"interactions": [("headline", "image")]}, "interactions belong to tests"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(OptionError, match=words):
        planner(**options)


def test_exploring_needs_to_know_today():
    with pytest.raises(OptionError, match="add the column current"):
        planner(LEVELS.drop(columns="current"), explore=1)
    with pytest.raises(OptionError, match="give levels with their effects, or tests"):
        ContentPlanner()


def test_rules_that_clash_are_named():
    with pytest.raises(PlanError, match="explored"):
        planner(explore=2, budget=0, worth=None)


def test_a_wrong_cell_of_must_is_named():
    with pytest.raises(TableError, match="'maybe' is not legal"):
        planner(LEVELS.assign(must=["maybe", "", "", "", ""]))


def test_beyond_enumeration_the_bound_is_milps():
    random = np.random.default_rng(0)
    levels = pd.DataFrame(
        [
            {"factor": f"f{f}", "level": f"l{k}", "effect": round(float(random.normal()), 3)}
            for f in range(9)
            for k in range(5)
        ]
    )
    pairs = pd.DataFrame(
        [
            {"factor": f"f{f}", "level": "l1", "other": f"f{f + 1}", "other_level": "l2", "effect": 0.7}
            for f in range(8)
        ]
    )
    plan = planner(levels, pairs=pairs).solve(seed=0, alternatives=2)
    assert plan.status == "optimal"
    assert "MILP" in plan.method
    assert not plan.near.exact
