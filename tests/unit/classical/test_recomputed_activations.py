"""Recomputing activations: on, off, under the old name and the new one."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.recomputed_activations import keep_activations, recompute_activations
from hybrid_opt.classical.trained_folder import model_class

DATA = load_data("wine")


def kept_bytes(model):
    """What the forward pass keeps for the backward pass."""
    sizes = []

    def pack(tensor):
        sizes.append(tensor.numel() * tensor.element_size())
        return tensor

    batch = {name: value[None] for name, value in DATA.train[0].items()}
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(**batch)
    return sum(sizes)


def test_less_is_kept_and_all_of_it_again_afterwards():
    config = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2)
    model = model_class(DATA.task).from_config(config).train()
    plain = kept_bytes(model)
    recompute_activations(model)
    assert kept_bytes(model) < 0.5 * plain
    keep_activations(model)
    assert kept_bytes(model) == plain


@pytest.mark.parametrize("name", ["activation", "gradient"])
def test_both_names_are_known(name):
    asked = []
    kind = type(
        "Named",
        (),
        {
            f"{name}_checkpointing_enable": lambda self, settings: asked.append(settings),
            f"{name}_checkpointing_disable": lambda self: asked.append("off"),
        },
    )
    recompute_activations(kind())
    keep_activations(kind())
    assert asked == [{"use_reentrant": False}, "off"]
