"""From matplotlib's SVG file to an element inside a page: the same bytes for the same chart.

Text stays text, so a chart can be searched and read aloud.
"""

from __future__ import annotations

import hashlib
import re
from xml.etree import ElementTree

from .style import FONT_STACK

__all__ = ["FONT", "inline_svg"]

FONT = "DejaVu Sans"
"""The font that charts are laid out in; it comes with matplotlib, so the layout is the same everywhere."""

_MARK = "mark:"


def inline_svg(svg: bytes, description: str) -> str:
    """Make a matplotlib SVG fit to stand among others on one page.

    Args:
        svg: what matplotlib wrote with ``svg.fonttype`` "none".
        description: read aloud in place of the picture.

    Returns:
        One ``<svg>`` element without declaration, dates, style rules or ids that nothing refers to.
        A gid ``mark:...`` of an artist becomes the attribute ``data-mark``.
    """
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for child in list(element):
            # Style rules inside an inline SVG apply to the whole page; the root carries them as attributes.
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                element.remove(child)
        element.text, element.tail = (
            part if part and part.strip() else None for part in (element.text, element.tail)
        )
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        if element.get("id", "").startswith(_MARK):
            element.set("data-mark", element.attrib.pop("id").removeprefix(_MARK))
        if element.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
        look = element.get("style", "").replace(f"font-family: '{FONT}'; ", "")
        if look:  # older matplotlib writes size and family as one declaration
            element.set("style", look.replace(f"'{FONT}'", FONT_STACK))
    _number_ids(root)
    size = {key: root.attrib[key] for key in ("width", "height", "viewBox")}
    root.attrib = {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img", "aria-label": description}
    root.set("style", f"stroke-linejoin: round; stroke-linecap: butt; font-family: {FONT_STACK}")
    return ElementTree.tostring(root, encoding="unicode")


def _number_ids(root: ElementTree.Element) -> None:
    """Keep the ids that something refers to, named alike for the same chart and apart for different ones."""
    links = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")
    linking = [
        (element, key, links.findall(value)[0])
        for element in root.iter()
        for key, value in element.attrib.items()
        if (key == "href" or value.startswith("url(")) and links.search(value)
    ]
    targets = {element.attrib.pop("id"): element for element in root.iter() if "id" in element.attrib}
    order = {name: i for i, name in enumerate(dict.fromkeys(name for _, _, name in linking))}
    for element, key, name in linking:
        element.set(key, f"#{order[name]}")
    prefix = "c" + hashlib.sha256(ElementTree.tostring(root)).hexdigest()[:10]
    for name, i in order.items():
        targets[name].set("id", f"{prefix}-{i}")
    for element, key, name in linking:
        new = f"#{prefix}-{order[name]}"
        element.set(key, new if key == "href" else f"url({new})")
