"""Maps are the weights themselves, of any rows, and wrong indices are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.attention_maps import recomputed_map
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.layer_attention import LayerAttention


def found(map_items: int = 2) -> tuple[LayerAttention, torch.Tensor]:
    torch.manual_seed(0)
    layer, hidden = DistanceAttention(8, 2, causal=True, window=3), torch.randn(3, 6, 8)
    report = attention_report(layer, hidden, map_items=map_items)
    return report.layers[0], layer(hidden, output_attentions=True)[1].detach()


@pytest.mark.parametrize("rows", [None, [4], [5, 0, 2], 3, np.array([1, 2]), range(2)])
def test_rows_in_any_order(rows: Any):
    layer, weights = found()
    table, visible = recomputed_map(layer, 1, rows, 1)
    chosen = list(range(6)) if rows is None else np.atleast_1d(rows).tolist()
    np.testing.assert_allclose(table.to_numpy(), weights[1, 1, chosen].numpy(), atol=1e-6)
    assert table.index.tolist() == chosen
    assert table.columns.tolist() == list(range(6))
    assert visible.sum(1).tolist() == [min(row + 1, 3) for row in chosen]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2,), "head must be a whole number from 0 to 1; 2"),
        ((True,), "head"),
        ((0, [6]), "row must be a whole number from 0 to 5; 6"),
        ((0, [-1]), "row"),
        ((0, [0.5]), "row"),
        ((0, []), "rows is empty"),
        ((0, None, 2), "sequence must be a whole number from 0 to 1; 2"),
    ],
)
def test_what_is_not_there(arguments: tuple[Any, ...], message: str):
    with pytest.raises(ConfigurationError, match=message):
        recomputed_map(found()[0], *arguments)


def test_a_report_without_maps():
    with pytest.raises(ConfigurationError, match="kept no sequence"):
        recomputed_map(found(map_items=0)[0], 0)
