"""The performance callbacks by name, and their settings as one mapping, checked without loading a library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .entropy_rule import EntropyRule
from .errors import ConfigurationError
from .memory_rule import MemoryRule
from .performance_rules import PerformanceRule
from .progress_rule import ProgressRule
from .setting_names import check_names
from .sparsity_rule import SparsityRule

__all__ = ["PERFORMANCE_RULES", "read_performance_settings"]

PERFORMANCE_RULES: dict[str, type[PerformanceRule]] = {
    rule.name: rule for rule in (ProgressRule, EntropyRule, SparsityRule, MemoryRule)
}
"""Name in ``TrainingSettings.callbacks`` -> rule."""


def read_performance_settings(given: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Settings of the callbacks with every default filled in, as JSON values.

    Args:
        given: name -> settings; None for no callback, and for settings that are all defaults.

    Returns:
        Name -> every setting, in the order of ``PERFORMANCE_RULES``.

    Raises:
        ConfigurationError: no mapping, an unknown name, or settings that are not legal.

    Example:
        >>> read_performance_settings({"entropy_dropout": {"low": 0.3}})["entropy_dropout"]["low"]
        0.3
        >>> read_performance_settings({"head_sparsty": {}})
        Traceback (most recent call last):
        ...
        hybrid_opt.classical.errors.ConfigurationError: unknown performance callback 'head_sparsty'...
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"callbacks is {given!r}; it must be a mapping from names ({', '.join(PERFORMANCE_RULES)}) to "
            "settings"
        )
    check_names(given, PERFORMANCE_RULES, "performance callback")
    return {
        name: rule.from_settings(given[name]).to_dict()
        for name, rule in PERFORMANCE_RULES.items()
        if name in given
    }
