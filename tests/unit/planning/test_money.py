"""Money is exact: what was written is what is counted."""

from fractions import Fraction

import pytest

from hybrid_opt.planning.money import common_unit, exact, money_text


@pytest.mark.parametrize(
    ("amount", "fraction"), [(0.1, Fraction(1, 10)), (1e-3, Fraction(1, 1000)), (70000, Fraction(70000))]
)
def test_exact_is_the_written_decimal(amount: float, fraction: Fraction) -> None:
    assert exact(amount) == fraction


def test_sums_of_tenths_do_not_drift() -> None:
    assert sum(exact(0.1) for _ in range(10)) == 1


@pytest.mark.parametrize(
    ("amounts", "unit"),
    [
        ([Fraction(6, 10), Fraction(9, 10)], Fraction(3, 10)),
        ([Fraction(500), Fraction(0), Fraction(200)], Fraction(100)),
        ([], Fraction(1)),
        ([Fraction(0)], Fraction(1)),
    ],
)
def test_common_unit_is_the_greatest_common_divisor(amounts: list[Fraction], unit: Fraction) -> None:
    assert common_unit(amounts) == unit


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (82000.0, "82,000"),
        (0.5, "0.5"),
        (1234567.25, "1,234,567.25"),
        (Fraction(1, 10), "0.1"),
        (1e-9, "1e-09"),
        (0, "0"),
    ],
)
def test_money_text_shows_the_decimals_there_are(amount: float, text: str) -> None:
    assert money_text(amount) == text
