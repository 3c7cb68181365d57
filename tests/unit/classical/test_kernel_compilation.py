from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import types

import numba
import numpy as np
import pytest
from numba.core import caching

from hybrid_opt.classical import kernel_compilation
from hybrid_opt.classical.kernel_compilation import compiled_loop


def _add_up(values):
    total = 0.0
    for value in values:
        total += value
    return total


def test_the_same_answer():
    values = np.array([0.1, 0.2, 0.3])
    assert compiled_loop()(_add_up)(values) == _add_up(values)


def test_sums_keep_their_order_and_what_is_no_number():
    add_up = compiled_loop()(_add_up)
    assert add_up(np.array([1.0, 1e100, 1.0, -1e100])) == 0.0
    assert np.isnan(add_up(np.array([1.0, np.inf, -np.inf])))


def test_without_any_writable_folder(monkeypatch):
    # What numba does where every folder refuses: no locator takes the file.
    for name in dir(caching):
        locator = getattr(caching, name)
        if isinstance(locator, type) and issubclass(locator, caching._CacheLocator):
            monkeypatch.setattr(locator, "from_function", classmethod(lambda cls, *arguments: None))
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(_add_up)
    assert compiled_loop()(_add_up)(np.array([1.0, 2.0])) == 3.0


def test_other_problems_are_not_swallowed(monkeypatch):
    def broken(**options):
        raise RuntimeError("something else")

    monkeypatch.setattr(numba, "njit", broken)
    with pytest.raises(RuntimeError, match="something else"):
        compiled_loop()(_add_up)


def test_the_name_follows_what_the_loop_depends_on(tmp_path):
    names = []
    for number, text in enumerate(["a = 1", "a = 2", "a = 1"]):
        path = tmp_path / f"used_{number}.py"
        path.write_text(text)
        module = types.ModuleType("used")
        module.__file__ = str(path)

        def loop(x):
            return x

        compiled_loop(module)(loop)
        names.append(loop.__qualname__)
    assert names[0] == names[2] != names[1]
    assert kernel_compilation._fingerprint((types.ModuleType("without a file"),))


def test_other_threads_run_meanwhile():
    def spin(steps):
        total = 0.0
        for step in range(steps):
            total += np.sin(step)
        return total

    loop = compiled_loop()(spin)
    loop(1)
    worker = threading.Thread(target=loop, args=(20_000_000,))
    worker.start()
    turns = 0
    while worker.is_alive():
        turns += 1
        time.sleep(0.001)
    worker.join()
    # With the interpreter's lock held, there would be no turn before the loop had ended.
    assert turns > 5


def test_kept_on_disk_between_processes(tmp_path):
    (tmp_path / "loop_file.py").write_text(
        "from hybrid_opt.classical.kernel_compilation import compiled_loop\n"
        "@compiled_loop()\n"
        "def twice(x):\n    return 2 * x\n"
        "print(twice(4), sum(twice.stats.cache_hits.values()))\n"
    )
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, str(tmp_path / "loop_file.py")]
    answers = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert answers == [["8", "0"], ["8", "1"]]
