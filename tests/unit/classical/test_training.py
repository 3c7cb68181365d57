"""Training end to end, tiny: what comes out, what is repeatable, what is refused, what is left alone."""

from __future__ import annotations

import gc
import json
import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, TrainerCallback

from hybrid_opt.classical.data_registry import load_data
from hybrid_opt.classical.errors import ConfigurationError, TrainingError
from hybrid_opt.classical.evaluation import evaluate
from hybrid_opt.classical.gpt import DistanceGPT
from hybrid_opt.classical.language_data import build_language_data
from hybrid_opt.classical.text_sources import Document
from hybrid_opt.classical.trained_folder import load_trained, model_class
from hybrid_opt.classical.training import train
from hybrid_opt.classical.training_result import TrainingResult
from hybrid_opt.classical.training_settings import TrainingSettings

SETTINGS = TrainingSettings(batch_size=8, max_steps=6, eval_steps=3, save_steps=2, logging_steps=2)


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Half of a tiny run would go into garbage of other modules and a picture that is tested elsewhere."""
    gc.collect()
    gc.freeze()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TrainingResult, "plot", lambda self, path: Path(path).touch())
        yield
    gc.unfreeze()


def letters():
    draw = random.Random(0)
    texts = ["".join(draw.choice("abcde ") for _ in range(120)) for _ in range(20)]
    documents = [Document(f"d{number}", text) for number, text in enumerate(texts)]
    return build_language_data("letters", documents, tokenizer="characters", sequence_length=12)


DATA = letters()


def gpt(data=DATA, **settings):
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2, "metric": "l2"}
    torch.manual_seed(0)
    return DistanceGPT(data.config(**{**sizes, **settings}))


def same(first, second):
    pairs = zip(first.state_dict().items(), second.state_dict().items(), strict=True)
    return all(name == other and torch.equal(ours, theirs) for (name, ours), (other, theirs) in pairs)


def largest_difference(first, second):
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return max(float((ours - theirs).detach().abs().max()) for ours, theirs in pairs)


def test_a_run_writes_its_folder_and_nothing_else(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen = []
    result = train(gpt(), DATA, "run", SETTINGS, progress=lambda share, text: seen.append((share, text)))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        "checkpoints",
        "config.json",
        "curves.png",
        "data.json",
        "generation_config.json",
        "metrics.json",
        "metrics.jsonl",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    }
    checkpoints = sorted(path.name for path in result.checkpoints.iterdir())
    assert checkpoints == ["checkpoint-4", "checkpoint-6"]
    assert seen[-1][0] == 1.0
    assert capfd.readouterr() == ("", "")
    assert result.history.index.tolist() == [2, 3, 4, 6]
    assert result.history["validation_loss"].notna().tolist() == [False, True, False, True]
    assert (result.steps, result.best_step, result.interrupted, result.resumed_from) == (6, 6, False, 0)
    assert result.tokens_per_second > 0
    assert result.peak_memory_bytes > 2**20
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in lines if "loss" in line] == result.history["loss"].dropna().tolist()


def test_it_learns(tmp_path):
    texts = [Document(f"d{number}", "abcd" * 30) for number in range(6)]
    data = build_language_data("cycle", texts, tokenizer="characters", sequence_length=12)
    settings = SETTINGS.replaced(max_steps=40, learning_rate=1e-2, eval_steps=40, save_steps=40)
    result = train(gpt(data), data, tmp_path, settings)
    assert result.final_validation_loss < 0.3
    assert result.history["loss"].iloc[0] > 1.0


def test_the_same_seed_gives_the_same_bits(tmp_path):
    models = [gpt(hidden_dropout=0.1, attention_dropout=0.1) for _ in range(2)]
    results = []
    for number, model in enumerate(models):
        torch.manual_seed(number)  # the caller's own numbers play no part
        results.append(train(model, DATA, tmp_path / str(number), SETTINGS))
    assert results[0].history.equals(results[1].history)
    assert same(*models)
    other = gpt(hidden_dropout=0.1, attention_dropout=0.1)
    train(other, DATA, tmp_path / "other", SETTINGS.replaced(seed=1))
    assert not same(models[0], other)


def test_what_it_leaves_alone(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    model = gpt()
    torch.manual_seed(3)
    train(model, DATA, tmp_path, SETTINGS)
    assert torch.equal(torch.rand(3), expected)
    assert signal.getsignal(signal.SIGINT) is before
    assert model.config.use_cache
    assert json.loads((tmp_path / "config.json").read_text())["use_cache"]
    assert not model.training


@pytest.mark.parametrize("make", [gpt, lambda: GPT2LMHeadModel(gpt2_config())], ids=["ours", "gpt2"])
def test_accumulated_batches_make_the_step_of_the_large_one(tmp_path, make):
    models = []
    for batch, accumulation in ((8, 1), (2, 4)):
        torch.manual_seed(0)
        models.append(make())
        settings = SETTINGS.replaced(batch_size=batch, gradient_accumulation=accumulation, max_steps=3)
        train(models[-1], DATA, tmp_path / str(batch), settings)
    # Adam divides by the size of the gradient: a wrong factor would not show, another direction does.
    assert 0 < largest_difference(*models) < 2e-6


def gpt2_config():
    return GPT2Config(
        vocab_size=DATA.vocab_size,
        n_positions=12,
        n_embd=16,
        n_layer=1,
        n_head=2,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=1,
        eos_token_id=2,
    )


def test_accumulation_weighs_by_labels_not_by_batches(tmp_path):
    # Rows predict 1 to 16 tokens; an unweighted mean of means would differ by percents.
    data = load_data("unicode_names", limit=300, sequence_length=24)
    masked = [dict(data.train[number]) for number in range(16)]
    for number, example in enumerate(masked):
        example["labels"] = example["input_ids"].clone()
        example["labels"][2 + number :] = -100

    rows = replace(data, task="causal_lm", train=masked, validation=masked, labels=())
    losses = []
    for batch, accumulation in ((16, 1), (4, 4)):
        torch.manual_seed(0)
        sizes = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "metric": "l2"}
        settings = SETTINGS.replaced(
            batch_size=batch, gradient_accumulation=accumulation, max_steps=1, logging_steps=1, eval_steps=1
        )
        model = DistanceGPT(rows.config(**sizes))
        result = train(model, rows, tmp_path / str(batch), settings)
        losses.append((result.final_loss, result.history["gradient_norm"].iloc[0]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_gradients_are_clipped(tmp_path):
    class Norms(TrainerCallback):
        seen = []  # noqa: RUF012

        def on_pre_optimizer_step(self, args, state, control, model=None, **named):
            gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
            self.seen.append(float(torch.stack([one.norm() for one in gradients]).norm()))

    settings = SETTINGS.replaced(max_grad_norm=0.01, max_steps=2, logging_steps=1)
    result = train(gpt(), DATA, tmp_path, settings, callbacks=[Norms()])
    assert Norms.seen == pytest.approx([0.01, 0.01], rel=1e-3)
    assert (result.history["gradient_norm"] > 0.1).all()


def test_bfloat16_trains_and_leaves_a_plain_model(tmp_path):
    exact, coarse = gpt(), gpt()
    expected = train(exact, DATA, tmp_path / "exact", SETTINGS)
    result = train(coarse, DATA, tmp_path / "coarse", SETTINGS.replaced(precision="bfloat16"))
    assert 1e-7 < largest_difference(exact, coarse) < 0.05
    assert {parameter.dtype for parameter in coarse.parameters()} == {torch.float32}
    assert coarse(**{name: value[None] for name, value in DATA.test[0].items()}).logits.dtype == torch.float32
    assert "_original_forward" not in vars(coarse)
    assert result.final_loss == pytest.approx(expected.final_loss, abs=0.01)
    again = gpt()  # a later run in full precision is not touched by it
    train(again, DATA, tmp_path / "again", SETTINGS)
    assert same(exact, again)


def test_recomputing_activations_gives_the_same_weights(tmp_path):
    plain, recomputed = gpt(hidden_dropout=0.1), gpt(hidden_dropout=0.1)
    train(plain, DATA, tmp_path / "plain", SETTINGS)
    train(recomputed, DATA, tmp_path / "recomputed", SETTINGS.replaced(gradient_checkpointing=True))
    assert largest_difference(plain, recomputed) < 1e-6
    assert not recomputed.is_activation_checkpointing


def test_early_stopping_keeps_the_best_weights(tmp_path):
    # Labels without a rule: the validation loss only grows once the model learns them by heart.
    settings = SETTINGS.replaced(
        max_steps=200,
        learning_rate=0.03,
        eval_steps=2,
        save_steps=100,
        early_stopping_patience=3,
        schedule="constant",
        keep_checkpoints=1,
    )
    model = gpt(hidden_size=32)
    result = train(model, DATA, tmp_path, settings)
    assert result.steps < 200
    losses = result.history["validation_loss"].dropna()
    assert result.best_step == losses.idxmin()
    assert result.steps - result.best_step == 6
    assert evaluate(model, DATA, "validation").loss == pytest.approx(result.best_validation_loss, rel=1e-6)


def test_ctrl_c_saves_and_the_next_call_ends_the_run(tmp_path):
    class PressKeys(TrainerCallback):
        def on_step_begin(self, args, state, control, **named):
            if state.global_step == 2:
                signal.raise_signal(signal.SIGINT)

    whole, parts = gpt(hidden_dropout=0.1), gpt(hidden_dropout=0.1)
    train(whole, DATA, tmp_path / "whole", SETTINGS)
    result = train(parts, DATA, tmp_path / "parts", SETTINGS, callbacks=[PressKeys()])
    assert result.interrupted
    assert result.steps == 3
    assert not (tmp_path / "parts" / "model.safetensors").exists()
    assert json.loads((tmp_path / "parts" / "metrics.json").read_text())["interrupted"]
    parts = gpt(hidden_dropout=0.1)
    result = train(parts, DATA, tmp_path / "parts", SETTINGS)
    assert (result.interrupted, result.resumed_from, result.steps) == (False, 3, 6)
    assert same(whole, parts)


def test_norms_biases_scales_and_exponents_do_not_decay(tmp_path):
    groups = {}

    class Look(TrainerCallback):
        def on_train_begin(self, args, state, control, model=None, optimizer=None, **named):
            names = {id(parameter): name for name, parameter in model.named_parameters()}
            for group in optimizer.param_groups:
                groups.setdefault(group["weight_decay"], set()).update(
                    names[id(one)] for one in group["params"]
                )

    model = gpt(metric="lp", metric_p=2.5, learn_p=True)
    train(model, DATA, tmp_path, SETTINGS.replaced(weight_decay=0.2, max_steps=1), callbacks=[Look()])
    assert set(groups) == {0.2, 0.0}
    free = ("bias", "norm", "log_scale_ratio", "p_excess")
    for name, parameter in model.named_parameters():
        decays = not name.endswith(free) and "norm" not in name
        assert name in groups[0.2 if decays else 0.0], name
        assert parameter.requires_grad


@pytest.mark.parametrize("name", ["wine", "digits", "seasonal", "masked", "sort"])
def test_other_tasks(tmp_path, name):
    data = {
        "wine": lambda: load_data("wine"),
        "digits": lambda: load_data("digits", limit=120),
        "sort": lambda: load_data("sort", limit=40),
        "seasonal": lambda: load_data("seasonal", limit=300),
        "masked": lambda: load_data(
            "pydoc_topics", task="masked_lm", tokenizer="characters", limit=4, sequence_length=32
        ),
    }[name]()
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "metric": "l2"}
    model = model_class(data.task).from_config(data.config(**sizes))
    result = train(model, data, tmp_path, SETTINGS.replaced(max_steps=2, eval_steps=2))
    assert result.final_loss > 0
    assert result.final_validation_loss > 0
    assert ("validation_accuracy" in result.history) == (name != "seasonal")
    expected = evaluate(model, data, "validation", batch_size=3, baselines=False).loss
    assert result.final_validation_loss == pytest.approx(expected, rel=1e-5)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    model = gpt()
    with torch.no_grad():
        model.lm_head.weight[0, 0] = float("nan")
    with pytest.raises(TrainingError, match=r"nan at step 1; lower learning_rate"):
        train(model, DATA, tmp_path, SETTINGS)


def test_weights_that_are_no_numbers_are_called_so_whatever_stumbles_over_them(tmp_path):
    class Break(TrainerCallback):
        def on_step_end(self, args, state, control, model=None, **named):
            with torch.no_grad():
                model.attention_layers()[0].log_scale_ratio.fill_(float("nan"))

    with pytest.raises(TrainingError, match=r"nan at step 2"):
        train(gpt(), DATA, tmp_path, SETTINGS, callbacks=[Break()])


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"batch_size": 10_000}, TrainingError, "batch_size of at most"),
        ({"precision": "float16"}, ConfigurationError, "bfloat16"),
        ({"schedule": "one_cycle", "max_steps": 1}, ConfigurationError, "one_cycle"),
    ],
)
def test_settings_that_cannot_be_used_here(tmp_path, changes, error, words):
    if changes.get("precision") and torch.cuda.is_available():
        pytest.skip("a GPU takes float16")
    with pytest.raises(error, match=words):
        train(gpt(), DATA, tmp_path, SETTINGS.replaced(**changes))


def test_wrong_arguments(tmp_path):
    with pytest.raises(ConfigurationError, match="model of transformers"):
        train(torch.nn.Linear(2, 2), DATA, tmp_path, SETTINGS)
    with pytest.raises(ConfigurationError, match="data must be TaskData; str was given"):
        train(gpt(), "wine", tmp_path, SETTINGS)
    with pytest.raises(ConfigurationError, match="settings must be TrainingSettings; dict was given"):
        train(gpt(), DATA, tmp_path, {})
    with pytest.raises(ConfigurationError, match="'auto' and False"):
        train(gpt(), DATA, tmp_path, SETTINGS, resume="yes")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="is a file"):
        train(gpt(), DATA, tmp_path / "file", SETTINGS)
    other = tmp_path / "other"
    other.mkdir()
    for name in ("config.json", "model.safetensors"):
        (other / name).write_text("{}")
    with pytest.raises(ConfigurationError, match="something else"):
        train(gpt(), DATA, other, SETTINGS)
    with pytest.raises(ConfigurationError, match="something else"):
        train(gpt(), DATA, other, SETTINGS, resume=False)
    assert {path.name: path.read_text() for path in other.iterdir()} == {
        "config.json": "{}",
        "model.safetensors": "{}",
    }


def test_a_kill_while_the_model_is_written_leaves_no_half_of_it(tmp_path, monkeypatch):
    model = gpt()
    whole = type(model).save_pretrained

    def cut_short(self, target, **named):
        whole(self, target, **named)
        if "checkpoint-" not in str(target):
            (Path(target) / "model.safetensors").write_bytes(b"half")
            raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(type(model), "save_pretrained", cut_short)
        with pytest.raises(SystemExit):
            train(model, DATA, tmp_path, SETTINGS)
    assert not (tmp_path / "model.safetensors").exists()
    assert load_trained(tmp_path).step == SETTINGS.max_steps
    train(gpt(), DATA, tmp_path, SETTINGS)
    assert load_trained(tmp_path).step is None
    assert not (tmp_path / "model.part").exists()


@pytest.mark.parametrize("resume", ["auto", False])
def test_checkpoints_of_something_else_are_not_removed(tmp_path, resume):
    checkpoint = tmp_path / "checkpoints" / "checkpoint-500"
    checkpoint.mkdir(parents=True)
    (checkpoint / "model.safetensors").write_bytes(b"weeks of work")
    with pytest.raises(ConfigurationError, match="checkpoints/checkpoint-500 of something else"):
        train(gpt(), DATA, tmp_path, SETTINGS, resume=resume)
    assert (checkpoint / "model.safetensors").read_bytes() == b"weeks of work"
