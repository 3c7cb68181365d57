"""Pictures of searches."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.reports.searches import best_so_far, search_curves

ONE = {"trials": [1, 2, 3], "best": [3.0, 2.0, 2.0]}


def texts(svg: str) -> set[str]:
    return {element.text for element in ElementTree.fromstring(svg).iter() if element.text}


def test_names_and_titles_are_there(tmp_path):
    band = {**ONE, "lo": [2.5, 1.5, 1.0], "hi": [4.0, 3.0, 3.0], "points": [3.0, 2.0, 5.0]}
    file = tmp_path / "searches.png"
    svg = search_curves({"qubo": band, "tpe <grid>": ONE}, x_title="Trainings", y_title="Loss", png=file)
    assert {"qubo", "tpe <grid>", "Trainings", "Loss"} <= texts(svg)
    assert file.read_bytes().startswith(b"\x89PNG")
    assert svg == search_curves({"qubo": band, "tpe <grid>": ONE}, x_title="Trainings", y_title="Loss")


def test_infinite_values_are_gaps_and_logarithms_leave_zero_out():
    assert search_curves({"a": {"trials": [1, 2], "best": [float("inf"), 1.0]}}).startswith("<svg")
    assert search_curves({"a": {"trials": [1, 2], "best": [1.0, 0.0]}}, log=True).startswith("<svg")


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "there are 0 curves"),
        ({str(i): ONE for i in range(7)}, "there are 7 curves; give 1 to 6"),
        ({"a": {"trials": [1]}}, "trials and best must be there"),
        ({"a": {**ONE, "lo": [1.0, 1.0, 1.0]}}, "lo with hi"),
        ({"a": {**ONE, "colour": [1, 2, 3]}}, "legal are trials"),
        ({"a": {"trials": [1, 2], "best": [1.0]}}, "one length"),
        ({"a": {"trials": [], "best": []}}, "one length"),
    ],
)
def test_wrong_curves_are_refused(curves, message):
    with pytest.raises(OptionError, match=message):
        search_curves(curves)


def test_the_best_so_far():
    assert best_so_far([float("inf"), 2.0, 3.0, 1.0]) == [float("inf"), 2.0, 2.0, 1.0]
