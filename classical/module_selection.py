"""Which modules of a model are watched: by type, by name with wildcards, or by a predicate."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import partial
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
    tests: list[Callable[[str, nn.Module], bool]] = []
    for choice in choices:
        if isinstance(choice, str):
            if not any(name == choice or fnmatchcase(name, choice) for name in named):
                close = difflib.get_close_matches(choice, list(named), n=3) or list(named)[1:4]
                raise ConfigurationError(
                    f"the model has no module named {choice!r}; near: {', '.join(close)}"
                )
            tests.append(partial(_is_named, choice))
        else:
            tests.append(partial(_is_of_kind, choice))
    return {name: part for name, part in named.items() if any(test(name, part) for test in tests)}


def _is_named(pattern: str, name: str, module: nn.Module) -> bool:
    """Whether a name is this one, or fits this pattern."""
    return name == pattern or fnmatchcase(name, pattern)


def _is_of_kind(kind: type, name: str, module: nn.Module) -> bool:
    """Whether a module is of this class."""
    return isinstance(module, kind)
