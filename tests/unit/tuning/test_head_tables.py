"""Tables of a selection say what the selection says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hybrid_opt.reports import table_text
from hybrid_opt.solvers import QAOA, solve
from hybrid_opt.tuning.head_choice import HeadSelection
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.head_tables import (
    head_table,
    held_out_table,
    layer_table,
    proof_words,
    solver_sentences,
    solver_table,
)
from hybrid_opt.tuning.loss_statistics import HeadStatistics

MEASURED = HeadStatistics(
    (2, 2), np.ones(4), 1.0, np.zeros(4), np.diag([1.0, 2, 3, 4]), np.array([4.0, 2, 1, 3]), None, 9, 9
)


@pytest.fixture(scope="module")
def selection():
    question = HeadQuestion(MEASURED, keep=3)
    quantum = QAOA(depth=1, shots=50, mixer="xy-exact")
    solution = solve(question.to_cqm(), quantum, compare=("exact", "greedy"), seed=1)
    mask = question.mask(solution.sample)
    source = "the method's answer"
    return HeadSelection(mask, mask, source, (2, 2), question, solution, MEASURED, 1.0, 1.4, 1.4, 1, 7)


def test_heads_by_layer(selection):
    table = layer_table(selection)
    assert table.rows == (
        ("0", "2", "1", "1", "0"), ("1", "2", "2", "0, 1", "none"), ("all", "4", "3", "", "")
    )  # fmt: skip
    assert "3 of 4 stay" in table.title


def test_every_head(selection):
    table = head_table(selection)
    assert [row[:3] for row in table.rows] == [
        ("0", "0", "goes"), ("0", "1", "stays"), ("1", "0", "stays"), ("1", "1", "stays")
    ]  # fmt: skip
    assert [row[4] for row in table.rows] == ["1", "2", "3", "4"]
    assert [row[5] for row in table.rows] == ["4", "2", "1", "3"]


def test_methods_stand_in_nats_with_their_proof(selection):
    table = solver_table(selection)
    assert [row[0] for row in table.rows] == ["qaoa (xy-exact)", "exact", "greedy"]
    assert {row[2] for row in table.rows} == {"+0.5000"}  # half of the Fisher value of the head that goes
    assert table.strong == {0}
    assert proof_words(selection) == "proven optimal, bound +0.5000 nats by exact, gap 0.00 %"
    assert "P(optimum)" in table_text(table, 100)


def test_an_answer_without_feasible_rows_or_bound(selection):
    row = replace(selection.solution.own_row, objective=3.0, feasible=False, gap=None)
    solution = replace(selection.solution, own_row=row, bound=None, status="feasible")
    table = solver_table(replace(selection, solution=solution))
    assert table.rows[0][2:4] == ("none", "n/a")
    assert "feasible, not proven optimal" in table.title
    assert "bound" not in table.title


def test_sentences_have_label_verdict_and_what_was_kept(selection):
    words = solver_sentences(selection)
    assert words[0].startswith("Quantum row: ")
    assert "brought nothing here" in words[1]
    other = replace(selection, mask=np.array([1, 0, 1, 1]), loss_after=1.2, notes=["ctrl-C ended it"])
    words = solver_sentences(other)
    assert any("measured on the way has 1.2000, and is the one that was kept" in line for line in words)
    assert "Ctrl-C ended it." in words
    classical = replace(selection.solution, quantum=None, baselines=[], notes=[])
    assert solver_sentences(replace(selection, solution=classical)) == []


def test_the_redundancy_term_is_named(selection):
    alike = HeadQuestion(replace(MEASURED, similarity=np.eye(4)), keep=3, redundancy=0.5)
    assert "redundancy term" in solver_table(replace(selection, question=alike)).note


def test_held_out_figures():
    assert held_out_table({"test loss": 0.5, "accuracy": 1}).rows == (
        ("test loss", "0.5000"), ("accuracy", "1.0000")
    )  # fmt: skip
