"""Hill response in steady state: the anchor, closed forms, wrong parameters."""

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.errors import PlanError, TableError
from hybrid_opt.planning.hill import HillCurve, read_hill

ANCHOR = pd.DataFrame(
    {
        "channel": ["tv", "ooh", "print", "facebook", "search"],
        "theta": [0.06, 0.58, 0.10, 0.34, 0.38],
        "alpha": [0.73, 2.6, 2.9, 1.3, 2.8],
        "K": [90100, 258800, 13500, 13200, 17000],
        "beta": [803767, 170005, 202334, 340050, 220458],
    }
)


@pytest.mark.parametrize(
    ("spends", "response"),
    [
        ([15000, 43000, 4000, 2000, 6000], 280_339),
        ([19500, 34900, 5200, 2600, 7800], 354_105),
        ([30000, 16000, 8000, 4000, 12000], 524_789),
        ([18700, 0, 18100, 16100, 17100], 763_977),
    ],
    ids=["history", "30 %", "0-200 %", "0-B"],
)
def test_the_anchor_plans_have_their_known_responses(spends: list[int], response: int) -> None:
    curves = read_hill(ANCHOR)
    total = sum(float(curve.response(spend)) for curve, spend in zip(curves.values(), spends, strict=True))
    assert round(total) == response


def test_closed_forms() -> None:
    curve = HillCurve(theta=0.25, alpha=2.7, K=100.0, beta=8.0)
    # Half of beta where the effective spend is K; nothing at nothing; beta in the limit.
    assert curve.response([0.0, 75.0]).tolist() == pytest.approx([0.0, 4.0])
    assert float(curve.response(1e12)) == pytest.approx(8.0)
    x = np.array([[10.0, 20.0], [400.0, 1e4]]) / 0.75
    expected = 8 * x**2.7 / (100**2.7 + x**2.7)
    np.testing.assert_allclose(curve.response(x * 0.75), expected, rtol=1e-12)


def test_steady_state_is_the_limit_of_repeated_spending() -> None:
    theta, spend, carried = 0.6, 30.0, 0.0
    for _ in range(200):
        carried = spend + theta * carried
    steep = HillCurve(theta, 1.8, 50.0, 1.0).response(spend)
    assert float(steep) == pytest.approx(carried**1.8 / (50**1.8 + carried**1.8))


def test_extreme_shapes_do_not_overflow() -> None:
    curve = HillCurve(theta=0.0, alpha=5000.0, K=10.0, beta=1.0)
    assert curve.response([1e-300, 9.0, 10.0, 11.0, 1e300]).tolist() == pytest.approx([0, 0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("column", "value", "parts"),
    [
        ("theta", 1, ["1 is not below 1", "from 0 to below 1"]),
        ("theta", -0.1, ["-0.1 is less than 0"]),
        ("alpha", 0, ["0 is not above 0", "numbers above 0"]),
        ("K", 0, ["0 is not above 0"]),
        ("K", -5, ["-5 is negative"]),
        ("beta", -1, ["-1 is less than 0"]),
        ("beta", None, ["blank", "fill in"]),
    ],
)
def test_wrong_parameters_are_named_with_row_and_column(
    column: str, value: float | None, parts: list[str]
) -> None:
    table = ANCHOR.astype({column: object})
    table.loc[2, column] = value
    with pytest.raises(TableError) as caught:
        read_hill(table)
    for part in ["curve table", "index 2", f"column {column!r}", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "parameters", [(1.0, 1, 1, 1), (0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, -1), (0, 1, float("nan"), 1)]
)
def test_a_curve_made_by_hand_is_checked_too(parameters: tuple[float, float, float, float]) -> None:
    with pytest.raises(PlanError, match="legal are 0 <= theta < 1, alpha > 0, K > 0, beta >= 0"):
        HillCurve(*parameters)
