"""The figures that charts are drawn on, and how wide their texts are.

No pyplot: figures are objects, nothing is kept between calls, and a user's matplotlibrc changes nothing.
"""

from __future__ import annotations

import io
import os
import threading
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from . import style
from .atomic import write_whole
from .checks import clean
from .inline import FONT, inline_svg

__all__ = [
    "SIZE",
    "SMALL",
    "WIDTH",
    "add_legend",
    "drawing",
    "new_figure",
    "rendered",
    "text_width",
    "wrapped",
]

WIDTH = 720.0
"""Width of every chart in points; shown 1,000 pixels wide, a point is 1.4 pixels."""
SIZE, SMALL = 9.0, 8.0
"""Font sizes in points."""

_LOOK: Any = {
    "font.family": [FONT],
    "font.size": SIZE,
    "text.color": style.INK,
    "text.parse_math": False,  # a label may hold two dollar signs
    "axes.edgecolor": style.MUTED,
    "axes.labelcolor": style.MUTED,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "grid.color": style.GRID,
    "grid.linewidth": 0.7,
    "xtick.color": style.MUTED,
    "ytick.color": style.MUTED,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.frameon": False,
    "legend.fontsize": SIZE,
    "svg.fonttype": "none",
    "svg.hashsalt": "hybrid-opt",
}
_LOCK = threading.Lock()
_WITHIN = threading.local()
_RULER = TextToPath()


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in our look within this block; one thread at a time, as matplotlib's settings are process-wide."""
    if getattr(_WITHIN, "drawing", False):
        yield
        return
    with _LOCK, matplotlib.rc_context(), warnings.catch_warnings():
        # A letter that DejaVu Sans lacks is still shown by the reader's browser.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOK)
        _WITHIN.drawing = True
        try:
            yield
        finally:
            _WITHIN.drawing = False


def new_figure(height: float) -> Figure:
    """An empty figure of the usual width.

    Args:
        height: in points.

    Returns:
        The figure; one unit of its SVG is one point.
    """
    return Figure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor="white")


def add_legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """Explain the marks in one line at the top of the figure.

    Args:
        figure: made by `new_figure`.
        handles: labelled samples of the marks; long labels are shortened.
    """
    for handle in handles:
        handle.set_label(wrapped(str(handle.get_label()), WIDTH / len(handles) - 50, lines=1)[0])
    figure.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(handles),
        borderaxespad=0.2,
        handlelength=1.6,
        columnspacing=1.8,
        handletextpad=0.6,
    )


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Width of one line of text in points.

    Args:
        text: the line.
        size: font size in points.
        bold: measured in bold.

    Returns:
        The width in DejaVu Sans; letters as wide as high (Chinese, Japanese, Korean) count one size each.

    Example:
        >>> 20 < text_width("Search") < 40
        True
    """
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    narrow = "".join(letter for letter in text if unicodedata.east_asian_width(letter) not in "WF")
    font = FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
    with drawing():
        width = _RULER.get_text_width_height_descent(narrow, font, False)[0] if narrow else 0.0
    return float(width) + wide * size


def _shortened(text: str, room: float, size: float, bold: bool) -> str:
    """The text, or its beginning and end around an ellipsis: ends often tell long names apart."""
    if text_width(text, size, bold=bold) <= room:
        return text
    for kept in range(len(text) - 1, 1, -1):
        tail = kept // 3
        candidate = f"{text[: kept - tail].rstrip()}…{text[len(text) - tail :].lstrip() if tail else ''}"
        if text_width(candidate, size, bold=bold) <= room:
            return candidate
    return "…"


def wrapped(text: str, room: float, size: float = SIZE, *, lines: int = 2, bold: bool = False) -> list[str]:
    """Break a label into lines of limited width.

    Args:
        text: the label.
        room: width of a line in points.
        size: font size in points.
        lines: at most so many; the last one is shortened around an ellipsis where the label is longer.
        bold: measured in bold.

    Returns:
        The lines.

    Example:
        >>> wrapped("Paid social video", 60)
        ['Paid social', 'video']
    """
    result: list[str] = []
    words = text.split(" ")
    while words and len(result) < lines - 1:
        count = 1
        while count < len(words) and text_width(" ".join(words[: count + 1]), size, bold=bold) <= room:
            count += 1
        if text_width(" ".join(words[:count]), size, bold=bold) > room:
            break
        result.append(" ".join(words[:count]))
        words = words[count:]
    return [*result, _shortened(" ".join(words), room, size, bold)] if words else result


def rendered(figure: Figure, description: str, png: str | os.PathLike[str] | None = None) -> str:
    """Finish a figure.

    Args:
        figure: made by `new_figure`, inside `drawing`.
        description: read aloud in place of the picture.
        png: also write it there as a PNG of 2,000 pixels width.

    Returns:
        An ``<svg>`` element without declaration, dates or style rules, to be put inside HTML as it is.
        Artists with a gid ``mark:...`` carry it as ``data-mark``.

    Raises:
        OptionError: the PNG cannot be written.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    if png is not None:
        pixels = io.BytesIO()
        figure.savefig(pixels, format="png", dpi=200, metadata={"Software": None})
        write_whole(png, pixels.getvalue())
    return inline_svg(buffer.getvalue(), clean(description))
