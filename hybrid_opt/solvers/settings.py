"""Checks of solver settings; each failure names the setting, what was given and what is legal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from ..errors import OptionError

__all__ = ["check_choice", "check_seconds", "check_translation", "check_whole"]


def check_whole(name: str, value: Any, *, least: int = 1, most: int | None = None) -> None:
    """Raise unless ``value`` is a whole number within limits.

    Args:
        name: the setting, as the user wrote it.
        value: what was given.
        least: smallest legal value.
        most: largest legal value, None for no limit.

    Raises:
        OptionError: no integer, or outside the limits.

    Example:
        >>> check_whole("reads", 0)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: reads is 0; it must be a whole number of at least 1
    """
    upper = "" if most is None else f" and at most {most:,}"
    whole = isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))
    if not whole or value < least or (most is not None and value > most):
        raise OptionError(f"{name} is {value!r}; it must be a whole number of at least {least}{upper}")


def check_seconds(name: str, value: Any) -> None:
    """Raise unless ``value`` is a positive number of seconds; infinity is legal and means no limit.

    Args:
        name: the setting, as the user wrote it.
        value: what was given, in seconds.

    Raises:
        OptionError: no number, NaN, zero or negative.

    Example:
        >>> check_seconds("time_limit", 0.5)
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real) or not float(value) > 0:
        raise OptionError(f"{name} is {value!r}; it must be a positive number of seconds")


def check_choice(name: str, value: Any, legal: Sequence[Any]) -> None:
    """Raise unless ``value`` is one of the legal ones.

    Args:
        name: the setting, as the user wrote it.
        value: what was given.
        legal: what may be given.

    Raises:
        OptionError: anything else.

    Example:
        >>> check_choice("postprocess", "descent", (None, "descent"))
    """
    if not any(value is item or (type(value) is type(item) and value == item) for item in legal):
        raise OptionError(f"{name} is {value!r}; legal are {', '.join(repr(item) for item in legal)}")


def check_translation(encoding: Any, penalty: Any) -> None:
    """Raise unless encoding and penalty are of a kind that ``to_qubo`` could take; it checks the rest.

    Args:
        encoding: name of an encoding, or a mapping of variable label to name.
        penalty: name of a rule, a positive number, or a mapping of constraint label to number.

    Raises:
        OptionError: anything else.

    Example:
        >>> check_translation("auto", "certified")
    """
    if not isinstance(encoding, (str, Mapping)):
        raise OptionError(f"encoding is {encoding!r}; it must be a name such as 'auto' or 'one-hot'")
    number = isinstance(penalty, Real) and not isinstance(penalty, bool)
    if not (number or isinstance(penalty, (str, Mapping))):
        raise OptionError(
            f"penalty is {penalty!r}; legal are 'certified', 'adaptive', a number, or a number per "
            "constraint label"
        )
