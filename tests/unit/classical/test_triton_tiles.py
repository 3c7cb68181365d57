"""Triton's kernels of tiles beside torch's; skipped without a CUDA device on which they run."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical import tile_operations
from hybrid_opt.classical.triton_check import triton_hindrance

CUDA = torch.device("cuda")
pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available() or bool(triton_hindrance(CUDA)), reason="needs a CUDA device with Triton"
)

METRICS = [("l1", None), ("lp", 1.0), ("lp", 1.5), ("lp", 3.0), ("lp", 12.0), ("lp", "heads")]
METRICS += [("chebyshev", None)]
SHAPES = [(2, 37, 70, 24), (1, 130, 65, 7), (3, 1, 200, 64), (1, 200, 1, 128), (1, 1, 1, 1)]


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float32, 2e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("metric", "p"), METRICS)
def test_distances_and_gradients_of_torch(metric, p, shape, dtype, limit):
    from hybrid_opt.classical import triton_tiles

    heads, rows, columns, width = shape
    generator = torch.Generator().manual_seed(rows)
    query, key, grad = (
        torch.randn(size, generator=generator, dtype=dtype).to(CUDA)
        for size in ((heads, rows, width), (heads, columns, width), (heads, rows, columns))
    )
    key[:, 0] = query[:, -1]  # a distance of zero
    query[:, 0, :2], key[:, -1, :2] = 3.0, 0.0  # the largest difference is there twice
    if p == "heads":
        p = torch.linspace(1.2, 4.0, heads, dtype=dtype, device=CUDA)
    expected, found = [], []
    for room, results in ((tile_operations, expected), (triton_tiles, found)):
        results.append(room.tile_distances(query, key, metric, p))
        grads = torch.ones_like(query), torch.ones_like(key)  # added to what is there
        room.tile_backward(grad, expected[0], query, key, metric, p, *grads)
        results += grads
        if metric == "lp":
            results.append(room.tile_exponent_gradient(grad, expected[0], query, key, p))
    for one, other in zip(found, expected):
        scale = other.abs().max().clamp(min=1.0)
        assert ((one - other).abs().max() / scale).item() < limit


def test_not_a_number_is_passed_on():
    from hybrid_opt.classical import triton_tiles

    query = torch.tensor([[[1.0, float("nan")]]], device=CUDA)
    for metric, p in METRICS[:4] + METRICS[6:]:
        assert triton_tiles.tile_distances(query, torch.zeros_like(query), metric, p).isnan().all()
