import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import (
    Card,
    Drawing,
    Note,
    Page,
    Section,
    Table,
    allocation_bars,
    render_page,
    write_page,
)

EVIL = '<script>alert("1")</script>'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" aria-label="own words"><path d="M 0 0"/></svg>'
)
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Reader(HTMLParser):
    """Tags with their attributes, and a check that every tag is closed in its turn."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def full_page():
    table = Table(
        ["Channel", "Spend"], [["TV", 1200], ["Total", 1200]], title="Spend (EUR)", note="a note", strong=[-1]
    )
    drawing = Drawing(allocation_bars(["TV"], [1], [2]), "Spend today and planned.")
    sections = [
        Section("Plan", ["First paragraph.", table, drawing, Note("A remark.")]),
        Section("Second", ["Text."]),
        Section("Third"),
    ]
    return Page("Budget", "spring", [Card("Gain", "+12 %", "over today")], sections, "made today")


def test_everything_given_is_there_in_order():
    html = render_page(full_page())
    words = [
        "<h1>Budget</h1>",
        "spring",
        "Gain",
        "+12 %",
        "over today",
        "Plan</h2>",
        "First paragraph.",
        "Spend (EUR)",
    ]
    words += [
        "1,200",
        "a note",
        "<svg",
        "Spend today and planned.",
        "A remark.",
        "Second</h2>",
        "Third</h2>",
        "made today",
    ]
    places = [html.index(word) for word in words[:5]] + [
        html.index(word, html.index("</nav>")) for word in words[5:]
    ]
    assert places == sorted(places)


def test_structure_is_sound_and_accessible():
    reader = Reader(render_page(full_page()))
    assert reader.all("html") == [{"lang": "en"}]
    assert [attrs["scope"] for attrs in reader.all("th")] == ["col", "col", "row", "row"]
    assert [attrs.get("class") for attrs in reader.all("tr")] == [None, None, "strong"]
    pictures = [attrs for attrs in reader.all("div") if attrs.get("role") == "img"]
    assert [attrs["aria-label"] for attrs in pictures] == ["Today and Plan of TV"]
    assert [attrs["href"] for attrs in reader.all("a")] == ["#section-1", "#section-2", "#section-3"]
    assert [attrs["id"] for attrs in reader.all("h2")] == ["section-1", "section-2", "section-3"]
    ids = re.findall(r' id="([^"]+)"', render_page(full_page()))
    assert len(ids) == len(set(ids))


def test_nothing_from_outside_and_nothing_that_runs():
    html = render_page(full_page())
    reader = Reader(html)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert all(attrs["href"].startswith("#") for _, attrs in reader.tags if "href" in attrs)
    assert not any(name.startswith("on") or name == "src" for _, attrs in reader.tags for name in attrs)
    assert set(re.findall(r"https?://[^\"' ]+", html)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in html


def test_every_text_is_escaped():
    table = Table([EVIL], [[EVIL]], title=EVIL, note=EVIL)
    drawing = Drawing(allocation_bars([EVIL], [1], [2], x_title=EVIL, names=(EVIL, "b")), EVIL, EVIL)
    sections = [Section(EVIL, [EVIL, table, drawing, Note(EVIL)])] * 3
    html = render_page(Page(EVIL, EVIL, [Card(EVIL, EVIL, EVIL)], sections, EVIL))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 30
    Reader(html)


def test_same_page_same_bytes(tmp_path):
    write_page(full_page(), tmp_path / "a.html")
    write_page(full_page(), tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_empty_page():
    Reader(render_page(Page("Only a title")))


def test_text_that_is_no_unicode_is_still_written(tmp_path):
    path = write_page(Page("half \ud83d"), str(tmp_path / "a.html"))
    assert "half ?" in path.read_text(encoding="utf-8")


def test_words_for_a_picture():
    assert Drawing(SVG, "caption", "alt").alt == "alt"
    assert Drawing(SVG, "caption").alt == "own words"
    assert Drawing(SVG.replace(' aria-label="own words"', ""), "caption").alt == "caption"


@pytest.mark.parametrize(
    ("svg", "said"),
    [
        ("", "one <svg> element"),
        (None, "one <svg> element"),
        ("<?xml version='1.0'?>" + SVG, "one <svg> element"),
        ("<svg><!-- a --></svg>", "without declaration or comment"),
        ("<svg><g></svg>", "well-formed"),
        (SVG + "<p/>", "well-formed"),
        ("<svg><script>1</script></svg>", "<script>"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>', "<foreignObject>"),
        ('<svg onload="x()"></svg>', "onload"),
        ('<svg><a href="javascript:x()"/></svg>', "href"),
        ('<svg xmlns:x="http://www.w3.org/1999/xlink"><image x:href="http://a/b.png"/></svg>', "href"),
        ('<svg><g style="fill: url(http://a/b)"/></svg>', "style"),
        ("<svg><style>@import url(http://a)</style></svg>", "<style>"),
    ],
)
def test_bad_svg(svg, said):
    with pytest.raises(OptionError, match=said):
        Drawing(svg, "caption")


@pytest.mark.parametrize("parts", ["a text", [1], [None], [Card("a", "b")]])
def test_bad_parts(parts):
    with pytest.raises(OptionError, match="parts"):
        Section("heading", parts)


def test_template_stands_beside_the_code():
    assert files("hybrid_opt.reports").joinpath("page.html").is_file()
