"""The hybrid demo in a tiny size: every step, its exact answer, the same numbers from the same seed."""

from __future__ import annotations

import itertools
import json

import pytest
import torch

from hybrid_opt.errors import OptionError
from hybrid_opt.tuning import hybrid_demo
from hybrid_opt.tuning.hybrid_demo import run_hybrid_demo

CHANGING = ("seconds", "solver_seconds")


def fixed(demo):
    """All figures but wall times."""
    rows = [{name: value for name, value in vars(row).items() if name not in CHANGING} for row in demo.rows]
    scales = {name: (answer.factors, answer.losses) for name, answer in demo.scales.items()}
    return rows, scales, demo.labels, demo.selection.mask.tolist()


def test_every_step_stands_beside_its_exact_answer(tiny_demo):
    assert [row.step for row in tiny_demo.rows if row.used] == ["trained", "heads", "scales"]
    for step in ("heads", "scales"):
        exact = tiny_demo.exact(step)
        assert exact.test_loss is not None
        assert exact.test_accuracy is not None
    exact = tiny_demo.exact("scales")
    every = tiny_demo.scales[exact.method].losses
    assert len(every) == tiny_demo.grid_points == 9
    assert exact.calibration_loss == min(every) <= tiny_demo.used("scales").calibration_loss
    assert int(tiny_demo.selection.mask.sum()) == 2
    # the scales are tuned on the masked model, from where the heads left it
    assert tiny_demo.scales["QUBO sampler, QAOA"].losses[0] == pytest.approx(
        tiny_demo.used("heads").calibration_loss, abs=1e-6
    )


def test_the_same_seed_gives_the_same_answer(tiny_demo, tiny_sizes):
    state = torch.get_rng_state()
    told = []
    again = run_hybrid_demo(seed=1, progress=lambda share, text: told.append(share), **tiny_sizes)
    assert fixed(again) == fixed(tiny_demo)
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(told))
    assert told[-1] == pytest.approx(1.0)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_number_of_threads_changes_nothing(tiny_demo, tiny_sizes):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        again = run_hybrid_demo(seed=1, **tiny_sizes)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert fixed(again) == fixed(tiny_demo)


def test_json_and_words(tiny_demo):
    content = json.loads(tiny_demo.to_json())
    assert content["seed"] == 1
    assert [row["step"] for row in content["rows"]][:2] == ["trained", "heads"]
    assert content["sentences"] == tiny_demo.sentences()
    text = str(tiny_demo)
    for table in tiny_demo.tables():
        assert table.title in text


def test_a_missing_part_is_told_before_the_work(monkeypatch, tiny_sizes):
    from hybrid_opt.errors import MissingDependencyError

    def missing(module, extra):
        raise MissingDependencyError(f"{module} {extra}")

    monkeypatch.setattr(hybrid_demo, "require", missing)
    monkeypatch.setattr(hybrid_demo, "train_digits", None)
    with pytest.raises(MissingDependencyError, match="optuna tuning"):
        run_hybrid_demo(**tiny_sizes)


@pytest.mark.parametrize("name", ["steps", "trials", "calibration"])
def test_wrong_sizes(name, tiny_sizes):
    with pytest.raises(OptionError, match=f"{name} is 0"):
        run_hybrid_demo(**{**tiny_sizes, name: 0})


def test_wrong_seed(tiny_sizes):
    with pytest.raises(OptionError, match="seed is -1"):
        run_hybrid_demo(**{**tiny_sizes, "seed": -1})
