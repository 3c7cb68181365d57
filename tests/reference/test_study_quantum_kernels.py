"""The study of quantum kernels in a reduced form: it runs, goes on where it stopped, and reports losses."""

import json
import sys

import numpy as np
import pytest


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    import study_quantum_kernels

    monkeypatch.setattr(study_quantum_kernels, "ITERATIONS", 3)
    monkeypatch.setattr(study_quantum_kernels, "SAMPLES", 60)
    monkeypatch.setattr(study_quantum_kernels, "FEATURES", 2)
    yield study_quantum_kernels
    for name in ("record", "study_quantum_kernels"):
        sys.modules.pop(name, None)


def test_it_goes_on_where_it_stopped(study, tmp_path, monkeypatch):
    path = tmp_path / "kernels.json"
    monkeypatch.setattr(study, "SEEDS", 2)
    original = study.run
    calls = []

    def stopping(*arguments):
        calls.append(arguments)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(study, "run", stopping)
    with pytest.raises(KeyboardInterrupt):
        study.main(str(path), "iris")
    assert len(json.loads(path.read_text())["parts"]) == 9
    monkeypatch.setattr(study, "run", original)
    study.main(str(path), "iris")
    content = json.loads(path.read_text())
    assert content["versions"]["scikit-learn"]
    assert len(content["parts"]) == 2 * 8 + 1
    assert {part["settings"] for name, part in content["parts"].items() if "|" in name} == {6}
    table = content["parts"]["summary"]["iris"]
    assert set(table["methods"]) == set(study.methods(0))
    assert table["methods"]["RBF machine"]["accuracy"][0] > 0.7
    assert len(table["comparisons"]) == 9


def test_every_method_sees_the_same_samples(study):
    first, second = study.split("digits", 3), study.split("digits", 3)
    assert all(np.array_equal(a, b) for a, b in zip(first, second))
    assert (len(first[0]), len(first[1])) == (42, 18)
    assert not np.array_equal(study.split("digits", 4)[0], first[0])
    with pytest.raises(SystemExit, match="no such data set: roses"):
        study.main("unused.json", "roses")


def test_a_lower_mean_is_a_loss(study):
    own = np.array([0.90, 0.91, 0.92, 0.90, 0.91])
    assert study.verdict(own, own + 0.05)["result"] == "loss"
    assert study.verdict(own + 0.05, own)["result"] == "win"
    assert study.verdict(own, own + np.array([0.1, 0.2, -0.3, 0, 0]))["result"] == "tie"  # sums to 1e-17
    close = study.verdict(own, own + np.array([0.02, -0.03, 0.02, 0.02, -0.02]))
    assert close["result"] == "loss, within the interval"
    assert close["seeds won, tied, lost"] == [2, 0, 3]


def test_intervals_are_corrected_for_overlap(study):
    values = np.array([0.8, 0.9, 1.0, 0.9, 0.9])
    mean, half = study.interval(values)
    assert mean == pytest.approx(0.9)
    assert half == pytest.approx(2.7764451 * np.sqrt(0.005 * (1 / 5 + 3 / 7)))
