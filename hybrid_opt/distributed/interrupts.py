"""Ctrl-C in a terminal reaches every process started from it; local workers leave it to the program."""

from __future__ import annotations

import signal
from threading import current_thread, main_thread
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

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
        if current_thread() is main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
