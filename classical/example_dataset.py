"""A data set held in memory: tensors whose first axis counts the examples."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.utils.data import Dataset

from .errors import DataError

__all__ = ["ExampleDataset"]


class ExampleDataset(Dataset[dict[str, Tensor]]):
    """Examples as rows of named tensors.

    Args:
        columns: tensors of equal first size, e.g. ``input_ids`` (N, T) and ``labels`` (N,).

    Raises:
        DataError: no tensor, or tensors of different first sizes.

    Example:
        >>> import torch
        >>> data = ExampleDataset({"input_ids": torch.eye(2), "labels": torch.tensor([0, 1])})
        >>> len(data), data[1]["labels"].item()
        (2, 1)
    """

    def __init__(self, columns: Mapping[str, Tensor]) -> None:
        sizes = {name: len(column) for name, column in columns.items()}
        if len(set(sizes.values())) != 1:
            raise DataError(f"all columns need the same number of examples, got {sizes}")
        self.columns = dict(columns)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")  # ends iteration
        return {name: column[index] for name, column in self.columns.items()}
