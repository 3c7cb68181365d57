import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from hybrid_opt.reports import style


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1,234,567"),
        (-1234.5, "-1,234"),
        (-0.2, "0"),
        (0, "0"),
        (None, "n/a"),
        (math.nan, "n/a"),
        (pd.NA, "n/a"),
        (np.float64(12), "12"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_number(value, text):
    assert style.number(value) == text


def test_signs():
    assert style.number(5, signed=True) == "+5"
    assert style.number(-5, signed=True) == "-5"
    assert style.number(0, signed=True) == "0"
    assert style.number(0.2, signed=True) == "0"
    assert style.money(-3, "€", signed=True) == "-€3"
    assert style.money(3, "EUR", signed=True) == "+3 EUR"
    assert style.money(None, "EUR") == "n/a"


def test_percent():
    assert style.percent(0.12345) == "12.3 %"
    assert style.percent(-0.5, 0) == "-50 %"
    assert style.percent(-0.0001) == "0.0 %"
    assert style.percent(math.nan) == "n/a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.0231, "2.3 %"),
        (0.00012, "0.012 %"),
        (0.999996, "99.9996 %"),
        (0.5, "50 %"),
        (0.93, "93 %"),
        (1e-9, "1.0e-07 %"),
        (None, "n/a"),
    ],
)
def test_probability_never_rounds_to_zero_or_one(value, text):
    assert style.probability(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_234_567, "1.2 M"),
        (999_999, "1 M"),
        (999, "1 k"),
        (950, "950"),
        (0, "0"),
        (-2_500, "-2.5 k"),
        (0.00123, "0.0012"),
        (2.5e9, "2.5 B"),
        (7e12, "7 T"),
        (math.inf, "inf"),
        (None, "n/a"),
    ],
)
def test_short(value, text):
    assert style.short(value) == text


def test_short_keeps_digits_before_the_point():
    assert style.short(354_105, 3) == "354 k"
    assert style.short(354_105, 6) == "354.105 k"


def test_readable_and_aligned():
    assert style.readable(1e-9) == "1.00e-09"
    assert style.readable(1e50) == "1.00e+50"
    assert style.aligned([1369.2, -334.5, 0.2], signed=True) == ["+1,369", "-334", "0"]
    assert style.aligned([0.25, 3]) == ["0.25", "3.00"]
    assert style.aligned([]) == []
    assert style.aligned([1e-9, 0]) == ["1.00e-09", "0"]


def test_tick_labels_differ_where_ticks_do():
    ticks = [2_360_000, 2_362_500, 2_365_000]
    assert style.tick_labels(ticks) == ["2.3600 M", "2.3625 M", "2.3650 M"]
    assert style.tick_labels([-20, 0, 20]) == ["-20", "0", "20"]
    assert style.tick_labels([]) == []
    assert len(set(style.tick_labels([1e20, 2e20, 3e20]))) == 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (1200, "1,200"),
        (np.int64(1200), "1,200"),
        (12.5, "12.5"),
        (Decimal("0.5"), "0.5"),
        (None, "n/a"),
        (pd.NA, "n/a"),
        (pd.NaT, "n/a"),
        (("a", 1), "('a', 1)"),
    ],
)
def test_cell(value, text):
    assert style.cell(value) == text


def test_text_colours_are_dark_enough_on_white():
    """Contrast ratio of WCAG 2.1: 4.5 for text, 3 for the marks of a chart except the pale areas."""

    def luminance(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(colour):
        return 1.05 / (luminance(colour) + 0.05)

    assert min(contrast(colour) for colour in (style.INK, style.MUTED)) >= 4.5
    assert min(contrast(colour) for colour in (style.TODAY, style.PLAN, style.GAIN, style.LOSS)) >= 3
