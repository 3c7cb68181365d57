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


def test_a_spend_that_never_varies_gets_no_effect():
    """Its column is that of the level: without care rounding errors make it the greatest of all effects."""
    frame = make_history().assign(radio=5_000.0)
    frame["almost"] = 5_000.0 + np.arange(len(frame)) % 2
    found = fit(frame, spend=["tv", "search", "radio", "almost"])
    assert found.fit.beta[2:].tolist() == [0.0, 0.0]
    assert sum("it is taken as 0" in note for note in found.notes) == 2
    assert found.reliable
    np.testing.assert_allclose(found.fit.beta[:2], fit(frame).fit.beta, rtol=1e-2)


def test_a_spend_that_a_control_explains_is_named():
    frame = make_history()
    frame["fair"] = 4_000.0 * frame["holiday"] + np.where(np.arange(len(frame)) == 7, 1.0, 0.0)
    found = fit(frame, spend=["tv", "fair"])
    assert any("'fair' moves with the control 'holiday' (r = 1.00)" in note for note in found.notes)


def test_an_effect_beyond_the_whole_outcome_is_not_believed():
    frame = make_history()
    frame["radio"] = 5_000.0 * (1 + 0.03 * np.sin(np.arange(len(frame)) * 1.7))
    frame["revenue"] = 100_000 + 400 * (frame["radio"] - 5_000)
    found = fit(frame, spend=["radio"], controls=[])
    assert found.holdout.better
    assert found.unbelievable == ["radio"]
    assert found.verdict.startswith("UNRELIABLE: 'radio' would bring more than the whole outcome")
    assert not found.reliable


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


def test_what_a_messy_sheet_was_read_as_is_told(tmp_path):
    """A title, a semicolon, decimal commas and currency signs; names with or without their unit."""
    frame = make_history()
    text = {name: frame[name].map(lambda value: f"{value:.1f}".replace(".", ",")) for name in ("tv", "price")}
    revenue = frame["revenue"].map(lambda value: f"{value:,.2f} €".translate(str.maketrans(",.", ".,")))
    messy = frame.assign(**text, revenue=revenue).rename(columns={"revenue": "Revenue (€)", "tv": "tv (€)"})
    path = tmp_path / "messy.csv"
    path.write_text(f"Sales by week\n\n{messy.to_csv(index=False, sep=';')}", encoding="utf-8")
    plain = fit(frame)
    for outcome, tv in (("revenue", "tv"), ("Revenue (€)", "tv (€)")):
        found = fit(path, spend=[tv, "search"], outcome=outcome)
        assert found.fit.beta.tolist() == plain.fit.beta.tolist()
        assert "decimal comma" in found.notes[0]
        assert found.notes[0] in str(found)


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


def test_a_control_that_begins_in_the_weeks_held_out_changes_no_forecast():
    plain = fit(make_history())
    begun = make_history()
    begun["new"] = 0.0
    begun.loc[begun.index[-26:], "new"] = 1.0
    found = fit_history(
        begun, outcome="revenue", date="week", spend=["tv", "search"], controls=["price", "holiday", "new"],
        starts=2,
    )  # fmt: skip
    assert found.reliable
    expected = plain.holdout.table()["RMSE"].tolist()
    assert found.holdout.table()["RMSE"].tolist() == pytest.approx(expected, rel=0.02)
    assert any("'new' does not vary before the 26 weeks held out" in note for note in found.notes)


def test_a_channel_that_begins_in_the_weeks_held_out_is_named():
    history = make_history()
    history.loc[history.index[:-26], "tv"] = 0.0
    found = fit(history)
    assert any("'tv' does not vary before the 26 weeks held out" in note for note in found.notes)


def test_a_short_holdout_proves_nothing():
    found = fit(make_history(), holdout=7)
    assert not found.reliable
    assert found.verdict == "UNRELIABLE: 7 weeks held out are too few, hold out 8 or more"
