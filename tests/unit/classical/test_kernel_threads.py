from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from hybrid_opt.classical import kernel_threads
from hybrid_opt.classical.kernel_threads import run_on_threads

COSTLY = 10**12


@pytest.fixture(params=["of torch", "of our own"], autouse=True)
def kind(request, monkeypatch):
    """Both kinds of threads, for every test."""
    if request.param == "of our own":
        monkeypatch.setattr(kernel_threads._threads, "openmp", None)
    elif kernel_threads._threads.openmp is None:
        pytest.skip("torch does not use GNU OpenMP here")
    return request.param


@pytest.fixture
def set_threads():
    """Sets torch's number of threads for one test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize(("n_units", "threads", "parts"), [(7, 3, 3), (2, 5, 2), (1, 4, 1), (10, 1, 1)])
def test_each_unit_once_on_as_many_threads_as_torch_has(n_units, threads, parts, set_threads):
    set_threads(threads)
    done = []
    barrier = threading.Barrier(parts)

    def work(first, last):
        barrier.wait(20)  # breaks if fewer threads run
        done.append((first, last, threading.get_ident()))

    run_on_threads(work, n_units, COSTLY)
    done.sort()
    assert [first for first, _, _ in done] == [0, *(last for _, last, _ in done[:-1])]
    assert done[-1][1] == n_units
    assert len({thread for _, _, thread in done}) == parts
    assert threading.get_ident() in {thread for _, _, thread in done}


def test_little_work_stays_on_the_callers_thread(set_threads):
    set_threads(4)
    done = []
    run_on_threads(
        lambda first, last: done.append((first, last)), 100, 2 * kernel_threads._WORTH_A_THREAD - 1
    )
    assert done == [(0, 100)]


@pytest.mark.parametrize("failing", [0, 2])
def test_an_error_reaches_the_caller_after_all_have_ended(failing, set_threads):
    set_threads(3)
    ended = []

    def work(first, last):
        if first == failing:
            raise RuntimeError("a part")
        time.sleep(0.05)
        ended.append(first)

    with pytest.raises(RuntimeError, match="a part"):
        run_on_threads(work, 3, COSTLY)
    assert sorted(ended) == sorted({0, 1, 2} - {failing})


def test_callers_do_not_wait_for_each_other(set_threads):
    set_threads(2)
    barrier = threading.Barrier(8)
    callers = [
        threading.Thread(target=run_on_threads, args=(lambda first, last: barrier.wait(20), 2, COSTLY))
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not barrier.broken


def test_a_loaded_library_or_none(monkeypatch, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libgomp-1.so.1").write_bytes(b"no library")
    monkeypatch.setattr(torch, "__file__", str(tmp_path / "__init__.py"))
    assert kernel_threads._openmp_of_torch() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_starts_its_own_threads(kind):
    if kind == "of our own":
        pytest.skip("the parent's kind makes no difference, and a child never has those of torch")
    code = (
        "import os, warnings, torch\n"
        "from hybrid_opt.classical.kernel_threads import run_on_threads\n"
        "warnings.simplefilter('ignore')\n"
        "torch.set_num_threads(4)\n"
        "run_on_threads(lambda first, last: None, 4, 10**12)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    done = []\n"
        "    run_on_threads(lambda first, last: done.append(first), 4, 10**12)\n"
        "    os._exit(len(done))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert answer.stdout.split() == ["4"]
