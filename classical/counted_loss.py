"""A loss that is a mean, and what it is a mean over: tokens for language, examples for classes and numbers.

Shapes: B batch, T tokens, V classes or vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .errors import ConfigurationError
from .losses import IGNORED_LABEL

__all__ = ["counted_items", "move_batch", "predicted_pairs", "weighted_mean_loss"]


def counted_items(task: str, batch: Mapping[str, Tensor]) -> int:
    """How many items the loss of a batch is a mean over.

    Args:
        task: the task of the data. A causal language model predicts each token from those before it, so the
            first label of a row does not count.
        batch: the batch with its ``labels``: (B, T) for language, (B,) for classes, (B,) or (B, V) for
            numbers.

    Returns:
        The number of labels that count; for classes and numbers that of examples.

    Raises:
        ConfigurationError: the batch has no labels.

    Example:
        >>> counted_items("causal_lm", {"labels": torch.tensor([[5, 6, 7, -100]])})
        2
    """
    labels = _labels(batch)
    if task in ("sequence_classification", "regression") or labels.is_floating_point():
        return int(labels.shape[0])
    if task == "causal_lm":
        labels = labels[..., 1:]
    return int((labels != IGNORED_LABEL).sum())


def weighted_mean_loss(loss: Tensor, items: int, all_items: Tensor | int) -> Tensor:
    """The part of one batch in the mean over several: its mean loss times its share of the items.

    Summed over batches this is the mean over all items, whatever their sizes; a loss that is added per batch
    (balancing experts) comes out as a mean over batches, weighted alike.

    Args:
        loss: mean loss of the batch, ().
        items: what it is a mean over, at least 1.
        all_items: items of all batches behind the optimizer step.

    Returns:
        The loss to differentiate, ().

    Example:
        >>> halves = weighted_mean_loss(torch.tensor(4.0), 1, 4) + weighted_mean_loss(torch.tensor(8.0), 3, 4)
        >>> float(halves)
        7.0
    """
    return loss * (items / all_items)


def predicted_pairs(task: str, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits beside the labels they predict, the ignored ones left out.

    Args:
        task: the task of the data.
        logits: (B, T, V) for tokens, (B, V) for classes.
        labels: (B, T) or (B,).

    Returns:
        Logits (N, V) and labels (N,).

    Example:
        >>> logits, labels = predicted_pairs("causal_lm", torch.zeros(1, 3, 5), torch.tensor([[1, 2, -100]]))
        >>> logits.shape, labels
        (torch.Size([1, 5]), tensor([2]))
    """
    if task == "causal_lm":
        logits, labels = logits[:, :-1], labels[:, 1:]
    kept = labels != IGNORED_LABEL
    return logits[kept], labels[kept]


def move_batch(batch: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """The batch with its tensors on a device.

    Example:
        >>> move_batch({"labels": torch.ones(1)}, torch.device("cpu"))["labels"].device.type
        'cpu'
    """
    return {name: value.to(device) if isinstance(value, Tensor) else value for name, value in batch.items()}


def _labels(batch: Mapping[str, Tensor]) -> Tensor:
    if "labels" not in batch:
        names = ", ".join(sorted(batch)) or "nothing"
        raise ConfigurationError(f"a batch holds {names}; a loss needs labels")
    return batch["labels"]
