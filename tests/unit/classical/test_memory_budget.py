"""The choice is made once, kept in checkpoints, and checked against what trains."""

import json
from types import SimpleNamespace

import pytest
import torch

from hybrid_opt.classical import memory_budget as module
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError, MemoryBudgetError
from hybrid_opt.classical.memory_budget import MemoryBudget
from hybrid_opt.classical.memory_rule import MemoryTrial
from hybrid_opt.classical.short_training import train_without_files
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_settings import TrainingSettings

DATA = load_data("wine")
SETTINGS = TrainingSettings(
    max_steps=6,
    batch_size=8,
    eval_steps=3,
    save_steps=2,
    logging_steps=2,
    callbacks={"memory_budget": {"mebibytes": 100, "margin": 0.0}},
)
TRIALS = [
    MemoryTrial(8, 1, "float32", False, 200 * 2**20, 1.0),
    MemoryTrial(4, 2, "float32", True, 90 * 2**20, 2.0),
    MemoryTrial(2, 4, "float32", True, 80 * 2**20, 3.0),
]


def model_of():
    torch.manual_seed(0)
    return model_class(DATA.task).from_config(
        DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
    )


@pytest.fixture
def trials(monkeypatch):
    """Dry runs whose figures are known; the list grows with each call."""
    calls = []

    def fake(model, data, examples, rule, device):
        calls.append(examples)
        return TRIALS

    monkeypatch.setattr(module, "memory_trials", fake)
    return calls


def test_train_takes_the_choice_and_says_why(tmp_path, trials):
    result = train(model_of(), DATA, tmp_path / "run", SETTINGS)
    assert trials == [8]
    report = result.callbacks["memory_budget"]
    entry = report["history"][0]
    assert (entry["micro_batch"], entry["accumulation"], entry["checkpointing"]) == (4, 2, True)
    assert "micro-batch 4 x 2, float32, with checkpointing: 90.0 MiB of the 100 MiB" in entry["reason"]
    assert len(report["trials"]) == 3
    assert result.steps == 6
    assert result.settings == SETTINGS
    saved = json.loads((tmp_path / "run" / "checkpoints" / "checkpoint-6" / "trainer_state.json").read_text())
    assert saved["train_batch_size"] == 4


def test_the_steps_are_those_of_the_large_batch(tmp_path, trials):
    plain = train(model_of(), DATA, tmp_path / "plain", SETTINGS.replaced(callbacks={}))
    chosen = train(model_of(), DATA, tmp_path / "chosen", SETTINGS)
    assert chosen.final_loss == pytest.approx(plain.final_loss, rel=1e-5)


def test_a_resumed_run_does_not_choose_anew(tmp_path, trials, monkeypatch):
    train(model_of(), DATA, tmp_path / "run", SETTINGS)
    monkeypatch.setattr(module, "memory_trials", lambda *given: pytest.fail("measured again"))
    longer = train(model_of(), DATA, tmp_path / "run", SETTINGS.replaced(max_steps=8))
    assert (longer.resumed_from, longer.steps) == (6, 8)
    assert longer.callbacks["memory_budget"]["history"][0]["micro_batch"] == 4


def test_training_without_files(trials):
    assert train_without_files(model_of(), DATA, SETTINGS) > 0
    assert trials == [8]


def test_for_another_trainer(trials):
    budget = MemoryBudget(mebibytes=100, margin=0.0)
    settings = budget.choose(model_of(), DATA, SETTINGS)
    assert budget.arguments() == {
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 2,
        "bf16": False,
        "gradient_checkpointing": True,
    }
    assert settings.gradient_checkpointing
    named = {**budget.arguments(), "gradient_accumulation_steps": 1}
    with pytest.raises(ConfigurationError, match="the Trainer has micro-batch 4 x 1"):
        budget.on_train_begin(SimpleNamespace(**named), None, None)


def test_without_a_choice():
    with pytest.raises(ConfigurationError, match="has chosen nothing yet"):
        MemoryBudget(mebibytes=100).arguments()


def test_nothing_fits(tmp_path):
    settings = SETTINGS.replaced(callbacks={"memory_budget": {"mebibytes": 1, "precisions": ["float32"]}})
    with pytest.raises(MemoryBudgetError, match="no setting fits into 1 MiB with 10% kept free"):
        train(model_of(), DATA, tmp_path / "run", settings)
    assert not (tmp_path / "run").exists()


def test_an_earlier_run_is_still_there_where_nothing_fits(tmp_path):
    train(model_of(), DATA, tmp_path / "run", SETTINGS.replaced(callbacks={}))
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    settings = SETTINGS.replaced(callbacks={"memory_budget": {"mebibytes": 1, "precisions": ["float32"]}})
    with pytest.raises(MemoryBudgetError):
        train(model_of(), DATA, tmp_path / "run", settings, resume=False)
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


def test_several_processes_are_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigurationError, match="several were started"):
        MemoryBudget(mebibytes=100).choose(model_of(), DATA, SETTINGS)
