"""The numbers of a layer: one per head, and printed without the tensors behind its maps."""

from __future__ import annotations

import torch

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_layer import DistanceAttention


def test_one_number_per_head():
    torch.manual_seed(0)
    attention = DistanceAttention(12, 3, metric=["l1", "lp", "dot"], p=4.0)
    report = attention_report(attention, torch.randn(2, 5, 12))
    (layer,) = report.layers
    assert layer.num_heads == 3
    assert layer.scale.shape == layer.start_scale.shape == layer.p.shape == layer.gates.shape == (3,)
    assert layer.similarity.shape == (3, 3)
    assert layer.p[1] == 4.0
    assert layer.map_inputs is not None
    assert "map_inputs" not in repr(layer)
