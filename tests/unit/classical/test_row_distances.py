"""Equal to the distances of the reference for every metric, shared keys, precision and exponent."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical import row_distances
from hybrid_opt.classical.metrics import METRICS
from hybrid_opt.classical.row_distances import RowDistances
from hybrid_opt.classical.weights_on_request import attention_distances

ROWS = torch.tensor([0, 3, 4])


def tokens(heads: int, length: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(heads)
    return torch.randn(2, heads, length, 6, generator=generator, dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("shared", [1, 2, 4])
@pytest.mark.parametrize("metric", [*METRICS, ("l1", "l2", "cosine", "lp"), ("l1", "l1", "lp", "lp")])
def test_equal_to_the_reference(
    metric: str | tuple[str, ...], shared: int, compiled: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(row_distances, "_COMPILED_FROM", 0 if compiled else 10**9)
    query, key = tokens(4, 5), tokens(shared, 7)
    p = torch.tensor([1.0, 1.5, 2.0, 3.0], dtype=torch.float64) if "lp" in metric else None
    found = RowDistances(query, key, metric, p)(ROWS)
    torch.testing.assert_close(found, attention_distances(query, key, metric, p=p, rows=ROWS))


@pytest.mark.parametrize("p", [3.0, torch.tensor(3.0), torch.full((4,), 3.0)])
def test_one_exponent_for_all_heads(p: float | torch.Tensor):
    query, key = tokens(4, 5, torch.float32), tokens(2, 7, torch.float32)
    found = RowDistances(query, key, "lp", p)(ROWS)
    torch.testing.assert_close(found, attention_distances(query, key, "lp", p=3.0, rows=ROWS))


@pytest.mark.parametrize("metric", METRICS)
def test_half_precision_is_computed_in_single(metric: str):
    query, key = tokens(2, 5, torch.bfloat16), tokens(2, 5, torch.bfloat16)
    found = RowDistances(query, key, metric, 3.0)(ROWS)
    p = 3.0 if metric == "lp" else None
    expected = attention_distances(query.double(), key.double(), metric, p=p, rows=ROWS)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("metric", ["l2", "squared_l2"])
def test_near_keys_far_from_the_origin(metric: str):
    query = tokens(1, 5, torch.float32) * 1e-3 + 100
    key = query + 1e-4
    expected = attention_distances(query, key, metric, rows=[0]).double()
    torch.testing.assert_close(
        RowDistances(query, key, metric)(torch.tensor([0])).double(), expected, rtol=2e-3, atol=0.0
    )
