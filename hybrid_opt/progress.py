"""Progress bars on stderr for anything that can take over a second; results never go there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "shown", "silent"]

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and a few words on what is being done."""


def silent(share: float, text: str) -> None:
    """Report nothing: the default of every function that takes a ``Progress``."""


@contextmanager
def shown(title: str, *, enabled: bool | None = None) -> Iterator[Progress]:
    """Show a bar on stderr while the block runs; it is removed at the end.

    Args:
        title: what is being done, in a few words.
        enabled: None shows the bar only where stderr is a terminal.

    Yields:
        The function to report progress to.

    Example:
        >>> with shown("solving", enabled=False) as report:
        ...     report(0.5, "half way")
    """
    if not (sys.stderr.isatty() if enabled is None else enabled):
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True, force_terminal=True)
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(title, total=1.0)

        def report(share: float, text: str) -> None:
            bars.update(task, completed=share, description=f"{title}: {text}" if text else title)

        yield report
