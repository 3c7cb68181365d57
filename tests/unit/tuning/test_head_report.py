"""The page of a selection: alone, whole, with every figure, and honest about what was not computed."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from hybrid_opt.errors import OptionError
from hybrid_opt.solvers import QAOA, solve
from hybrid_opt.tuning.head_choice import HeadSelection
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics

MEASURED = HeadStatistics(
    (2, 3), np.ones(5), 1.0, np.zeros(5), np.diag(np.arange(1.0, 6)), np.ones(5), None, 9, 9
)


@pytest.fixture(scope="module")
def selection():
    question = HeadQuestion(MEASURED, keep=(1, 2))
    quantum = QAOA(depth=1, shots=50, mixer="xy-exact")
    solution = solve(question.to_cqm(), quantum, compare=("exact",), seed=1)
    mask = question.mask(solution.sample)
    source = "the method's answer"
    return HeadSelection(
        mask, mask, source, (2, 3), question, solution, MEASURED, 1.0, 1.4, 1.4, 1, 7, ["a <note>"]
    )


def page(selection, tmp_path, **settings):
    path = selection.report(tmp_path / "heads.html", **settings)
    assert path == tmp_path / "heads.html"
    return path.read_text(encoding="utf-8")


def test_the_page_stands_alone_and_has_every_part(selection, tmp_path):
    html = page(selection, tmp_path)
    assert not re.search(r'(src|href)="(?!#|data:)', html)
    assert html.count("<svg") == 1
    for words in ("3 of 5", "1.000 → 1.400", "+0.4000 nats", "0.00 %", "bound by exact", "optimal",
                  "asked for by layer: 1, 2", "qaoa (xy-exact)", "50 shots", "brought nothing here",
                  "No quantum advantage is claimed", "seed 7", "A &lt;note&gt;."):  # fmt: skip
        assert words in html, words
    assert "no held-out figure was given" in html


def test_the_picture_marks_every_head(selection, tmp_path):
    html = page(selection, tmp_path)
    assert re.findall(r'data-mark="(\w+)"', html) == ["removed", "kept", "removed", "kept", "kept"]


def test_held_out_figures_stand_in_a_table(selection, tmp_path):
    html = page(selection, tmp_path, held_out={"test loss": 0.25, "test <accuracy>": np.float64(0.5)})
    assert "0.2500" in html
    assert "test &lt;accuracy&gt;" in html
    assert "no held-out figure" not in html


def test_a_mask_that_was_measured_on_the_way_is_told(selection, tmp_path):
    other = replace(selection, mask=np.array([1, 0, 0, 1, 1]), loss_after=1.3, source="a mask")
    assert "and is the one that was kept" in page(other, tmp_path)


def test_without_proof_and_with_a_budget(selection, tmp_path):
    question = HeadQuestion(MEASURED, budget=2500.0, costs=np.full(5, 1000.0))
    solution = solve(question.to_cqm(), "greedy", seed=1)
    mask = question.mask(solution.sample)
    other = replace(selection, mask=mask, answer=mask, question=question, solution=solution)
    html = page(other, tmp_path)
    for words in ("within a budget of 2,500", "nothing was proven", "no bound"):
        assert words in html
    assert "quantum" not in html.lower()


@pytest.mark.parametrize("held_out", [[("loss", 1.0)], {"loss": "1"}, {"loss": float("nan")}, {"loss": True}])
def test_held_out_must_be_numbers(selection, tmp_path, held_out):
    with pytest.raises(OptionError, match="held_out"):
        selection.report(tmp_path / "x.html", held_out=held_out)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(selection, tmp_path):
    with pytest.raises(OptionError, match="does not exist"):
        selection.report(tmp_path / "no" / "x.html")
