"""Losses are called losses: the sentences of the hybrid demo on gains, ties and steps that did harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hybrid_opt.reports import table_text
from hybrid_opt.tuning.hybrid_demo_tables import demo_sentences, demo_tables


def changed(demo, step, used=True, **values):
    """The same demo with other figures in the used (or the exact, or a named) row of a step."""
    def meant(row):
        return row.step == step and (row.used if used is True else used in row.method)

    return replace(demo, rows=[replace(row, **values) if meant(row) else row for row in demo.rows])


@pytest.fixture
def plain(tiny_demo):
    """Round figures: heads cost 0.2, lambda gains 0.1 in calibration and 0.05 on test images."""
    demo = changed(tiny_demo, "trained", calibration_loss=0.1, test_loss=0.3, test_accuracy=0.9)
    for method in ("qaoa", "exact", "greedy", "measured"):
        demo = changed(demo, "heads", method, calibration_loss=0.3, test_loss=0.5, test_accuracy=0.8)
    for method in ("QAOA", "enumeration", "exact", "random"):
        demo = changed(demo, "scales", method, calibration_loss=0.2, seconds=2.0, solver_seconds=0.5)
    demo = changed(demo, "scales", test_loss=0.45, test_accuracy=0.8)
    return replace(demo, labels={"heads": "engine: 4 qubits", "scales": "engine: 6 qubits"})


def sentences(demo):
    return " ".join(demo_sentences(demo))


def test_steps_stand_beside_their_exact_answer(plain):
    steps = demo_tables(plain)[0]
    assert steps.rows[0][:3] == ("1 train", "0.3000", "")
    assert steps.rows[1][1:7] == ("0.5000", "+0.2000", "0.5000", "80.0%", "-10.0", "80.0%")
    assert steps.rows[2][:3] == ("3 lambda by QAOA", "0.4500", "-0.0500")
    assert steps.rows[2][5] == "+0.0"
    assert len(demo_tables(plain)) == 4


def test_tables_fit_a_terminal(tiny_demo):
    for table in demo_tables(tiny_demo):
        assert max(len(line) for line in table_text(table, 100).splitlines()) <= 100


def test_labels_stand_in_the_table(plain):
    assert demo_tables(plain)[3].rows == (("heads", "engine: 4 qubits"), ("lambda", "engine: 6 qubits"))


def test_a_tie_is_nothing_gained(plain):
    words = sentences(plain)
    assert "Lambda: QAOA brought nothing here" in words
    assert "found the best of all 9 points" in words
    assert "took longer, 2.0 s" in words
    assert "the search is the same as that." in words
    assert "lowered the test loss by 0.0500 (+0.0 points of accuracy)" in words
    assert "raised the test loss by 0.2000 (-10.0 points of accuracy), the price of a smaller model" in words


def test_a_search_that_missed_and_was_slower(plain):
    worse = changed(plain, "scales", calibration_loss=0.25, seconds=9.0)
    words = sentences(worse)
    assert "missed the best of all 9 points by 0.0500 nats" in words
    assert "took less, 2.0 s" in words
    assert "found a better point" in words
    assert "the search is higher than that by 0.0500 nats" in words


def test_a_better_search_than_enumeration_is_called_chance(plain):
    better = changed(plain, "scales", "enumeration", calibration_loss=0.22)
    assert "0.0200 nats higher: other points were looked at, which is chance" in sentences(better)


def test_tuning_that_harms_is_told(plain):
    harm = sentences(changed(plain, "scales", test_loss=0.6, test_accuracy=0.7))
    assert "tuning lambda raised the test loss by 0.1000 (-10.0 points of accuracy)" in harm
    assert "did not carry over" in harm
    nothing = changed(plain, "scales", calibration_loss=0.3, test_loss=0.5)
    assert "no factor on lambda was better than 1" in sentences(nothing)


def test_heads_that_help_have_no_price(plain):
    assert "lowered the test loss by 0.1000 (-10.0 points of accuracy)." in sentences(
        changed(plain, "heads", test_loss=0.2)
    )


def test_a_mask_that_was_measured_is_told(plain):
    chosen = replace(plain.selection, mask=1 - plain.selection.answer, loss_after=0.25, answer_loss=0.3)
    assert "(0.2500 against 0.3000)" in sentences(replace(plain, selection=chosen))


def test_qaoa_that_was_never_asked_is_told(plain):
    assert "QAOA was never asked" in sentences(replace(plain, labels={"heads": "x"}))
