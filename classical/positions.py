"""Positions of tokens: counted over what a mask shows, and rotary embeddings of queries and keys.

Shapes: B batch, H heads, T query tokens, S key tokens, D head width.

Rotary embeddings (Su et al. 2021, arXiv 2104.09864) turn each pair of coordinates by an angle proportional to
the position. Turning is an isometry of l2, squared l2, cosine and the dot product, so there the attention
depends on the difference of positions only. The l1, lp and Chebyshev distances change under a common turn:
with them rotary embeddings carry positions too, but not purely relative ones.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["positions_of_tokens", "rotary_turns", "rotate_pairs"]


def positions_of_tokens(
    mask: Tensor | None, query_length: int, past_length: int = 0, device: torch.device | str | None = None
) -> Tensor:
    """Position of each query token, counted over visible tokens.

    Args:
        mask: which tokens are real, (B, S) with S = past_length + query_length and the queries last; None
            where all are.
        query_length: T, how many tokens are new.
        past_length: how many tokens stand in a cache already.
        device: where the answer lives if there is no mask.

    Returns:
        Positions, (B, T), or (1, T) without a mask; integers from 0. Padded tokens get the position of the
        last real token before them, or 0.

    Example:
        >>> positions_of_tokens(torch.tensor([[0, 0, 1, 1]]), 4)
        tensor([[0, 0, 0, 1]])
        >>> positions_of_tokens(None, 2, past_length=3)
        tensor([[3, 4]])
    """
    if mask is None:
        return torch.arange(past_length, past_length + query_length, device=device).unsqueeze(0)
    counted = mask.long().cumsum(-1).sub(1).clamp(min=0)
    return counted[:, counted.shape[1] - query_length :]


def rotary_turns(positions: Tensor, head_width: int, theta: float = 10000.0) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary angles: position * theta ** (-2 i / D) for pair i.

    Args:
        positions: (B, T) or (1, T), integers.
        head_width: D, an even number.
        theta: base of the geometric series of frequencies.

    Returns:
        Two tensors (B, 1, T, D / 2) in float32.

    Example:
        >>> cosine, sine = rotary_turns(torch.tensor([[0, 1]]), 4)
        >>> tuple(cosine.shape), cosine[0, 0, 0].tolist()
        ((1, 1, 2, 2), [1.0, 1.0])
    """
    exponents = torch.arange(0, head_width, 2, device=positions.device, dtype=torch.float32) / head_width
    # In float32 even under autocast: half precision cannot hold positions beyond some hundreds.
    angles = positions.to(torch.float32).unsqueeze(-1) * theta**-exponents
    return angles.cos().unsqueeze(1), angles.sin().unsqueeze(1)


def rotate_pairs(states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn each pair (i, i + D / 2) of coordinates.

    Args:
        states: queries or keys, (B, H, T, D).
        cosine: (B, 1, T, D / 2), from `rotary_turns`.
        sine: (B, 1, T, D / 2).

    Returns:
        The turned states, (B, H, T, D), in their own precision.

    Example:
        >>> cosine, sine = rotary_turns(torch.tensor([[0, 7]]), 4)
        >>> states = torch.randn(1, 2, 2, 4)
        >>> turned = rotate_pairs(states, cosine, sine)
        >>> bool(torch.allclose(turned[:, :, 0], states[:, :, 0]))
        True
        >>> bool(torch.allclose(turned.norm(dim=-1), states.norm(dim=-1), atol=1e-5))
        True
    """
    first, second = states.to(torch.promote_types(states.dtype, torch.float32)).chunk(2, dim=-1)
    turned = torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
    return turned.to(states.dtype)
