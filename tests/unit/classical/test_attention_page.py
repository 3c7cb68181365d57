"""The page stands alone, escapes what it is told, and is whole or not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from hybrid_opt.classical import attention_page
from hybrid_opt.classical.attention_analysis import attention_report
from hybrid_opt.classical.attention_findings import AttentionReport
from hybrid_opt.classical.attention_layer import DistanceAttention
from hybrid_opt.classical.attention_page import write_page, write_whole
from hybrid_opt.classical.errors import ConfigurationError


def made(**settings: object) -> AttentionReport:
    torch.manual_seed(0)
    layer = DistanceAttention(8, 2, metric=["lp", "dot"], causal=True)
    return attention_report(layer, torch.randn(1, 12, 8), **settings)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    report = made(tokens=["<b>&"] * 12)
    assert write_page(report, path, "A <title>") == path
    return path.read_text(encoding="utf-8")


def test_nothing_is_fetched(page: str):
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,)', page) == []
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert page.count("data:image/png;base64,") == 3


def test_text_is_escaped(page: str):
    assert "<title>A &lt;title&gt;</title>" in page
    assert "“&lt;b&gt;&amp;”" in page
    assert "<b>" not in page


def test_the_numbers_are_there(page: str):
    row = made().table().iloc[0]
    for name in ("entropy", "lambda", "mean_distance"):
        assert f"<td>{row[name]:#.3g}</td>" in page
    assert "exponent of lp" in page
    assert "factor on the head" not in page  # all gates are 1
    assert "–" in page  # the exponent of dot


def test_a_report_without_maps_has_no_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attention_page, "_inside", lambda figure: "")  # drawing takes a second
    text = write_page(made(map_items=0), tmp_path / "report.html", "x").read_text(encoding="utf-8")
    assert "sharpest head" not in text


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    write_whole(path, "néw")
    assert path.read_text(encoding="utf-8") == "néw"
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text(encoding="utf-8") == "néw"


def test_wrong_paths(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="there is no folder"):
        write_whole(tmp_path / "no" / "a.html", "")
    with pytest.raises(ConfigurationError, match="is a folder"):
        write_whole(tmp_path, "")
