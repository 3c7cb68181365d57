from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from hybrid_opt.circuits import row_threads
from hybrid_opt.circuits.errors import CircuitError
from hybrid_opt.circuits.row_threads import count_threads, limit_threads, run_in_parts

COSTLY = 10**9


@pytest.mark.parametrize(
    ("n_rows", "threads", "parts"), [(7, 3, 3), (2, 5, 2), (1, 4, 1), (10, 1, 1), (9, 9, 9)]
)
def test_every_row_once_on_threads_of_their_own(n_rows, threads, parts):
    done = []
    barrier = threading.Barrier(parts)

    def work(rows):
        barrier.wait(20)  # would break if fewer threads ran
        done.append((rows.start, rows.stop, threading.get_ident()))

    run_in_parts(work, n_rows, COSTLY, threads)
    done.sort()
    assert [start for start, _, _ in done] == [0, *(stop for _, stop, _ in done[:-1])]
    assert done[-1][1] == n_rows
    assert len({thread for _, _, thread in done}) == parts
    assert threading.get_ident() in {thread for _, _, thread in done}


def test_small_jobs_stay_on_the_callers_thread():
    done = []
    run_in_parts(done.append, 100, row_threads._WORTH_A_THREAD // 101, 8)
    assert done == [slice(0, 100)]


def test_no_rows():
    done = []
    run_in_parts(done.append, 0, COSTLY, 4)
    assert done == [slice(0, 0)]


@pytest.mark.parametrize("failing", [0, 2])
def test_an_error_reaches_the_caller_when_all_have_ended(failing):
    ended = []

    def work(rows):
        if rows.start == failing:
            raise RuntimeError("a part")
        time.sleep(0.05)
        ended.append(rows.start)

    with pytest.raises(RuntimeError, match="a part"):
        run_in_parts(work, 3, COSTLY, 3)
    assert sorted(ended) == sorted({0, 1, 2} - {failing})


def test_many_callers_do_not_wait_for_each_other():
    barrier = threading.Barrier(8)
    callers = [
        threading.Thread(target=run_in_parts, args=(lambda rows: barrier.wait(20), 2, COSTLY, 2))
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not barrier.broken


def test_counts(monkeypatch):
    assert count_threads(3) == 3
    assert count_threads(10**6) == row_threads._MOST_THREADS
    assert count_threads(None) == count_threads(0) >= 1
    for name in ("process_cpu_count", "sched_getaffinity"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert count_threads() == 5
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert count_threads() == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3, 7}, raising=False)
    assert count_threads() == 2
    monkeypatch.setattr(os, "process_cpu_count", lambda: 6, raising=False)
    assert count_threads() == 6


@pytest.mark.parametrize("threads", [-1, True, 2.0, "2"])
def test_illegal_threads(threads):
    with pytest.raises(CircuitError, match=r"threads is .* integer of at least 0"):
        count_threads(threads)
    with pytest.raises(CircuitError, match="threads is"):
        run_in_parts(print, 1, 1, threads)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_threads_of_its_own():
    code = (
        "import os, warnings\n"
        "from hybrid_opt.circuits import row_threads as r\n"
        "warnings.simplefilter('ignore')\n"
        "r.run_in_parts(lambda rows: None, 4, 10**9, 4)\n"
        "r._pool.lock.acquire()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    done = []\n"
        "    r.run_in_parts(done.append, 4, 10**9, 4)\n"
        "    os._exit(len(done))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert answer.stdout.split() == ["4"]


def test_a_limit_holds_for_the_whole_process_and_ends():
    with limit_threads(2):
        assert count_threads(8) == 2
        with limit_threads(1):
            assert (count_threads(), count_threads(8)) == (1, 1)
        assert count_threads(8) == 2
    assert count_threads(8) == 8


@pytest.mark.parametrize("most", [0, 1.5, True, None])
def test_illegal_limits_are_refused(most):
    with pytest.raises(CircuitError, match="most is"), limit_threads(most):
        pass
