"""Dropout of each layer moves with its entropy, and the model is left as it was configured."""

import pytest
import torch

from hybrid_opt.classical.attention_capture import attention_layers
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.entropy_dropout import EntropyDropout
from hybrid_opt.classical.errors import DivergenceError
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_settings import TrainingSettings

DATA = load_data("wine")
SETTINGS = TrainingSettings(max_steps=6, batch_size=8, eval_steps=6, save_steps=6, logging_steps=6)


def model_of(dropout=0.1):
    torch.manual_seed(0)
    config = DATA.config(
        hidden_size=8, num_attention_heads=2, num_hidden_layers=2, attention_dropout=dropout
    )
    return model_class(DATA.task).from_config(config)


class Watch(EntropyDropout):
    """Notes the dropout that each step was computed with."""

    seen: list = []  # noqa: RUF012

    def on_pre_optimizer_step(self, args, state, control, **named):
        self.seen.append([layer.dropout for layer in attention_layers(named["model"]).values()])
        super().on_pre_optimizer_step(args, state, control, **named)


@pytest.mark.parametrize(("low", "high", "direction"), [(0.998, 0.999, 1), (0.001, 0.002, -1)])
def test_dropout_goes_up_where_attention_is_peaked_and_down_where_it_is_diffuse(
    tmp_path, low, high, direction
):
    Watch.seen = []
    callback = Watch(low=low, high=high, rate=0.02, interval=2, smallest=0.05)
    model = model_of()
    result = train(model, DATA, tmp_path / "run", SETTINGS, callbacks=[callback])
    report = result.callbacks["entropy_dropout"]
    assert [entry["step"] for entry in report["history"]] == [2, 4, 6]
    assert Watch.seen[0] == Watch.seen[1] == [0.1, 0.1]
    moved = [direction * (after - 0.1) for after in Watch.seen[2]]
    assert all(0 < size <= 0.02 for size in moved)
    assert Watch.seen[2] == Watch.seen[3] == list(report["history"][0]["dropout"].values())
    assert all(0.05 <= value <= 0.5 for value in report["dropout"].values())
    assert [layer.dropout for layer in model.attention_layers()] == [0.1, 0.1]
    assert not any(layer._forward_pre_hooks for layer in model.attention_layers())


def test_the_start_is_brought_within_the_bounds(tmp_path):
    settings = SETTINGS.replaced(callbacks={"entropy_dropout": {"smallest": 0.2, "interval": 100}})
    result = train(model_of(), DATA, tmp_path / "run", settings)
    assert set(result.callbacks["entropy_dropout"]["dropout"].values()) == {0.2}


def test_a_run_that_diverges_leaves_no_hook(tmp_path):
    model = model_of()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    settings = SETTINGS.replaced(callbacks={"entropy_dropout": {"interval": 1, "smallest": 0.3}})
    with pytest.raises(DivergenceError):
        train(model, DATA, tmp_path / "run", settings)
    assert not any(layer._forward_pre_hooks for layer in model.attention_layers())
    assert [layer.dropout for layer in model.attention_layers()] == [0.1, 0.1]


def test_measuring_does_not_change_training(tmp_path):
    plain, watched = model_of(), model_of()
    train(plain, DATA, tmp_path / "plain", SETTINGS)
    inert = {"entropy_dropout": {"low": 0.0, "high": 1.0, "interval": 1}}
    train(watched, DATA, tmp_path / "watched", SETTINGS.replaced(callbacks=inert))
    for one, two in zip(plain.parameters(), watched.parameters(), strict=True):
        assert torch.equal(one, two)
