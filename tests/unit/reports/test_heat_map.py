"""Heat maps: a cell per number, marks where they belong, and wrong arguments named."""

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports import heat_map_chart

VALUES = [[0.5, -0.25], [None, 0.0], [float("nan"), 0.125]]


def test_cells_marks_and_numbers(read_chart):
    svg = heat_map_chart(
        ["a", "b", "c"], ["x", "y"], VALUES, [(0, 0), (2, 1)], [(1, 1)], breaks=[1], names=("Chosen", "Now")
    )
    cells = ("cell:0:0", "cell:0:1", "cell:1:1", "cell:2:1")
    for mark in (*cells, "chosen:0:0", "chosen:2:1", "today:1:1", "break:1"):
        assert f'data-mark="{mark}"' in svg
    for mark in ("cell:1:0", "cell:2:0", "chosen:0:1"):
        assert f'data-mark="{mark}"' not in svg
    texts = read_chart(svg).texts()
    assert {"a", "b", "c", "x", "y", "Chosen", "Now", "Effect above 0", "below 0"} <= set(texts)
    assert any(text.startswith("+0.5") for text in texts)


def test_colours_say_the_sign():
    svg = heat_map_chart(["a"], ["x", "y", "z"], [[1.0, -1.0, 0.0]])
    found = [svg.split(f'data-mark="cell:0:{c}"')[1].split("fill: #")[1][:6] for c in range(3)]
    green, orange, white = ([int(text[k : k + 2], 16) for k in (0, 2, 4)] for text in found)
    assert white == [255, 255, 255]
    assert green[1] > green[0]
    assert orange[0] > orange[2]


def test_shares_have_no_sign_and_long_names_fit(read_chart, tmp_path):
    labels = ["a level with a very long name that goes on and on = and another one that does so too", "b"]
    picture = tmp_path / "map.png"
    svg = heat_map_chart(labels, ["x"], [[50.0], [100.0]], title="Percent", png=picture)
    texts = read_chart(svg).texts()
    assert "Percent" in texts
    assert "below 0" not in texts
    assert not any(text.startswith("+") for text in texts)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_empty_map_is_drawn():
    assert heat_map_chart(["a"], ["x"], [[None]]).startswith("<svg")
    assert heat_map_chart(["a"], ["x"], [[0.0]]).startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"values": [[1.0]]}, "give 3 rows of 2 numbers"),
        ({"values": [[1.0, 2.0], [1.0], [1.0, 2.0]]}, "give 3 rows of 2 numbers"),
        ({"values": np.full((3, 2), np.inf)}, r"values\[0\]\[0\] is"),
        ({"chosen": [(3, 0)]}, r"chosen holds \(3, 0\)"),
        ({"today": [(0, -1)]}, r"today holds \(0, -1\)"),
        ({"breaks": [0]}, "breaks is"),
        ({"labels": []}, "labels is empty"),
        ({"columns": "xy"}, "columns is 'xy'"),
        ({"names": ("", "b")}, "names is"),
    ],
)
def test_wrong_arguments(arguments, words):
    given = {"labels": ["a", "b", "c"], "columns": ["x", "y"], "values": VALUES, **arguments}
    with pytest.raises(OptionError, match=words):
        heat_map_chart(**given)
