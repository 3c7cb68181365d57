"""The file for training with what was chosen."""

from __future__ import annotations

import pytest

from hybrid_opt.classical.training_run import TrainingRun
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.attention_settings import apply_settings
from hybrid_opt.tuning.tuned_run import tuned_run, write_run

RUN = TrainingRun(
    {"source": "wine"}, {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2}
).changed(training={"max_steps": 7})


class Answer:
    """The parts of an answer that the file needs."""

    def __init__(self, params) -> None:
        config = RUN.load().config(**RUN.model)
        self.objective = type("Objective", (), {"config": config})
        self.config, self.training = apply_settings(params, config, RUN.training)


def test_chosen_settings_and_all_others_are_there(tmp_path):
    params = {"metric_layer_1": "dot", "scale_factor": 2.0, "learning_rate": 0.02}
    path = write_run(tuned_run(RUN, Answer(params)), tmp_path / "run.yaml")
    again = TrainingRun.from_yaml(path)
    assert again.data == RUN.data
    assert again.model == {**RUN.model, "metric": [["l1", "l1"], ["dot", "dot"]], "scale_factor": 2.0}
    assert again.training == TrainingSettings(max_steps=7, learning_rate=0.02)
    config = again.build(again.load()).config
    assert (config.layer_metric(1), config.scale_factor) == (["dot", "dot"], 2.0)


def test_nothing_chosen_is_the_run_itself(tmp_path):
    assert tuned_run(RUN, Answer({})) == RUN


def test_a_place_that_is_none_is_told(tmp_path):
    with pytest.raises(OptionError, match="does not exist"):
        write_run(RUN, tmp_path / "no" / "run.yaml")
