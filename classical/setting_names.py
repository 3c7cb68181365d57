"""Names in settings: a wrong one is refused with the nearest legal one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from .errors import ConfigurationError

__all__ = ["check_names"]


def check_names(given: Iterable[Any], legal: Iterable[str], what: str) -> None:
    """Refuse names that are not legal, with the nearest legal one.

    Args:
        given: the names to check.
        legal: the names there are.
        what: what a name stands for, for the message: ``"training setting"``.

    Raises:
        ConfigurationError: a name is not legal.

    Example:
        >>> check_names(["batchsize"], ["batch_size", "seed"], "training setting")
        Traceback (most recent call last):
        ...
        hybrid_opt.classical.errors.ConfigurationError: unknown training setting 'batchsize'; did you mean...
    """
    known = list(legal)
    for name in given:
        if name in known:
            continue
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"legal are {', '.join(known)}"
        raise ConfigurationError(f"unknown {what} {name!r}; {hint}")
