"""One pass of a model over a part of the data: sums from which every figure of an evaluation follows.

Shapes: B batch, T tokens, V classes or vocabulary.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from .classification_scores import confusion_matrix
from .counted_loss import counted_items, move_batch, predicted_pairs
from .errors import ConfigurationError

__all__ = ["PassSums", "add_up", "stack_examples"]


@dataclass
class PassSums:
    """Sums over a part of the data.

    Attributes:
        loss: negative log-likelihood in nats of all counted labels, or squared errors of all predicted
            numbers.
        items: counted labels, or predicted numbers.
        correct: labels that were the most likely class.
        confusion: counts (V, V) of classes, rows the labels, columns the most likely classes; None for
            tokens.
        target_sum: sum of the numbers to predict (regression).
        target_squares: sum of their squares.
        examples: number of examples.
        positions: number of positions that the model read, padding included.
        seconds: time inside the model.
    """

    loss: float = 0.0
    items: int = 0
    correct: int = 0
    confusion: npt.NDArray[np.int64] | None = None
    target_sum: float = 0.0
    target_squares: float = 0.0
    examples: int = 0
    positions: int = 0
    seconds: float = 0.0

    @property
    def mean_loss(self) -> float:
        """Mean over the counted items; NaN where there are none."""
        return self.loss / self.items if self.items else math.nan


def stack_examples(examples: list[dict[str, Any]]) -> dict[str, Tensor]:
    """A batch of examples that all have the same shapes.

    Args:
        examples: dictionaries of tensors.

    Returns:
        The same names, with the examples along a new first axis.

    Example:
        >>> stack_examples([{"labels": torch.tensor(1)}, {"labels": torch.tensor(2)}])
        {'labels': tensor([1, 2])}
    """
    return {name: torch.stack([torch.as_tensor(one[name]) for one in examples]) for name in examples[0]}


@torch.no_grad()
def add_up(
    model: Any,
    dataset: Any,
    task: str,
    *,
    collate: Callable[[list[dict[str, Any]]], dict[str, Any]] | None = None,
    batch_size: int = 32,
    indices: range | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> PassSums:
    """Run the model over examples, in evaluation mode, and add up.

    The loss is recomputed from the logits in float32: it is the plain negative log-likelihood (or squared
    error), without what training adds to it (balancing experts, weights of classes), and does not depend on
    the batch size.

    Args:
        model: the model; it is left in the mode it was in.
        dataset: examples with ``labels``.
        task: the task of the data.
        collate: makes a batch; None stacks.
        batch_size: examples in one forward pass.
        indices: the examples to take; None for all.
        progress: called with the share done.

    Returns:
        The sums.

    Raises:
        ConfigurationError: there is no example.
    """
    chosen = range(len(dataset)) if indices is None else indices
    if len(chosen) == 0 and indices is None:
        raise ConfigurationError("the part of the data has no example; there is nothing to evaluate")
    device = next(model.parameters()).device
    sums = PassSums()
    training = model.training
    model.eval()
    try:
        for batch in _batches(dataset, chosen, collate or stack_examples, batch_size):
            batch = move_batch(batch, device)
            start = time.perf_counter()
            # An encoder-decoder derives what its decoder reads from the labels; the others need none here.
            named = {name: value for name, value in batch.items() if name != "labels" or task == "seq2seq"}
            logits = model(**named).logits
            _add(sums, task, logits.float(), batch)
            sums.seconds += time.perf_counter() - start
            sums.examples += logits.shape[0]
            if progress is not None:
                progress(sums.examples / len(chosen), f"{sums.examples} of {len(chosen)} examples")
    finally:
        model.train(training)
    return sums


def _batches(dataset: Any, chosen: range, collate: Any, size: int) -> Iterator[dict[str, Any]]:
    # No DataLoader: beginning one draws from torch's generator, and validation would change what follows.
    for start in range(0, len(chosen), size):
        yield collate([dataset[index] for index in chosen[start : start + size]])


def _add(sums: PassSums, task: str, logits: Tensor, batch: dict[str, Tensor]) -> None:
    labels = batch["labels"]
    sums.positions += int(batch["attention_mask"].numel()) if "attention_mask" in batch else _positions(batch)
    if labels.is_floating_point():
        targets = labels.float().reshape(logits.shape)
        sums.loss += float((logits - targets).double().square().sum())
        sums.target_sum += float(targets.double().sum())
        sums.target_squares += float(targets.double().square().sum())
        sums.items += targets.numel()
        return
    scores, wanted = predicted_pairs(task, logits, labels)
    losses = functional.cross_entropy(scores, wanted, reduction="none")
    sums.loss += float(losses.double().sum())
    sums.items += counted_items(task, batch)
    guesses = scores.argmax(dim=-1)
    sums.correct += int((guesses == wanted).sum())
    if task.endswith("classification"):
        counts = confusion_matrix(wanted.cpu().numpy(), guesses.cpu().numpy(), scores.shape[-1])
        sums.confusion = counts if sums.confusion is None else sums.confusion + counts


def _positions(batch: dict[str, Tensor]) -> int:
    values = batch.get("input_ids", batch.get("input_values"))
    return 0 if values is None else int(values.shape[0] * values.shape[1])
