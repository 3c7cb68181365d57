"""Optional libraries: imported on use; where one is missing, the error names the extra that brings it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .errors import MissingTransformerError

__all__ = ["load_library"]


def load_library(module: str, extra: str) -> ModuleType:
    """Import an optional library.

    Args:
        module: dotted name, e.g. ``"sklearn.datasets"``.
        extra: the extra of this package that installs it, e.g. ``"ml"`` or ``"transformer"``.

    Returns:
        The module.

    Raises:
        MissingTransformerError: it is not installed; the message holds the command that installs it.

    Example:
        >>> load_library("json", "transformer").dumps([1])
        '[1]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A library that is installed but lacks a part of its own is named as such.
        lacking = error.name or module
        raise MissingTransformerError(
            f'{lacking} is not installed; it comes with: pip install "hybrid-opt[{extra}]"'
        ) from error
