"""Modules chosen by default, type, name, wildcard and predicate, and choices that select nothing."""

from __future__ import annotations

import pytest
from torch import nn

from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.module_selection import select_modules


@pytest.fixture
def model() -> nn.Module:
    block = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Dropout(0.1), nn.Identity())
    return nn.ModuleDict({"first": block, "second": nn.Linear(2, 2)})


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (None, ["first.0", "first.1", "second"]),
        (nn.Linear, ["first.0", "second"]),
        ((nn.ReLU, nn.Dropout), ["first.1", "first.2"]),
        ("first", ["first"]),
        ("first.*", ["first.0", "first.1", "first.2", "first.3"]),
        (["second", nn.ReLU], ["first.1", "second"]),
        ("", [""]),
        (lambda name, module: name.endswith("0"), ["first.0"]),
    ],
)
def test_choices(model: nn.Module, choice: object, names: list[str]):
    assert list(select_modules(model, choice)) == names


def test_a_model_of_one_part_is_watched_itself():
    assert list(select_modules(nn.Linear(1, 1))) == [""]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("secnd", "no module named 'secnd'; near: second"),
        (nn.LSTM, "selects none"),
        ([], "selects none"),
        (lambda name, module: False, "selects none"),
        (3, "modules takes None"),
        (["first", 3], "modules takes None"),
    ],
)
def test_choices_that_select_nothing(model: nn.Module, choice: object, message: str):
    with pytest.raises(ConfigurationError, match=message):
        select_modules(model, choice)


def test_no_model():
    with pytest.raises(ConfigurationError, match=r"torch.nn.Module; dict was given"):
        select_modules({})
