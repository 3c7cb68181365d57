"""Tables, charts and pages from plain numbers; loaded on first use, so naming this room loads no matplotlib.

Example:
    >>> from hybrid_opt import reports
    >>> table = reports.Table(["Channel", "Spend"], [["TV", 1200]])
    >>> page = reports.Page("Budget", sections=[reports.Section("Plan", ["Spend per week.", table])])
    >>> reports.render_page(page).startswith("<!DOCTYPE html>")
    True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import charts, style
    from .charts import (
        allocation_bars,
        gain_waterfall,
        heat_map_chart,
        history_chart,
        optimum_probability_bars,
        ranges_chart,
        response_curves,
        search_curves,
    )
    from .page import Card, Drawing, Heading, Note, Page, Section, render_page, write_page
    from .table import Table
    from .terminal import print_table, table_text

__all__ = [
    "Card",
    "Drawing",
    "Heading",
    "Note",
    "Page",
    "Section",
    "Table",
    "allocation_bars",
    "charts",
    "gain_waterfall",
    "heat_map_chart",
    "history_chart",
    "optimum_probability_bars",
    "print_table",
    "ranges_chart",
    "render_page",
    "response_curves",
    "search_curves",
    "style",
    "table_text",
    "write_page",
]

_HOMES = {
    "charts": (
        "allocation_bars",
        "gain_waterfall",
        "history_chart",
        "heat_map_chart",
        "optimum_probability_bars",
        "ranges_chart",
        "response_curves",
        "search_curves",
    ),
    "page": ("Card", "Drawing", "Heading", "Note", "Page", "Section", "render_page", "write_page"),
    "table": ("Table",),
    "terminal": ("print_table", "table_text"),
}


def __getattr__(name: str) -> object:
    if name in ("charts", "style"):
        return import_module(f".{name}", __name__)
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{home}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
