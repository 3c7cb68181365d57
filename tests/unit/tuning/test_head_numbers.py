"""One number per head, whatever holds them; everything else is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.head_numbers import read_numbers


@pytest.mark.parametrize("given", [[1, 2], (1.0, 2.0), np.array([1, 2]), torch.tensor([1.0, 2.0])])
def test_lists_arrays_and_tensors(given):
    read = read_numbers("costs", given, 2)
    assert (read.tolist(), read.dtype) == ([1.0, 2.0], np.float64)
    assert read_numbers("fixed", given, 2, np.int64).dtype == np.int64


def test_what_was_given_is_not_shared():
    given = np.ones(2)
    read_numbers("center", given, 2)[:] = 5
    assert given.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0], r"costs has the shape \(1,\) and begins with \[1.0\]; it must be \(2,\) finite float64"),
        ([[1.0, 2.0]], r"the shape \(1, 2\)"),
        ([1.0, np.nan], r"begins with \[1.0, nan\]"),
        ("ab", "costs is 'ab', which gives no numbers"),
        ([[1.0], [2.0, 3.0]], "gives no numbers"),
        (torch.ones(2, requires_grad=True), "requires grad"),
    ],
)
def test_no_numbers(given, message):
    with pytest.raises(OptionError, match=message):
        read_numbers("costs", given, 2)


def test_numbers_that_would_be_cut_off():
    with pytest.raises(OptionError, match="finite int64 numbers"):
        read_numbers("fixed", [0.5, 1.0], 2, np.int64)
