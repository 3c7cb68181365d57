"""What a model costs besides its loss: seconds of a forward pass, bytes that a training step holds.

Shapes: B examples of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["forward_seconds", "training_bytes"]

REPEATS = 7
COPIES = 4  # of each weight in a training step: itself, its gradient, two moments of Adam


@torch.no_grad()
def forward_seconds(model: nn.Module, batch: Mapping[str, Any], repeats: int = REPEATS) -> float:
    """Median time of a forward pass in evaluation mode; it is a measurement and differs from call to call.

    Args:
        model: it is left in the mode it was in.
        batch: tensors on its device, B examples.
        repeats: passes that are timed, after one that is not.

    Returns:
        Seconds.

    Example:
        >>> forward_seconds(nn.Identity(), {"input": torch.zeros(1)}) < 1
        True
    """
    training = model.training
    model.eval()
    seconds = []
    try:
        for _ in range(repeats + 1):
            begin = perf_counter()
            model(**batch)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            seconds.append(perf_counter() - begin)
    finally:
        model.train(training)
    return median(seconds[1:])


def training_bytes(model: nn.Module, batch: Mapping[str, Any]) -> int:
    """What a training step with Adam holds: weights, gradients, moments, tensors for the backward pass.

    It is counted, not measured: the same on every machine, without what kernels need for a moment.

    Args:
        model: its call with ``labels`` returns a loss; it is left in the mode it was in.
        batch: tensors on its device, B examples.

    Returns:
        Bytes.

    Example:
        >>> class Line(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.slope = nn.Parameter(torch.ones(()))
        ...     def forward(self, x):
        ...         return self.slope * x
        >>> training_bytes(Line(), {"x": torch.ones(100)})  # 4 copies of 4 bytes, and x
        416
    """
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, tuple[Tensor, int]] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            # The tensor is held, so that its memory cannot be given to another one meanwhile.
            kept[storage.data_ptr()] = (tensor, storage.nbytes())
        return tensor

    training = model.training
    model.train()
    try:
        with (
            torch.random.fork_rng(),
            torch.enable_grad(),
            torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        ):
            model(**batch)
    finally:
        model.train(training)
    weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    return COPIES * weights + sum(size for _, size in kept.values())
