"""Optional parts: loaded on use; where one is missing, the error names the extra that brings it."""

from __future__ import annotations

import logging
from importlib import import_module
from types import ModuleType

from .errors import MissingDependencyError

__all__ = ["quiet_imports", "require"]


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module.

    Args:
        module: dotted name, e.g. ``"openpyxl"``.
        extra: the extra of this package that installs it, e.g. ``"excel"``.

    Returns:
        The module.

    Raises:
        MissingDependencyError: it is not installed.

    Example:
        >>> require("json", "excel").dumps([1])
        '[1]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A module that is installed but lacks a part of its own is named as such.
        lacking = error.name or module
        raise MissingDependencyError(
            f'{lacking} is not installed; it comes with: pip install "hybrid-opt[{extra}]"'
        ) from error


def quiet_imports() -> None:
    """Libraries behind transformers tell on import what they cannot load; nobody asked for it.

    Example:
        >>> quiet_imports()
    """
    for name in ("torchao", "torch.utils._pytree"):
        logging.getLogger(name).setLevel(logging.ERROR)
