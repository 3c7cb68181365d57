"""Units in labels: scales, per cent, currencies, and what can mean two things."""

from decimal import Decimal

import pytest

from hybrid_opt.planning.table_units import currency_of, label_parts, read_unit

UNITS = [
    ("USD", 1, "USD", False),
    ("k\u20ac", 1000, "EUR", False),
    ("k \u20ac / week", 1000, "EUR", False),
    ("TEUR", 1000, "EUR", False),
    ("miles de euros", 1000, "EUR", False),
    ("'000", 1000, None, False),
    ("in thousands", 1000, None, False),
    ("Tsd. \u20ac", 1000, "EUR", False),
    ("people, thousands", 1000, None, False),
    ("millones", 10**6, None, False),
    ("miles de millones", 10**9, None, False),
    ("%", 1, None, True),
    ("por ciento", 1, None, True),
    ("people", 1, None, False),
    ("2026", 1, None, False),
]


@pytest.mark.parametrize(("text", "scale", "currency", "percent"), UNITS, ids=[unit[0] for unit in UNITS])
def test_what_a_unit_says(text: str, scale: int, currency: str | None, percent: bool) -> None:
    unit = read_unit(text)
    assert (unit.scale, unit.currency, unit.percent) == (Decimal(scale), currency, percent)
    assert unit.problem is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("M", "thousand or million"),
        ("\u20acm", "thousand or million"),
        ("mil \u20ac", "thousand or million"),
        ("t", "thousand or ton"),
        ("pieces per k\u20ac", "below the line"),
        ("$ \u20ac", "several units"),
        ("k\u20ac million", "several units"),
    ],
)
def test_units_that_can_mean_two_things(text: str, part: str) -> None:
    problem = read_unit(text).problem
    assert problem is not None
    assert part in problem


@pytest.mark.parametrize(
    ("label", "name", "unit"),
    [
        ("Spend (USD)", "Spend", "USD"),
        ("Kosten [k\u20ac]", "Kosten", "k\u20ac"),
        ("Reach, %", "Reach", "%"),
        ("Reach %", "Reach", "%"),
        ("% of savings", "savings", "%"),
        ("cost_eur", "cost", "eur"),
        ("Gasto en miles de euros", "Gasto", "en miles de euros"),
    ],
)
def test_labels_are_split_before_their_unit(label: str, name: str, unit: str) -> None:
    assert (name, unit) in [(found, read.text) for found, read in label_parts(label)]


def test_names_of_currencies() -> None:
    found = [currency_of(text) for text in ("\u20ac", "usd", "D\u00f3lares", "kg")]
    assert found == ["EUR", "USD", "USD", None]
