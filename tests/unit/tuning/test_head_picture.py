"""The figure of a selection shows every head once, kept ones filled."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex

from hybrid_opt.solvers import solve
from hybrid_opt.tuning.head_choice import HeadSelection
from hybrid_opt.tuning.head_picture import KEPT, REMOVED, draw_selection
from hybrid_opt.tuning.head_question import HeadQuestion
from hybrid_opt.tuning.loss_statistics import HeadStatistics


def test_heads_and_colors():
    measured = HeadStatistics((2, 2), np.ones(4), 1.0, np.zeros(4), np.eye(4), np.ones(4), None, 9, 9)
    question = HeadQuestion(measured, keep=3)
    answer = solve(question.to_cqm(), "exact", seed=1)
    mask = np.array([0, 1, 1, 1])
    source = "the method's answer"
    figure = draw_selection(
        HeadSelection(mask, mask, source, (2, 2), question, answer, measured, 1.0, 1.4, 1.4, 1, 7)
    )
    axes = figure.axes[0]
    assert [to_hex(patch.get_facecolor()) for patch in axes.patches] == [REMOVED, KEPT, KEPT, KEPT]
    assert [text.get_text() for text in axes.texts] == ["1.00"] * 4
    assert "3 of 4 heads stay" in axes.get_title()
