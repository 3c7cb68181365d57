"""Attention in tiles of any size against the dense path: outputs and all gradients in double precision."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_opt.classical import attention_paths, tile_operations
from hybrid_opt.classical.attention_function import distance_attention
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.tile_plan import TileLimits

MASKS = ["none", "padding", "shared", "per head"]


@st.composite
def calls(draw):
    """Shapes, options and tile sizes of one call."""
    shared, groups = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    heads = shared * groups
    one = st.sampled_from(METRICS)
    return {
        "batch": draw(st.integers(1, 2)),
        "shared": shared,
        "heads": heads,
        "queries": draw(st.integers(1, 13)),
        "keys": draw(st.integers(1, 13)),
        "width": draw(st.integers(1, 5)),
        "value_width": draw(st.integers(1, 5)),
        "metric": draw(st.one_of(one, st.lists(one, min_size=heads, max_size=heads))),
        "exponents": draw(st.one_of(st.floats(1.0, 9.0), st.just("per head"))),
        "mask": draw(st.sampled_from(MASKS)),
        "causal": draw(st.booleans()),
        "window": draw(st.one_of(st.none(), st.integers(1, 15))),
        "dropout": draw(st.sampled_from([0.0, 0.3])),
        "tile": (draw(st.integers(3, 8)), draw(st.integers(3, 8)), draw(st.integers(10, 200))),
        "seed": draw(st.integers(0, 2**31)),
    }


def run(call, backend):
    """Output and gradients of query, key, value, gates, scale and, where there is one, exponent."""
    generator = torch.Generator().manual_seed(call["seed"])
    normal = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=generator)  # noqa: E731
    batch, heads, queries, keys = (call[name] for name in ("batch", "heads", "queries", "keys"))
    query, key = (
        normal(batch, heads, queries, call["width"]),
        normal(batch, call["shared"], keys, call["width"]),
    )
    leaves = [query, key, normal(batch, call["shared"], keys, call["value_width"]), normal(heads)]
    leaves.append(normal(heads).exp())
    shapes = {
        "padding": (batch, keys),
        "shared": (batch, 1, queries, keys),
        "per head": (batch, heads, queries, keys),
    }
    shape = shapes.get(call["mask"])
    mask = None if shape is None else torch.rand(shape, generator=generator) > 0.4
    metrics = call["metric"] if isinstance(call["metric"], list) else [call["metric"]]
    p = call["exponents"] if "lp" in metrics else None
    if p == "per head":
        p = 1.1 + 3 * torch.rand(heads, dtype=torch.float64, generator=generator)
        leaves.append(p)
    for leaf in leaves:
        leaf.requires_grad_()
    output = distance_attention(
        *leaves[:3], call["metric"], head_gates=leaves[3], scale=leaves[4], p=p, causal=call["causal"],
        window=call["window"], mask=mask, dropout=call["dropout"], seed=call["seed"], backend=backend,
    )  # fmt: skip
    return [output.detach(), *torch.autograd.grad((output * normal(*output.shape)).sum(), leaves)]


@settings(max_examples=25)
@given(calls())
def test_tiles_agree_with_the_dense_path(call):
    limits = TileLimits(*call["tile"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attention_paths, "tile_limits", lambda device: limits)
        patch.setattr(tile_operations, "CHUNK", limits.numbers)
        found, expected = run(call, "tiled"), run(call, "dense")
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-9)
