"""Batches with labels that a choice is made on, and the loss of a model on them.

Shapes: B examples of a batch, N heads of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas
import torch
from torch import Tensor, nn

from ..classical.counted_loss import counted_items, move_batch
from ..classical.evaluation_pass import stack_examples
from ..classical.head_masking import masked_heads
from ..classical.task_data import TASKS, TaskData
from ..errors import OptionError
from ..seeds import child_seed, resolve_seed
from ..solvers.settings import check_choice, check_whole

__all__ = ["LabelledBatches", "evaluating", "read_batches", "summed_loss"]


@dataclass(frozen=True, eq=False)
class LabelledBatches:
    """Batches on the model's device, and what their losses are means over.

    Attributes:
        batches: dictionaries of tensors with ``labels``.
        items: tokens (or examples, for classes and numbers) behind the mean loss of each batch.
        task: name of the task.
    """

    batches: tuple[dict[str, Any], ...]
    items: tuple[int, ...]
    task: str

    @property
    def total_items(self) -> int:
        """Tokens or examples in all."""
        return sum(self.items)

    @property
    def examples(self) -> int:
        """Examples in all."""
        return sum(len(batch["labels"]) for batch in self.batches)

    @torch.no_grad()
    def mean_loss(self, model: nn.Module, gates: Any = None) -> float:
        """Loss per item of a model in evaluation mode, in nats (or squared units for numbers).

        Args:
            model: it is left in the mode it was in.
            gates: (N,), what heads are multiplied by; None for the model as it is.

        Returns:
            The mean over all items, without what training adds (balancing of experts).

        Raises:
            OptionError: the model gives no loss for these batches.
            ConfigurationError: gates of another shape, or a model without known attention.
        """
        gated = nullcontext() if gates is None else masked_heads(model, gates)
        with evaluating(model), gated:
            return sum(float(loss) for loss in self.summed_losses(model)) / self.total_items

    def summed_losses(self, model: nn.Module) -> Iterable[Tensor]:
        """The loss of each batch summed over its items, (), with the graph that the caller's mode keeps.

        Raises:
            OptionError: the model gives no loss for these batches.
        """
        for batch, items in zip(self.batches, self.items, strict=True):
            yield summed_loss(model, batch, items)


def summed_loss(model: nn.Module, batch: Mapping[str, Any], items: int) -> Tensor:
    """The loss of a batch summed over its items; the auxiliary loss of experts is left out.

    Args:
        model: its call with ``labels`` returns a mean loss.
        batch: tensors on the model's device.
        items: what the loss is a mean over.

    Returns:
        The sum, ().

    Raises:
        OptionError: the model gives no loss for the batch.
    """
    output = model(**batch)
    loss: Tensor | None = getattr(output, "loss", None)
    if loss is None:
        raise OptionError(
            f"{type(model).__name__} returns no loss for a batch with {', '.join(sorted(batch))}; give a "
            "model with a head for the task, whose call takes labels"
        )
    auxiliary: Tensor | None = getattr(output, "aux_loss", None)
    return (loss if auxiliary is None else loss - auxiliary) * items


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside the ``with`` block; afterwards every part is in the mode it was in.

    Args:
        model: parts of it may be in different modes, as where some layers are frozen.

    Yields:
        Nothing.

    Example:
        >>> model = nn.Sequential(nn.Dropout(), nn.Dropout().eval())
        >>> with evaluating(model):
        ...     model[0].training
        False
        >>> model[0].training, model[1].training
        (True, False)
    """
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def read_batches(
    data: Any,
    model: nn.Module,
    *,
    split: str = "train",
    examples: int | None = 512,
    batch_size: int = 16,
    task: str | None = None,
    seed: int = 0,
) -> LabelledBatches:
    """Batches of data in one of the forms that people have them in.

    Args:
        data: a ``TaskData`` of ``load_data``; a torch data set of examples with ``labels`` that all have
            the same shapes; a list of batches; or anything that yields batches, such as a ``DataLoader``.
        model: for its device, and to tell next-token prediction from other tasks with a label per token.
        split: which part of a ``TaskData``.
        examples: most examples to take, drawn without replacement, from data sets; of batches the first
            ones, whole, until there are at least so many. None for all.
        batch_size: examples per batch, for data sets.
        task: one of `classical.task_data.TASKS`; None reads it from the data.
        seed: of the draw.

    Returns:
        The batches; those in which no label counts (all are -100) are left out.

    Raises:
        OptionError: data of another kind, without examples or labels, or an illegal argument.
        DataError: a ``TaskData`` has no such split.

    Example:
        >>> from hybrid_opt.classical import DistanceEncoderForSequenceClassification, load_data
        >>> data = load_data("wine")
        >>> settings = data.config(hidden_size=8, num_attention_heads=2)
        >>> model = DistanceEncoderForSequenceClassification(settings)
        >>> read = read_batches(data, model, examples=20)
        >>> read.items, read.task
        ((16, 4), 'sequence_classification')
    """
    if not isinstance(model, nn.Module) or next(model.parameters(), None) is None:
        raise OptionError(f"model is {type(model).__name__}; it must be a torch.nn.Module with parameters")
    check_whole("batch_size", batch_size)
    if examples is not None:
        check_whole("examples", examples)
    if task is not None:
        check_choice("task", task, TASKS)
    generator = np.random.default_rng(child_seed(resolve_seed(seed), "calibration examples"))
    if isinstance(data, TaskData):
        task, dataset, collate = task or data.task, data.split(split), data.collate or stack_examples
    elif _is_dataset(data):
        dataset, collate = data, stack_examples
    else:
        return _given_batches(data, model, examples, task)
    if len(dataset) == 0:
        raise OptionError("the data have no example; nothing can be measured on them")
    order = generator.permutation(len(dataset))[: len(dataset) if examples is None else examples]
    parts = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    try:
        batches = [collate([dataset[int(index)] for index in part]) for part in parts]
    except (RuntimeError, KeyError) as problem:
        raise OptionError(
            f"examples cannot be stacked to batches ({problem}); give examples that all have the same names "
            "and shapes, or a DataLoader whose collate_fn pads them"
        ) from problem
    return _checked(batches, model, task)


def _is_dataset(data: Any) -> bool:
    """Examples by number, as against batches in a sequence or from an iterator."""
    by_number = hasattr(data, "__len__") and hasattr(data, "__getitem__")
    if not by_number or isinstance(data, Sequence | Mapping | pandas.DataFrame):
        return False
    if len(data) == 0:
        return True
    first = data[0]
    return isinstance(first, Mapping) and "labels" in first


def _given_batches(data: Any, model: nn.Module, examples: int | None, task: str | None) -> LabelledBatches:
    """Batches as they come, until there are enough examples."""
    if not isinstance(data, Iterable) or isinstance(data, str | Mapping):
        raise OptionError(
            f"data is {type(data).__name__}; give TaskData of load_data, a torch data set of examples with "
            "labels, or batches (dictionaries of tensors with labels) in a list or a DataLoader"
        )
    batches: list[Mapping[str, Any]] = []
    count = 0
    for batch in data:
        if not isinstance(batch, Mapping) or not isinstance(batch.get("labels"), Tensor):
            raise OptionError(
                f"a batch is {type(batch).__name__} without a tensor of labels; batches are dictionaries of "
                "tensors with labels"
            )
        if batch["labels"].dim() == 0:
            raise OptionError(
                "labels of a batch have no dimension, as in a list of examples; give examples as a torch "
                "data set, or batches whose first dimension counts the examples"
            )
        batches.append(batch)
        count += len(batch["labels"])
        if examples is not None and count >= examples:
            break
    if not batches:
        raise OptionError("the data have no batch; nothing can be measured on them")
    return _checked(batches, model, task)


def _checked(batches: Sequence[Mapping[str, Any]], model: nn.Module, task: str | None) -> LabelledBatches:
    """Batches on the model's device with the number of labels that count."""
    if not isinstance(batches[0].get("labels"), Tensor):
        raise OptionError(f"examples hold {', '.join(sorted(batches[0]))}; labels are needed as well")
    chosen = task or _task_of(batches[0]["labels"], model)
    items = tuple(counted_items(chosen, batch) for batch in batches)
    if not sum(items):
        raise OptionError("no label of the data counts (all are -100); nothing can be measured on them")
    device = next(model.parameters()).device
    moved = tuple(move_batch(batch, device) for batch, number in zip(batches, items, strict=True) if number)
    return LabelledBatches(moved, tuple(number for number in items if number), chosen)


def _task_of(labels: Tensor, model: Any) -> str:
    """The task that labels of this shape belong to."""
    if labels.is_floating_point():
        return "regression"
    if labels.dim() == 1:
        return "sequence_classification"
    generates = bool(getattr(model, "can_generate", lambda: False)())
    across = bool(getattr(getattr(model, "config", None), "is_encoder_decoder", False))
    return "seq2seq" if across else "causal_lm" if generates else "token_classification"
