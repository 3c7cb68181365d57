"""Which modules of a model are watched: by type, by name with wildcards, or by a predicate."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from .errors import ConfigurationError

__all__ = ["select_modules"]

_CONTAINERS = (nn.ModuleList, nn.ModuleDict, nn.Sequential)
_PASSED_THROUGH = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)


def select_modules(model: nn.Module, modules: Any = None) -> dict[str, nn.Module]:
    """The modules that a choice means, in the order of the model.

    Args:
        model: any torch model.
        modules: None for every module that computes something of its own: no containers, dropouts or
            identities, and not the model itself unless it has no parts. Otherwise a module type, a name, or
            several of either; in names ``*``, ``?`` and ``[...]`` stand for what they do in file names,
            ``""`` is the model. Or a predicate ``(name, module) -> bool``.

    Returns:
        Name -> module, at least one.

    Raises:
        ConfigurationError: no model, a choice of another kind, or one that selects nothing.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Dropout(0.1))
        >>> list(select_modules(model)), list(select_modules(model, [nn.Dropout, "0"]))
        (['0', '1'], ['0', '2'])
    """
    if not isinstance(model, nn.Module):
        raise ConfigurationError(f"model must be a torch.nn.Module; {type(model).__name__} was given")
    named = dict(model.named_modules())
    if modules is None:
        chosen = {
            name: module
            for name, module in named.items()
            if (name or len(named) == 1) and not isinstance(module, _CONTAINERS + _PASSED_THROUGH)
        }
    elif callable(modules) and not isinstance(modules, type):
        chosen = {name: module for name, module in named.items() if modules(name, module)}
    else:
        chosen = _by_choices(named, _listed(modules))
    if not chosen:
        raise ConfigurationError(
            f"modules={modules!r} selects none of the {len(named)} modules of {type(model).__name__}; "
            "list them with model.named_modules()"
        )
    return chosen


def _listed(modules: Any) -> list[Any]:
    """One choice or several as a list of types and names."""
    several = isinstance(modules, Iterable) and not isinstance(modules, str | type)
    choices = list(modules) if several else [modules]
    wrong = [each for each in choices if not isinstance(each, str | type)]
    if wrong:
        raise ConfigurationError(
            "modules takes None, module types, names with wildcards, or a predicate (name, module) -> bool; "
            f"{wrong[0]!r} was given"
        )
    return choices


def _by_choices(named: dict[str, nn.Module], choices: list[Any]) -> dict[str, nn.Module]:
    """The modules of some types and names; a name that is not there is an error, not an empty choice."""
    chosen: set[str] = set()
    for choice in choices:
        if isinstance(choice, str):
            found = {name for name in named if name == choice or fnmatchcase(name, choice)}
            if not found:
                close = difflib.get_close_matches(choice, list(named), n=3) or list(named)[1:4]
                near = f"; near: {', '.join(close)}" if close else ""
                raise ConfigurationError(f"the model has no module named {choice!r}{near}")
            chosen |= found
        else:
            chosen |= {name for name, module in named.items() if isinstance(module, choice)}
    return {name: module for name, module in named.items() if name in chosen}
