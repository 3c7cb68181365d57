"""Response curves: values, ends, both kinds of tables, wrong tables."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import PlanError, TableError
from hybrid_opt.planning.curves import ResponseCurves
from hybrid_opt.planning.hill import HillCurve

TABLE = pd.DataFrame(
    {
        "channel": ["tv", "radio", "tv", "tv", "radio"],
        "spend": [20, 5, 0, 10, 15],
        "response": [50, 7, 0, 40, 3],
        "lo": [45, None, 0, 30, None],
        "hi": [60, None, 0, 45, None],
    }
)
HILL = pd.DataFrame({"channel": ["tv"], "theta": [0.5], "alpha": [2.0], "K": [20.0], "beta": [10.0]})


def test_linear_between_rows_whatever_their_order() -> None:
    curves = ResponseCurves.from_table(TABLE)
    assert curves.channels == ["tv", "radio"]
    np.testing.assert_allclose(curves.response("tv", [[0, 5], [10, 16]]), [[0, 20], [40, 46]])
    assert curves.response("tv", 2.5).shape == ()
    assert (curves.start("radio"), curves.limit("radio")) == (5.0, 15.0)
    spends, responses = curves.points("tv")
    assert (spends.tolist(), responses.tolist()) == ([0, 10, 20], [0, 40, 50])


def test_intervals_are_linear_too_or_none() -> None:
    curves = ResponseCurves.from_table(TABLE)
    band = curves.interval("tv", [5.0, 20.0])
    assert band is not None
    lo, hi = band
    assert (lo.tolist(), hi.tolist()) == ([15, 45], [22.5, 60])
    assert curves.interval("radio", [5.0]) is None
    assert ResponseCurves.from_hill(HILL).interval("tv", [5.0]) is None


def test_beyond_the_last_row_is_refused_or_flat_on_request() -> None:
    with pytest.raises(PlanError, match=r"'tv' ends at 20, but its response at 20.5 .* extrapolate=True"):
        ResponseCurves.from_table(TABLE).response("tv", [3, 20.5])
    held = ResponseCurves.from_table(TABLE, extrapolate=True)
    assert held.response("tv", [20, 21, 1e6]).tolist() == [50, 50, 50]
    assert held.limit("tv") == 20


def test_below_the_first_row_is_refused_even_with_extrapolation() -> None:
    curves = ResponseCurves.from_table(TABLE, extrapolate=True)
    with pytest.raises(PlanError, match=r"'radio' starts at 5, but .* at 4 is needed; add a row at spend 0"):
        curves.response("radio", [4, 6])
    with pytest.raises(PlanError, match=r"'tv' starts at 0, but .* at -1 is needed; spend is never negative"):
        curves.interval("tv", -1)


@pytest.mark.parametrize("spend", [math.nan, math.inf])
def test_spends_must_be_finite(spend: float) -> None:
    with pytest.raises(PlanError, match="a spend of 'tv' is not finite"):
        ResponseCurves.from_hill(HILL).response("tv", [1.0, spend])


def test_an_unknown_channel_is_told_the_nearest() -> None:
    curves = ResponseCurves.from_table(TABLE)
    with pytest.raises(PlanError, match="no curve of 'Radio'; did you mean 'radio'"):
        curves.response("Radio", 5)
    with pytest.raises(PlanError, match="no curve of 'print'; there are tv, radio"):
        curves.limit("print")


def test_a_falling_curve_is_legal_and_noted() -> None:
    curves = ResponseCurves.from_table(TABLE)
    assert curves.notes == ["the response of 'radio' decreases from 5 to 15"]
    assert curves.notes_of("tv") == []


def test_hill_curves_have_no_end() -> None:
    curves = ResponseCurves.from_hill(HILL)
    assert (curves.start("tv"), curves.limit("tv")) == (0.0, math.inf)
    assert curves.response("tv", [0, 10, 1e9]).tolist() == pytest.approx([0, 5, 10])
    spends, responses = curves.points("tv", up_to=30)
    assert (spends[0], spends[-1]) == (0, 30)
    np.testing.assert_allclose(responses, curves.response("tv", spends))
    assert curves.points("tv")[0][-1] == 40


@pytest.mark.parametrize(("alpha", "concave"), [(0.6, True), (1.0, True), (1.2, False), (2.5, False)])
def test_concavity_follows_the_shape(alpha: float, concave: bool) -> None:
    curves = ResponseCurves({"tv": HillCurve(0.0, alpha, 100.0, 5e6)})
    assert curves.is_concave("tv", np.linspace(0, 300, 400)) is concave


def test_concavity_is_one_of_the_grid() -> None:
    curves = ResponseCurves({"tv": HillCurve(0.0, 2.5, 100.0, 1.0)})
    assert curves.is_concave("tv", np.linspace(100, 300, 50))
    assert curves.is_concave("tv", [0, 100, 300])  # slopes, not differences: the steps differ
    assert curves.is_concave("tv", [0, 300])
    assert not curves.is_concave("tv", [0, 20, 60])


def test_a_straight_line_is_concave_despite_rounding() -> None:
    line = pd.DataFrame({"channel": "tv", "spend": [0, 0.3], "response": [0, 1e6 / 3]})
    assert ResponseCurves.from_table(line).is_concave("tv", np.arange(301) / 1000)


def test_read_tells_the_two_kinds_apart(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "curves.csv", index=False)
    HILL.to_csv(tmp_path / "hill.csv", index=False, sep=";")
    held = ResponseCurves.read(tmp_path / "curves.csv", extrapolate=True)
    assert (held.limit("tv"), held.extrapolate) == (20, True)
    assert ResponseCurves.read(tmp_path / "hill.csv").limit("tv") == math.inf


@pytest.mark.parametrize(
    ("columns", "what"),
    [(["channel", "clicks"], "fit neither kind"), (["channel", "spend", "theta"], "belong to both kinds")],
)
def test_read_refuses_other_columns(columns: list[str], what: str) -> None:
    with pytest.raises(TableError, match=what) as caught:
        ResponseCurves.read(pd.DataFrame([[1] * len(columns)], columns=columns))
    assert "channel, spend, response" in str(caught.value)
    assert "channel, theta, alpha, K, beta" in str(caught.value)


ROWS = [
    ("tv,0,0,,\ntv,0,1,,", ["row 3", "'spend'", "'tv' has a row at 0 already in row 2", "keep one"]),
    ("tv,-1,0,,", ["row 2", "'spend'", "-1 is negative"]),
    ("tv,0,many,,", ["row 2", "'response'", "'many' is text where a number is needed"]),
    ("tv,0,5,1,", ["row 2", "'hi'", "lo and hi belong together"]),
    ("tv,0,5,,9", ["row 2", "'lo'", "lo and hi belong together"]),
    ("tv,0,5,6,9", ["row 2", "'response'", "5 is not between lo 6 and hi 9"]),
    ("tv,0,5,1,9\ntv,1,5,,", ["row 3", "'lo'", "interval in some rows only (compare row 2)"]),
    ("tv,0,5,,\ntv,1,5,1,9", ["row 3", "'lo'", "interval in some rows only (compare row 2)"]),
]


@pytest.mark.parametrize(("rows", "parts"), ROWS, ids=[rows.replace("\n", "|") for rows, _ in ROWS])
def test_wrong_curve_tables(tmp_path: Path, rows: str, parts: list[str]) -> None:
    path = tmp_path / "curves.csv"
    path.write_text(f"channel,spend,response,lo,hi\n{rows}\n")
    with pytest.raises(TableError) as caught:
        ResponseCurves.read(path)
    for part in ["curve table", str(path), *parts]:
        assert part in str(caught.value)
