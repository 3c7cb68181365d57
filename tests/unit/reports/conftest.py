"""Reading charts back from their SVG."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from hybrid_opt.reports.canvas import text_width


class Chart:
    """What an SVG shows, in its own coordinates (y points down)."""

    def __init__(self, svg):
        self.root = ElementTree.fromstring(svg)
        self.name = "{http://www.w3.org/2000/svg}"
        *_, self.width, self.height = map(float, self.root.get("viewBox").split())

    def texts(self):
        return ["".join(element.itertext()) for element in self.root.iter(f"{self.name}text")]

    def group(self, mark):
        found = [element for element in self.root.iter() if element.get("data-mark") == mark]
        assert len(found) == 1, (mark, len(found))
        return found[0]

    def has(self, mark):
        return any(element.get("data-mark") == mark for element in self.root.iter())

    def points(self, mark):
        """Corner points of a drawn path, or the places of its symbols."""
        group = self.group(mark)
        uses = [(float(u.get("x")), float(u.get("y"))) for u in group.iter(f"{self.name}use")]
        if uses:
            return np.array(uses)
        path = next(group.iter(f"{self.name}path")).get("d").split()
        numbers = [float(word) for word in path if word not in "MLzZC"]
        return np.array(numbers).reshape(-1, 2)

    def area(self, mark):
        """Corner points of a filled area."""
        group = self.group(mark)
        path = next(group.iter(f"{self.name}path")).get("d").split()
        return np.array([float(word) for word in path if word not in "MLzZC"]).reshape(-1, 2) + self.points(
            mark
        )

    def span(self, mark):
        """Left and right end of what is drawn."""
        x = self.points(mark)[:, 0]
        return x.min(), x.max()

    def boxes(self):
        """Text, left, top, right, bottom of every level text, in the widest font a reader may have."""
        for element in self.root.iter(f"{self.name}text"):
            if element.get("transform"):
                continue
            look = element.get("style")  # versions of matplotlib write it differently
            size = float(re.search(r"([\d.]+)px", look)[1])
            text = "".join(element.itertext())
            width = text_width(text, size, bold=bool(re.search("700|bold", look)))
            x, y = float(element.get("x")), float(element.get("y"))
            left = x - width * (1.0 if "anchor: end" in look else 0.5 if "anchor: middle" in look else 0.0)
            yield text, left, y - 0.75 * size, left + width, y + 0.2 * size


def read(svg):
    return Chart(svg)


@pytest.fixture(name="read_chart")
def read_chart_fixture():
    return read


@pytest.fixture
def assert_tidy():
    """No two texts overlap, none leaves the picture."""

    def check(svg):
        chart = read(svg)
        boxes = list(chart.boxes())
        assert boxes
        for i, (text, left, top, right, bottom) in enumerate(boxes):
            assert left >= -0.5, text
            assert right <= chart.width + 0.5, text
            assert top >= -0.5, text
            assert bottom <= chart.height + 0.5, text
            for other, left2, top2, right2, bottom2 in boxes[:i]:
                apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
                assert apart, (text, other)

    return check
