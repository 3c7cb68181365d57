"""Every path of attention against the dense one: outputs, all gradients, double precision, same dropout."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.attention_function import distance_attention

CASES = [
    ("dot", None), ("l1", None), ("l2", None), ("squared_l2", None), ("lp", 1.5), ("lp", "per head"),
    ("lp", 12.0), ("cosine", None), ("chebyshev", None),
]  # fmt: skip
SHAPES = {"grouped": (2, 4, 2, 37, 37), "several tiles": (1, 2, 2, 140, 530), "one query": (3, 4, 4, 1, 20)}
SETTINGS = [
    "plain",
    "causal",
    "window",
    "causal window dropout",
    "padding",
    "mask per head",
    "hardly anything",
]


def settings_named(name: str, shape: tuple[int, ...]) -> dict:
    """Arguments of attention."""
    batch, heads, _, queries, keys = shape
    generator = torch.Generator().manual_seed(9)
    random = lambda *size: torch.rand(*size, generator=generator)  # noqa: E731
    return {
        "plain": {},
        "causal": {"causal": True},
        "window": {"window": 7},
        "causal window dropout": {"causal": True, "window": 9, "dropout": 0.3, "seed": 5},
        "padding": {"mask": random(batch, keys) > 0.3},
        "mask per head": {
            "mask": random(batch, heads, queries, keys) > 0.5,
            "causal": True,
            "dropout": 0.2,
            "seed": 1,
        },
        "hardly anything": {"mask": random(batch, 1, 1, keys) > 0.99},
    }[name]


def output_and_gradients(tensors, metric, p, settings, backend):
    """The output and the gradients of query, key, value, scale and exponent."""
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    heads = leaves[0].shape[1]
    scale = torch.linspace(0.5, 2.0, heads, dtype=leaves[0].dtype).requires_grad_()
    exponent = p
    learned = [scale]
    if p == "per head":
        exponent = torch.linspace(1.3, 3.2, heads, dtype=leaves[0].dtype).requires_grad_()
        learned.append(exponent)
    output = distance_attention(*leaves, metric, scale=scale, p=exponent, backend=backend, **settings)
    weights = torch.randn(output.shape, dtype=output.dtype, generator=torch.Generator().manual_seed(3))
    return [output.detach(), *torch.autograd.grad((output * weights).sum(), [*leaves, *learned])]


def paths(metric: str, settings: dict, shape: tuple[int, ...]) -> list[str]:
    """What can compute this besides the dense path."""
    found = ["tiled"]
    if metric in ("l1", "lp", "chebyshev"):
        found.append("kernel")
    plain = not settings or (settings == {"causal": True} and shape[3] == shape[4])
    if metric in ("dot", "cosine", "squared_l2") and plain:
        found.append("sdpa")
    return found


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize(("metric", "p"), CASES)
def test_paths_agree_with_the_dense_one(metric, p, shape, name):
    batch, heads, shared, queries, keys = shape
    generator = torch.Generator().manual_seed(0)
    sizes = ((batch, heads, queries, 6), (batch, shared, keys, 6), (batch, shared, keys, 5))
    tensors = [torch.randn(*size, dtype=torch.float64, generator=generator) for size in sizes]
    settings = settings_named(name, shape)
    expected = output_and_gradients(tensors, metric, p, settings, "dense")
    for backend in paths(metric, settings, shape):
        found = output_and_gradients(tensors, metric, p, settings, backend)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_dense_attention_is_the_formula():
    generator = torch.Generator().manual_seed(2)
    query, key, value = (torch.randn(1, 2, 5, 3, dtype=torch.float64, generator=generator) for _ in range(3))
    scale = torch.tensor([0.7, 1.9], dtype=torch.float64)
    output = distance_attention(query, key, value, "l1", scale=scale, backend="dense")
    for head in range(2):
        for row in range(5):
            logits = [
                -scale[head] * (query[0, head, row] - key[0, head, column]).abs().sum() / 3**0.5
                for column in range(5)
            ]
            powers = torch.stack(logits).exp()
            expected = (powers[:, None] * value[0, head]).sum(0) / powers.sum()
            torch.testing.assert_close(output[0, head, row], expected)


def test_heads_with_metrics_of_their_own_stay_in_their_places():
    generator = torch.Generator().manual_seed(4)
    query = torch.randn(2, 4, 9, 4, dtype=torch.float64, generator=generator)
    key, value = (torch.randn(2, 2, 9, 4, dtype=torch.float64, generator=generator) for _ in range(2))
    metrics = ["l1", "dot", "l1", "chebyshev"]
    together = distance_attention(query, key, value, metrics, scale=1.3, causal=True)
    for head, metric in enumerate(metrics):
        own = slice(head // 2, head // 2 + 1)
        alone = distance_attention(
            query[:, head : head + 1], key[:, own], value[:, own], metric, scale=1.3, causal=True
        )
        torch.testing.assert_close(together[:, head : head + 1], alone)
