"""Local workers share the terminal of the program: they leave ctrl-C to it, and say nothing on imports."""

from __future__ import annotations

import signal
from threading import current_thread, main_thread
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

from .._optional import quiet_imports

__all__ = ["IgnoreInterrupts"]


class IgnoreInterrupts(WorkerPlugin):
    """A plugin of dask's workers, also of those that are started anew later.

    Example:
        >>> IgnoreInterrupts().name
        'hybrid-opt-interrupts'
    """

    name = "hybrid-opt-interrupts"

    def setup(self, worker: Any) -> None:
        """Called by dask in each worker.

        Args:
            worker: dask's object.
        """
        quiet_imports()
        if current_thread() is main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
