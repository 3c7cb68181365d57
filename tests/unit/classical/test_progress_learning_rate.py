"""The factor is on during the optimizer's step, and at no other time."""

from types import SimpleNamespace

import pytest
import torch
from transformers import Trainer, TrainingArguments

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.progress_learning_rate import ProgressLearningRate
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_settings import TrainingSettings

DATA = load_data("wine")
STALLING = {"patience": 1, "cooldown": 0, "threshold": 0.99, "decrease": 0.5}  # every validation is a stall


def model_of():
    torch.manual_seed(0)
    return model_class(DATA.task).from_config(
        DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
    )


def test_the_factor_is_on_inside_the_step_only():
    optimizer = SimpleNamespace(param_groups=[{"lr": 0.2}, {"lr": 0.4}])
    callback = ProgressLearningRate(**STALLING)
    callback.validated(1, 1.0)
    callback.validated(2, 1.0)
    callback.on_pre_optimizer_step(None, None, None, optimizer=optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.2]
    callback.on_optimizer_step(None, None, None, optimizer=optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == [0.2, 0.4]
    callback.on_optimizer_step(None, None, None, optimizer=optimizer)  # once more changes nothing
    assert [group["lr"] for group in optimizer.param_groups] == [0.2, 0.4]


def test_logged_rates_are_the_schedules_times_the_factor(tmp_path):
    settings = TrainingSettings(
        max_steps=8, batch_size=8, schedule="constant", warmup_ratio=0, eval_steps=2, logging_steps=1
    )
    plain = train(model_of(), DATA, tmp_path / "plain", settings)
    slowed = train(
        model_of(),
        DATA,
        tmp_path / "slowed",
        settings.replaced(callbacks={"progress_learning_rate": STALLING}),
    )
    # Validations after steps 2, 4, 6: the first sets the best, the next two halve.
    factors = [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]
    assert slowed.history["learning_rate"].tolist() == pytest.approx([1e-3 * factor for factor in factors])
    assert plain.history["learning_rate"].tolist() == pytest.approx([1e-3] * 8)
    same = plain.history["loss"] == slowed.history["loss"]
    assert same.tolist()[:5] == [True] * 5  # the fifth loss is before the first slower step has acted
    assert not same.iloc[-1]
    assert [entry["step"] for entry in slowed.callbacks["progress_learning_rate"]["history"]] == [4, 6, 8]


def arguments(tmp_path, **settings):
    quiet = {"report_to": "none", "disable_tqdm": True, "use_cpu": True, "save_strategy": "no"}
    return TrainingArguments(
        output_dir=str(tmp_path), max_steps=4, per_device_train_batch_size=8, **quiet, **settings
    )


def test_any_trainer_and_a_chained_schedule(tmp_path):
    callback = ProgressLearningRate(**STALLING)
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)  # each rate comes from the one before
    trainer = Trainer(
        model=model,
        args=arguments(tmp_path, eval_strategy="steps", eval_steps=1, log_level="error"),
        train_dataset=DATA.train,
        eval_dataset=DATA.validation,
        optimizers=(optimizer, schedule),
        callbacks=[callback],
    )
    trainer.train()
    assert callback.factor == 0.5**3
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5**4)


def test_a_trainer_that_never_validates(tmp_path):
    trainer = Trainer(
        model=model_of(),
        args=arguments(tmp_path),
        train_dataset=DATA.train,
        callbacks=[ProgressLearningRate()],
    )
    with pytest.raises(ConfigurationError, match="this Trainer never validates"):
        trainer.train()


def test_a_validation_without_loss():
    with pytest.raises(ConfigurationError, match=r"reports \['eval_french_loss'\]"):
        ProgressLearningRate().on_evaluate(
            None, SimpleNamespace(global_step=1), None, metrics={"eval_french_loss": 1.0}
        )
