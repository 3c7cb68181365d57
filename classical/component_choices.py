"""Reading settings of a component that are whole numbers, words or switches; see also component_settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import ComponentError

__all__ = ["choice_setting", "switch_setting", "whole_setting"]


def whole_setting(
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
        component: what messages call it, such as "controller 'mlp'".
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
        >>> whole_setting("controller 'mlp'", {"hidden_size": 4}, "hidden_size", 1, 64)
        4
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
    """A setting that is one of some words.

    Args:
        component: what messages call it.
        settings: settings with every key.
        key: which one.
        legal: the words.

    Returns:
        The word.

    Raises:
        ComponentError: anything else.

    Example:
        >>> choice_setting("controller 'qnn'", {"simulator": "native"}, "simulator", ("aer", "native"))
        'native'
    """
    value = settings[key]
    if not isinstance(value, str) or value not in legal:
        words = ", ".join(map(repr, legal))
        raise ComponentError(f"{key} of {component} is one of {words}, not {value!r}")
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
