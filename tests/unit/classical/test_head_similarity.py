"""CKA: what it does not see, what it does, and equality of streamed and whole."""

from __future__ import annotations

import math

import pytest
import torch

from hybrid_opt.classical.head_similarity import HeadSimilarity, linear_cka


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_rotation_scale_and_offset_are_not_seen():
    features = normal(50, 6)
    rotation = torch.linalg.qr(normal(6, 6, seed=1)).Q
    assert linear_cka(features, 3 * features @ rotation + 7) == pytest.approx(1.0)


def test_orthogonal_features_have_nothing_in_common():
    first = torch.tensor([1.0, 1, -1, -1])[:, None]
    second = torch.tensor([1.0, -1, 1, -1])[:, None]
    assert linear_cka(first, second) == pytest.approx(0.0)
    assert linear_cka(first, first + second) == pytest.approx(0.5)


def test_independent_features_reach_the_stated_chance():
    found = [linear_cka(normal(64, 16, seed=seed), normal(64, 16, seed=100 + seed)) for seed in range(10)]
    assert sum(found) / 10 == pytest.approx(16 / (64 + 16), rel=0.1)


def test_a_constant_feature_has_no_similarity():
    assert math.isnan(linear_cka(torch.ones(5, 2), normal(5, 2)))


def test_streamed_with_padding_equals_whole():
    outputs = normal(2, 3, 40, 4) + 1000  # an offset that products without centering would not survive
    outputs[:, 2] = outputs[:, 0].flip(-1) * 2
    real = torch.ones(2, 40, dtype=torch.bool)
    real[1, 25:] = False
    similarity = HeadSimilarity(3, 4)
    for rows in torch.arange(40).split(7):
        similarity.add(outputs[:, :, rows], real[:, rows])
    similarity.add(outputs[:, :, :3], torch.zeros(2, 3, dtype=torch.bool))
    assert similarity.tokens == 65
    found = similarity.matrix()
    heads = [outputs[:, head][real] for head in range(3)]
    for a in range(3):
        for b in range(3):
            assert found[a, b].item() == pytest.approx(linear_cka(heads[a], heads[b]), rel=1e-6)
    assert found[0, 2].item() == pytest.approx(1.0)


def test_a_silent_head_is_marked():
    outputs = normal(1, 2, 9, 3)
    outputs[:, 1] = 0
    similarity = HeadSimilarity(2, 3)
    similarity.add(outputs, torch.ones(1, 9, dtype=torch.bool))
    found = similarity.matrix()
    assert found[0, 0] == 1
    assert found[:, 1].isnan().all()
