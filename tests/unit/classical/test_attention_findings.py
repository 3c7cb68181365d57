"""Reading a report: layers, tables, similarity, plain numbers; and asking for what is not there."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_findings import AttentionReport
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.errors import ConfigurationError


class Two(nn.Module):
    """Two layers, the second across, with different numbers of heads."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = DistanceAttention(8, 4, metric=["l1", "l2", "lp", "dot"], p=3.0, causal=True)
        self.cross = DistanceAttention(8, 2, metric="cosine")

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.cross(self.inner(x)[0], key_value_hidden=y)[0]


@pytest.fixture(scope="module")
def report() -> AttentionReport:
    torch.manual_seed(0)
    return attention_report(Two(), (torch.randn(2, 12, 8), torch.randn(2, 5, 8)), map_items=2)


def test_layers_by_number_and_name(report: AttentionReport):
    assert report.layer(0) is report.layer("inner")
    assert report.layer("cross") is report.layers[1]
    for wrong in (2, -1, "outer", True, 1.0, None):
        with pytest.raises(ConfigurationError, match="from 0 to 1 or one of inner, cross"):
            report.layer(wrong)


def test_the_table_of_heads(report: AttentionReport):
    table = report.table()
    assert list(table.columns) == [
        "layer", "name", "head", "metric", "p", "lambda", "lambda_start", "gate", "entropy", "sparsity",
        "keys_95", "range", "uniform_range", "sink", "mean_distance", "std_distance", "min_distance",
        "max_distance", "rows",
    ]  # fmt: skip
    assert table["name"].tolist() == ["inner"] * 4 + ["cross"] * 2
    assert table["p"].tolist()[2] == 3.0
    assert table["p"].isna().tolist() == [True, True, False, True, True, True]
    assert (table["min_distance"] <= table["mean_distance"]).all()
    assert (table["mean_distance"] <= table["max_distance"]).all()
    assert table["range"].isna().tolist() == [False] * 4 + [True] * 2
    assert ((table["entropy"] > 0) & (table["entropy"] < 1)).all()


def test_the_table_of_layers(report: AttentionReport):
    heads, layers = report.table(), report.table(per="layer")
    assert layers[["layer", "name", "metric"]].values.tolist() == [
        [0, "inner", "l1, l2, lp, dot"], [1, "cross", "cosine"],
    ]  # fmt: skip
    assert layers["entropy"][0] == pytest.approx(heads["entropy"][:4].mean())
    assert layers["min_distance"][0] == heads["min_distance"][:4].min()
    assert layers["max_distance"][1] == heads["max_distance"][4:].max()
    with pytest.raises(ConfigurationError, match="per is 'row'"):
        report.table(per="row")


def test_similarity_is_a_table(report: AttentionReport):
    found = report.similarity("inner")
    assert found.shape == (4, 4)
    assert found.index.name == found.columns.name == "head"
    assert np.allclose(found, found.T)
    assert np.allclose(np.diag(found), 1.0)


def test_plain_numbers_survive_json(report: AttentionReport, tmp_path: Path):
    text = report.to_json(tmp_path / "report.json")
    assert (tmp_path / "report.json").read_text(encoding="utf-8") == text
    found = json.loads(text)
    assert found == report.to_dict()
    assert (found["model"], found["sequences"], len(found["layers"])) == ("Two", 2, 2)
    inner, cross = found["layers"]
    assert inner["metric"] == ["l1", "l2", "lp", "dot"]
    assert inner["p"] == [None, None, 3.0, None]
    assert cross["range"] == [None, None]
    assert inner["entropy"] == pytest.approx(report.table()["entropy"].tolist()[:4])
    assert len(inner["most_attended"]) == 4 * 5
    columns = ["head", "rank", "position", "weight", "times_uniform", "queries"]
    assert list(inner["most_attended"][0]) == columns
    assert all(math.isfinite(value) for row in inner["similarity"] for value in row)


def test_pictures_of_the_whole_and_of_a_map(report: AttentionReport):
    figure = report.plot()
    titles = [axes.get_title() for part in figure.subfigs for axes in part.axes if axes.get_title()]
    assert titles[0] == "normalized entropy"
    assert titles[-2:] == ["inner", "cross ⇢"]
    one = report.plot_map("cross", 1, rows=[3, 4], sequence=1)
    assert one.axes[0].get_title() == "layer 1, head 1: cosine"
    assert one.axes[0].images[0].get_array().shape == (2, 5)
    with pytest.raises(ConfigurationError, match="head must be"):
        report.plot_map(1, 2)


def test_a_page_needs_its_folder(report: AttentionReport, tmp_path: Path):
    with pytest.raises(ConfigurationError, match="there is no folder"):
        report.to_html(tmp_path / "missing" / "page.html")
