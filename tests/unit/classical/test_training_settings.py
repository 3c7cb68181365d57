"""Settings of a run: what is legal, what is not, and YAML."""

import pytest

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.training_settings import TrainingSettings, check_names, read_yaml


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch_size", 0),
        ("batch_size", 2.0),
        ("batch_size", True),
        ("gradient_accumulation", 0),
        ("logging_steps", 0),
        ("keep_checkpoints", 0),
        ("max_steps", 0),
        ("early_stopping_patience", -1),
        ("eval_steps", 0),
        ("save_steps", 1.5),
        ("seed", -1),
        ("seed", 2**32),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", "fast"),
        ("num_epochs", 0),
        ("max_grad_norm", 0),
        ("weight_decay", -0.1),
        ("warmup_ratio", 1.0),
        ("warmup_ratio", -0.1),
        ("schedule", "linear"),
        ("precision", "int8"),
        ("gradient_checkpointing", 1),
    ],
)
def test_an_illegal_value_is_named(field, value):
    with pytest.raises(ConfigurationError, match=field):
        TrainingSettings(**{field: value})


def test_one_cycle_needs_a_warm_up():
    with pytest.raises(ConfigurationError, match="warmup_ratio"):
        TrainingSettings(schedule="one_cycle", warmup_ratio=0.0)


def test_examples_of_a_step_count_accumulated_batches():
    assert TrainingSettings(batch_size=4, gradient_accumulation=3).examples_per_step == 12


def test_dictionary_and_back():
    settings = TrainingSettings(max_steps=7, precision="bfloat16")
    assert TrainingSettings.from_dict(settings.to_dict()) == settings


def test_yaml_section_and_top_level(tmp_path):
    whole, part = tmp_path / "run.yaml", tmp_path / "settings.yaml"
    whole.write_text("data: digits\ntraining:\n  learning_rate: 1e-4\n  max_steps: 3\n")
    part.write_text("learning_rate: 1e-4\nmax_steps: 3\n")
    assert TrainingSettings.from_yaml(whole) == TrainingSettings.from_yaml(part)
    assert TrainingSettings.from_yaml(whole).learning_rate == 1e-4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("batchsize: 4", "did you mean 'batch_size'"),
        ("training: 3", "mapping"),
        ("[1, 2]", "mapping"),
        ("a: [1", "no YAML"),
        ("seed: x", "seed"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path, text, words):
    path = tmp_path / "run.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        TrainingSettings.from_yaml(path)
    assert "run.yaml" in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_yaml(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_yaml(tmp_path / "bytes.yaml")
    (tmp_path / "empty.yaml").write_text("")
    assert read_yaml(tmp_path / "empty.yaml") == {}


def test_a_name_with_no_neighbor_gets_the_list():
    with pytest.raises(ConfigurationError, match="legal are alpha, beta"):
        check_names(["zzzz"], ["alpha", "beta"], "setting")
