"""Seconds and bytes of a model."""

from __future__ import annotations

import torch
from torch import nn

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.evaluation_pass import stack_examples
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.tuning.trial_costs import forward_seconds, training_bytes

DATA = load_data("wine")
BATCH = stack_examples([DATA.train[i] for i in range(4)])


def model_of(layers: int = 1, hidden: int = 8):
    config = DATA.config(hidden_size=hidden, num_attention_heads=2, num_hidden_layers=layers)
    return model_class(DATA.task).from_config(config)


class Chain(nn.Module):
    """Keeps its input twice for the backward pass, as one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))

    def forward(self, x):
        return (self.a * x).sum() + (self.b * x).sum()


def test_a_tensor_that_is_kept_twice_counts_once():
    assert training_bytes(Chain(), {"x": torch.ones(1000, 3)}) == 4 * 2 * 3 * 4 + 1000 * 3 * 4


def test_bytes_grow_with_layers_and_examples_and_repeat():
    small, large = model_of(1), model_of(3)
    assert training_bytes(small, BATCH) < training_bytes(large, BATCH)
    more = {name: torch.cat([value, value]) for name, value in BATCH.items()}
    assert training_bytes(small, BATCH) < training_bytes(small, more)
    assert training_bytes(small, BATCH) == training_bytes(small, BATCH)


def test_mode_and_random_numbers_stay():
    model = model_of().eval()
    before = torch.get_rng_state()
    training_bytes(model, BATCH)
    assert forward_seconds(model, BATCH, repeats=1) > 0
    assert not model.training
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_median_of_the_passes_is_told(monkeypatch):
    times = iter([0.0, 9.0, 10.0, 11.0, 20.0, 25.0, 30.0, 33.0])  # warming up, then 1, 5 and 3 seconds
    monkeypatch.setattr("hybrid_opt.tuning.trial_costs.perf_counter", lambda: next(times))
    assert forward_seconds(nn.Identity(), {"input": torch.zeros(1)}, repeats=3) == 3.0
