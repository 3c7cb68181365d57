"""Heads of a trained folder: figures are those of the pruned model, wrong wishes are told before the work."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from transformers import (
    FNetConfig,
    FNetForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
)

from hybrid_opt.classical.errors import CheckpointError, ConfigurationError
from hybrid_opt.classical.folder_evaluation import evaluate_folder
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import folder_heads, labelled_batches
from hybrid_opt.tuning.folder_heads import LOSSES, select_folder_heads

QUICK = {"examples": 32, "evaluations": 12, "seed": 1}


@pytest.fixture(autouse=True)
def _nothing_measured_before(trained_wine):
    """The folder serves several tests; losses that one has measured are not for the next."""
    (trained_wine / LOSSES).unlink(missing_ok=True)


@pytest.fixture(scope="module")
def answer(trained_wine, tmp_path_factory):
    out = tmp_path_factory.mktemp("pruned") / "small"
    return select_folder_heads(trained_wine, 3, method="qaoa", out=out, **QUICK)


def other_model(trained_wine, tmp_path, model):
    """A trained folder whose model is of another kind."""
    folder = tmp_path / "other"
    shutil.copytree(trained_wine, folder)
    model.save_pretrained(folder)
    return folder


def test_figures_are_those_of_the_folders(answer, trained_wine):
    before = evaluate_folder(trained_wine, baselines=False)
    after = evaluate_folder(answer.written, baselines=False)
    assert answer.before.loss == pytest.approx(before.loss)
    assert answer.after.loss == pytest.approx(after.loss)
    assert answer.after.loss != answer.before.loss
    figures = answer.held_out()
    assert figures["test loss, all heads"] == answer.before.loss
    assert figures["test accuracy, kept heads"] == pytest.approx(after.accuracy)
    assert answer.parameters[1] < answer.parameters[0]


def test_a_quantum_method_stands_beside_classical_ones(answer):
    assert [row.method for row in answer.selection.solution.rows] == ["qaoa (xy-exact)", "exact", "greedy"]
    assert any("Quantum row: " in words for words in answer.sentences())


def test_tables_and_json(answer):
    losses, layers, methods = answer.tables()
    assert [row[0] for row in losses.rows] == [
        "calibration loss", "test loss", "test accuracy", "test macro f1", "parameters"
    ]  # fmt: skip
    assert losses.rows[1][1:3] == (f"{answer.before.loss:.4f}", f"{answer.after.loss:.4f}")
    assert "32 training examples" in losses.note
    assert layers.rows[-1][2] == "3"
    assert methods.title.startswith("Quadratic model")
    content = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert content["before"]["loss"] == answer.before.loss
    assert content["written"] == str(answer.written)


def test_the_page_has_the_held_out_figures(answer, tmp_path):
    html = answer.report(tmp_path / "x.html").read_text(encoding="utf-8")
    assert "test accuracy, kept heads" in html


def test_the_same_seed_gives_the_same_answer(answer, trained_wine):
    again = select_folder_heads(trained_wine, 3, method="qaoa", **QUICK)
    assert again.selection.mask.tolist() == answer.selection.mask.tolist()
    assert (again.before.loss, again.after.loss) == (answer.before.loss, answer.after.loss)
    assert again.written is None


def test_a_pruned_folder_can_be_pruned_again(answer, tmp_path):
    again = select_folder_heads(answer.written, 2, out=tmp_path / "smaller", **QUICK)
    assert again.selection.layers == tuple(len(heads) for heads in answer.selection.kept)
    assert any("numbered among those that were left" in words for words in again.sentences())
    kept = json.loads((again.written / "config.json").read_text())["kept_heads"]
    pairs = zip(kept, answer.selection.kept, strict=True)
    assert all(set(now) <= set(before) for now, before in pairs)
    assert [len(heads) for heads in kept] == [1, 1]


def test_an_unfinished_run_is_told(trained_wine, monkeypatch):
    real = folder_heads.load_trained
    monkeypatch.setattr(folder_heads, "load_trained", lambda folder: replace(real(folder), step=20))
    found = select_folder_heads(trained_wine, 3, **QUICK)
    assert "The run is not finished: these are the weights of its step 20." in found.sentences()


def test_ctrl_c_keeps_the_best_until_then_and_writes_nothing(trained_wine, tmp_path, monkeypatch):
    counted = []
    real = labelled_batches.LabelledBatches.mean_loss

    def stops(self, model, gates=None):
        counted.append(1)
        if len(counted) == 11:  # all heads, eight alone, one mask: the second mask is not finished
            raise KeyboardInterrupt
        return real(self, model, gates)

    monkeypatch.setattr(labelled_batches.LabelledBatches, "mean_loss", stops)
    found = select_folder_heads(trained_wine, 3, out=tmp_path / "small", **QUICK)
    assert found.selection.interrupted
    assert found.before is found.after is found.written is None
    assert found.held_out() == {}
    assert "not evaluated" in found.tables()[0].note
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_command_measured_is_not_measured_again(trained_wine, monkeypatch):
    first = select_folder_heads(trained_wine, 3, **QUICK)
    counted = []
    real = labelled_batches.LabelledBatches.mean_loss

    def count(self, model, gates=None):
        counted.append(1)
        return real(self, model, gates)

    monkeypatch.setattr(labelled_batches.LabelledBatches, "mean_loss", count)
    again = select_folder_heads(trained_wine, 3, **QUICK)
    assert again.selection.mask.tolist() == first.selection.mask.tolist()
    assert any("losses of earlier calls were read" in note for note in again.selection.notes)
    assert len(counted) == 2  # the losses before and after, which the answer tells


def test_a_model_without_attention(trained_wine, tmp_path):
    model = FNetForSequenceClassification(
        FNetConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, intermediate_size=8, num_labels=3)
    )
    with pytest.raises(ConfigurationError, match="no attention whose heads are known"):
        select_folder_heads(other_model(trained_wine, tmp_path, model))


def test_a_model_whose_configuration_cannot_tell_is_not_written(trained_wine, tmp_path):
    model = GPT2ForSequenceClassification(
        GPT2Config(vocab_size=9, n_positions=8, n_embd=8, n_layer=1, n_head=2, num_labels=3)
    )
    folder = other_model(trained_wine, tmp_path, model)
    with pytest.raises(OptionError, match="Leave --out away"):
        select_folder_heads(folder, out=tmp_path / "small")


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"keep": 9}, OptionError, "keep is 9; the model has 8 heads"),
        ({"keep": [5, 1]}, OptionError, "5 heads of layer 0"),
        ({"budget": 10.0}, OptionError, "does not pay"),
        ({"method": "quantum"}, OptionError, "method is 'quantum'"),
        ({"compare": ["quantum"]}, OptionError, "compare is 'quantum'"),
        ({"costs": "seconds"}, OptionError, "costs is 'seconds'"),
        ({"evaluations": 3}, OptionError, "evaluations is 3"),
        ({"examples": 0}, OptionError, "examples is 0"),
        ({"out": "tests"}, OptionError, "not empty"),
    ],
)
def test_wrong_wishes(trained_wine, root, monkeypatch, settings, error, words):
    monkeypatch.chdir(root)
    with pytest.raises(error, match=words):
        select_folder_heads(trained_wine, **{"examples": 16, **settings})


def test_folders_that_are_none(tmp_path):
    with pytest.raises(CheckpointError, match="is not there"):
        select_folder_heads(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=r"no data\.json"):
        select_folder_heads(tmp_path)
