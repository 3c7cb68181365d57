"""A client of dask that leaves nothing behind when nobody answers."""

from __future__ import annotations

from distributed import Client

__all__ = ["ClosingClient"]

_LATER = 0.5  # seconds


class ClosingClient(Client):  # type: ignore[misc]
    """Dask's client, which closes itself where it cannot connect.

    Dask leaves its thread running then; at the end of the program it waits for an answer that never comes.
    And where somebody listens who says nothing, it waits without end, whatever the timeout.
    """

    def start(self, *, timeout: float) -> None:
        """Called by dask on construction.

        Args:
            timeout: seconds.

        Raises:
            Exception: whatever dask raises, when everything is closed.
        """
        try:
            # A little later than dask's own, whose message says more.
            super().start(timeout=timeout, callback_timeout=timeout + _LATER)
        except BaseException:
            self.close()
            # Dask has closed itself by then where nobody answered, but left its thread running.
            self._loop_runner.stop()
            raise
