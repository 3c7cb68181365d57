"""What a training step of a recipe holds in memory, counted and not measured.

It is ``tuning.trial_costs.training_bytes`` with the settings of the training: under gradient checkpointing
the inputs of the blocks that are computed again are counted in place of what is inside them (the inside of
the one that is being computed again comes on top), under bfloat16 the tensors that autocast makes.

Shapes: B examples of a batch.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch

from ..classical.counted_loss import move_batch
from ..classical.evaluation_pass import stack_examples
from ..classical.recomputed_activations import recompute_activations
from ..classical.task_data import TaskData
from ..classical.training_settings import TrainingSettings
from ..tuning.trial_costs import training_bytes

__all__ = ["step_memory"]


def step_memory(model: Any, data: TaskData, settings: TrainingSettings) -> int:
    """Bytes that a training step holds: weights, gradients, moments of Adam, tensors for the backward pass.

    Args:
        model: a model of transformers; left as it is.
        data: the first examples of its training split are the batch.
        settings: batch size, precision and recomputation.

    Returns:
        Bytes; the same on every machine.

    Example:
        >>> from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data
        >>> data = load_data("wine")
        >>> config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2)
        >>> model = DistanceEncoderForSequenceClassification(config)
        >>> plain = step_memory(model, data, TrainingSettings())
        >>> plain > step_memory(model, data, TrainingSettings(gradient_checkpointing=True))
        True
    """
    place = next(model.parameters()).device
    examples = [data.train[index] for index in range(min(settings.batch_size, len(data.train)))]
    batch = move_batch((data.collate or stack_examples)(examples), place)
    copy = deepcopy(model)
    if settings.gradient_checkpointing:
        recompute_activations(copy)
    kind = torch.bfloat16 if settings.precision == "bfloat16" else torch.float16
    with torch.autocast(place.type, dtype=kind, enabled=settings.precision != "float32"):
        return training_bytes(copy, batch)
