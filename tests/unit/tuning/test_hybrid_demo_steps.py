"""The steps of the hybrid demo: training learns, rows are judged under their own mask, ctrl-C ends it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from hybrid_opt.classical import load_data
from hybrid_opt.classical.evaluation import evaluate
from hybrid_opt.progress import silent
from hybrid_opt.tuning import hybrid_demo_steps
from hybrid_opt.tuning.hybrid_demo_steps import HeldOut, choose_heads, train_digits


@pytest.fixture(scope="module")
def digits():
    return load_data("digit_patches", limit=200, seed=0)


@pytest.fixture(scope="module")
def model(digits):
    return train_digits(digits, 1, 2, 16, 60, 3, silent)


def test_training_learns_and_repeats_itself(digits, model):
    first = train_digits(digits, 1, 2, 16, 1, 3, silent)
    losses = [evaluate(part, digits, "train", baselines=False).loss for part in (first, model)]
    assert losses[1] < losses[0] - 0.3
    again = train_digits(digits, 1, 2, 16, 1, 3, silent)
    for ours, theirs in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert not model.training


def test_rows_are_judged_under_their_mask(digits, model):
    test = HeldOut(model, digits)
    everything = test.row("trained", "AdamW", "all", 0.1, 0, 1.0, None, used=True)
    whole = test.row("heads", "x", "all", 0.1, 0, 1.0, 0.5, mask=np.array([1, 1]))
    less = test.row("heads", "x", "one", 0.1, 0, 1.0, 0.5, mask=np.array([0, 1]))
    figures = evaluate(model, digits, "test", baselines=False)
    assert everything.test_loss == whole.test_loss == pytest.approx(figures.loss)
    assert everything.test_accuracy == figures.accuracy
    assert less.test_loss != whole.test_loss


def test_a_mask_measured_on_the_way_is_a_row_of_its_own(digits, model, monkeypatch):
    real = hybrid_demo_steps.select_heads

    def measured(*given, **settings):
        found = real(*given, **settings)
        return replace(found, mask=1 - found.answer, loss_after=found.answer_loss - 0.1)

    monkeypatch.setattr(hybrid_demo_steps, "select_heads", measured)
    rows, selection, label = choose_heads(model, digits, HeldOut(model, digits), 32, 6, 1, silent)
    assert [row.method for row in rows] == ["qaoa (xy-exact)", "exact", "greedy", "measured on the way"]
    assert [row.used for row in rows] == [False, False, False, True]
    assert rows[3].calibration_loss == selection.loss_after
    assert "qubits" in label


def test_ctrl_c_while_measuring_ends_the_demo(digits, model, monkeypatch):
    real = hybrid_demo_steps.select_heads
    monkeypatch.setattr(
        hybrid_demo_steps, "select_heads", lambda *a, **s: replace(real(*a, **s), interrupted=True)
    )
    with pytest.raises(KeyboardInterrupt):
        choose_heads(model, digits, HeldOut(model, digits), 32, 6, 1, silent)
