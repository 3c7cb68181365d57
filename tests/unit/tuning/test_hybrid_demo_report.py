"""The page of the hybrid demo has all tables and sentences and stands alone."""

from __future__ import annotations

import re

import pytest

from hybrid_opt.errors import OptionError


def test_the_page(tiny_demo, tmp_path):
    html = tiny_demo.report(tmp_path / "demo.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!#|data:)', html)
    for table in tiny_demo.tables():
        assert table.title in html
    assert html.count('class="remark"') == len(tiny_demo.sentences())
    assert len(re.findall(r'data-mark="kept"', html)) == 2
    assert "No quantum advantage is claimed" in html
    assert f"{tiny_demo.used('scales').test_loss:.4f}" in html


def test_a_folder_that_is_not_there(tiny_demo, tmp_path):
    with pytest.raises(OptionError, match="does not exist"):
        tiny_demo.report(tmp_path / "no" / "x.html")
