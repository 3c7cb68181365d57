"""Every numbered example runs to its end, without a warning, on a reduced size and in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))


def test_there_are_examples():
    assert EXAMPLES != []


def test_their_numbers_are_unique():
    numbers = [path.name[:2] for path in EXAMPLES]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example: Path, tmp_path: Path):
    warnings = os.environ.get("PYTHONWARNINGS", "error")
    environment = {
        **os.environ, "HYBRID_OPT_EXAMPLE_FAST": "1", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": warnings
    }
    done = subprocess.run(
        [sys.executable, str(example)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )
    assert done.returncode == 0, f"{example.name} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.strip(), f"{example.name} printed nothing"
