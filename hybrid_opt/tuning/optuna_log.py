"""Optuna's log: a line per trial on stderr is no progress bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import optuna

__all__ = ["quiet_optuna"]


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Errors only from Optuna's log inside the block; then as before.

    Example:
        >>> with quiet_optuna():
        ...     study = optuna.create_study()
    """
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
