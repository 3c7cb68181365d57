"""Pictures hold the numbers, say what they are, and stay drawable for strange reports."""

from __future__ import annotations

import io

import numpy as np
import pandas
import pytest
import torch
from torch import Tensor, nn

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_charts import (
    draw_heads,
    draw_map,
    draw_report,
    draw_similarity,
    layer_labels,
)
from hybrid_opt.classical.attention_findings import AttentionReport
from hybrid_opt.classical.attention_layer import DistanceAttention


class Stack(nn.Module):
    """Layers with the given numbers of heads."""

    def __init__(self, *heads: int, metric: str = "l1") -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleDict({"attention": DistanceAttention(24, count, metric=metric)}) for count in heads
        )

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block["attention"](x)[0]
        return x


def report_of(*heads: int, length: int = 6, metric: str = "l1") -> AttentionReport:
    torch.manual_seed(0)
    return attention_report(Stack(*heads, metric=metric), torch.randn(1, length, 24))


def test_numbers_stand_in_the_cells():
    report = report_of(4, 2)
    entropy, *_ = draw_heads(report).axes
    texts = [text.get_text() for text in entropy.texts]
    assert texts == [f"{value:.2f}" for value in report.table()["entropy"]]
    assert entropy.get_xlabel() == "head"
    assert [label.get_text() for label in entropy.get_yticklabels()] == ["layer 0", "layer 1"]
    assert entropy.images[0].get_array().mask.tolist() == [[False] * 4, [False, False, True, True]]


def test_similarity_has_one_matrix_per_layer():
    report = report_of(4, 2, 3)
    axes = draw_similarity(report).axes
    for one, layer in zip(axes, report.layers):
        np.testing.assert_allclose(one.images[0].get_array(), layer.similarity)
    assert axes[-1].get_ylabel() == "similarity of head outputs (CKA)"


@pytest.mark.parametrize("heads", [(1,), (24, 2), (2,) * 30])
def test_any_size_can_be_drawn(heads: tuple[int, ...]):
    figure = draw_report(report_of(*heads))
    assert (figure.get_size_inches() <= (24, 60)).all()
    if len(heads) < 3:
        figure.savefig(io.BytesIO(), dpi=20)


def test_a_single_token_and_the_dot_product_leave_gaps():
    figure = draw_report(report_of(2, length=1, metric="dot"))
    panels = figure.subfigs[0].axes
    assert panels[0].images[0].get_array().mask.all()  # one key is no choice
    assert panels[5].images[0].get_array().mask.all()  # no distance


def test_labels_are_the_parts_in_which_names_differ():
    def labels(*names: str, across: bool = False) -> list[str]:
        layers = [type("Layer", (), {"name": name, "across": across}) for name in names]
        return layer_labels(type("Report", (), {"layers": layers}))

    assert labels("model.blocks.0.attention", "model.blocks.1.attention") == ["layer 0", "layer 1"]
    assert labels("encoder.0.attention", "decoder.0.cross", across=True)[1] == "decoder.0.cross ⇢"
    assert labels("") == ["attention"]
    assert labels("model.attention") == ["attention"]
    assert labels("attention", "attention (2)") == ["attention", "attention (2)"]
    assert labels("a" * 50, "b")[0] == "…" + "a" * 29


def test_a_map_shows_tokens_where_there_is_room_and_hides_what_is_invisible():
    weights = pandas.DataFrame(np.eye(3), index=[0, 1, 2], columns=[0, 1, 2])
    tokens = ["a$", "line\nend", "a very long token"]
    figure = draw_map(weights, "title", visible=np.tri(3, dtype=bool), tokens=tokens)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == [r"a\$", "line⏎end", "a very long…"]
    assert axes.images[0].get_array().mask.sum() == 3
    figure.savefig(io.BytesIO(), dpi=20)
    across = draw_map(weights, "title", across=True, tokens=tokens).axes[0]
    assert [label.get_text() for label in across.get_xticklabels()] == ["0", "1", "2"]
    assert [label.get_text() for label in across.get_yticklabels()][1] == "line⏎end"


def test_a_large_map_has_few_labels():
    weights = pandas.DataFrame(np.ones((50, 90)) / 90, index=range(100, 150), columns=range(90))
    axes = draw_map(weights, "title", tokens=["x"] * 200).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()][::6] == ["100", "149"]
