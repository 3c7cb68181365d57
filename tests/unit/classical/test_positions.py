"""Positions counted over masks, and rotary turns."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.positions import positions_of_tokens, rotary_turns, rotate_pairs


def test_positions_count_real_tokens_on_either_side_of_padding():
    left = torch.tensor([[0, 0, 1, 1, 1]])
    right = torch.tensor([[1, 1, 1, 0, 0]], dtype=torch.bool)
    assert positions_of_tokens(left, 5).tolist() == [[0, 0, 0, 1, 2]]
    assert positions_of_tokens(right, 5)[0, :3].tolist() == [0, 1, 2]


def test_positions_of_new_tokens_continue_behind_cached_ones():
    assert positions_of_tokens(torch.tensor([[0, 1, 1, 1]]), 1, past_length=3).tolist() == [[2]]
    assert positions_of_tokens(None, 2, past_length=3).tolist() == [[3, 4]]


def test_turns_by_the_angle_of_the_formula():
    cosine, sine = rotary_turns(torch.tensor([[3]]), 4, theta=100.0)
    states = torch.tensor([1.0, 0.0, 0.0, 1.0]).view(1, 1, 1, 4)
    turned = rotate_pairs(states, cosine, sine).flatten().double()
    angles = torch.tensor([3.0, 3.0 * 100.0**-0.5], dtype=torch.float64)
    # Pair 0 is (coordinates 0, 2) = (1, 0), pair 1 is (coordinates 1, 3) = (0, 1).
    expected = torch.tensor([angles[0].cos(), -angles[1].sin(), angles[0].sin(), angles[1].cos()])
    torch.testing.assert_close(turned, expected.double(), rtol=0, atol=1e-6)


def test_products_of_turned_states_depend_on_the_difference_of_positions_only():
    generator = torch.Generator().manual_seed(0)
    query, key = torch.randn(2, 1, 1, 1, 16, generator=generator)
    products = []
    for shift in (0, 11):
        turned_query = rotate_pairs(query, *rotary_turns(torch.tensor([[5 + shift]]), 16))
        turned_key = rotate_pairs(key, *rotary_turns(torch.tensor([[2 + shift]]), 16))
        products.append(float((turned_query * turned_key).sum()))
    assert products[0] == pytest.approx(products[1], abs=1e-5)
    assert products[0] != pytest.approx(float((query * key).sum()), abs=1e-3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_states_keep_their_precision(dtype: torch.dtype):
    states = torch.ones(1, 1, 1, 4, dtype=dtype)
    assert rotate_pairs(states, *rotary_turns(torch.tensor([[1]]), 4)).dtype == dtype
