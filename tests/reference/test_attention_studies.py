"""The studies of attention in a reduced form: their contenders compute the same, parts are written once."""

import json
import math
import sys

import pytest
import torch

MODULES = ("record", "timing", "attention_methods", "study_attention_speed", "study_attention_quality")


@pytest.fixture
def benchmarks(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


def test_contenders_compute_the_same(benchmarks):
    import attention_methods as compared

    given = compared.inputs(300)
    known = compared.methods()
    torch.testing.assert_close(
        known["dot, plain"](*given), known["sdpa dot, plain"](*given), atol=1e-4, rtol=0
    )
    torch.testing.assert_close(
        known["dot, window"](*given), known["sdpa dot, window"](*given), atol=1e-4, rtol=0
    )
    literal = compared.ours({"metric": "l1", "scale": 1.0})
    torch.testing.assert_close(literal(*given), known["cdist l1"](*given), atol=1e-4, rtol=0)
    literal = compared.ours({"metric": "l2", "scale": compared.SCALE})
    torch.testing.assert_close(literal(*given), known["l2 in full"](*given), atol=1e-3, rtol=0)


def test_the_speed_study_writes_each_part_once(benchmarks, tmp_path, monkeypatch):
    import study_attention_speed as study

    monkeypatch.setattr(study, "COMPARISONS", {"pair": (["sdpa dot, plain", "cosine, plain"], 64)})
    monkeypatch.setattr(study, "memory", lambda method, tokens: 1000 * tokens)
    whole = study.training_step
    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": 20,
        "tokens": 32,
    }
    monkeypatch.setattr(study, "training_step", lambda: whole(1, **sizes))
    study.main(tmp_path / "speed.json")
    parts = json.loads((tmp_path / "speed.json").read_text())["parts"]
    assert set(parts) == {"pair", "growth", "training step"}
    assert parts["pair"]["memory_ratio"] == {"cosine, plain": 1.0}
    assert parts["growth"]["methods"]["l1, window"]["ratio"] == 2.0
    assert all(0 < share < 1 for share in parts["training step"]["share_of_attention"].values())
    monkeypatch.setattr(study, "compare", None)
    study.main(tmp_path / "speed.json")


def test_the_quality_study_pairs_runs_of_equal_seed(benchmarks):
    import study_attention_quality as study

    def part(scores):
        runs = [{"seed": seed, "test": score, "seconds": 1.0} for seed, score in enumerate(scores)]
        return {"factor": 1.0, "runs": runs}

    table = study.summary({"topics: dot": part([1.0, 2.0]), "topics: l1": part([1.5, 2.5])}, "topics")
    assert table["l1"]["against_dot"] == [0.5, 0.0]
    mean, half_width = table["dot"]["test"]
    assert mean == 1.5
    assert half_width == pytest.approx(12.7062 * math.sqrt(0.5) / math.sqrt(2), rel=1e-4)
