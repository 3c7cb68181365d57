"""Workers that a program is connected to: tasks in, results out, lost workers survived."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from .._optional import require
from ..errors import ClusterError, OptionError
from .shipping import Packed, pack
from .worker_tasks import run_task

__all__ = ["Cluster", "check_cluster"]

# Seconds between two looks at the workers while none of the results comes.
_LOOK_EVERY = 0.5
# Functions that are kept on the scheduler, so that the next call does not send them again.
_MOST_FUNCTIONS = 8


class Cluster:
    """A connection to workers, made by `connect`; a context manager that closes it.

    Each worker does one task at a time on one thread. Tasks of a worker that dies run again on another, or on
    the one that is started in its place.

    Args:
        client: a ``distributed.Client``.
        local: the ``distributed.LocalCluster`` that was started for it; None for workers of others.
        patience: seconds to wait for a worker while there is none.

    Attributes:
        client: dask's client, for everything else that dask can do.
        patience: as given.
    """

    def __init__(self, client: Any, local: Any = None, *, patience: float = 30.0) -> None:
        self.client = client
        self.patience = patience
        self._local = local
        self._functions: OrderedDict[str, Any] = OrderedDict()
        self._empty_since: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the workers; those that `connect` started end."""
        self._functions.clear()
        # Closing twice is no mistake: a program may close what its `with` closes too.
        self.client.close()
        if self._local is not None:
            self._local.close()

    @property
    def n_workers(self) -> int:
        """Workers at this moment.

        Raises:
            ClusterError: the scheduler does not answer, or the connection is closed.
        """
        if self.client.status in ("closing", "closed"):
            raise ClusterError("the connection is closed; connect anew")
        return len(self._threads())

    def completed(
        self, function: Callable[[Any], Any], items: Sequence[Any]
    ) -> Generator[tuple[int, Any], None, None]:
        """Call a function of one argument for every item, on the workers.

        Args:
            function: of a module that the workers have, or of a script or notebook, with its code.
            items: what it is called with.

        Yields:
            Number and result of each item, in the order in which they are done. What is queued is canceled
            when the generator is left, by an error or by ctrl-C too.

        Raises:
            OptionError: function or an item cannot be pickled.
            ClusterError: no worker is left, the scheduler is gone, or a task ended several workers.
        """
        packed = [pack(item, f"item {number}") for number, item in enumerate(items)]
        futures = self.submit(function, [(one,) for one in packed])
        yield from self.results(dict(enumerate(futures)))

    def submit(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Queue calls of a function.

        Args:
            function: what to call.
            calls: arguments of each call: packed, or futures of other calls.

        Returns:
            One future per call.

        Raises:
            OptionError: the function cannot be pickled.
            ClusterError: the connection is closed.
        """
        packed = pack(function, "function")
        label = f"hybrid-opt-{getattr(function, '__name__', type(function).__name__)}-{uuid4().hex}"
        try:
            with _no_word_on_sizes():
                shipped = self._function(packed)
                return [
                    self.client.submit(run_task, shipped, *arguments, key=f"{label}-{number}", pure=False)
                    for number, arguments in enumerate(calls)
                ]
        except self._cancellations() as error:
            raise self._lost(error) from error

    def results(self, futures: Mapping[Any, Any]) -> Generator[tuple[Any, Any], None, None]:
        """Wait for futures.

        Args:
            futures: key -> future.

        Yields:
            Key and result, in the order in which they are done; those left over are canceled at the end.

        Raises:
            ClusterError: no worker is left, the scheduler is gone, or a task ended several workers.
        """
        wait = require("distributed", "distributed").wait
        keys = {future.key: key for key, future in futures.items()}
        pending = dict.fromkeys(futures.values())
        self._empty_since = None
        try:
            while pending:
                try:
                    with self.client.as_current():
                        done = wait(list(pending), timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED").done
                except TimeoutError:
                    self._look(len(pending))
                    continue
                except self._cancellations() as error:
                    raise self._lost(error) from error
                for future in [one for one in pending if one in done]:
                    del pending[future]
                    yield keys[future.key], self._result(future)
        finally:
            if pending and self.client.status == "running":
                self.client.cancel(list(pending))

    def _result(self, future: Any) -> Any:
        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            raise ClusterError(
                "a task was running when one worker after another ended, so it is not tried again; it may "
                "need more memory than a worker has, or end its process. Make its part of the work smaller, "
                "or read the log of the workers"
            ) from error
        except self._cancellations() as error:
            raise self._lost(error) from error

    def _function(self, packed: Packed) -> Any:
        """The function as a task of its own: it is sent once, and made again if its worker dies."""
        known = self._functions.pop(packed.digest, None)
        if known is None or known.status in ("cancelled", "error", "lost"):
            known = self.client.submit(_itself, packed, key=f"hybrid-opt-function-{uuid4().hex}")
        self._functions[packed.digest] = known
        while len(self._functions) > _MOST_FUNCTIONS:
            self._functions.popitem(last=False)
        return known

    def _look(self, waiting: int) -> None:
        """Give up when there has been no worker for too long."""
        if self._threads():
            self._empty_since = None
            return
        now = monotonic()
        self._empty_since = now if self._empty_since is None else self._empty_since
        if now - self._empty_since >= self.patience:
            raise ClusterError(
                f"no worker has been connected for {self.patience:g} seconds, and {waiting} tasks "
                "wait; start workers (dask worker ADDRESS --nthreads 1) and run the same again, or give "
                "connect more patience"
            )

    def _threads(self) -> dict[str, int]:
        try:
            return dict(self.client.nthreads())
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise self._lost(error) from error

    def _lost(self, error: BaseException) -> ClusterError:
        return ClusterError(
            f"the connection to the scheduler is lost ({type(error).__name__}: {error}); see whether it "
            "runs, connect anew and run the same again"
        )

    @staticmethod
    def _cancellations() -> tuple[type[BaseException], ...]:
        from concurrent.futures import CancelledError

        from distributed.client import ClosedClientError, FutureCancelledError

        return (CancelledError, FutureCancelledError, ClosedClientError)

    def __repr__(self) -> str:
        where = "local" if self._local is not None else "elsewhere"
        return f"Cluster({self.client.scheduler.address if self.client.scheduler else 'closed'}, {where})"


def check_cluster(cluster: Any, *needed: str) -> None:
    """Refuse what cannot run tasks.

    Args:
        cluster: of `connect`, or None.
        needed: methods that are called.

    Raises:
        OptionError: anything else.

    Example:
        >>> check_cluster("local", "submit")
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: cluster is 'local'; give that of distributed.connect, or None
    """
    if cluster is not None and not all(callable(getattr(cluster, name, None)) for name in needed):
        raise OptionError(f"cluster is {cluster!r}; give that of distributed.connect, or None")


def _itself(packed: Packed) -> Packed:
    """A task whose result the scheduler can make again at any time."""
    return packed


class _no_word_on_sizes(warnings.catch_warnings):  # noqa: N801
    """Inside, dask does not warn of large functions and items: they are sent once, as is wanted."""

    def __enter__(self) -> Any:
        entered = super().__enter__()
        warnings.filterwarnings("ignore", message="Sending large graph")
        return entered
