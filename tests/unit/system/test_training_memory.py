"""What a training step holds, counted."""

from __future__ import annotations

import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.trained_folder import model_class
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.system.training_memory import step_memory

DATA = load_data("wine")


def model_of(layers=2):
    torch.manual_seed(0)
    return model_class(DATA.task).from_config(
        DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=layers)
    )


def test_it_grows_with_the_batch_and_shrinks_with_the_settings():
    model = model_of()
    plain = step_memory(model, DATA, TrainingSettings(batch_size=16))
    assert plain == step_memory(model, DATA, TrainingSettings(batch_size=16))
    assert step_memory(model, DATA, TrainingSettings(batch_size=32)) > plain
    assert step_memory(model, DATA, TrainingSettings(batch_size=16, precision="bfloat16")) < plain
    again = TrainingSettings(batch_size=16, gradient_checkpointing=True)
    assert step_memory(model, DATA, again) < 0.5 * plain


def test_inputs_of_recomputed_blocks_are_counted():
    again = TrainingSettings(batch_size=16, gradient_checkpointing=True)
    sizes = [step_memory(model_of(layers), DATA, again) for layers in (1, 2, 3)]
    weights = [4 * 4 * sum(p.numel() for p in model_of(layers).parameters()) for layers in (1, 2, 3)]
    held = [size - own for size, own in zip(sizes, weights, strict=True)]
    block = 16 * 13 * 8 * 4  # batch, tokens, width, bytes
    assert held[1] - held[0] == held[2] - held[1] == block


def test_the_model_is_left_as_it_was():
    model = model_of().eval()
    step_memory(model, DATA, TrainingSettings(gradient_checkpointing=True))
    assert not model.training
    assert not model.is_activation_checkpointing
