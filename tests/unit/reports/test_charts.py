"""What holds for every chart: well-formed, repeatable, tidy, self-contained, safe with any label."""

import logging
import threading
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest

from hybrid_opt import reports
from hybrid_opt.errors import OptionError

NAMES = [
    "TV",
    "Paid search – upper funnel prospecting (new customers, 18–34)",
    "Averyveryverylongwordwithoutanyspaceinitatallforthechannelname",
    "Radio",
    "Out of home, Germany, Austria and Switzerland",
    "Email",
]


def numbers(count):
    rng = np.random.default_rng(count)
    labels = [f"{NAMES[i % len(NAMES)]} {i}" for i in range(count)]
    today = rng.uniform(1e3, 2e5, count).round(-2)
    return labels, today, (today * rng.uniform(0.7, 1.3, count)).round(-2)


def curves(count, **options):
    labels, today, plan = numbers(count)
    spend = np.linspace(0, 3e5, 40)
    made = [
        {
            "label": label,
            "spend": spend,
            "response": spend / (spend + 1e5) * 10.0 ** (k % 7),
            "lo": 0.8 * spend / (spend + 1e5) * 10.0 ** (k % 7),
            "hi": 1.3 * spend / (spend + 1e5) * 10.0 ** (k % 7),
            "today": today[k],
            "plan": plan[k],
            "grid_min": 0.7 * today[k],
            "grid_max": 1.3 * today[k],
        }
        for k, label in enumerate(labels)
    ]
    return reports.response_curves(made, **options)


def allocation(count, **options):
    labels, today, plan = numbers(count)
    return reports.allocation_bars(labels, today, plan, 0.7 * today, 1.3 * today, **options)


def waterfall(count, **options):
    labels, today, plan = numbers(count)
    gains = (plan - today) * 0.1
    gains[::4] = 0
    return reports.gain_waterfall(labels, gains, 1e6, 1e6 + gains.sum(), **options)


def ranges(count, **options):
    labels, today, plan = numbers(count)
    return reports.ranges_chart(labels, plan, 0.95 * plan, 1.02 * plan, 0.7 * today, 1.4 * today, **options)


def probabilities(count, **options):
    labels, _, _ = numbers(count)
    rows = [
        {"label": label, "probability": 0.9 * p, "low": 0.8 * p, "high": p, "control": p < 0.1}
        for label, p in zip(labels, 0.3 ** np.arange(count))
    ]
    return reports.optimum_probability_bars(rows, **options)


ALL = pytest.mark.parametrize("chart", [curves, allocation, waterfall, ranges, probabilities])


@ALL
@pytest.mark.parametrize("count", [2, 5, 19])
def test_texts_never_overlap_nor_leave_the_picture(chart, count, assert_tidy):
    assert_tidy(chart(count))


@ALL
def test_same_input_same_bytes(chart):
    assert chart(3) == chart(3)
    assert chart(3) != chart(2)


@ALL
def test_svg_is_one_element_without_anything_outside(chart):
    svg = chart(3)
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("role") == "img"
    assert NAMES[0] in root.get("aria-label")
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"style", "script", "metadata", "image", "foreignObject"}
    assert "<!" not in svg
    assert "<?" not in svg
    targets = {element.get("id") for element in root.iter() if element.get("id")}
    links = {e.get("href")[1:] for e in root.iter() if e.get("href")}
    links |= {e.get("clip-path")[5:-1] for e in root.iter() if e.get("clip-path")}
    assert links == targets


def test_ids_differ_between_charts_of_one_page():
    def ids(svg):
        return {element.get("id") for element in ElementTree.fromstring(svg).iter()} - {None}

    assert ids(allocation(3))
    assert not ids(allocation(3)) & ids(ranges(3))
    assert not ids(allocation(3)) & ids(allocation(4))


@pytest.mark.parametrize("chart", [curves, waterfall])
def test_png(chart, tmp_path):
    assert chart(2, png=tmp_path / "chart.png") == chart(2)
    data = (tmp_path / "chart.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 2000
    chart(2, png=tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == data


def test_png_in_a_missing_folder(tmp_path):
    with pytest.raises(OptionError, match="does not exist"):
        allocation(2, png=tmp_path / "none" / "chart.png")


@ALL
def test_description_replaces_the_made_one(chart):
    assert ElementTree.fromstring(chart(2, description='"a" <b>\n')).get("aria-label") == '"a" <b>'


@pytest.mark.parametrize(
    "label",
    [
        "<script>alert(1)</script>",
        "$5 and $6",
        "a & b; x_1^2 \\alpha",
        'a" id="b" onload="x',
        "テレビ広告",
        "😀 mail",
        "إعلان",
        "null\x00 and\nnewline\ud800",
        "",
        "_hidden",
    ],
)
def test_any_label(label, read_chart, caplog):
    with caplog.at_level(logging.WARNING):
        svg = reports.allocation_bars([label, "TV"], [1, 2], [2, 1])
    chart = read_chart(svg)
    expected = label.replace("\x00", "").replace("\n", " ").replace("\ud800", "")
    assert expected == "" or expected in chart.texts()
    odd = [e for e in chart.root.iter() if e.tag.endswith("script") or e.get("onload") or e.get("id") == "b"]
    assert not odd
    assert not caplog.records


def test_a_users_settings_change_nothing_and_are_kept():
    before = allocation(2)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.fonttype": "path"}):
        assert allocation(2) == before
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["svg.fonttype"] == "path"


def test_threads_draw_the_same():
    expected = [ranges(k) for k in (2, 3, 4)]
    found = [None] * 3

    def draw(k):
        found[k] = ranges(k + 2)

    threads = [threading.Thread(target=draw, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_lists_arrays_and_pandas_columns_draw_the_same():
    frame = pd.DataFrame({"channel": ["A", "B"], "today": [1, 2], "plan": [2.0, 1.0]})
    from_frame = reports.allocation_bars(frame["channel"], frame["today"], frame["plan"])
    assert from_frame == reports.allocation_bars(["A", "B"], [1, 2], np.array([2, 1]))


@pytest.mark.parametrize(
    "bad", [[1.0], [1, float("nan")], [1, float("inf")], [1, None], ["1", "2"], [1, 1e200], "12", 3]
)
def test_bad_numbers(bad):
    with pytest.raises(OptionError, match="plan"):
        reports.allocation_bars(["A", "B"], [1, 2], bad)
    with pytest.raises(OptionError, match="gains"):
        reports.gain_waterfall(["A", "B"], bad, 0, 3)
    with pytest.raises(OptionError, match="lowest"):
        reports.ranges_chart(["A", "B"], [1, 2], bad, [3, 3])


@pytest.mark.parametrize("labels", [[], "AB", 3])
def test_bad_labels(labels):
    with pytest.raises(OptionError, match="labels"):
        reports.allocation_bars(labels, [1, 2], [1, 2])


@pytest.mark.parametrize("names", ["AB", ("A",), ("A", "B", "C"), ("", "B"), ("_a", "B")])
def test_bad_names(names):
    with pytest.raises(OptionError, match="names"):
        reports.allocation_bars(["A"], [1], [1], names=names)
    with pytest.raises(OptionError, match="names"):
        curves(1, names=names)
