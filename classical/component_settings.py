"""Reading the settings of a built-in component: defaults, unknown keys, ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import ComponentError

__all__ = ["choice_setting", "number_setting", "read_settings", "switch_setting", "whole_number_setting"]


def read_settings(component: str, settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with defaults for what is not given.

    Args:
        component: what messages call it, such as "router 'softmax'".
        settings: what was given.
        defaults: every legal setting and its default.

    Returns:
        One value per key of the defaults.

    Raises:
        ComponentError: a key that is no setting.

    Example:
        >>> read_settings("router 'cosine'", {}, {"temperature": 0.1})
        {'temperature': 0.1}
    """
    unknown = sorted(set(settings) - set(defaults))
    if unknown:
        legal = ", ".join(defaults) or "none"
        raise ComponentError(f"{component} has no setting {', '.join(unknown)}; its settings: {legal}")
    return {**defaults, **settings}


def number_setting(component: str, settings: Mapping[str, Any], key: str, low: float, high: float) -> float:
    """A setting as a number within a closed range.

    Args:
        component: what messages call it.
        settings: settings with every key.
        key: which one.
        low: smallest legal value.
        high: largest legal value.

    Returns:
        The number.

    Raises:
        ComponentError: no number, or outside the range.

    Example:
        >>> number_setting("router 'cosine'", {"temperature": 1}, "temperature", 0.01, 10.0)
        1.0
    """
    value = settings[key]
    usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not usable or not low <= value <= high:
        raise ComponentError(f"{key} of {component} is a number from {low:g} to {high:g}, not {value!r}")
    return float(value)


def whole_number_setting(
    component: str,
    settings: Mapping[str, Any],
    key: str,
    low: int,
    high: int | None = None,
    *,
    optional: bool = False,
) -> Any:
    """A setting as a whole number within a closed range.

    Args:
        component: what messages call it.
        settings: settings with every key.
        key: which one.
        low: smallest legal value.
        high: largest legal value; None for no limit.
        optional: whether None is legal too.

    Returns:
        The number, or None where that is legal.

    Raises:
        ComponentError: no whole number, or outside the range.

    Example:
        >>> whole_number_setting("head_gate 'top_k'", {"keep": 2}, "keep", 1, 3)
        2
    """
    value = settings[key]
    if value is None and optional:
        return None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        reach = f"from {low} to {high}" if high is not None else f"of at least {low}"
        other = ", or None" if optional else ""
        raise ComponentError(f"{key} of {component} is a whole number {reach}{other}, not {value!r}")
    return value


def choice_setting(component: str, settings: Mapping[str, Any], key: str, legal: Sequence[str]) -> str:
    """A setting that is one of a few names.

    Args:
        component: what messages call it.
        settings: settings with every key.
        key: which one.
        legal: the names.

    Returns:
        The name.

    Raises:
        ComponentError: none of them.

    Example:
        >>> choice_setting("head_gate 'top_k'", {"mode": "hard"}, "mode", ("hard", "marginals"))
        'hard'
    """
    value = settings[key]
    if not isinstance(value, str) or value not in legal:
        raise ComponentError(f"{key} of {component} is one of {', '.join(map(repr, legal))}, not {value!r}")
    return value


def switch_setting(component: str, settings: Mapping[str, Any], key: str) -> bool:
    """A setting that is True or False.

    Args:
        component: what messages call it.
        settings: settings with every key.
        key: which one.

    Returns:
        The switch.

    Raises:
        ComponentError: anything else.

    Example:
        >>> switch_setting("controller 'qnn'", {"reupload": True}, "reupload")
        True
    """
    value = settings[key]
    if not isinstance(value, bool):
        raise ComponentError(f"{key} of {component} is True or False, not {value!r}")
    return value
