"""Workers that die, interruptions, schedulers that vanish."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time

import cloudpickle
import numpy as np
import pytest

from hybrid_opt.distributed import connect, map_batches
from hybrid_opt.errors import ClusterError

cloudpickle.register_pickle_by_value(sys.modules[__name__])
ROWS = np.arange(24.0)


def slow(rows):
    time.sleep(0.1)
    return 2 * rows


def suicide(rows):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_killed_in_the_middle_is_survived(cluster):
    victims = list(cluster.client.run(os.getpid).values())[:1]

    def kill(share, text):
        while victims:
            os.kill(victims.pop(), signal.SIGKILL)

    assert np.array_equal(map_batches(slow, ROWS, cluster=cluster, chunk=2, progress=kill), 2 * ROWS)
    assert victims == []


def test_ctrl_c_cancels_what_is_queued_and_the_cluster_goes_on(cluster):
    def interrupt(share, text):
        raise KeyboardInterrupt

    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        map_batches(lambda rows: time.sleep(2) or rows, ROWS, cluster=cluster, chunk=1, progress=interrupt)
    assert list(map_batches(slow, ROWS[:2], cluster=cluster)) == [0.0, 2.0]
    # 24 chunks of two seconds on two workers would take 24 seconds
    assert time.perf_counter() - begin < 20


def test_local_workers_leave_ctrl_c_to_the_program(cluster):
    handlers = cluster.client.run(lambda: signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
    assert set(handlers.values()) == {True}


def test_local_workers_import_libraries_without_a_word(cluster):
    levels = cluster.client.run(lambda: logging.getLogger("torchao").level)
    assert set(levels.values()) == {logging.ERROR}


def test_a_worker_has_one_thread_for_everything(cluster):
    def threads(rows):
        import torch

        from hybrid_opt.circuits.row_threads import count_threads

        return [(torch.get_num_threads(), count_threads(8), os.environ["OMP_NUM_THREADS"]) for _ in rows]

    assert map_batches(threads, ROWS[:4], cluster=cluster, chunk=1) == [(1, 1, "1")] * 4


def test_a_function_is_sent_once(cluster):
    def function(rows):
        return rows

    for _ in range(2):
        map_batches(function, ROWS, cluster=cluster)
    known = list(cluster._functions)
    map_batches(function, ROWS, cluster=cluster)
    assert list(cluster._functions) == known


def test_large_functions_travel_without_a_word(cluster):
    weights = np.ones(2_000_000)  # 16 MB: dask warns from 10 MB on, and warnings are errors here
    assert list(map_batches(lambda rows: rows * weights[0], ROWS[:2], cluster=cluster)) == [0.0, 1.0]


def test_a_task_that_ends_its_workers_a_cluster_without_workers_and_without_scheduler():
    with connect(workers=1, timeout=120.0, patience=0.5) as own:
        assert repr(own).endswith("local)")
        assert own.n_workers == 1
        own.client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
        with pytest.raises(ClusterError, match="one worker after another ended"):
            map_batches(suicide, ROWS[:1], cluster=own)
        own.client.wait_for_workers(1, timeout=60)  # the one in its place is there, and can be sent away
        own._local.scale(0)
        while own.n_workers:
            time.sleep(0.05)
        with pytest.raises(ClusterError, match=r"for 0\.5 seconds, and 2 tasks wait"):
            map_batches(slow, ROWS, cluster=own, chunk=12)
        own._local.close()
        with pytest.raises(ClusterError, match="connection to the scheduler is lost"):
            map_batches(slow, ROWS, cluster=own, chunk=12)
    own.close()  # twice does no harm


def test_a_closed_connection_has_no_number_of_workers(cluster):
    with connect(cluster.client.scheduler.address) as second:
        assert second.n_workers == 2
    with pytest.raises(ClusterError, match="the connection is closed; connect anew"):
        second.n_workers  # noqa: B018
    second.close()
