"""The study of performance callbacks in a reduced form, and the committed figures against the page."""

import json
import sys

import pytest


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    import study_performance_callbacks as module

    yield module
    for name in ("record", "study_performance_callbacks"):
        sys.modules.pop(name, None)


def test_a_reduced_study_runs_and_is_taken_up_again(study, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "SEEDS", 2)
    monkeypatch.setattr(study, "STEPS", {"digits": 12})
    arms = {name: study.ARMS[name] for name in ("off", "entropy_dropout", "head_sparsity")}
    monkeypatch.setattr(study, "ARMS", arms)
    monkeypatch.setattr(study, "PAIRS", dict.fromkeys([*list(arms)[1:], "closed after training"], "off"))
    path = tmp_path / "study.json"
    study.main(str(path), "digits")
    content = json.loads(path.read_text())
    table = content["parts"]["digits, summary"]
    assert set(table) == {*arms, "closed after training"}
    assert table["head_sparsity"]["closed"] == 0.25
    assert table["off"]["closed"] == 0.0
    assert all(0 < row["test"][0] < 10 for row in table.values())
    runs = content["parts"]
    difference = runs["digits | head_sparsity | seed 0"]["test"] - runs["digits | off | seed 0"]["test"]
    other = runs["digits | head_sparsity | seed 1"]["test"] - runs["digits | off | seed 1"]["test"]
    assert table["head_sparsity"]["difference"][0] == pytest.approx((difference + other) / 2)
    monkeypatch.setattr(study, "run", lambda *given: pytest.fail("run again"))
    study.main(str(path), "digits")


def test_the_page_has_the_committed_figures(root):
    content = json.loads((root / "docs" / "studies" / "performance_callbacks.json").read_text())
    page = (root / "docs" / "performance_callbacks.md").read_text(encoding="utf-8")
    for task in ("digits", "characters"):
        for arm, row in content["parts"][f"{task}, summary"].items():
            figure = f"{row['test'][0]:.3f} ± {row['test'][1]:.3f}"
            assert figure in page, (task, arm, figure)
            if "difference" in row:
                assert f"{row['difference'][0]:+.3f} ± {row['difference'][1]:.3f}" in page, (task, arm)
