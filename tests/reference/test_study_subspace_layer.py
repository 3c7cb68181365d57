"""The study of the subspace layer in a reduced form: it runs, and its two contenders compute the same."""

import json
import sys

import numpy as np
import pytest

from hybrid_opt.circuits.subspace_qaoa import SubspaceQAOA


@pytest.fixture
def study(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    import study_subspace_layer

    yield study_subspace_layer
    for name in ("record", "timing", "study_subspace_layer"):
        sys.modules.pop(name, None)


def test_contenders_agree(study):
    model = study.model_of(12, False, np.random.default_rng(1))
    engine = SubspaceQAOA(model, [tuple(range(4 * g, 4 * g + 4)) for g in range(3)])
    state = np.full(64, 1 / 8) * np.exp(-0.2j * engine.energies)
    study.rank_one_update(state, 4, 3, -0.4)
    np.testing.assert_allclose(engine.state([0.2], [-0.4]), state, atol=1e-13)


def test_it_writes_its_parts_and_skips_what_is_done(study, tmp_path, monkeypatch):
    calls = []

    def small(n_groups, levels, whole):
        calls.append((n_groups, levels, whole))
        return original(3, levels, whole, runs=1)

    original = study.measure
    monkeypatch.setattr(study, "measure", small)
    study.main(tmp_path / "layer.json")
    study.main(tmp_path / "layer.json")
    assert calls == [(10, 4, True), (10, 4, False), (10, 5, True), (10, 5, False)]
    parts = json.loads((tmp_path / "layer.json").read_text())["parts"]
    assert parts["10 x 5, whole"]["amplitudes"] == 125
    assert all(part["layer_to_reference"] > 0 for part in parts.values())
