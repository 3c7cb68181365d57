"""What a selection says about itself, without a model behind it."""

from __future__ import annotations

import numpy as np
import torch

from hybrid_opt.classical import DistanceGPT, DistanceTransformerConfig
from hybrid_opt.solvers import solve
from hybrid_opt.tuning.head_choice import HeadSelection
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics


def selection():
    measured = HeadStatistics(
        (2, 2), np.ones(4), 1.0, np.zeros(4), np.diag([1.0, 2, 3, 4]), np.ones(4), None, 9, 9
    )
    question = HeadQuestion(measured, keep=3)
    answer = solve(question.to_cqm(), "exact", seed=1)
    mask = question.mask(answer.sample)
    return HeadSelection(
        mask, mask, "the method's answer", (2, 2), question, answer, measured, 1.0, 1.4, 1.4, 1, 7, ["a note"]
    )


def test_figures_and_words():
    found = selection()
    assert found.mask.tolist() == [0, 1, 1, 1]
    assert found.kept == [[1], [0, 1]]
    assert found.predicted_loss == 1.5
    assert "3 of 4 heads stay; calibration loss 1.0000 -> 1.4000" in str(found)
    assert "note: a note" in str(found)
    assert found.to_dict()["predicted_loss"] == 1.5


def test_masks_go_into_models():
    sizes = {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = DistanceGPT(DistanceTransformerConfig(**sizes))
    selection().apply(model)
    torch.testing.assert_close(model.head_mask(), torch.tensor([[0.0, 1.0], [1.0, 1.0]]))
