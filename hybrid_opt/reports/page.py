"""A report as one HTML file that opens offline: no script, no font, no picture from anywhere else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ..errors import OptionError
from . import style
from .atomic import write_whole
from .checks import clean
from .table import Table

__all__ = ["Card", "Drawing", "Heading", "Note", "Page", "Section", "render_page", "write_page"]

_ACTIVE = frozenset({"script", "foreignObject", "iframe", "object", "embed", "animate", "set", "style"})


@dataclass(frozen=True)
class Card:
    """A headline number.

    Attributes:
        label: what it is.
        value: the number, as text.
        note: a few words below it, or nothing.
    """

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Note:
    """A remark set apart from the text.

    Attributes:
        text: the remark.
    """

    text: str


@dataclass(frozen=True)
class Heading:
    """A heading inside a section.

    Attributes:
        text: the heading.
    """

    text: str


@dataclass(frozen=True)
class Drawing:
    """A picture with its caption.

    Attributes:
        svg: an inline ``<svg>`` element, such as the charts return.
        caption: stands below the picture.
        alt: read aloud in place of the picture; empty takes what the SVG says of itself, else the caption.

    Raises:
        OptionError: not an SVG, or one that holds scripts or refers to other files.
    """

    svg: str
    caption: str
    alt: str = ""

    def __post_init__(self) -> None:
        own = _described(self.svg)
        object.__setattr__(self, "alt", clean(self.alt) or own or clean(self.caption) or "Chart")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, in this order.

    Attributes:
        heading: the heading.
        parts: paragraphs (text), headings, tables, drawings and notes.

    Raises:
        OptionError: a part is none of these.
    """

    heading: str
    parts: Sequence[str | Heading | Table | Drawing | Note] = ()

    def __post_init__(self) -> None:
        if isinstance(self.parts, str):
            raise OptionError("parts is a text; give a list of paragraphs, Table, Drawing and Note")
        for i, part in enumerate(self.parts):
            if not isinstance(part, (str, Heading, Table, Drawing, Note)):
                raise OptionError(f"parts[{i}] is a {type(part).__name__}; give text, Table, Drawing or Note")


@dataclass(frozen=True)
class Page:
    """A whole report.

    Attributes:
        title: heading of the page and title of the window.
        subtitle: one line below it.
        cards: headline numbers.
        sections: what follows, in this order.
        footer: last line, e.g. how the page was made.
    """

    title: str
    subtitle: str = ""
    cards: Sequence[Card] = ()
    sections: Sequence[Section] = field(default=())
    footer: str = ""


def render_page(page: Page) -> str:
    """The page as HTML; every text is escaped, and the same page gives the same text.

    Args:
        page: the report.

    Returns:
        A complete HTML document.

    Example:
        >>> html = render_page(Page("Budget <2027>", cards=[Card("Gain", "+12 %")]))
        >>> "<h1>Budget &lt;2027&gt;</h1>" in html
        True
    """
    return _template().render(page=page, style=style, kind=_kind)


def write_page(page: Page, path: str | os.PathLike[str]) -> Path:
    """Write the page to a file, whole or not at all.

    Args:
        page: the report.
        path: where; the folder must exist, an older file is replaced.

    Returns:
        The path.

    Raises:
        OptionError: the file cannot be written there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_page(Page("Budget"), Path(folder) / "report.html").name
        'report.html'
    """
    return write_whole(path, render_page(page).encode("utf-8", "replace"))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("hybrid_opt.reports", package_path=""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")


def _kind(part: str | Heading | Table | Drawing | Note) -> str:
    """How the template tells parts apart."""
    return type(part).__name__


def _described(svg: str) -> str:
    """What an SVG says of itself, after a check that it is one and stands alone."""
    if not isinstance(svg, str) or not svg.lstrip().startswith("<svg") or "<!" in svg:
        raise OptionError(
            f"svg begins with {str(svg)[:30]!r}; give one <svg> element without declaration or comment"
        )
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise OptionError(f"svg is not well-formed XML ({error}); give one complete <svg> element") from error
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag in _ACTIVE:
            raise OptionError(f"svg holds <{tag}>; a picture is still and styles only itself; take it out")
        for key, value in element.attrib.items():
            name = key.rpartition("}")[2].lower()
            outside = name in ("href", "src") and not value.startswith(("#", "data:image/"))
            if name.startswith("on") or outside or "url(" in value.replace("url(#", ""):
                raise OptionError(
                    f"svg has {name}={value[:40]!r}; a page refers to nothing outside itself, take it out"
                )
    return clean(root.get("aria-label", ""))
