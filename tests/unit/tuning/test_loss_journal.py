"""Losses that a file remembers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.encoder_heads import DistanceEncoderForSequenceClassification
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.head_selection import select_heads
from hybrid_opt.tuning.labelled_batches import LabelledBatches, read_batches
from hybrid_opt.tuning.loss_journal import LossJournal

DATA = load_data("wine")
MASK = np.array([1, 0, 1, 1])


def model_of(seed: int = 0):
    torch.manual_seed(seed)
    config = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2)
    return DistanceEncoderForSequenceClassification(config).eval()


def batches_of(model, examples: int = 16):
    return read_batches(DATA, model, examples=examples, batch_size=8, seed=1)


@pytest.fixture
def counted(monkeypatch):
    """How many losses were measured."""
    calls: list[str] = []
    measure = LabelledBatches.mean_loss

    def mean_loss(self, model, gates=None):
        calls.append("" if gates is None else "".join(str(int(gate)) for gate in gates))
        return measure(self, model, gates)

    monkeypatch.setattr(LabelledBatches, "mean_loss", mean_loss)
    return calls


def test_a_loss_is_measured_once(tmp_path, counted):
    model, path = model_of(), tmp_path / "losses.jsonl"
    first = LossJournal(model, batches_of(model), path)
    value = first.loss(MASK)
    assert value == batches_of(model).mean_loss(model, MASK)
    counted.clear()
    second = LossJournal(model, batches_of(model), path)
    assert (second.loss(MASK), second.known, counted) == (value, 1, [])
    assert second.loss(np.ones(4)) != value
    assert counted == ["1111"]


def test_without_a_file_everything_is_measured(counted):
    model = model_of()
    journal = LossJournal(model, batches_of(model))
    assert journal.loss(MASK) == journal.loss(MASK)
    assert counted == ["1011", "1011"]


@pytest.mark.parametrize("change", ["weights", "data", "text"])
def test_what_belongs_to_something_else_is_begun_anew(tmp_path, counted, change):
    model, path = model_of(), tmp_path / "losses.jsonl"
    LossJournal(model, batches_of(model), path).loss(MASK)
    if change == "weights":
        model = model_of(seed=1)
    if change == "text":
        path.write_text("not a journal\n")
    counted.clear()
    again = LossJournal(model, batches_of(model, 8 if change == "data" else 16), path)
    again.loss(MASK)
    assert (again.known, counted) == (0, ["1011"])
    assert len(path.read_text().splitlines()) == 2


def test_half_a_line_is_left_out_and_written_again(tmp_path, counted):
    model, path = model_of(), tmp_path / "losses.jsonl"
    journal = LossJournal(model, batches_of(model), path)
    value, ones = journal.loss(MASK), journal.loss(np.ones(4))
    path.write_text(path.read_text()[:-9])  # as a kill in the middle of a write leaves it
    counted.clear()
    again = LossJournal(model, batches_of(model), path)
    assert (again.known, again.loss(MASK), again.loss(np.ones(4)), counted) == (1, value, ones, ["1111"])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line.get("mask") for line in lines] == [None, "1011", "1111"]


def test_a_selection_that_was_killed_goes_on_and_ends_the_same(tmp_path, counted, monkeypatch):
    model, path = model_of(), tmp_path / "losses.jsonl"
    settings = {"keep": 2, "examples": 16, "evaluations": 9, "seed": 3}
    whole = select_heads(model, DATA, **settings)

    class Killed(BaseException):
        """Nobody catches it, as nobody catches a kill."""

    measure = LabelledBatches.mean_loss

    def cut(self, model, gates=None):
        if len(counted) >= 7:
            raise Killed
        return measure(self, model, gates)

    counted.clear()
    with monkeypatch.context() as patch:
        patch.setattr(LabelledBatches, "mean_loss", cut)
        with pytest.raises(Killed):
            select_heads(model, DATA, journal=path, **settings)
    counted.clear()
    resumed = select_heads(model, DATA, journal=path, **settings)
    assert resumed.mask.tolist() == whole.mask.tolist()
    assert resumed.loss_after == whole.loss_after
    assert any("7 losses of earlier calls were read from" in note for note in resumed.notes)
    assert len(set(counted)) < 9


def test_places_that_cannot_be_used(tmp_path):
    model = model_of()
    with pytest.raises(OptionError, match="does not exist"):
        LossJournal(model, batches_of(model), tmp_path / "no" / "losses.jsonl")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(OptionError, match="cannot be read"):
        LossJournal(model, batches_of(model), tmp_path / "bytes")
