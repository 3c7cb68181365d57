"""Dry runs: what they leave alone, what ends them, and that recomputing takes less memory."""

import copy

import pytest
import torch

from hybrid_opt.classical import memory_trials as module
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.language_data import build_language_data
from hybrid_opt.classical.memory_rule import MemoryRule, MemoryTrial
from hybrid_opt.classical.memory_trials import memory_trial, memory_trials
from hybrid_opt.classical.text_sources import Document
from hybrid_opt.classical.trained_folder import model_class

DATA = load_data("wine")
CPU = torch.device("cpu")
PLAN = MemoryTrial(4, 2, "float32", False, 0.0, 0.0)


def model_of(data=DATA, **settings):
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "hidden_dropout": 0.1}
    return model_class(data.task).from_config(data.config(**{**sizes, **settings}))


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_model_and_random_numbers_are_left_alone(precision, checkpointing):
    model = model_of()
    before, generator = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    trial = memory_trial(model, DATA, MemoryTrial(4, 2, precision, checkpointing, 0.0, 0.0), CPU, passes=1)
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    # The switch of transformers stands on each block; its name changed in version 5.
    switches = [
        getattr(part, name, False)
        for part in model.modules()
        for name in ("gradient_checkpointing", "activation_checkpointing")
    ]
    assert not any(switches)
    assert trial.seconds > 0
    assert trial.peak_bytes > 10 * 2**20  # the process with torch in it
    assert (trial.micro_batch, trial.precision, trial.checkpointing) == (4, precision, checkpointing)


def test_growth_ends_with_the_first_that_does_not_fit(monkeypatch):
    asked = []

    def trial(model, data, planned, device, *, passes):
        asked.append((planned.precision, planned.checkpointing, planned.micro_batch))
        size = planned.micro_batch * (1 if planned.checkpointing else 3) * 2**20
        return MemoryTrial(*list(vars(planned).values())[:4], float(size), 1.0)

    monkeypatch.setattr(module, "memory_trial", trial)
    rule = MemoryRule(mebibytes=5, margin=0.0, precisions="float32")
    found = memory_trials(None, DATA, 16, rule, CPU)
    assert [size for _, checkpointing, size in asked if not checkpointing] == [1, 2]
    assert [size for _, checkpointing, size in asked if checkpointing] == [1, 2, 4, 8]
    assert rule.choose(found).peak_bytes <= 5 * 2**20
    assert all(one.micro_batch * one.accumulation == 16 for one in found)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("out"),
        MemoryError("out"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_memory_that_runs_out_does_not_fit(monkeypatch, error):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(module, "_measured", fail)
    assert memory_trial(model_of(), DATA, PLAN, CPU).peak_bytes == float("inf")


def test_another_error_is_an_error(monkeypatch):
    def fail(*arguments):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(module, "_measured", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        memory_trial(model_of(), DATA, PLAN, CPU)


def test_recomputing_and_smaller_micro_batches_take_less():
    documents = [Document(f"d{number}", "abcdefgh " * 120) for number in range(40)]
    data = build_language_data("letters", documents, tokenizer="characters", sequence_length=128)
    model = model_of(
        data, hidden_size=64, num_attention_heads=4, num_hidden_layers=6, metric="l2", hidden_dropout=0.0
    )
    peaks = {
        (size, checkpointing): memory_trial(
            model, data, MemoryTrial(size, 1, "float32", checkpointing, 0.0, 0.0), CPU, passes=1
        ).peak_bytes
        for size, checkpointing in ((2, False), (24, True), (24, False))
    }
    margin = 8 * 2**20  # what sampling and the allocator may hide
    assert peaks[24, False] > peaks[24, True] + margin
    assert peaks[24, False] > peaks[2, False] + margin
