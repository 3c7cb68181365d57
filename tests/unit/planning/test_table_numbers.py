"""Numbers as people write them: each form, and what is none."""

from decimal import Decimal

import pytest

from hybrid_opt.planning.table_numbers import COMMA, POINT, split_number

FORMS = [
    ("1234", "1234", "1234"),
    ("1,234.5", "1234.5", None),
    ("1.234,5", None, "1234.5"),
    ("1.234", "1.234", "1234"),
    ("1,234", "1234", "1.234"),
    ("0.125", "0.125", None),
    ("0,125", None, "0.125"),
    ("1 234,5", None, "1234.5"),
    ("1\u00a0234\u202f567", "1234567", "1234567"),
    ("1'234.5", "1234.5", None),
    ("1.234.567", None, "1234567"),
    ("\u20ac 1,200", "1200", "1.2"),
    ("-$5", "-5", "-5"),
    ("$-5", "-5", "-5"),
    ("\u22125", "-5", "-5"),
    ("(1,200)", "-1200", "-1.2"),
    ("1200-", "-1200", "-1200"),
    ("45 %", "45", "45"),
    ("1.5e3", "1500", None),
    ("5k", "5000", "5000"),
    ("1,2 k\u20ac", None, "1200"),
    ("1.200,50 EUR", None, "1200.50"),
]


@pytest.mark.parametrize(("text", "point", "comma"), FORMS, ids=[form[0] for form in FORMS])
def test_a_number_under_both_decimal_marks(text: str, point: str | None, comma: str | None) -> None:
    number = split_number(text)
    assert number is not None
    assert number.value(POINT) == (None if point is None else Decimal(point))
    assert number.value(COMMA) == (None if comma is None else Decimal(comma))
    assert number.doubtful == (point is not None and comma is not None and Decimal(point) != Decimal(comma))


@pytest.mark.parametrize(
    "text",
    ["abc", "", "1_000", "1,2,3", "12,34,567", "(5", "--5", "(-5)", "5 % 3", "$5\u20ac", "1.2.3", "5 kg"],
)
def test_what_is_no_number(text: str) -> None:
    assert split_number(text) is None


def test_the_parts_beside_the_digits() -> None:
    share, amount = split_number("12,5%"), split_number("USD 5k")
    assert share is not None
    assert share.percent
    assert not share.thousand
    assert share.currency is None
    assert amount is not None
    assert amount.thousand
    assert amount.currency == "USD"
    assert not amount.percent
