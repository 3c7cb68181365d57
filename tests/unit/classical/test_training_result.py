"""The result of a run from a made-up history."""

import json
import math

import pytest

from hybrid_opt.classical.training_result import TrainingResult, history_table
from hybrid_opt.classical.training_settings import TrainingSettings

LOG = [
    {"step": 2, "epoch": 0.5, "loss": 3.0, "learning_rate": 1e-3, "grad_norm": 1.5},
    {"step": 2, "epoch": 0.5, "eval_loss": 2.5, "eval_accuracy": 0.25},
    {"step": 4, "epoch": 1.0, "loss": 2.0, "learning_rate": 5e-4, "grad_norm": 1.0},
    {"step": 4, "epoch": 1.0, "eval_loss": 2.6, "eval_accuracy": 0.5},
    {"step": 5, "epoch": 1.25, "loss": 1.5, "learning_rate": 1e-4, "grad_norm": float("inf")},
    {"step": 5, "epoch": 1.25, "train_runtime": 3.0, "train_loss": 2.2},
]


def result(tmp_path, log=LOG, **changes):
    values = {
        "history": history_table(log),
        "settings": TrainingSettings(),
        "folder": tmp_path,
        "steps": 5,
        "best_step": 2,
        "interrupted": False,
        "resumed_from": 0,
        "seconds": 1.5,
        "tokens_per_second": 1000.0,
        "peak_memory_bytes": 10,
        "parameters": 7,
        "notes": ("one",),
    }
    return TrainingResult(**{**values, **changes})


def test_history_has_one_row_per_step():
    table = history_table(LOG)
    assert table.index.tolist() == [2, 4, 5]
    assert table.columns.tolist() == [
        "epoch",
        "loss",
        "learning_rate",
        "gradient_norm",
        "validation_loss",
        "validation_accuracy",
    ]
    assert table.loc[4].tolist() == [1.0, 2.0, 5e-4, 1.0, 2.6, 0.5]
    assert math.isnan(table.loc[5, "validation_loss"])


def test_losses(tmp_path):
    answer = result(tmp_path)
    assert (answer.final_loss, answer.final_validation_loss, answer.best_validation_loss) == (1.5, 2.6, 2.5)
    assert "finished at step 5" in str(answer)
    assert "interrupted" in str(result(tmp_path, interrupted=True))


def test_nothing_logged(tmp_path):
    answer = result(tmp_path, log=[])
    assert math.isnan(answer.final_loss)
    assert math.isnan(answer.best_validation_loss)
    assert json.loads(answer.to_json())["final_loss"] is None


def test_json_has_no_numbers_that_json_does_not_know(tmp_path):
    answer = result(tmp_path)
    text = answer.to_json(tmp_path / "metrics.json")
    content = json.loads(text, parse_constant=pytest.fail)
    assert json.loads((tmp_path / "metrics.json").read_text()) == content
    assert content["history"][2]["gradient_norm"] is None
    assert content["history"][2]["validation_loss"] is None
    assert content["history"][0]["step"] == 2
    assert content["settings"]["batch_size"] == 16
    assert content["notes"] == ["one"]


def test_table_has_figures_only(tmp_path):
    table = result(tmp_path).table()
    assert table.loc["final_loss", "value"] == 1.5
    assert "history" not in table.index


def test_picture_shows_both_losses_the_rate_and_the_kept_step(tmp_path):
    figure = result(tmp_path).plot(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    losses, rates = figure.axes
    assert [line.get_label() for line in losses.lines] == ["training", "validation", "weights of step 2"]
    assert losses.lines[0].get_ydata().tolist() == [3.0, 2.0, 1.5]
    assert losses.lines[1].get_xdata().tolist() == [2, 4]
    assert rates.lines[0].get_ydata().tolist() == [1e-3, 5e-4, 1e-4]
    assert len(result(tmp_path, best_step=5).plot().axes[0].lines) == 2
