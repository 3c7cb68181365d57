"""The study of mixtures of experts in a reduced form."""

import json
import sys

import pytest


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    import study_mixture_of_experts

    yield study_mixture_of_experts
    for name in ("record", "timing", "study_mixture_of_experts"):
        sys.modules.pop(name, None)


def test_reduced(study, tmp_path, monkeypatch):
    reduced = {
        "METRIC": "dot", "SEEDS": (0,), "STEPS": 4, "BATCH": 2, "LENGTH": 32, "CHECKS": 2, "WARMUP": 1,
        "HIDDEN": 16, "LAYERS": 1, "HEADS": 2, "EXPERTS": 4, "WIDTH": 16, "LIMIT": 12, "ROUNDS": 1,
    }  # fmt: skip
    for name, value in reduced.items():
        monkeypatch.setattr(study, name, value)
    arms = ("dense", "top 2, auxiliary, capacity 1.25", "dynamic, 2 on average, auxiliary")
    monkeypatch.setattr(study, "ARMS", {arm: study.ARMS[arm] for arm in arms})
    path = tmp_path / "moe.json"
    study.main(str(path))
    parts = json.loads(path.read_text())["parts"]
    dense, mixed = parts["dense, seed 0"], parts["top 2, auxiliary, capacity 1.25, seed 0"]
    router, bias = 4 * 16, 16
    assert mixed["parameters per token"] == pytest.approx(dense["parameters per token"] + router + bias)
    assert mixed["parameters"] > dense["parameters"]
    assert mixed["routing in training"][0]["passes"] == 2  # the second half
    assert mixed["routing in evaluation"][0]["mean_active"] == 2.0
    assert mixed["routing in evaluation"][0]["dropped_share"] == 0.0
    assert parts["summary"]["dense"]["loss minus dense"] == {"mean": 0.0, "standard error": 0.0}
    assert parts["speed"]["ratio to dense"]["dense"] == 1.0
    before = path.read_text()
    study.main(str(path))
    assert path.read_text() == before
