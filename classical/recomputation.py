"""Whether a pass is computed for the first time, or again during the backward pass."""

from __future__ import annotations

import torch

__all__ = ["is_recomputation"]


def is_recomputation() -> bool:
    """Whether this code runs inside a backward pass.

    Gradient checkpointing runs a block a second time there. What a module counts or moves once per step must
    then stay as it was. torch.utils.checkpoint asks the same function which backward pass it is in.

    Returns:
        True inside a backward pass.

    Example:
        >>> is_recomputation()
        False
    """
    task: int = torch._C._current_graph_task_id()
    return task != -1
