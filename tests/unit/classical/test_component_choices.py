"""Settings that are whole numbers, words or switches."""

import pytest

from hybrid_opt.classical.component_choices import choice_setting, switch_setting, whole_setting
from hybrid_opt.classical.errors import ComponentError


def test_legal_values_come_back():
    settings = {"size": 3, "seed": None, "word": "b", "on": False}
    assert whole_setting("part", settings, "size", 3, 3) == 3
    assert whole_setting("part", settings, "seed", 0, optional=True) is None
    assert choice_setting("part", settings, "word", ("a", "b")) == "b"
    assert switch_setting("part", settings, "on") is False


@pytest.mark.parametrize("value", [1, 6, 3.0, True, "3", None])
def test_no_whole_number_of_the_range(value):
    with pytest.raises(ComponentError, match="size of part is a whole number from 2 to 5, not"):
        whole_setting("part", {"size": value}, "size", 2, 5)


def test_no_number_where_none_is_legal():
    with pytest.raises(ComponentError, match="of at least 0, or None, not -1"):
        whole_setting("part", {"seed": -1}, "seed", 0, optional=True)


@pytest.mark.parametrize("value", ["c", 1, None, ["a"]])
def test_no_legal_word(value):
    with pytest.raises(ComponentError, match="word of part is one of 'a', 'b', not"):
        choice_setting("part", {"word": value}, "word", ("a", "b"))


@pytest.mark.parametrize("value", [1, "yes", None])
def test_no_switch(value):
    with pytest.raises(ComponentError, match="on of part is True or False, not"):
        switch_setting("part", {"on": value}, "on")
