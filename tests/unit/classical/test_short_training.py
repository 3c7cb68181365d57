"""Training without files gives the weights of training with them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError, DivergenceError
from hybrid_opt.classical.short_training import train_without_files
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_settings import TrainingSettings

DATA = load_data("wine")
SETTINGS = TrainingSettings(max_steps=6, batch_size=8, learning_rate=0.01, eval_steps=2)


def model_of(seed: int = 0, **settings):
    torch.manual_seed(seed)
    config = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1, **settings)
    return model_class(DATA.task).from_config(config)


def test_weights_and_loss_are_those_of_a_run_with_files(tmp_path: Path, monkeypatch):
    model, other = model_of(hidden_dropout=0.1), model_of(hidden_dropout=0.1)
    monkeypatch.chdir(tmp_path)
    loss = train_without_files(model, DATA, SETTINGS)
    assert list(tmp_path.iterdir()) == []
    result = train(other, DATA, tmp_path / "run", SETTINGS)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=0)
    assert loss == pytest.approx(result.history["validation_loss"].dropna().iloc[-1], rel=1e-12)
    assert not model.training


def test_validations_are_handed_on_and_may_end_it():
    seen: list[tuple[int, float]] = []

    def watch(step: int, loss: float) -> bool:
        seen.append((step, loss))
        return step >= 4

    loss = train_without_files(model_of(), DATA, SETTINGS, on_validation=watch)
    assert [step for step, _ in seen] == [2, 4]
    assert loss == pytest.approx(seen[-1][1], rel=1e-12)


def test_the_last_validation_is_the_answer_and_not_handed_on():
    seen: list[int] = []
    train_without_files(model_of(), DATA, SETTINGS, on_validation=lambda step, loss: seen.append(step))
    assert seen == [2, 4]


def test_progress_goes_to_one():
    shares: list[float] = []
    train_without_files(model_of(), DATA, SETTINGS, progress=lambda share, text: shares.append(share))
    assert shares[-1] == 1.0
    assert shares == sorted(shares)


def test_random_numbers_of_the_caller_stay():
    model = model_of()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    train_without_files(model, DATA, SETTINGS)
    assert torch.equal(torch.get_rng_state(), before)


def test_early_stopping_is_refused():
    settings = SETTINGS.replaced(early_stopping_patience=2)
    with pytest.raises(ConfigurationError, match=r"early_stopping_patience is 2.*use train"):
        train_without_files(model_of(), DATA, settings)


def test_a_diverging_run_is_an_error():
    with pytest.raises(DivergenceError, match="lower learning_rate"):
        train_without_files(model_of(), DATA, SETTINGS.replaced(learning_rate=1e30, max_steps=20))


def test_callbacks_are_added_and_what_they_did_is_told():
    from hybrid_opt.classical.entropy_dropout import EntropyDropout

    told: list[dict] = []
    settings = SETTINGS.replaced(callbacks={"head_sparsity": {"target": 0.5, "interval": 1}})
    dropout = EntropyDropout(interval=2)
    train_without_files(model_of(), DATA, settings, callbacks=[dropout], on_callbacks=told.append)
    assert set(told[0]) == {"head_sparsity", "entropy_dropout"}
    assert told[0]["head_sparsity"]["history"][-1]["share"] == 0.5
    assert told[0]["entropy_dropout"]["settings"]["interval"] == 2
