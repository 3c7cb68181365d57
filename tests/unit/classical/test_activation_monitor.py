"""A monitor counts what ran, once, changes no number of the training, and leaves no hook behind."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from hybrid_opt.classical.activation_alarms import AlarmThresholds
from hybrid_opt.classical.activation_monitor import ActivationMonitor
from hybrid_opt.classical.errors import ConfigurationError, MonitorError


def hooks_of(model: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules())


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    first = (nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2))
    return nn.Sequential(*first, nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))


def train(model: nn.Module, steps: int = 6) -> list[float]:
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    torch.manual_seed(1)
    for _ in range(steps):
        loss = (model(torch.randn(16, 4)) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def rows(monitor: ActivationMonitor, quantity: str) -> dict[str, dict[str, float]]:
    table = monitor.table()
    table = table[table["quantity"] == quantity]
    return {row["module"]: row for row in table.to_dict("records")}


def test_the_numbers_of_one_step():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.ReLU())
    with torch.no_grad():
        model[0].weight.copy_(torch.eye(2))
    with ActivationMonitor(model) as monitor:
        (3 * model(torch.tensor([[1.0, -2.0]]))).sum().backward()
    activations, gradients = rows(monitor, "activation"), rows(monitor, "gradient")
    linear, relu = activations["0"], activations["1"]
    assert (linear["mean"], linear["std"]) == (-0.5, 1.5)
    assert (linear["mean_absolute"], linear["max_absolute"]) == (1.5, 2.0)
    assert (relu["mean"], relu["zero_share"], relu["nonfinite_share"], relu["count"]) == (0.5, 0.5, 0.0, 2)
    assert (gradients["1"]["mean"], gradients["1"]["std"]) == (3.0, 0.0)
    assert (gradients["0"]["mean"], gradients["0"]["zero_share"]) == (1.5, 0.5)
    assert relu["silent_share"] == 0.0  # one step is not ten
    assert (relu["type"], relu["output"], relu["steps"], monitor.steps) == ("ReLU", "", 1, 1)


def test_training_is_the_same_bit_for_bit():
    alone, watched = network(), network()
    expected = train(alone)
    with ActivationMonitor(watched) as monitor:
        assert train(watched) == expected
    for a, b in zip(alone.parameters(), watched.parameters()):
        assert torch.equal(a, b)
    assert monitor.steps == 6
    assert rows(monitor, "gradient")["0"]["steps"] == 6


def test_hooks_are_gone_after_the_block_and_after_an_exception():
    model = network()
    with ActivationMonitor(model):
        assert hooks_of(model) > 0
    assert hooks_of(model) == 0
    monitor = ActivationMonitor(model)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), monitor:
        model(torch.cat([model(torch.randn(2, 4)), torch.ones(2, 4)], 1))
    assert hooks_of(model) == 0
    assert rows(monitor, "activation")["0"]["steps"] == 1


def test_a_backward_pass_after_the_block_is_not_watched():
    model = network()
    with ActivationMonitor(model) as monitor:
        loss = model(torch.randn(2, 4)).sum()
    loss.backward()
    assert rows(monitor, "gradient") == {}
    assert model[0].weight.grad is not None


def test_a_failed_call_does_not_stop_the_counting_of_steps():
    model = network()
    with ActivationMonitor(model) as monitor:
        with pytest.raises(RuntimeError):
            model(torch.randn(2, 5))
        model(torch.randn(2, 4))
        model(torch.randn(2, 4))
    assert monitor.steps == 3
    assert rows(monitor, "activation")["0"]["steps"] == 2


def test_two_monitors_may_be_nested_one_may_not():
    model = network()
    with ActivationMonitor(model) as outer:
        with ActivationMonitor(model, modules=nn.ReLU) as inner:
            model(torch.randn(2, 4))
        with pytest.raises(MonitorError, match="attached already"), outer:
            pass
        model(torch.randn(2, 4))  # the failed entry did not detach the outer one
    assert (outer.steps, inner.steps) == (2, 1)
    assert list(rows(inner, "activation")) == ["1", "4"]


def test_use_before_the_block_twice_and_after_a_reset():
    model = network()
    monitor = ActivationMonitor(model)
    for reading in (monitor.table, monitor.alarms, monitor.plot):
        with pytest.raises(MonitorError, match="seen nothing"):
            reading()
    with pytest.raises(MonitorError, match="inside"):
        monitor.next_step()
    with monitor:
        with pytest.raises(MonitorError, match="seen nothing yet"):
            monitor.plot()
        model(torch.randn(2, 4))
    with pytest.raises(MonitorError, match="used before"), monitor:
        pass
    monitor.reset()
    with monitor:
        model(torch.randn(3, 4))
    assert rows(monitor, "activation")["0"]["count"] == 24


def test_reset_inside_the_block():
    model = network()
    with ActivationMonitor(model) as monitor:
        model(torch.randn(2, 4))
        monitor.reset()
        assert monitor.table().empty
        model(torch.randn(3, 4))
    assert (monitor.steps, rows(monitor, "activation")["0"]["count"]) == (1, 24)


def test_a_module_called_several_times_in_a_step():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.part(self.part(x))

    model = Twice()
    with ActivationMonitor(model) as monitor:
        model(torch.randn(2, 3)).sum().backward()
    assert rows(monitor, "activation")["part"]["count"] == 12
    assert rows(monitor, "gradient")["part"]["count"] == 12
    assert rows(monitor, "activation")["part"]["steps"] == 1


def test_outputs_in_tuples_and_mappings_with_integers():
    class Many(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = nn.LSTM(3, 2, batch_first=True)

        def forward(self, x: Tensor) -> OrderedDict[str, object]:
            out, _ = self.recurrent(x)
            return OrderedDict(loss=out.mean(), ids=out.argmax(-1), out=(out,))

    model = Many()
    with ActivationMonitor(model, modules=["", "recurrent"]) as monitor:
        model(torch.randn(2, 5, 3))["loss"].backward()
    table = monitor.table()
    table = table[table["quantity"] == "activation"]
    seen = {f"{module}:{output}" for module, output in zip(table["module"], table["output"])}
    assert seen == {"recurrent:0", "recurrent:1.0", "recurrent:1.1", ":loss", ":out.0"}


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradient_checkpointing_counts_once(reentrant: bool):
    class Blocks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(3))
            self.save = True

        def forward(self, x: Tensor) -> Tensor:
            for block in self.blocks:
                x = checkpoint(block, x, use_reentrant=reentrant) if self.save else block(x)
            return x

    torch.manual_seed(0)
    model, x = Blocks(), torch.randn(5, 4, requires_grad=True)
    with ActivationMonitor(model) as checkpointed:
        for _ in range(2):
            model(x).square().sum().backward()
    model.save = False
    with ActivationMonitor(model) as plain:
        for _ in range(2):
            model(x).square().sum().backward()
    left, right = (
        monitor.table().sort_values(["quantity", "module"], ignore_index=True)
        for monitor in (checkpointed, plain)
    )
    assert left.equals(right)
    assert len(plain.table()) == 12


def test_no_grad_integers_and_gradients_switched_off():
    model = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2))
    with ActivationMonitor(model) as monitor, torch.no_grad():
        model(torch.tensor([1, 2]))
    assert set(monitor.table()["quantity"]) == {"activation"}
    with ActivationMonitor(model, gradients=False) as monitor:
        model(torch.tensor([1, 2])).sum().backward()
    assert set(monitor.table()["quantity"]) == {"activation"}


def test_parts_called_without_the_model():
    model = network()
    with ActivationMonitor(model, modules="0") as monitor:
        model[0](torch.randn(2, 4))
        model[0](torch.randn(2, 4))
        assert monitor.steps == 1
        monitor.next_step()
        model[0](torch.randn(2, 4))
    assert rows(monitor, "activation")["0"]["steps"] == 2


def test_every_other_step():
    model = network()
    with ActivationMonitor(model, every=2) as monitor:
        train(model, 5)
    assert monitor.steps == 5
    assert rows(monitor, "activation")["0"]["steps"] == 3
    assert rows(monitor, "gradient")["0"]["steps"] == 3


def test_an_output_without_history_is_left_alone():
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self) -> Tensor:
            return self.weight

    model = Bare()
    with ActivationMonitor(model) as monitor:
        model().sum().backward()
    assert list(monitor.table()["quantity"]) == ["activation"]
    assert not model.weight._backward_hooks


def test_no_graph_is_kept():
    class Marker:
        pass

    class Marked(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x: Tensor, marker: Marker) -> Tensor:
            ctx.marker = marker  # lives as long as the node of the graph
            return x * 1

        @staticmethod
        def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
            return gradient, None

    class Layer(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            marker = Marker()
            markers.append(weakref.ref(marker))
            return Marked.apply(x, marker)

    markers: list[weakref.ref[Marker]] = []
    model = nn.Sequential(nn.Linear(4, 4), Layer(), nn.Tanh())
    with ActivationMonitor(model) as monitor:
        out = model(torch.randn(64, 4))
        gc.collect()
        assert markers[0]() is not None
        del out
        gc.collect()
        assert markers[0]() is None
        for _ in range(20):
            model(torch.randn(2, 4)).sum().backward()
        assert len(monitor._tensor_handles) <= 2 * 3


def test_exploding_and_vanishing_are_heard():
    class Scale(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 1e8

    model = nn.Sequential(nn.Linear(2, 2), Scale(), nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight.fill_(1.0)
        model[2].weight.mul_(1e-30)
    with ActivationMonitor(model) as monitor:
        for _ in range(3):
            model(torch.ones(1, 2)).sum().backward()
        before_the_end = monitor.alarms()
    alarms = {(each.module, each.quantity, each.kind): each for each in monitor.alarms()}
    assert before_the_end == monitor.alarms()
    loud = alarms["1", "activation", "exploding"]
    assert (loud.step, loud.steps, loud.last_step, loud.threshold) == (1, 3, 3, 1e4)
    assert loud.value == pytest.approx(2e8, rel=0.5)
    assert alarms["1", "gradient", "vanishing"].value < 1e-20
    assert ("2", "gradient", "vanishing") not in alarms


def test_nan_is_heard_at_its_step():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    with ActivationMonitor(model) as monitor:
        model(torch.ones(1, 2))
        model(torch.full((1, 2), float("nan")))
    assert [(each.module, each.step, each.measure) for each in monitor.alarms()] == [
        ("0", 2, "non-finite share"),
        ("1", 2, "non-finite share"),
    ]


def test_dead_units_are_heard_after_ten_steps_and_not_before():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([-1e3, -1e3, 50.0, 50.0]))
    with ActivationMonitor(model) as monitor:
        for _ in range(9):
            model(torch.randn(6, 3))
        assert monitor.alarms() == []
        model(torch.randn(6, 3))
        assert [(each.module, each.kind, each.value) for each in monitor.alarms()] == [("1", "dead", 0.5)]
    assert rows(monitor, "activation")["1"]["silent_share"] == 0.5


def test_a_healthy_network_raises_no_alarm():
    model = network()
    with ActivationMonitor(model) as monitor:
        train(model, 30)
    assert monitor.alarms() == []


def test_the_chart_has_a_row_per_module_and_names_alarms():
    model = network()
    with ActivationMonitor(model, thresholds=AlarmThresholds(exploding_activation=1e-3)) as monitor:
        train(model, 2)
    figure = monitor.plot()
    assert [axes.get_title() for axes in figure.axes] == ["activations", "gradients", "exact zeros"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["0", "1", "3", "4", "5"]
    assert {text.get_text() for text in figure.axes[0].texts} == {"exploding"}
    assert list(figure.axes[1].texts) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"every": 0}, "every must be a whole number from 1; 0"),
        ({"every": True}, "every"),
        ({"unit_axis": 1.0}, "unit_axis"),
        ({"thresholds": {"dead_share": 1}}, "AlarmThresholds or None"),
        ({"modules": "missing"}, "no module named"),
    ],
)
def test_wrong_arguments(settings: dict[str, object], message: str):
    with pytest.raises(ConfigurationError, match=message):
        ActivationMonitor(network(), **settings)
