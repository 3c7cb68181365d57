"""What was understood of the tables of a plan, collected while a planner reads them.

Readers announce a sentence per table; the planner under construction puts them before its other notes, so
that they stand in its plans, pages and JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

__all__ = ["announce", "collected", "tells_what_was_read"]

Init = TypeVar("Init", bound=Callable[..., None])

_COLLECTOR: ContextVar[list[str] | None] = ContextVar("what_was_read", default=None)


def announce(note: str) -> None:
    """Tell the planner that is being made, if there is one, what was understood of a table.

    Args:
        note: a sentence; the same one is kept once.
    """
    notes = _COLLECTOR.get()
    if notes is not None and note not in notes:
        notes.append(note)


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect what is announced inside.

    Yields:
        The notes so far.

    Example:
        >>> with collected() as notes:
        ...     announce("read 'Canal' as channel")
        >>> notes
        ["read 'Canal' as channel"]
    """
    notes: list[str] = []
    token = _COLLECTOR.set(notes)
    try:
        yield notes
    finally:
        _COLLECTOR.reset(token)


def tells_what_was_read(make: Init) -> Init:
    """Wrap the ``__init__`` of a planner: what its tables were read as comes first in its ``notes``.

    Args:
        make: an ``__init__`` that sets ``notes``.

    Returns:
        The same with the notes.
    """

    @wraps(make)
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        with collected() as notes:
            make(self, *args, **kwargs)
        self.notes = [*notes, *self.notes]

    return cast(Init, made)
