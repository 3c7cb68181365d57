"""Settings of built-in components: defaults, unknown keys, ranges."""

import math

import pytest

from hybrid_opt.classical.component_settings import (
    choice_setting,
    number_setting,
    read_settings,
    switch_setting,
    whole_number_setting,
)
from hybrid_opt.classical.errors import ComponentError


def test_defaults_fill_what_is_not_given():
    assert read_settings("part", {"a": 1}, {"a": 0, "b": 2}) == {"a": 1, "b": 2}


@pytest.mark.parametrize(("defaults", "legal"), [({"a": 0}, "its settings: a"), ({}, "its settings: none")])
def test_an_unknown_setting(defaults, legal):
    with pytest.raises(ComponentError, match=f"part has no setting x; {legal}"):
        read_settings("part", {"x": 1}, defaults)


def test_both_ends_of_the_range_are_legal():
    assert number_setting("part", {"a": 0}, "a", 0.0, 1.0) == 0.0
    assert number_setting("part", {"a": 1.0}, "a", 0.0, 1.0) == 1.0


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf, True, "1", None, [1.0]])
def test_no_number_in_the_range(value):
    with pytest.raises(ComponentError, match="a of part is a number from 0 to 1"):
        number_setting("part", {"a": value}, "a", 0.0, 1.0)


def test_whole_numbers():
    assert whole_number_setting("part", {"a": 3}, "a", 1, 3) == 3


@pytest.mark.parametrize("value", [0, 4, 2.0, True, "2", None])
def test_no_whole_number_in_the_range(value):
    with pytest.raises(ComponentError, match="a of part is a whole number from 1 to 3"):
        whole_number_setting("part", {"a": value}, "a", 1, 3)


def test_choices():
    assert choice_setting("part", {"a": "x"}, "a", ("x", "y")) == "x"


@pytest.mark.parametrize("value", ["z", 0, None, ["x"]])
def test_no_legal_choice(value):
    with pytest.raises(ComponentError, match="a of part is one of 'x', 'y', not"):
        choice_setting("part", {"a": value}, "a", ("x", "y"))


def test_no_number_where_none_is_legal():
    assert whole_number_setting("part", {"seed": None}, "seed", 0, optional=True) is None
    with pytest.raises(ComponentError, match="of at least 0, or None, not -1"):
        whole_number_setting("part", {"seed": -1}, "seed", 0, optional=True)


def test_switches():
    assert switch_setting("part", {"on": False}, "on") is False


@pytest.mark.parametrize("value", [1, "yes", None])
def test_no_switch(value):
    with pytest.raises(ComponentError, match="on of part is True or False, not"):
        switch_setting("part", {"on": value}, "on")
