"""The VQE study in a reduced form."""

import json
import sys

import pytest


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    import study_vqe

    yield study_vqe
    for name in ("record", "study_vqe"):
        sys.modules.pop(name, None)


def test_reduced(study, tmp_path, monkeypatch):
    reduced = {
        "SIZES": (4,), "DISTANCES": (0.735,), "LITHIUM": (), "INSTANCES": 2, "SHOTS": 50,
        "OPTIMIZERS": ("L-BFGS-B", "SPSA"), "ANSATZES": ("separable",),
    }  # fmt: skip
    for name, value in reduced.items():
        monkeypatch.setattr(study, name, value)
    path = tmp_path / "vqe.json"
    study.main(str(path))
    parts = json.loads(path.read_text())["parts"]
    assert parts["chains of 4"]["Ising ring, field 1, 2 layers"]["error"] < 1e-8
    assert abs(parts["H2"]["0.735"]["error"]) < 1e-6
    assert parts["optimizers"]["SPSA, 50 shots"]["shots"] > 0
    assert parts["bits, separable"]["instances"] == 2
    before = path.read_text()
    study.main(str(path))
    assert path.read_text() == before
