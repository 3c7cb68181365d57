"""What the answer of a search says of itself."""

from __future__ import annotations

import json
import math
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.tuning.attention_objective import AttentionObjective
from hybrid_opt.tuning.finalists import GIVEN, Finalist
from hybrid_opt.tuning.tuning_answer import AttentionTuning
from hybrid_opt.tuning.tuning_report import value_losses

DATA = load_data("wine")
SPACE = {"metric": CategoricalDistribution(["l1", "dot"]), "scale_factor": FloatDistribution(0.5, 2.0)}
OLD = Finalist(GIVEN, {}, (), (1.0, 1.2, 1.1), (2.0, 2.2, 2.1))
NEW = Finalist(
    "qubo, trial 1", {"metric": "dot", "scale_factor": 2.0}, (0.9,), (0.9, 1.1, 0.95), (1.9, 2.0, 1.9)
)


def study_of(values=(1.0, 0.9, math.inf)):
    study = optuna.create_study()
    for index, value in enumerate(values):
        params = {"metric": ["l1", "dot"][index % 2], "scale_factor": 0.5 + 0.125 * index}
        study.add_trial(optuna.create_trial(params=params, distributions=SPACE, value=value))
    return study


def answer(**changes: Any) -> AttentionTuning:
    config = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
    given = {
        "config": config, "training": TrainingSettings(), "chosen": NEW, "finalists": (OLD, NEW),
        "study": study_of(), "sampler": "qubo", "rivals": {}, "quantum": "",
        "objective": AttentionObjective(config, DATA, search_space=SPACE), "interrupted": False, "seed": 3,
        "seconds": 1.5,
    }  # fmt: skip
    return AttentionTuning(**{**given, **changes})


def test_the_gain_is_paired_by_seed():
    mean, width = answer().gain
    assert mean == pytest.approx(0.5 / 3)
    assert width == pytest.approx(4.302653 * 0.0577350 / 3**0.5, rel=1e-4)
    assert "lower than as given over 3 fresh seeds: beyond" in answer().verdict


def test_a_loss_is_told_as_one():
    worse = Finalist("qubo, trial 1", {}, (0.9,), (0.9, 0.9, 0.9), (2.5, 2.5, 2.5))
    assert "HIGHER than as given" in answer(chosen=worse, finalists=(OLD, worse)).verdict


def test_what_cannot_be_compared_has_no_gain():
    broken = Finalist("qubo, trial 1", {}, (0.9,), (0.9, math.inf, 0.9), (2.5, math.inf, 2.5))
    assert answer(chosen=broken, finalists=(OLD, broken)).gain is None
    assert "diverged" in answer(chosen=broken, finalists=(OLD, broken)).verdict


def test_tables_hold_all_finalists_and_settings():
    table = answer().table().set_index("finalist")
    assert table.loc[GIVEN, "test"] == pytest.approx(2.1)
    assert table.loc["qubo, trial 1", "chosen"]
    assert table.loc["qubo, trial 1", "trial"] == 0.9
    settings = answer().settings_table()
    assert settings.to_numpy().tolist() == [["metric", "l1", "dot"], ["scale_factor", 1.0, 2.0]]


def test_json_is_strict_and_text_is_whole():
    content = json.loads(answer().to_json())
    assert content["trials"] == {"qubo": [1.0, 0.9, None]}
    assert content["settings"] == {"metric": "dot", "scale_factor": 2.0}
    text = str(answer())
    assert "metric: l1 -> dot" in text
    assert "as given" in text
    assert "seed=3" in repr(answer())


def test_notes_count_what_was_lost():
    study = study_of()
    study.add_trial(optuna.create_trial(state=optuna.trial.TrialState.FAIL))
    study.add_trial(optuna.create_trial(state=optuna.trial.TrialState.PRUNED))
    study.add_trial(
        optuna.create_trial(
            params={"metric": "l1", "scale_factor": 1.0}, distributions=SPACE, value=math.inf,
            user_attrs={"diverged": "the loss is nan"},
        )
    )  # fmt: skip
    notes = answer(study=study).notes
    assert "qubo: 1 of 6 trials ended early" in notes
    assert "qubo: 1 of 6 trials failed" in notes
    assert any("1 trainings diverged" in note for note in notes)


def test_the_page_and_the_picture(tmp_path):
    tuning = answer(rivals={"tpe": study_of((1.1, 0.8))})
    page = tuning.report(tmp_path / "page.html").read_text()
    for words in ("Attention settings for wine", "metric", "tpe", "What each value did", "seed 3"):
        assert words in page
    assert tuning.plot(tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_an_interrupted_search_has_a_page_too(tmp_path):
    none = Finalist(GIVEN, {})
    tuning = answer(chosen=none, finalists=(none,), interrupted=True, study=optuna.create_study())
    page = tuning.report(tmp_path / "page.html").read_text()
    assert "Nothing was trained on fresh seeds yet" in page


def test_losses_by_value():
    rows = value_losses(answer())
    assert ("metric", "dot", 1, 0.9, 0.9) in rows
    assert ("metric", "l1", 1, 1.0, 1.0) in rows  # the infinite loss is left out
    many = answer(study=study_of(tuple(float(i) for i in range(9))))
    numbers = [row for row in value_losses(many) if row[0] == "scale_factor"]
    assert [(row[1], row[2]) for row in numbers] == [
        ("0.5 to 0.75", 3), ("0.875 to 1.125", 3), ("1.25 to 1.5", 3)
    ]  # fmt: skip
