"""Heads close on schedule, may come back, and what is saved computes what was trained."""

from types import SimpleNamespace

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError, TrainingError
from hybrid_opt.classical.evaluation_pass import add_up
from hybrid_opt.classical.head_sparsity import HeadSparsity
from hybrid_opt.classical.masked_head_pruning import prune_masked_heads
from hybrid_opt.classical.trained_folder import load_trained, model_class
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_settings import TrainingSettings

DATA = load_data("wine")
SETTINGS = TrainingSettings(max_steps=12, batch_size=8, eval_steps=6, save_steps=6, logging_steps=6)
STATE = SimpleNamespace(max_steps=20, global_step=0)


def model_of(layers=2, heads=4, **settings):
    torch.manual_seed(0)
    config = DATA.config(
        hidden_size=8, num_attention_heads=heads, num_hidden_layers=layers, **settings
    )
    return model_class(DATA.task).from_config(config)


def loss_of(model):
    return add_up(model, DATA.test, DATA.task).mean_loss


def test_heads_close_on_schedule_and_the_smaller_model_is_the_same(tmp_path):
    settings = SETTINGS.replaced(callbacks={"head_sparsity": {"target": 0.5, "interval": 3, "end": 0.8}})
    model = model_of()
    result = train(model, DATA, tmp_path / "run", settings)
    history = result.callbacks["head_sparsity"]["history"]
    assert [entry["step"] for entry in history] == [2, 5, 8, 10]
    assert [round(8 * entry["share"]) for entry in history] == [0, 3, 3, 4]
    mask = model.head_mask()
    assert int((mask == 0).sum()) == 4
    assert bool((mask.sum(1) >= 1).all())
    closed = [[head for head, value in enumerate(row) if value == 0] for row in mask.tolist()]
    assert closed == history[-1]["closed"]
    assert not any(layer._forward_pre_hooks or layer._forward_hooks for layer in model.attention_layers())
    saved = load_trained(tmp_path / "run").model
    assert torch.equal(saved.head_mask(), mask)
    before, size = loss_of(saved), sum(parameter.numel() for parameter in saved.parameters())
    pruned = prune_masked_heads(saved)
    assert loss_of(pruned) == pytest.approx(before, abs=1e-6)
    assert sum(parameter.numel() for parameter in pruned.parameters()) < size
    pruned.save_pretrained(tmp_path / "small")
    assert loss_of(type(pruned).from_pretrained(tmp_path / "small")) == pytest.approx(before, abs=1e-6)


def prepared(model, **settings):
    """A callback that has begun, for choices by hand."""
    callback = HeadSparsity(**{"begin": 0.1, "end": 1.0, "interval": 1, "memory": 0.0, **settings})
    callback.on_train_begin(None, STATE, None, model=model)
    return callback


def choose(callback, step, measured):
    callback.measured, callback.measured_times = measured, 1
    callback.on_step_end(None, SimpleNamespace(global_step=step), None)


def test_a_head_whose_importance_has_risen_comes_back():
    model = model_of(heads=2)
    callback = prepared(model, target=0.5)
    choose(callback, 15, [[0.1, 0.9], [0.9, 0.8]])
    assert model.head_mask().tolist() == [[0, 1], [1, 1]]
    choose(callback, 16, [[0.9, 0.8], [0.1, 0.9]])
    assert model.head_mask().tolist() == [[1, 1], [0, 1]]
    assert callback.history[-1]["came_back"] == 1
    choose(callback, 20, [[0.9, 0.8], [0.1, 0.9]])
    assert model.head_mask().tolist() == [[1, 0], [0, 1]]
    choose(callback, 21, [[0.1, 0.8], [0.9, 0.1]])  # after the end nothing moves
    assert model.head_mask().tolist() == [[1, 0], [0, 1]]


def test_layers_are_compared_by_normalized_importance_or_as_they_are():
    small_gradients = [[0.01, 0.02], [1.0, 0.1]]
    callback = prepared(model_of(heads=2), target=0.25)
    choose(callback, 20, small_gradients)
    assert callback.history[-1]["closed"] == [[], [1]]
    callback = prepared(model_of(heads=2), target=0.25, normalize=False)
    choose(callback, 20, small_gradients)
    assert callback.history[-1]["closed"] == [[0], []]


def test_earlier_importance_is_remembered():
    callback = prepared(model_of(heads=2), target=0.25, memory=0.5, normalize=False)
    choose(callback, 18, [[1.0, 0.0], [1.0, 1.0]])
    choose(callback, 19, [[0.0, 1.0], [1.0, 1.0]])
    assert callback.importance == [[0.5, 0.5], [1.0, 1.0]]


def test_measured_are_the_steps_before_a_choice():
    callback = prepared(model_of(), target=0.5, interval=5, measured_steps=2)
    listening = []
    for done in range(12):
        callback.on_step_begin(None, SimpleNamespace(global_step=done), None)
        listening.append(callback._listening)
        callback.release()
    assert [step + 1 for step, on in enumerate(listening) if on] == [1, 2, 6, 7, 11, 12]


def test_heads_closed_before_count():
    model = model_of(heads=2)
    model.set_head_mask(torch.tensor([[1, 0], [1, 1]]))
    callback = prepared(model, target=0.25)
    assert callback.closed_at_first == 1
    choose(callback, 2, [[0.5, 0.4], [0.1, 0.9]])
    assert model.head_mask().tolist() == [[1, 1], [0, 1]]


@pytest.mark.parametrize(
    ("target", "mask", "words"),
    [
        (0.1, None, "a target of 0.1 of 4 heads is 0"),
        (0.9, None, "at most 2 can go"),
        (0.25, [[0, 1], [0, 1]], "2 are closed already"),
        (0.5, [[0.5, 1], [1, 1]], "needs masks of 0 and 1"),
    ],
)
def test_targets_and_masks_that_cannot_be_served(target, mask, words):
    model = model_of(heads=2)
    if mask is not None:
        model.set_head_mask(torch.tensor(mask))
    with pytest.raises(ConfigurationError, match=words):
        prepared(model, target=target)


def test_a_run_too_short_and_another_kind_of_attention():
    with pytest.raises(ConfigurationError, match="which are the same step"):
        HeadSparsity(begin=0.5, end=0.6).on_train_begin(
            None, SimpleNamespace(max_steps=2), None, model=model_of()
        )
    other = GPT2LMHeadModel(GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=2))
    with pytest.raises(ConfigurationError, match="attention of the kind 'gpt2'"):
        prepared(other, target=0.5)


def test_without_gradients_no_head_can_be_ranked(tmp_path):
    model = model_of()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("classifier" in name)
    settings = SETTINGS.replaced(callbacks={"head_sparsity": {"target": 0.5}})
    with pytest.raises(TrainingError, match="no gradient reached any head in the 2 step"):
        train(model, DATA, tmp_path / "run", settings)
    assert not any(layer._forward_pre_hooks for layer in model.attention_layers())
