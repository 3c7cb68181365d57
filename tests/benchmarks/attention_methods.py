"""What the study of attention compares: our metrics, and what a user would write with torch alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from hybrid_opt.classical.attention_function import distance_attention

HEADS, WIDTH, DROPOUT, WINDOW = 4, 64, 0.1, 256
METRICS: dict[str, dict[str, Any]] = {
    "dot": {"metric": "dot"},
    "squared_l2": {"metric": "squared_l2"},
    "cosine": {"metric": "cosine"},
    "l2": {"metric": "l2"},
    "l1": {"metric": "l1"},
    "lp 1.5": {"metric": "lp", "p": 1.5},
    "lp 3": {"metric": "lp", "p": 3.0},
    "chebyshev": {"metric": "chebyshev"},
}
FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "dropout": {"dropout": DROPOUT},
    "window": {"window": WINDOW},
}
SCALE = 9.3
Attend = Callable[[Tensor, Tensor, Tensor], Tensor]


def inputs(tokens: int) -> list[Tensor]:
    """Query, key and value, (1, 4, T, 64)."""
    generator = torch.Generator().manual_seed(tokens)
    shape = (1, HEADS, tokens, WIDTH)
    return [torch.randn(shape, generator=generator).requires_grad_() for _ in range(3)]


def ours(settings: dict[str, Any]) -> Attend:
    """A call of `distance_attention`."""
    return lambda query, key, value: distance_attention(query, key, value, **settings)


def by_cdist(p: float) -> Attend:
    """Attention through `torch.cdist`, differentiated by autograd."""

    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return torch.softmax(torch.cdist(query, key, p=p) * (-1.0 / WIDTH**0.5), -1) @ value

    return attend


def l2_in_full(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """L2 by matrix products with all T x T distances."""
    squares = query.square().sum(-1)[..., None] + key.square().sum(-1)[..., None, :] - 2 * query @ key.mT
    distances = squares.clamp(min=1e-12).sqrt()
    return torch.softmax(distances * (-SCALE / WIDTH**0.5), -1) @ value


def sdpa_with_window(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Dot product with the mask a window needs there."""
    places = torch.arange(query.shape[2])
    mask = (places[:, None] - places).abs() < WINDOW
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def methods() -> dict[str, Attend]:
    """Everything by name."""
    found: dict[str, Attend] = {
        "sdpa dot, plain": functional.scaled_dot_product_attention,
        "sdpa dot, dropout": lambda q, k, v: functional.scaled_dot_product_attention(
            q, k, v, dropout_p=DROPOUT
        ),
        "sdpa dot, window": sdpa_with_window,
        "l2 in full": l2_in_full,
        "cdist l1": by_cdist(1.0),
        "cdist lp 1.5": by_cdist(1.5),
        "cdist lp 3": by_cdist(3.0),
        "cdist chebyshev": by_cdist(float("inf")),
    }
    for name, metric in METRICS.items():
        for form, settings in FORMS.items():
            found[f"{name}, {form}"] = ours({**metric, **settings})
    return found
