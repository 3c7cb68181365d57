"""Colours, fonts and number formats of every chart, table and page, in one place.

The colours are those of Okabe and Ito (2008), "Color Universal Design", chosen to stay apart for readers with
any form of colour blindness; text is dark on light throughout.
"""

from __future__ import annotations

from .numerals import (
    MISSING,
    aligned,
    cell,
    money,
    number,
    percent,
    probability,
    readable,
    short,
    tick_labels,
)

__all__ = [
    "BAND",
    "FONT_STACK",
    "GAIN",
    "GRID",
    "INK",
    "LOSS",
    "MISSING",
    "MUTED",
    "PLAN",
    "RANGE",
    "SERIES",
    "TODAY",
    "aligned",
    "cell",
    "money",
    "number",
    "percent",
    "probability",
    "readable",
    "short",
    "tick_labels",
]

INK, MUTED, GRID = "#1f2933", "#52606d", "#e4e7eb"
TODAY, PLAN = "#8a94a0", "#0072b2"
GAIN, LOSS = "#009e73", "#d55e00"
RANGE, BAND = "#dfecf5", "#f6d9a8"
SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""Colours for further series, in the order to use them."""

FONT_STACK = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
"""Fonts to ask a reader's machine for. None is wider than DejaVu Sans, with which charts are laid out."""
