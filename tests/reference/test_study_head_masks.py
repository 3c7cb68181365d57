"""The study of head masks in a reduced form: every part is there, and its summary follows from them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import study_head_masks

    yield study_head_masks
    for name in ("record", "study_head_masks"):
        sys.modules.pop(name, None)


def test_a_small_study_of_masks(study, monkeypatch, tmp_path):
    small = {
        "SEEDS": (0,), "KEEPS": (22,), "STEPS": {"digits": 3}, "CALIBRATION": 8, "HELD_OUT": 8, "CHECKED": 3,
        "DRAWN": 2, "EVALUATIONS": 26,
    }  # fmt: skip
    for name, value in small.items():
        monkeypatch.setattr(study, name, value)
    path = tmp_path / "study.json"
    study.main(str(path), ("digits",))
    parts = json.loads(path.read_text())["parts"]
    found = parts["digits, seed 0"]["22"]
    for arm in found["arms"].values():
        assert sum(arm.get("mask", [1] * 22)) == 22
    assert found["arms"]["greedy loss"]["losses"] == 24 + 23
    assert found["arms"]["qubo, measured"]["losses"] == 27
    for row in (*found["solvers"].values(), parts["digits, trained angles, seed 0"]["22"]):
        assert row["gap"] >= -1e-9
    summary = parts["digits, summary"]["22"]
    losses = {arm: row["held out"] for arm, row in found["arms"].items()}
    assert summary["held out"]["michel"]["mean"] == losses["michel"]
    best = min((arm for arm in losses if not arm.startswith("qubo")), key=losses.__getitem__)
    assert summary["best rule"] == best
    difference = summary["qubo, measured minus best rule"]["mean"]
    assert difference == pytest.approx(losses["qubo, measured"] - losses[best])
