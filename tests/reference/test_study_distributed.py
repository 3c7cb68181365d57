"""The study of two processes in a reduced form, and the page that quotes it."""

from __future__ import annotations

import json
import sys

import pytest

pytest.importorskip("distributed", reason="needs the extra distributed")


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    import study_distributed

    yield study_distributed
    for name in ("record", "timing", "study_distributed"):
        sys.modules.pop(name, None)


def test_reduced_parts_compare_and_time(study):
    # Without a cluster both sides run here: what is checked is that the parts run and agree.
    kernel = study.kernel_matrix(None, qubits=2, samples=5, runs=1)
    batch = study.circuit_batch(None, qubits=2, rows=5, runs=1)
    for result in (kernel, batch):
        assert set(result) >= {"seconds, one", "seconds, two", "two / one", "direct / one"}
        assert all(value > 0 for value in result.values())


def test_it_goes_on_where_it_stopped(study, tmp_path):
    path = tmp_path / "distributed.json"
    path.write_text(json.dumps({"parts": {name: {} for name in study.PARTS}}))
    study.main(path)  # starts no worker
    assert json.loads(path.read_text())["parts"]["training"] == {}


def test_the_page_quotes_the_file(root):
    parts = json.loads((root / "docs" / "studies" / "distributed.json").read_text())["parts"]
    page = (root / "docs" / "beyond_one_machine.md").read_text()
    for name, part in parts.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {name}")]
        assert f"| {part['two / one']:.2f} |" in row, name
        if "direct / one" in part:
            assert f"| {part['direct / one']:.2f} |" in row, name
