"""All charts in one place; each is an inline SVG string and, if asked, a PNG file."""

from __future__ import annotations

from .bars import allocation_bars
from .curves import response_curves
from .heat_map import heat_map_chart
from .histories import history_chart
from .probabilities import optimum_probability_bars
from .ranges import ranges_chart
from .searches import search_curves
from .waterfall import gain_waterfall

__all__ = [
    "allocation_bars",
    "gain_waterfall",
    "heat_map_chart",
    "history_chart",
    "optimum_probability_bars",
    "ranges_chart",
    "response_curves",
    "search_curves",
]
