"""A fitted history: what it recovers, what it warns of, what it shows; and each wrong argument."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import OptionError, TableError
from hybrid_opt.marketing.media_history import fit_history
from hybrid_opt.marketing.synthetic_history import make_history

NAMED = {"outcome": "revenue", "date": "week", "controls": ["price", "holiday"]}


def fit(frame, spend=("tv", "search"), **options):
    return fit_history(frame, spend=list(spend), **({"starts": 2} | NAMED | options))


@cache
def good():
    return fit(make_history(), spend=["tv", "search", "social"], starts=3)


@cache
def useless():
    return fit(make_history(3, media=0.0))


def test_the_parts_add_up_to_the_outcome():
    found = good()
    table = found.decomposition()
    assert table["total"].sum() == pytest.approx(found.weekly.outcome.sum())
    assert table["share"].sum() == pytest.approx(1.0)
    own = table.set_index("part")
    assert own.loc["tv", "return"] == pytest.approx(own.loc["tv", "total"] / own.loc["tv", "spend"])
    weeks = found.weeks()
    parts = weeks[["baseline", "tv", "search", "social"]].sum(axis=1)
    np.testing.assert_allclose(parts, weeks["fitted"])
    assert weeks["held_out"].notna().sum() == 26
    assert found.r2 == pytest.approx(1 - ((weeks["actual"] - weeks["fitted"]) ** 2).sum()
                                     / ((weeks["actual"] - weeks["actual"].mean()) ** 2).sum())


def test_the_check_decides_and_says_so():
    assert good().reliable
    assert good().notes == []
    table = good().holdout.table().set_index("model")
    assert table.loc["with media", "RMSE"] < table.loc["without media", "RMSE"]
    assert useless().reliable is False
    assert useless().verdict.startswith("UNRELIABLE: over the 26 weeks")
    alone = fit(make_history(), holdout=0)
    assert alone.reliable is False
    assert "no weeks were held out" in alone.verdict


def test_errors_of_the_check_are_those_of_their_definitions():
    holdout = good().holdout
    gap = holdout.actual - holdout.predicted
    row = holdout.table().iloc[0]
    assert row["RMSE"] == pytest.approx(np.sqrt((gap**2).mean()))
    assert row["MAPE"] == pytest.approx((np.abs(gap) / holdout.actual).mean())
    spread = ((holdout.actual - holdout.actual.mean()) ** 2).sum()
    assert row["R2"] == pytest.approx(1 - (gap**2).sum() / spread)
    assert holdout.actual.tolist() == good().weekly.outcome[-26:].tolist()


def test_the_same_seed_gives_the_same_fit():
    again = fit(make_history(3, media=0.0))
    assert again.fit.beta.tolist() == useless().fit.beta.tolist()


def test_spends_that_cannot_be_told_apart_are_named():
    frame = make_history()
    frame["social"] = 2 * frame["tv"] + 10
    frame["radio"] = 5_000
    frame["print"] = np.where(np.arange(len(frame)) < 5, 100.0, 0.0)
    notes = "; ".join(fit(frame, spend=["tv", "social", "radio", "print"], starts=1).notes)
    assert "'tv' and 'social' move together (r = 1.00)" in notes
    assert "the spend of 'radio' hardly varies" in notes
    assert "'print' was used in 5 weeks only" in notes


def test_an_effect_that_is_not_there_is_named():
    assert any("no effect of" in note or "is not told from zero" in note for note in useless().notes)


def test_saturation_that_was_not_seen_is_named():
    """Spends far below half saturation on one channel, far above it on the other."""
    frame = make_history(noise=0.001)
    random = np.random.default_rng(5)
    low = random.uniform(100, 1_000, len(frame))
    high = random.uniform(5_000, 50_000, len(frame)) * (random.random(len(frame)) < 0.8)
    frame["low"], frame["high"] = low, high
    frame["revenue"] = 200_000 + 40 * low + 60_000 * high / (high + 50.0) + random.normal(0, 50, len(frame))
    notes = "; ".join(fit(frame, spend=["low", "high"], starts=6, controls=[]).notes)
    assert "saturation of 'low' is not identified: its spend never left the lower part" in notes
    assert "saturation of 'high' is not identified: its spend stayed on the flat part" in notes


def test_errors_that_follow_each_other_are_named():
    frame = make_history(noise=0.0)
    wave = 8_000 * np.sin(np.arange(len(frame)) / 3.7)
    frame["revenue"] = frame["revenue"] + wave
    assert any("follow each other" in note for note in fit(frame, starts=1).notes)


def test_less_than_two_years_are_named():
    notes = fit(make_history(weeks=90), starts=1).notes
    assert any("less than two years" in note for note in notes)


def test_text_and_picture(tmp_path):
    text = str(good())
    assert "Check on the last 26 weeks" in text
    assert "What revenue was made of" in text
    assert "±" in text
    assert good().picture(tmp_path / "fit.png").startswith("<svg")
    assert (tmp_path / "fit.png").stat().st_size > 10_000
    assert "no ground for moving money" in str(useless())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"holdout": -1}, "holdout is -1"),
        ({"season": 7}, "season is 7"),
        ({"starts": 0}, "starts is 0"),
        ({"starts": True}, "starts is True"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(OptionError, match=words):
        fit(make_history(), **options)


def test_too_few_weeks_and_an_outcome_that_never_changes():
    with pytest.raises(TableError, match=r"has 40 weeks.*at least 50 weeks are needed"):
        fit(make_history(weeks=40))
    with pytest.raises(TableError, match="never changes"):
        fit(make_history().assign(revenue=5.0))


def test_the_order_of_rows_does_not_matter():
    shuffled = make_history(3, media=0.0).sample(frac=1.0, random_state=1)
    assert fit(shuffled).fit.beta.tolist() == useless().fit.beta.tolist()
    assert isinstance(useless().parameters(), pd.DataFrame)
