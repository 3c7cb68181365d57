"""Effects from tests: closed forms, likelihoods by another road, and what tests cannot tell."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing import ContentPlanner
from hybrid_opt.marketing.content_columns import read_levels
from hybrid_opt.marketing.content_design import Design, read_tests
from hybrid_opt.marketing.content_estimate import estimate_effects

TWO = pd.DataFrame({"image": ["photo", "chart"], "impressions": [400, 900], "conversions": [80, 90]})
FULL = pd.DataFrame(
    {
        "image": ["photo", "photo", "chart", "chart", "video", "video"],
        "call": ["trial", "demo"] * 3,
        "impressions": [1000, 1200, 900, 1100, 1000, 800],
        "conversions": [100, 150, 60, 100, 130, 140],
    }
)


def estimate(table, interactions=(), *, logit=False, levels=None):
    tests = read_tests(table)
    source = tests.levels() if levels is None else levels
    found = read_levels(source, tests.audiences, estimated=True)
    return estimate_effects(tests, found, interactions, logit=logit)


def test_two_levels_are_a_difference_of_proportions():
    found = estimate(TWO)
    assert found.effect == pytest.approx([0.05, -0.05])
    assert found.base == pytest.approx([0.15])
    smooth = [(80.5 / 401), (90.5 / 901)]
    variance = sum(p * (1 - p) / n for p, n in zip(smooth, (400, 900)))
    assert found.error == pytest.approx([np.sqrt(variance) / 2] * 2)
    by_logit = estimate(TWO, logit=True)
    odds = [np.log(80 / 320), np.log(90 / 810)]
    assert by_logit.effect == pytest.approx([(odds[0] - odds[1]) / 2, (odds[1] - odds[0]) / 2])
    variance = 1 / 80 + 1 / 320 + 1 / 90 + 1 / 810
    assert by_logit.error == pytest.approx([np.sqrt(variance) / 2] * 2)
    assert any("as many effects as rows" in note for note in found.notes)


def test_the_logit_is_the_maximum_of_the_likelihood():
    found = estimate(FULL, logit=True)
    images = [FULL["image"] == name for name in ("photo", "chart", "video")]
    calls = [FULL["call"] == name for name in ("trial", "demo")]
    x = np.column_stack([np.ones(6), *images[1:], calls[1]]).astype(float)
    n, k = FULL["impressions"].to_numpy(), FULL["conversions"].to_numpy()

    def loss(b):
        score = x @ b
        return float((n * np.logaddexp(0, score) - k * score).sum())

    b = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-6}).x
    image, call = np.array([0, b[1], b[2]]), np.array([0, b[3]])
    assert found.effect[:3] == pytest.approx(image - image.mean(), abs=1e-4)
    assert found.effect[3:] == pytest.approx(call - call.mean(), abs=1e-4)
    assert found.base[0] == pytest.approx(b[0] + image.mean() + call.mean(), abs=1e-4)


@pytest.mark.parametrize("logit", [False, True])
def test_interactions_reproduce_every_cell(logit):
    planner = ContentPlanner.from_tests(
        FULL, interactions=[("image", "call")], scale="logit" if logit else "linear"
    )
    for row in FULL.itertuples(index=False):
        units = np.array(
            [[row.image == "photo", row.image == "chart", row.image == "video",
              row.call == "trial", row.call == "demo"]], dtype=float
        )  # fmt: skip
        assert planner.model.outcomes(units)[0, 0] == pytest.approx(row.conversions / row.impressions)
    plan = planner.solve(seed=0, draws=5)
    assert plan.variants()["everybody"] == {"image": "video", "call": "demo"}
    assert plan.stability.draws == 5
    assert "estimates" in plan.frames()
    assert len(plan.to_dict()["estimates"]) == 7


def test_scatter_beyond_chance_widens_the_errors():
    calm = pd.DataFrame({"image": ["photo", "chart"] * 2, "impressions": 1000, "conversions": [100, 120] * 2})
    wild = calm.assign(conversions=[50, 170, 150, 70])
    first, second = estimate(calm, logit=True), estimate(wild, logit=True)
    assert first.effect == pytest.approx(second.effect)
    p = np.array([0.1, 0.12, 0.1, 0.12])
    dispersion = ((wild["conversions"] - 1000 * p) ** 2 / (1000 * p * (1 - p))).sum() / 2
    # Four rows and two effects leave two: 4.3027 is the 97.5 % point of Student's t there.
    assert second.error[0] / first.error[0] == pytest.approx(np.sqrt(dispersion) * 4.30265273 / 1.95996398)
    assert any("scatter more than chance" in note and "only 2 rows" in note for note in second.notes)
    assert not first.notes


@pytest.mark.parametrize("logit", [False, True])
def test_intervals_of_scattered_rows_hold_the_truth_as_often_as_they_say(logit):
    random = np.random.default_rng(5)
    rows = []
    for a in range(300):
        for image, score in [("photo", -1.1), ("chart", -0.9)] * 2:
            chance = 1.0 / (1.0 + np.exp(-score - 0.25 * random.standard_normal()))
            worked = random.binomial(20_000, chance)
            rows.append({"audience": f"a{a}", "image": image, "impressions": 20_000, "conversions": worked})
    found = estimate(pd.DataFrame(rows), logit=logit)
    # The mean rate under this scatter, by Gauss-Hermite quadrature; log-odds of it on the logit scale.
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    chances = 1.0 / (1.0 + np.exp(-np.array([[-1.1], [-0.9]]) - 0.25 * nodes))
    mean = chances @ weights / weights.sum()
    mean = np.log(mean / (1.0 - mean)) if logit else mean
    photo = (found.table["level"] == "image = photo").to_numpy()
    off = np.abs(found.effect[photo] - (mean[0] - mean[1]) / 2)
    # 95 % of 300 within three standard deviations; without Student's t it would be 81 %.
    assert np.mean(off < 1.96 * found.error[photo]) == pytest.approx(0.95, abs=0.038)


def test_levels_that_always_came_together_are_named():
    tied = FULL[((FULL["image"] == "photo") == (FULL["call"] == "trial")) | (FULL["image"] == "video")]
    tied = tied[tied["image"] != "video"]
    found = estimate(tied)
    assert any("cannot tell apart" in n and "image = chart, call = demo" in n for n in found.notes)
    assert np.isnan(found.error).all()
    # A third level that was shown with both leaves only what is tied in the dark.
    more = pd.concat([FULL[FULL["image"] == "video"], tied], ignore_index=True)
    assert not np.isnan(estimate(more).error).any()


def test_pairs_that_were_never_shown_are_named():
    few = FULL[~((FULL["image"] == "video") & (FULL["call"] == "demo"))]
    found = estimate(few, [("image", "call")])
    assert any("image = video with call = demo was never shown" in note for note in found.notes)
    assert len(found.pairs) == 1


def test_audiences_are_estimated_apart():
    both = pd.concat([TWO.assign(audience="a"), TWO.assign(audience="b", conversions=[80, 270])])
    found = estimate(both.reset_index(drop=True))
    assert found.effect == pytest.approx([0.05, -0.05, -0.05, 0.05])
    assert found.covariance[:2, 2:].any() == np.False_
    assert found.table["audience"].tolist() == ["a", "a", "b", "b"]


def test_levels_that_are_not_planned_are_fitted_all_the_same():
    plan = pd.DataFrame({"factor": ["image", "image", "call"], "level": ["photo", "chart", "trial"]})
    found = estimate(FULL, levels=plan)
    everything = estimate(FULL)
    assert found.effect[0] - found.effect[1] == pytest.approx(everything.effect[0] - everything.effect[1])


def test_draws_follow_the_covariance():
    found = estimate(TWO)
    # Two levels around their mean move against each other.
    assert found.covariance[0, 1] == pytest.approx(-found.covariance[0, 0])
    tests = read_tests(FULL)
    design = Design.of(tests, read_levels(tests.levels(), estimated=True), 0, [])
    assert not design.hidden().any()
    assert design.confounded() == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TWO.assign(conversions=[401, 9]), "401 is more than the 400 impressions"),
        (TWO.drop(columns="image"), "no column of a factor"),
        (TWO.assign(audience=["a", ""]), "name the audience in every row or in none"),
        (TWO.assign(impressions=0), "0 is not above 0"),
        (TWO.drop(columns="conversions"), "column 'conversions' is missing"),
    ],
)
def test_wrong_tables_of_tests(table, words):
    with pytest.raises(TableError, match=words):
        read_tests(table)


def test_what_cannot_be_estimated_is_refused():
    levels = pd.DataFrame({"factor": ["image"] * 3, "level": ["photo", "chart", "video"]})
    with pytest.raises(TableError, match="image = video was never shown"):
        estimate(TWO, levels=levels)
    with pytest.raises(TableError, match="did you mean 'images'"):
        estimate(TWO, levels=levels.assign(factor="images"))
    with pytest.raises(TableError, match="no column for the factor 'call'"):
        estimate(TWO, levels=pd.DataFrame({"factor": ["image", "call"], "level": ["photo", "demo"]}))
    with pytest.raises(TableError, match="all or none of the impressions of image = chart"):
        estimate(TWO.assign(conversions=[80, 0]), logit=True)
    separated = FULL.assign(conversions=[0, 150, 60, 100, 130, 140])
    with pytest.raises(TableError, match="no maximum"):
        estimate(separated, [("image", "call")], logit=True)
    assert estimate(TWO.assign(conversions=[80, 0])).effect == pytest.approx([0.1, -0.1])
    with pytest.raises(TableError, match="add the column audience"):
        ContentPlanner.from_tests(TWO, audiences={"a": 1, "b": 2})
    apart = pd.concat([TWO.assign(audience=name) for name in "ab"], ignore_index=True)
    with pytest.raises(TableError, match="table of tests, index 2, column 'audience': audience 'b' is not"):
        ContentPlanner.from_tests(apart, audiences={"a": 1})
    with pytest.raises(TableError, match="table of tests: there is no row for the audience 'c'"):
        ContentPlanner.from_tests(apart, audiences={"a": 1, "b": 1, "c": 1})
    assert list(ContentPlanner.from_tests(apart, levels[:2], audiences={"a": 1}).model.sizes) == [1]
    with pytest.raises(TableError, match="no row for the audience 'b'"):
        ContentPlanner.from_tests(TWO.assign(audience="a"), levels[:2], audiences={"a": 1, "b": 2})


@pytest.mark.parametrize(
    "interactions",
    [
        ["image"],
        [("image", "image")],
        [("image", "cal")],
        [("image", "call"), ("call", "image")],
        [5],
        [(["image"], "call")],
        [{"image", "call"}],
    ],
)
def test_wrong_interactions(interactions):
    with pytest.raises(OptionError, match="interactions holds"):
        estimate(FULL, interactions)


@pytest.mark.parametrize("interactions", [5, "image", {"image": "call"}])
def test_interactions_are_a_list(interactions):
    with pytest.raises(OptionError, match=r"interactions is .*image, call, in a list"):
        ContentPlanner.from_tests(FULL, interactions=interactions)


def test_given_effects_and_tests_exclude_each_other():
    pairs = pd.DataFrame({"factor": ["image"]})
    with pytest.raises(OptionError, match="come from the tests"):
        ContentPlanner.from_tests(FULL, pairs=pairs)
    base = pd.DataFrame({"audience": ["all"], "base": [0.1]})
    with pytest.raises(OptionError, match="come from the tests"):
        ContentPlanner.from_tests(FULL, audiences=base)
