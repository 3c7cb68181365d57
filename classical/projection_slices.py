"""Take rows and columns out of projections: computed for all layers first, put in place together afterwards.

Both kinds of projection are known: `torch.nn.Linear`, whose weight is (outputs, inputs), and the `Conv1D` of
transformers, whose weight is (inputs, outputs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .errors import ConfigurationError

__all__ = ["Change", "apply_changes", "kept_inputs", "kept_outputs", "projection_sizes", "sliced"]


@dataclass(frozen=True, eq=False)
class Change:
    """One attribute that is about to get a new value.

    Attributes:
        owner: a module or a configuration.
        name: of the attribute.
        value: a number, a tuple, a parameter, a buffer.
    """

    owner: Any
    name: str
    value: Any


def apply_changes(changes: Sequence[Change]) -> None:
    """Put the new values in place.

    Args:
        changes: in their order.

    Example:
        >>> layer = nn.Linear(2, 3)
        >>> apply_changes(kept_outputs(layer, [0, 2], "layer"))
        >>> tuple(layer.weight.shape), layer.out_features
        ((2, 2), 2)
    """
    for change in changes:
        setattr(change.owner, change.name, change.value)


def sliced(tensor: Tensor, kept: Sequence[int], dim: int = 0) -> Tensor:
    """Some entries of a tensor as a new one; a parameter gives a parameter.

    Args:
        tensor: parameter or buffer.
        kept: which entries.
        dim: along which dimension.

    Returns:
        The new tensor, contiguous, without gradient; `requires_grad` stays.

    Example:
        >>> sliced(torch.tensor([5.0, 6.0, 7.0]), [2, 0])
        tensor([7., 5.])
    """
    with torch.inference_mode(False), torch.no_grad():  # weights made in inference mode could not be trained
        index = torch.tensor(list(kept), device=tensor.device)
        chosen = tensor.detach().index_select(dim, index)
        return nn.Parameter(chosen, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else chosen


def projection_sizes(projection: nn.Module, name: str) -> tuple[int, int]:
    """How many inputs and outputs a projection has.

    Args:
        projection: a plain `Linear` or `Conv1D`.
        name: of the projection, for the error.

    Returns:
        Inputs, outputs.

    Raises:
        ConfigurationError: anything else, such as an adapter, a quantized layer or a parametrized weight.

    Example:
        >>> projection_sizes(nn.Linear(2, 3), "layer")
        (2, 3)
    """
    own = dict(projection.named_parameters())
    # A subclass may use its weight in ways that nothing here knows of, so types are compared exactly.
    plain = set(own) <= {"weight", "bias"} and all(type(value) is nn.Parameter for value in own.values())
    if plain and (type(projection) is nn.Linear or _is_conv1d(projection)):
        rows, columns = own["weight"].shape
        return (rows, columns) if _is_conv1d(projection) else (columns, rows)
    kind = f"{type(projection).__module__}.{type(projection).__name__}"
    raise ConfigurationError(
        f"{name} is {kind}, and heads can be cut out of plain Linear and Conv1D layers "
        "alone; merge adapters, remove parametrizations, and prune before quantizing"
    )


def kept_outputs(projection: nn.Module, kept: Sequence[int], name: str) -> list[Change]:
    """The changes that leave a projection some of its outputs.

    Args:
        projection: a plain `Linear` or `Conv1D`.
        kept: indices of outputs.
        name: of the projection, for the error.

    Returns:
        The changes.

    Raises:
        ConfigurationError: another kind of projection.

    Example:
        >>> [change.name for change in kept_outputs(nn.Linear(2, 3), [0, 2], "layer")]
        ['weight', 'bias', 'out_features']
    """
    projection_sizes(projection, name)
    layer: Any = projection
    changes = [_weight(layer, kept, outputs=True)]
    if layer.bias is not None:
        changes.append(Change(layer, "bias", sliced(layer.bias, kept)))
    return [*changes, Change(layer, "nf" if _is_conv1d(layer) else "out_features", len(kept))]


def kept_inputs(projection: nn.Module, kept: Sequence[int], name: str) -> list[Change]:
    """The changes that leave a projection some of its inputs; its bias stays.

    Args:
        projection: a plain `Linear` or `Conv1D`.
        kept: indices of inputs.
        name: of the projection, for the error.

    Returns:
        The changes.

    Raises:
        ConfigurationError: another kind of projection.

    Example:
        >>> [change.name for change in kept_inputs(nn.Linear(2, 3), [1], "layer")]
        ['weight', 'in_features']
    """
    projection_sizes(projection, name)
    size = "nx" if _is_conv1d(projection) else "in_features"
    return [_weight(projection, kept, outputs=False), Change(projection, size, len(kept))]


def _weight(projection: Any, kept: Sequence[int], *, outputs: bool) -> Change:
    return Change(
        projection, "weight", sliced(projection.weight, kept, int(outputs == _is_conv1d(projection)))
    )


def _is_conv1d(projection: nn.Module) -> bool:
    """Told by name and attributes: importing transformers to ask would cost seconds."""
    return type(projection).__name__ == "Conv1D" and hasattr(projection, "nf") and hasattr(projection, "nx")
