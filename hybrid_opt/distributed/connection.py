"""Connect to workers: some of this machine, started here, or those of a scheduler elsewhere."""

from __future__ import annotations

import logging
import multiprocessing
import warnings
from math import isfinite
from time import monotonic
from typing import Any

from .._optional import require
from ..circuits.row_threads import count_threads
from ..errors import ClusterError, OptionError
from .cluster import Cluster
from .scheduler_address import check_address, check_certificates
from .worker_tasks import worker_facts

__all__ = ["connect"]


def connect(
    address: str | None = None, *, workers: int | None = None, timeout: float = 30.0, patience: float = 30.0
) -> Cluster:
    """Find workers, or start some; a ``with`` block closes the connection at its end.

    The versions of the workers that are there are compared with those here; workers that join later are not.
    In a script, local workers need ``if __name__ == "__main__":`` around the call, because each of them
    imports the script.

    Args:
        address: of a scheduler, e.g. ``"tcp://scheduler:8786"``; None or "local" starts workers on this
            machine, which end with the connection.
        workers: how many processes to start, None for one per processor; with an address, how many to wait
            for, None for one.
        timeout: seconds for the scheduler to answer and the workers to be there.
        patience: seconds to wait for a worker later, while all are gone.

    Returns:
        The cluster.

    Raises:
        OptionError: an argument that cannot be.
        ClusterError: nobody answers at the address, an encrypted address without certificates, too few
            workers, workers without this package, with other versions or with several threads, or local
            workers that cannot start.
        MissingDependencyError: dask.distributed is not installed.

    Example:
        >>> connect(workers=0)
        Traceback (most recent call last):
        hybrid_opt.errors.OptionError: workers is 0; it must be None or an integer of at least 1
    """
    _check(address, workers, timeout, patience)
    dask = require("distributed", "distributed")
    check_certificates(address)
    local = None
    if address in (None, "local"):
        local = _start(dask, workers, timeout)
    try:
        client = _client(dask, address, local, timeout)
    except BaseException:
        if local is not None:
            local.close()
        raise
    cluster = Cluster(client, local, patience=float(patience))
    try:
        _wait(client, workers or 1, address, timeout)
        check_workers(client, address)
        if local is not None:
            from .interrupts import IgnoreInterrupts

            client.register_plugin(IgnoreInterrupts())
    except BaseException:
        cluster.close()
        raise
    return cluster


def check_workers(client: Any, address: str | None) -> None:
    """Refuse workers on which results could not be had, or would not be those of one process.

    Args:
        client: dask's client.
        address: of the scheduler, for messages.

    Raises:
        ClusterError: a worker lacks this package, has other versions, or several threads.
    """
    several = {worker: count for worker, count in client.nthreads().items() if count != 1}
    if several:
        worker, count = next(iter(several.items()))
        raise ClusterError(
            f"worker {worker} at {address} works on {count} threads at once; start workers with one thread "
            "and several processes (dask worker ADDRESS --nworkers N --nthreads 1)"
        )
    own = worker_facts()
    for worker, facts in client.run(worker_facts, on_error="return").items():
        if isinstance(facts, ModuleNotFoundError):
            raise ClusterError(
                f"worker {worker} cannot import {facts.name}; install hybrid-opt there, the same version as "
                f"here ({own['hybrid-opt']}): pip install 'hybrid-opt[distributed]=={own['hybrid-opt']}'"
            ) from facts
        if isinstance(facts, BaseException):
            raise ClusterError(
                f"worker {worker} cannot say what it has ({type(facts).__name__}: {facts}); read its log"
            ) from facts
        # What only one side has matters when it is used, and then says so itself.
        other = [
            f"{name} {facts[name]} (here {version})"
            for name, version in own.items()
            if facts.get(name, version) != version
        ]
        if other:
            raise ClusterError(
                f"worker {worker} has {', '.join(other)}; install the same versions on all machines, or "
                "results may differ and objects may not be readable"
            )


def _check(address: Any, workers: Any, timeout: Any, patience: Any) -> None:
    check_address(address)
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise OptionError(f"workers is {workers!r}; it must be None or an integer of at least 1")
    for name, seconds in (("timeout", timeout), ("patience", patience)):
        number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not number or not isfinite(seconds) or seconds <= 0:
            raise OptionError(f"{name} is {seconds!r}; it must be a positive, finite number of seconds")


def _start(dask: Any, workers: int | None, timeout: float) -> Any:
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise ClusterError(
            "connect was called while a worker imports this script; put what the script does under "
            "if __name__ == '__main__':"
        )
    try:
        return dask.LocalCluster(
            n_workers=workers or count_threads(),
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            # Any free port: the usual one may be taken, which dask warns of.
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            timeout=timeout,
            env=dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
        )
    except (RuntimeError, OSError, TimeoutError) as error:
        raise ClusterError(
            f"local workers cannot start ({type(error).__name__}: {error}); in a script, connect must be "
            "called under if __name__ == '__main__':, and the machine must allow connections to itself"
        ) from error


def _client(dask: Any, address: str | None, local: Any, timeout: float) -> Any:
    from .closing_client import ClosingClient

    make: Any = ClosingClient  # dask says nothing of its types
    begin = monotonic()
    try:
        with warnings.catch_warnings():
            # Versions are checked below, as an error.
            warnings.filterwarnings("ignore", category=dask.versions.VersionMismatchWarning)
            return make(local or address, timeout=timeout, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        waited = f" within {timeout:g} seconds" if monotonic() - begin >= timeout else ""
        raise ClusterError(
            f"no scheduler answers at {address}{waited} ({type(error).__name__}: {error}); start one there "
            "(dask scheduler), or correct the address (tcp://HOST:8786)"
        ) from error


def _wait(client: Any, workers: int, address: str | None, timeout: float) -> None:
    try:
        client.wait_for_workers(workers, timeout=timeout)
    except TimeoutError as error:
        there = len(client.nthreads())
        raise ClusterError(
            f"{there} workers are connected to {address} after {timeout:g} seconds and {workers} are wanted; "
            "start workers there (dask worker ADDRESS --nthreads 1)"
        ) from error
