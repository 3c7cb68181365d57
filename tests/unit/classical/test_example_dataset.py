"""Rows of tensors as examples."""

import pytest
import torch

from hybrid_opt.classical.errors import DataError
from hybrid_opt.classical.example_dataset import ExampleDataset


def test_examples_are_rows():
    data = ExampleDataset({"input_ids": torch.arange(6).reshape(3, 2), "labels": torch.tensor([7, 8, 9])})
    assert len(data) == 3
    assert [example["labels"].item() for example in data] == [7, 8, 9]  # iteration ends
    assert data[-1]["input_ids"].tolist() == [4, 5]


@pytest.mark.parametrize("columns", [{}, {"a": torch.zeros(2), "b": torch.zeros(3)}])
def test_columns_of_different_length_are_refused(columns):
    with pytest.raises(DataError, match="same number of examples"):
        ExampleDataset(columns)
