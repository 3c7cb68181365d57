"""A client of dask that leaves nothing behind when nobody answers."""

from __future__ import annotations

from typing import Any

from distributed import Client

__all__ = ["ClosingClient"]

_LATER = 0.5  # seconds


class ClosingClient(Client):
    """Dask's client, which closes itself where it cannot connect.

    Dask leaves its thread running then; at the end of the program it waits for an answer that never comes.
    And where somebody listens who says nothing, it waits without end, whatever the timeout.
    """

    def start(self, **named: Any) -> Any:
        """Called by dask on construction.

        Args:
            named: ``timeout``, in seconds, and whatever else dask gives.

        Raises:
            Exception: whatever dask raises, when everything is closed.
        """
        # Dask's own methods say nothing of their types.
        untyped: Any = self
        start: Any = super().start
        try:
            # A little later than dask's own, whose message says more.
            start(callback_timeout=named["timeout"] + _LATER, **named)
        except BaseException:
            untyped.close()
            # Dask has closed itself by then where nobody answered, but left its thread running.
            untyped._loop_runner.stop()
            raise
