"""Reading rules from mappings: names, numbers written as text, and back."""

import pytest

from hybrid_opt.classical.entropy_rule import EntropyRule
from hybrid_opt.classical.errors import ConfigurationError
from hybrid_opt.classical.memory_rule import MemoryRule


def test_a_mapping_and_back():
    rule = EntropyRule.from_settings({"low": "3e-1", "interval": 5})
    assert (rule.low, rule.interval, rule.high) == (0.3, 5, 0.9)
    assert EntropyRule.from_settings(rule.to_dict()) == rule
    assert EntropyRule.from_settings(None) == EntropyRule()


def test_sequences_are_lists_in_plain_form():
    rule = MemoryRule.from_settings({"mebibytes": 10, "precisions": ["bfloat16", "float32"]})
    assert rule.precisions == ("float32", "bfloat16")
    assert rule.to_dict()["precisions"] == ["float32", "bfloat16"]
    assert MemoryRule.from_settings(rule.to_dict()) == rule


def test_what_is_no_mapping_or_no_setting():
    with pytest.raises(ConfigurationError, match="entropy_dropout is 3; it must be a mapping"):
        EntropyRule.from_settings(3)
    with pytest.raises(ConfigurationError, match="did you mean 'interval'"):
        EntropyRule.from_settings({"intervall": 3})
    with pytest.raises(ConfigurationError, match="low of entropy_dropout is 'deep'"):
        EntropyRule.from_settings({"low": "deep"})
