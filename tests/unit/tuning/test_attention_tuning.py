"""Whole searches: repeatable, resumable, told as they are."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution

from hybrid_opt.classical.configuration import DistanceTransformerConfig
from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import ModelTooLargeError, OptionError
from hybrid_opt.solvers import QAOA
from hybrid_opt.tuning.attention_objective import AttentionObjective
from hybrid_opt.tuning.attention_tuning import tune_attention
from hybrid_opt.tuning.finalists import GIVEN
from hybrid_opt.tuning.trial_rounds import InTurn
from hybrid_opt.tuning.tuning_folder import FACTS

DATA = load_data("wine")
CONFIG = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1)
TRAINING = TrainingSettings(max_steps=3, batch_size=16, learning_rate=0.01)
SPACE = {
    "metric_layer_0": CategoricalDistribution(["l1", "dot", "cosine"]),
    "scale_factor": FloatDistribution(0.25, 4.0, log=True),
}


def formula(self, params, seed, on_validation=None):
    """A loss without training: best at dot and a factor of 2, with a little luck of the seed."""
    self.progress(1.0, "step 3 of 3")
    far = abs(math.log2(params.get("scale_factor", 1.0)) - 1.0)
    loss = 1.0 + 0.1 * far + 0.3 * (params.get("metric_layer_0", "l1") != "dot") + 1e-9 * (seed % 1000)
    return loss, loss


@pytest.fixture
def invented(monkeypatch):
    """The formula in place of training; a list of what was asked."""
    calls: list[dict[str, Any]] = []

    def train(self, params, seed, on_validation=None):
        calls.append(dict(params))
        return formula(self, params, seed)

    monkeypatch.setattr(AttentionObjective, "train", train)
    monkeypatch.setattr(AttentionObjective, "held_out", lambda self, model: 2.0 * model)
    return calls


def tuned(folder=None, **settings: Any):
    given = {"trials": 12, "training": TRAINING, "search_space": SPACE, "seed": 4, **settings}
    return tune_attention(CONFIG, DATA, folder, **given)


def told(tuning):
    return [(trial.params, trial.values) for trial in tuning.study.trials]


def test_the_best_settings_are_found_confirmed_and_saved(invented, tmp_path):
    tuning = tuned(tmp_path / "run", compare=["tpe", "random"])
    assert tuning.chosen.params == {"metric_layer_0": "dot", "scale_factor": pytest.approx(2.0)}
    assert tuning.study.trials[0].params == {"metric_layer_0": "l1", "scale_factor": 1.0}
    assert tuning.gain[0] == pytest.approx(2 * 0.4)
    assert list(tuning.rivals) == ["tpe", "random"]
    assert [len(study.trials) for study in tuning.rivals.values()] == [12, 12]
    saved = DistanceTransformerConfig.from_pretrained(tmp_path / "run")
    assert saved.layer_metric(0) == ["dot", "dot"]
    assert saved.scale_factor == pytest.approx(2.0)
    assert json.loads((tmp_path / "run" / "training.json").read_text())["max_steps"] == 3
    assert "Finalists on fresh seeds" in (tmp_path / "run" / "report.html").read_text()


def test_the_same_seed_gives_the_same_answer_in_memory_and_in_a_folder(invented, tmp_path):
    assert told(tuned()) == told(tuned(tmp_path)) != told(tuned(seed=5))


def test_a_finished_search_trains_nothing_again(invented, tmp_path):
    first = tuned(tmp_path)
    trials, number = told(first), len(invented)
    again = tuned(tmp_path, seed=None)
    assert len(invented) == number
    assert (told(again), again.chosen, again.seed) == (trials, first.chosen, 4)
    longer = tuned(tmp_path, trials=14)
    assert told(longer)[:12] == trials
    assert len(longer.study.trials) == 14


def test_ctrl_c_leaves_a_usable_answer_and_the_call_goes_on(invented, tmp_path, monkeypatch):
    train = AttentionObjective.train

    def cut(self, params, seed, on_validation=None):
        if len(invented) == 5:
            invented.append({})
            raise KeyboardInterrupt
        return train(self, params, seed, on_validation)

    monkeypatch.setattr(AttentionObjective, "train", cut)
    tuning = tuned(tmp_path)
    assert tuning.interrupted
    assert "the same call goes on" in tuning.verdict
    assert tuning.gain is None
    assert len(tuning.losses()["qubo"]) == 5
    assert not (tmp_path / "config.json").exists()
    again = tuned(tmp_path)
    assert not again.interrupted
    assert told(again) == told(tuned())


def test_ctrl_c_among_the_finalists(invented, tmp_path, monkeypatch):
    train = AttentionObjective.train

    def cut(self, params, seed, on_validation=None):
        if len(invented) == 14:
            invented.append({})
            raise KeyboardInterrupt
        return train(self, params, seed, on_validation)

    monkeypatch.setattr(AttentionObjective, "train", cut)
    assert tuned(tmp_path).interrupted
    assert tuned(tmp_path).chosen == tuned().chosen


def test_without_finalists_nothing_is_confirmed_and_no_test_split_read(invented, tmp_path, monkeypatch):
    monkeypatch.setattr(AttentionObjective, "held_out", lambda self, model: pytest.fail("test split read"))
    told_shares = []
    tuning = tuned(
        tmp_path, finalists=0, compare=["random"], progress=lambda share, text: told_shares.append(share)
    )
    assert len(invented) == 24  # the trials, and no training more
    assert tuning.chosen.params == {"metric_layer_0": "dot", "scale_factor": pytest.approx(2.0)}
    assert [one.validation or one.test for one in tuning.finalists] == [(), ()]
    assert tuning.gain is None
    assert f"{tuning.chosen.name} has the lowest loss of the search, and nothing is confirmed" in str(tuning)
    page = (tmp_path / "report.html").read_text()
    assert "Nothing was trained on fresh seeds." in page
    assert "nothing is confirmed" in page
    assert max(told_shares) > 0.95
    assert tuned(finalists=0, trials=1).chosen.name == GIVEN
    assert "the configuration as given has the lowest loss" in tuned(finalists=0, trials=1).verdict


KILLED = """
import os, signal, sys
from test_attention_tuning import AttentionObjective, formula, tuned
trainings = 0
def train(self, params, seed, on_validation=None):
    global trainings
    trainings += 1
    if trainings == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return formula(self, params, seed)
AttentionObjective.train = train
AttentionObjective.held_out = lambda self, model: 2.0 * model
tuned(sys.argv[1])
"""


def test_kill_9_loses_nothing(invented, tmp_path):
    training = 6  # the sixth trial
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.getcwd()])}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "run"), str(training)]
    done = subprocess.run(command, env=environment, check=False, timeout=120)
    assert done.returncode == -9
    whole = tuned()
    before = len(invented)
    resumed = tuned(tmp_path / "run")
    assert len(invented) - before == before - (training - 1)
    assert told(resumed) == told(whole)
    assert resumed.finalists == whole.finalists
    assert resumed.config.to_dict() == whole.config.to_dict()


def test_a_real_search_repeats():
    arguments = {"trials": 2, "finalists": 1, "fresh_seeds": 2}
    one, two = tuned(**arguments), tuned(**arguments)
    assert told(one) == told(two)
    assert one.finalists == two.finalists


def test_nothing_better_leaves_the_configuration(invented):
    space = {"scale_factor": CategoricalDistribution([0.25, 1.0])}
    tuning = tuned(search_space=space, trials=2)
    assert tuning.chosen.name == GIVEN
    assert tuning.config.to_dict() == CONFIG.to_dict()
    assert "stays as given" in tuning.verdict


def test_a_rival_that_was_better_is_told_and_not_taken(invented):
    class Lucky(optuna.samplers.RandomSampler):
        def sample_independent(self, study, trial, name, distribution):
            return "dot" if name == "metric_layer_0" else 2.0

    tuning = tuned(sampler="random", compare=[Lucky()], trials=2)
    assert tuning.chosen.name == GIVEN or tuning.chosen.name.startswith("random")
    assert any("Lucky, trial 1 has a lower validation loss" in note for note in tuning.notes)


def test_several_objectives_have_a_front(invented, monkeypatch):
    monkeypatch.setattr(
        AttentionObjective, "_costs", lambda self, loss: {"memory": 10.0 - 3.0 * loss, "latency": 1.0}
    )
    tuning = tuned(objectives=["loss", "memory"])
    assert len(tuning.study.best_trials) > 1
    assert all(len(one.trial_values) == 2 for one in tuning.finalists[1:])
    assert "no other beats" in tuning_page(tuning)


def tuning_page(tuning) -> str:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return tuning.report(Path(folder) / "page.html").read_text()


def test_qaoa_minimizes_the_surrogate(invented):
    solver = QAOA(mixer="xy-exact", circuit_qubits=0, depth=1)
    tuning = tuned(solver=solver, trials=12)
    solvers = {
        trial.system_attrs["hybrid_opt:proposal"]["solver"]
        for trial in tuning.study.trials
        if "hybrid_opt:proposal" in trial.system_attrs
    }
    assert "qaoa (xy-exact)" in solvers
    assert (tuning.sampler, list(tuning.rivals)) == ("qubo by qaoa (xy-exact)", ["qubo"])
    (label,) = [note for note in tuning.notes if note.startswith(f"{tuning.sampler}: ")]
    for words in ("qubits", "1 layers", "shots", "samples counted in all"):
        assert words in label
    assert tuning.to_dict()["quantum"] == label.removeprefix(f"{tuning.sampler}: ")


def test_a_classical_solver_of_the_surrogate_needs_nobody_beside_it(invented):
    tuning = tuned(solver="exact", trials=2)
    assert (tuning.sampler, tuning.rivals, tuning.quantum) == ("qubo by exact", {}, "")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trials": 0}, "trials is 0"),
        ({"finalists": -1}, "finalists is -1"),
        ({"fresh_seeds": 1}, "fresh_seeds is 1"),
        ({"sampler": "bayes"}, "sampler is 'bayes'"),
        ({"compare": ["qubo"]}, "'qubo' is named twice"),
        ({"compare": "bayes"}, "compare is 'bayes'"),
        ({"sampler": "tpe", "solver": "exact"}, "solver is 'exact' and the sampler 'tpe' has none"),
        ({"search_space": {"metric": CategoricalDistribution(["l1"])}}, "single point"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_calls_are_refused_and_leave_no_search(settings, message, tmp_path):
    with pytest.raises(OptionError, match=message):
        tuned(tmp_path, **settings)
    assert not (tmp_path / "tuning.json").exists()
    assert not (tmp_path / "trials.db").exists()


def test_a_grid_too_large_for_the_solver_is_refused(invented):
    wide = {f"scale_factor_layer_{i}": FloatDistribution(0.5, 2.0) for i in range(12)}
    config = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=12)
    with pytest.raises(ModelTooLargeError, match="244,140,625 points"):
        tune_attention(
            config, DATA, training=TRAINING, search_space=wide, solver=QAOA(mixer="xy-exact"), seed=1
        )


def test_another_search_in_the_folder_is_refused(invented, tmp_path):
    tuned(tmp_path)
    with pytest.raises(OptionError, match="differs in training"):
        tuned(tmp_path, training=TRAINING.replaced(max_steps=5))
    with pytest.raises(OptionError, match="differs in seed"):
        tuned(tmp_path, seed=9)


def test_a_search_goes_on_with_its_number_of_threads_only(invented, tmp_path):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        tuned(tmp_path)
        assert json.loads((tmp_path / FACTS).read_text())["threads"] == 2
        with pytest.raises(OptionError, match=r"threads \(2 there, 1 here, see torch.set_num_threads\)"):
            tuned(tmp_path, cluster=InTurn())
        torch.set_num_threads(1)
        with pytest.raises(OptionError, match="2 there, 1 here"):
            tuned(tmp_path)
        other = tuned(tmp_path / "one")
        asked = len(invented)
        torch.set_num_threads(2)
        assert tuned(tmp_path / "one", cluster=InTurn()).losses() == other.losses()
        assert len(invented) == asked
    finally:
        torch.set_num_threads(before)
