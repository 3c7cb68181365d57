"""Every Python block of the README and of the documentation runs as it stands, alone, in an empty folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def python_blocks(page: Path) -> list[tuple[Path, int, str]]:
    """Page, number of the first line, and text of each block."""
    text = page.read_text(encoding="utf-8")
    return [(page, text.count("\n", 0, found.start(1)) + 1, found[1]) for found in BLOCK.finditer(text)]


BLOCKS = [block for page in PAGES for block in python_blocks(page)]


def test_the_readme_shows_some_python():
    assert python_blocks(PAGES[0]) != []


@pytest.mark.parametrize(
    ("page", "line", "code"), BLOCKS, ids=[f"{page.stem}, line {line}" for page, line, _ in BLOCKS]
)
def test_block_runs(page: Path, line: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    # The empty lines make a traceback name the line of the page.
    exec(compile("\n" * (line - 1) + code, str(page), "exec"), {"__name__": "__main__"})
