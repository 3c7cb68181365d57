"""Options of a posting plan that do not go together: refused, so that none is given in vain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import OptionError

__all__ = ["check_inputs"]

_OF_POSTS = {"capacity": 1, "topic_gap": 0, "topic_per_day": None}  # with the values that ask for nothing
_OF_HISTORY = {"block_hours": 1, "timezone": None}


def check_inputs(given: Mapping[str, Any]) -> None:
    """Refuse options that would be ignored.

    Args:
        given: all options of ``PostingPlanner`` by name.

    Raises:
        OptionError: tables that exclude each other, or an option without what it refers to.

    Example:
        >>> from inspect import signature
        >>> from hybrid_opt.marketing import PostingPlanner
        >>> plain = {name: one.default for name, one in signature(PostingPlanner).parameters.items()}
        >>> check_inputs({**plain, "slots": "slots.csv", "at_most": True})
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: at_most is for a number of slots; give choose too, or leave at_most out
    """
    if (given["slots"] is None) == (given["history"] is None):
        raise OptionError("give slots or history, exactly one of them")
    if given["posts"] is not None and (given["choose"] is not None or given["at_most"]):
        raise OptionError("choose and at_most are for slots without posts; every post is placed once")
    if given["posts"] is None and given["multipliers"] is not None:
        raise OptionError("multipliers are factors of posts; give posts too, or leave multipliers out")
    if given["posts"] is None:
        _refuse(given, _OF_POSTS, "says something about posts; give posts too")
        if given["at_most"] and given["choose"] is None:
            raise OptionError("at_most is for a number of slots; give choose too, or leave at_most out")
    if given["history"] is None:
        _refuse(given, _OF_HISTORY, "says how past posts are read; give history instead of slots")
    single = isinstance(given["fatigue"], (int, float, np.number))
    if not single:
        words = "is where a single share of fatigue ends; the table of fatigue ends with its last row"
        _refuse(given, {"fatigue_hours": 24}, words)


def _refuse(given: Mapping[str, Any], idle: Mapping[str, Any], why: str) -> None:
    for name, nothing in idle.items():
        if given[name] != nothing:
            raise OptionError(f"{name} {why}, or leave {name} out (it is {given[name]!r})")
