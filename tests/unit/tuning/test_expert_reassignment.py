"""Routers set again while a model trains: when, by what, repeatable, and what is refused."""

import pytest
import torch

from hybrid_opt.classical import DistanceEncoderForSequenceClassification, TrainingSettings, load_data
from hybrid_opt.classical.distance_trainer import DistanceTrainer, trainer_arguments
from hybrid_opt.classical.short_training import train_without_files
from hybrid_opt.errors import OptionError
from hybrid_opt.tuning.expert_layers import expert_layer
from hybrid_opt.tuning.expert_reassignment import ExpertReassignment

DATA = load_data("wine", seed=0)


def made(**settings):
    torch.manual_seed(0)
    given = {"feed_forward": "moe", "moe": {"num_experts": 2, "top_k": 1, "balance": "none"}, **settings}
    config = DATA.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=2, **given)
    return DistanceEncoderForSequenceClassification(config)


def trained(callback, steps=5, folder="unused"):
    model, settings = made(), TrainingSettings(max_steps=steps, batch_size=8)
    arguments = trainer_arguments(settings, len(DATA.train), str(folder), unused=True, save=False)
    trainer = DistanceTrainer(model, arguments, DATA, settings, [callback])
    trainer.train()
    return model, trainer


def again(**settings):
    return ExpertReassignment(DATA, **{"n_clusters": 4, "every": 2, "examples": 16, "seed": 3, **settings})


def test_every_second_step_but_the_last_each_layer_is_set(tmp_path):
    callback = again()
    trained(callback, 6, tmp_path)
    assert [(entry.step, entry.layer) for entry in callback.history] == [(2, 0), (2, 1), (4, 0), (4, 1)]
    assert all(entry.status == "optimal" and entry.method == "milp" for entry in callback.history)
    assert callback.to_dict()[0]["step"] == 2
    assert {entry["seed"] for entry in callback.to_dict()} == {3}


def test_it_stops_where_it_is_told_and_leaves_other_layers_alone(tmp_path):
    callback = again(until=2, layers=[1])
    trained(callback, 6, tmp_path)
    assert [(entry.step, entry.layer) for entry in callback.history] == [(2, 1)]


def test_the_same_seed_gives_the_same_weights_and_another_router_than_without(tmp_path):
    first, second = (trained(again(), 5, tmp_path)[0] for _ in range(2))
    plain = made()
    train_without_files(plain, DATA, TrainingSettings(max_steps=5, batch_size=8))
    weights = [expert_layer(model, 0).router.weight for model in (first, second, plain)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.allclose(weights[0], weights[2], atol=0.05)


def test_the_optimizer_forgets_the_old_router(tmp_path):
    seen = []

    class Watch(ExpertReassignment):
        def on_step_end(self, args, state, control, **named):
            super().on_step_end(args, state, control, **named)
            router = expert_layer(named["model"], 0).router
            seen.append(router.weight in named["optimizer"].state)

    trained(Watch(DATA, n_clusters=4, every=3, examples=16, seed=0), 4, tmp_path)
    assert seen == [True, True, False, True]


def test_what_it_runs_is_not_counted():
    model = made().train()
    before = expert_layer(model, 0).statistics().passes
    answer = again().assign(model, 1)
    assert answer.layer == 1
    assert expert_layer(model, 0).statistics().passes == before
    assert model.training


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_clusters": 1}, "n_clusters"),
        ({"every": 0}, "every"),
        ({"until": 0}, "until"),
        ({"capacity_factor": 0.5}, "capacity_factor is 0.5; it must be at least 1"),
        ({"co_weight": -1}, "co_weight is -1"),
        ({"sim_weight": "much"}, "sim_weight is 'much'"),
        ({"examples": 0}, "examples is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"time_limit": -1}, "time_limit is -1"),
        ({"margin": -1.0}, "margin is -1.0; it must be a finite number above 0"),
        ({"method": "foo"}, "method is 'foo'; legal are auto, assignment"),
        ({"method": None}, "method is None"),
        ({"layers": 0}, "layers is 0; give a list of numbers"),
        ({"layers": []}, r"layers is \[\], which is empty"),
        ({"layers": [-1]}, "layers is -1"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(OptionError, match=message):
        again(**settings)


@pytest.mark.parametrize(
    ("settings", "model", "message"),
    [
        ({"layers": [7]}, {}, "layer is 7; layers with experts are 0, 1"),
        ({}, {"router": {"name": "cosine"}}, "layer 0 has a CosineRouter; only a SoftmaxRouter is set"),
        ({"data": None}, {}, "data"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_before_it_trains(settings, model, message):
    callback = again()
    callback.data = settings.pop("data", DATA)
    callback.layers = settings.get("layers")
    with pytest.raises(OptionError, match=message):
        callback.on_train_begin(None, None, None, model=made(**model))


def test_a_quantum_method_has_uniform_draws_beside_it():
    entry = again(method="qaoa").assign(made(), 0)
    assert (entry.method, entry.control) == ("qaoa (xy-exact)", "uniform (equal samples)")
    assert entry.samples > 10_000
    assert (entry.feasible, entry.control_feasible) == (True, True)
    assert entry.objective == pytest.approx(entry.control_objective)
    alone = again().assign(made(), 0)
    assert (alone.control, alone.control_objective, alone.control_feasible) == ("", None, None)
    assert alone.objective == pytest.approx(entry.objective)


@pytest.mark.parametrize("layers", [None, [0]])
def test_a_model_without_experts_is_refused_before_it_trains(layers):
    model = made(feed_forward="dense", moe=None)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(OptionError, match="has no layer with experts"):
        again(layers=layers).on_train_begin(None, None, None, model=model)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize("cut_row", [0, 1])
def test_ctrl_c_inside_a_method_or_its_control_ends_the_training(cut_row, monkeypatch):
    from dataclasses import replace

    from hybrid_opt.tuning import expert_reassignment

    found = expert_reassignment.assign_experts

    def cut(*given, **named):
        row = found(*given, **named).rows[0]
        rows = [replace(row, interrupted=number == cut_row) for number in range(cut_row + 1)]
        return replace(found(*given, **named), rows=tuple(rows))

    monkeypatch.setattr(expert_reassignment, "assign_experts", cut)
    data = load_data("wine", seed=0)
    experts = {"feed_forward": "moe", "moe": {"num_experts": 2, "top_k": 1}}
    config = data.config(hidden_size=8, num_attention_heads=2, num_hidden_layers=1, **experts)
    model = DistanceEncoderForSequenceClassification(config)
    again = ExpertReassignment(data, n_clusters=3, every=1, examples=16, seed=0)
    with pytest.raises(KeyboardInterrupt):
        again.assign(model, 0)
    assert again.history == []
