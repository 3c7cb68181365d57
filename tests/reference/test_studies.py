"""The studies in a reduced form: they run, agree with themselves, and go on where they stopped."""

import json
import sys

import pytest


@pytest.fixture
def studies(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    yield
    for name in ("record", "timing", "study_qaoa_quality", "study_speed", "study_training_step"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("studies")
def test_a_study_goes_on_where_it_stopped(tmp_path, monkeypatch):
    import study_qaoa_quality as study

    path = tmp_path / "quality.json"
    monkeypatch.setattr(study, "SIZES", (8,))
    monkeypatch.setattr(study, "DEPTHS", (1, 2))
    monkeypatch.setattr(study, "BUDGETS", (8, 12))
    monkeypatch.setattr(study, "INSTANCES", 1)
    monkeypatch.setenv("HYBRID_OPT_DATA", str(tmp_path))
    original = study.instance
    calls = []

    def stopping(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(study, "instance", stopping)
    with pytest.raises(KeyboardInterrupt):
        study.main(str(path))
    parts = tmp_path / "quality.parts.json"
    assert len(json.loads(parts.read_text())["parts"]) == 2
    monkeypatch.setattr(study, "instance", original)
    study.main(str(path))
    assert len(json.loads(parts.read_text())["parts"]) == 8
    summary = json.loads(path.read_text())["parts"]["summary"]
    assert len(summary) == 8
    for name, row in summary.items():
        assert row["instances"] == 1
        for depth in ("1", "2"):
            figures = {method: row[f"{depth} | {method}"] for method in ("ramp", "ramp + 12")}
            assert figures["ramp + 12"]["ratio"][0] >= figures["ramp"]["ratio"][0] - 1e-9, name
            assert 0 <= figures["ramp"]["p_optimum"][0] <= figures["ramp"]["feasible"][0] <= 1 + 1e-9
        if "subspace" in name and "one of four" in name:
            assert row["1 | ramp"]["feasible"][0] == pytest.approx(1.0)


@pytest.mark.usefixtures("studies")
def test_the_simulators_agree_and_times_are_ratios():
    import study_speed as study

    times = study.qaoa(6, 2, 1)
    assert times["hybrid.aer / default.qubit"] == times["hybrid.aer"] / times["default.qubit"]
    assert study.plan(3, 20, 1)["seconds"] > 0
    assert study.enumeration(8, 1)["seconds"] > 0


@pytest.mark.usefixtures("studies")
def test_contenders_of_the_training_step_agree():
    import study_training_step as study

    times = study.training_step("basic_entangler", 3, 1, 1)
    base = times["TorchLayer, default.qubit backprop"]
    assert times["QNNLayer, Aer / default.qubit"] == times["QNNLayer, Aer"] / base
    assert times["difference of QNNLayer, native"] < 1e-10
    parts = study.where_time_goes(3, 2, 1)
    assert parts["native / Aer"] == parts["whole step, native"] / parts["whole step, Aer"]
    assert study.shot_step(1)["weights only"] > 0
    assert study.gram(5, 2)["difference"] < 1e-10
