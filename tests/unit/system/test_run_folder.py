"""The folder of a run: whole files, one process at a time."""

from __future__ import annotations

import pytest
import torch

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.training_settings import TrainingSettings
from hybrid_opt.errors import OptionError
from hybrid_opt.system.recipe import Recipe
from hybrid_opt.system.recipe_training import TrainingRecord
from hybrid_opt.system.run_folder import RunFolder

DATA = load_data("wine")
ONE = Recipe.of(DATA.config(hidden_size=8, num_attention_heads=2), TrainingSettings())
TWO = ONE.with_training(learning_rate=0.5)


def test_what_is_kept_is_read_again(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.claim({"seed": 1, "keep": 0.5})
    record = TrainingRecord(0.5, 1.0, circuits={"runs": 3})
    folder.keep_training(ONE, 7, record)
    folder.keep_test(ONE, 8, {"validation": 0.5, "test": None})
    folder.keep_step(0, {"name": "a"})
    folder.keep_step(1, {"name": "b"})
    folder.keep_step(0, {"name": "c"})
    folder.keep_model_facts(ONE, {"bytes": 3})
    again = RunFolder(tmp_path / "run")
    assert again.training(ONE, 7) == record
    assert again.training(ONE, 8) is again.training(TWO, 7) is None
    assert again.test(ONE, 8) == {"validation": 0.5, "test": None}
    assert [again.step(number) for number in range(3)] == [{"name": "c"}, {"name": "b"}, None]
    assert again.model_facts(ONE) == {"bytes": 3}
    assert again.training(ONE, 7).memory is None


def test_weights_of_other_recipes_go(tmp_path):
    folder = RunFolder(tmp_path)
    model = torch.nn.Linear(2, 1)
    for recipe in (ONE, TWO):
        folder.keep_weights(recipe, 7, model)
    folder.drop_weights(ONE)
    assert folder.weights(TWO, 7) is None
    assert torch.equal(folder.weights(ONE, 7)["weight"], model.weight)
    (place,) = (tmp_path / "weights").iterdir()
    place.write_bytes(b"no weights")
    with pytest.raises(OptionError, match="damaged"):
        folder.weights(ONE, 7)


def test_another_run_is_refused_with_what_differs(tmp_path):
    RunFolder(tmp_path).claim({"model": {"a": 1, "b": 2}, "seed": 1})
    folder = RunFolder(tmp_path)
    folder.claim({"model": {"a": 1, "b": 2}, "seed": 1})
    with pytest.raises(OptionError, match=r"differs in model.b \(2 there, 3 now\); seed \(1 there, 2 now\)"):
        folder.claim({"model": {"a": 1, "b": 3}, "seed": 2})


def test_two_processes_do_not_share_a_folder(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.in_use(), pytest.raises(OptionError, match="in use"), RunFolder(tmp_path).in_use():
        pass


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OptionError, match="cannot be a folder"):
        RunFolder(tmp_path / "file")
