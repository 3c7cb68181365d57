"""What models refuse before they compute."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.errors import ConfigurationError, MaskTypeError
from hybrid_opt.classical.input_checks import (
    check_head_gates,
    check_length,
    check_positions,
    check_token_ids,
    one_input,
    read_mask,
)


def test_ids_outside_the_vocabulary_are_named():
    with pytest.raises(ConfigurationError, match=r"largest token id is 12.*vocabulary has 10 entries"):
        check_token_ids(torch.tensor([[0, 12]]), 10)
    with pytest.raises(ConfigurationError, match="smallest -1"):
        check_token_ids(torch.tensor([[-1, 3]]), 10)
    check_token_ids(torch.tensor([[0, 9]], dtype=torch.int32), 10)
    check_token_ids(torch.zeros(1, 0, dtype=torch.long), 10)


def test_ids_of_a_wrong_type_or_shape_are_refused():
    with pytest.raises(ConfigurationError, match=r"token ids are torch\.float32"):
        check_token_ids(torch.zeros(1, 2), 10)
    with pytest.raises(ConfigurationError, match=r"shape \(2,\)"):
        check_token_ids(torch.zeros(2, dtype=torch.long), 10)


def test_too_long_sequences_are_refused():
    check_length(8, 8)
    with pytest.raises(
        ConfigurationError, match=r'9 tokens, but there are learned positions for 8.*"rotary"'
    ):
        check_length(9, 8)


def test_exactly_one_input():
    assert one_input(None, torch.ones(1, 1), None) == 1
    with pytest.raises(ConfigurationError, match="nothing given"):
        one_input(None, None, None)
    with pytest.raises(ConfigurationError, match="input_ids and inputs_embeds given"):
        one_input(torch.zeros(1), None, torch.zeros(1))


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        (torch.tensor([[0, 1]]), r"shape \(1, 2\); it must be \(4, 3\) or \(1, 3\)"),
        (torch.tensor([[0.0, 1.0, 2.0]]), r"are torch\.float32"),
        (torch.tensor([[-1, 0, 1]]), "smallest position is -1"),
    ],
)
def test_positions_that_are_none_are_refused(positions: torch.Tensor, message: str):
    check_positions(torch.zeros(4, 3, dtype=torch.long), 4, 3)
    with pytest.raises(ConfigurationError, match=message):
        check_positions(positions, 4, 3)


@pytest.mark.parametrize("dtype", [torch.long, torch.int32, torch.uint8, torch.bool])
def test_masks_of_zeros_and_ones_become_boolean(dtype: torch.dtype):
    mask = read_mask(torch.tensor([[1, 0, 1]]).to(dtype), 1, 3)
    assert mask is not None
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[True, False, True]]
    assert read_mask(torch.ones(1, 3, dtype=dtype), 1, 3) is None


def test_masks_with_rows_pass():
    mask = torch.tril(torch.ones(3, 3, dtype=torch.bool))[None, None]
    read = read_mask(mask, 2, 3)
    assert read is not None
    assert read.shape == (2, 1, 3, 3)


def test_wrong_masks_are_refused():
    with pytest.raises(MaskTypeError, match=r"attention_mask is torch\.float32"):
        read_mask(torch.ones(1, 3), 1, 3)
    for shape in ((2, 3), (1, 4), (3,)):
        with pytest.raises(ConfigurationError, match=r"it must be \(1, 3\)"):
            read_mask(torch.zeros(shape, dtype=torch.bool), 1, 3)


def test_head_gates_need_a_row_per_layer():
    check_head_gates(None, 2, 3, 4)
    check_head_gates(torch.ones(2, 3, 4), 2, 3, 4)
    with pytest.raises(ConfigurationError, match=r"shape \(4,\); it must be \(2, 4\).*\(2, 3, 4\)"):
        check_head_gates(torch.ones(4), 2, 3, 4)
