"""Losses that stay exact when batches are accumulated: sums over items, divided by the number in all batches.

A Trainer that accumulates several small batches into one step passes the number of labels in all of them.
Each small batch then contributes its sum over that number, and the step is the one of the large batch,
whatever the lengths.

Shapes: B batch, T tokens, V vocabulary, K labels.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from .errors import ConfigurationError

__all__ = ["IGNORED_LABEL", "add_auxiliary_loss", "classification_loss", "token_loss"]

IGNORED_LABEL = -100


def token_loss(
    logits: Tensor, labels: Tensor, *, shift: bool = False, num_items_in_batch: Tensor | int | None = None
) -> Tensor:
    """Mean cross-entropy over labels other than -100, in float32.

    Args:
        logits: (B, T, V).
        labels: (B, T).
        shift: predict each next token: logits at t against the label at t + 1.
        num_items_in_batch: number of labels to divide by; those counted here by default.

    Returns:
        The loss, (). Without any label to count it is 0.

    Raises:
        ConfigurationError: labels that do not fit the logits.

    Example:
        >>> import torch
        >>> float(token_loss(torch.zeros(1, 3, 4), torch.tensor([[0, 1, -100]]), shift=True))
        1.3862943649291992
    """
    if labels.shape != logits.shape[:2]:
        raise ConfigurationError(
            f"labels have the shape {tuple(labels.shape)}; it must be that of the tokens, "
            f"{tuple(logits.shape[:2])}"
        )
    _check_labels(labels, logits.shape[-1])
    if shift:
        logits, labels = logits[:, :-1], labels[:, 1:]
    total = functional.cross_entropy(
        logits.float().flatten(0, 1), labels.long().flatten(), ignore_index=IGNORED_LABEL, reduction="sum"
    )
    return total / _count(labels, num_items_in_batch)


def classification_loss(
    logits: Tensor,
    labels: Tensor,
    problem_type: str | None = None,
    *,
    num_items_in_batch: Tensor | int | None = None,
) -> Tensor:
    """Loss of a sequence classifier or regressor.

    Args:
        logits: (B, K).
        labels: (B,) of class indices; (B,) or (B, K) of numbers for a regression; (B, K) of 0.0 and 1.0 for
            several labels at once.
        problem_type: "single_label_classification" (cross-entropy), "regression" (squared error) or
            "multi_label_classification" (binary cross-entropy); by default the first for integers and K > 1,
            the second for K = 1, the third otherwise, as in transformers.
        num_items_in_batch: number of labels to divide by; those counted here by default.

    Returns:
        The loss, ().

    Raises:
        ConfigurationError: an unknown type, or labels that do not fit the logits.

    Example:
        >>> import torch
        >>> float(classification_loss(torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 1.0])))
        2.0
    """
    integral = not labels.is_floating_point()
    if problem_type is None:
        several = "single_label_classification" if integral else "multi_label_classification"
        problem_type = "regression" if logits.shape[-1] == 1 else several
    if problem_type == "single_label_classification":
        if not integral or labels.numel() != logits.shape[0]:
            raise ConfigurationError(
                f"labels are {labels.dtype} of shape {tuple(labels.shape)}; a classifier needs one class "
                f"index for "
                f"each of the {logits.shape[0]} sequences"
            )
        return token_loss(logits.unsqueeze(0), labels.reshape(1, -1), num_items_in_batch=num_items_in_batch)
    if problem_type not in ("regression", "multi_label_classification"):
        raise ConfigurationError(
            f"problem_type is {problem_type!r}; it must be single_label_classification, regression or "
            "multi_label_classification"
        )
    if labels.numel() != logits.numel():
        raise ConfigurationError(
            f"labels have the shape {tuple(labels.shape)}; with {problem_type} it must be "
            f"{tuple(logits.shape)}"
        )
    scores, targets = logits.float(), labels.float().reshape(logits.shape)
    if problem_type == "regression":
        total = functional.mse_loss(scores, targets, reduction="sum")
    else:
        total = functional.binary_cross_entropy_with_logits(scores, targets, reduction="sum")
    return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)


def add_auxiliary_loss(
    loss: Tensor, auxiliary: Tensor | None, labels: Tensor, num_items_in_batch: Tensor | int | None = None
) -> Tensor:
    """Add the auxiliary loss of mixtures of experts, weighed by this batch's share of an accumulated step.

    Added whole to each of n small batches it would count n times.

    Args:
        loss: ().
        auxiliary: (), or None without experts.
        labels: what the loss counted; with `shift` the labels from the second token on.
        num_items_in_batch: number of labels in the whole step; None for a step of one batch.

    Returns:
        The sum, ().

    Example:
        >>> import torch
        >>> loss, auxiliary = torch.tensor(1.0), torch.tensor(0.5)
        >>> float(add_auxiliary_loss(loss, auxiliary, labels=torch.zeros(1, 4), num_items_in_batch=8))
        1.25
    """
    if auxiliary is None:
        return loss
    if num_items_in_batch is None:
        return loss + auxiliary
    return loss + auxiliary * ((labels != IGNORED_LABEL).sum() / num_items_in_batch)


def _count(labels: Tensor, given: Tensor | int | None) -> Tensor | int:
    """What a sum is divided by."""
    return (labels != IGNORED_LABEL).sum().clamp(min=1) if given is None else given


def _check_labels(labels: Tensor, classes: int) -> None:
    """Refuse labels outside the classes; on a CPU only, elsewhere looking would wait for the device."""
    if labels.is_floating_point():
        raise ConfigurationError(f"labels are {labels.dtype}; they must be integers")
    if labels.device.type != "cpu" or not labels.numel():
        return
    high, wrong = int(labels.max()), (labels < 0) & (labels != IGNORED_LABEL)
    if high >= classes or bool(wrong.any()):
        raise ConfigurationError(
            f"labels run from {int(labels.min())} to {high}; with {classes} classes they must lie between 0 "
            f"and "
            f"{classes - 1}, or be {IGNORED_LABEL} where nothing is to be predicted"
        )
