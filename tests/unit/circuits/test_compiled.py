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

from hybrid_opt.circuits import compiled
from hybrid_opt.circuits.compiled import compile_kernel


def _sum(values):
    total = 0.0
    for value in values:
        total += value
    return total


def _spin(steps):
    total = 0.0
    for step in range(steps):
        total += np.sin(step)
    return total


def without_file(text):
    """A function that numba cannot keep on disk."""
    space = {}
    exec(text, space)
    return space["function"]


def test_same_result_as_the_function():
    kernel = compile_kernel(_sum)
    values = np.array([0.1, 0.2, 0.3])
    assert kernel(values) == _sum(values)
    assert kernel.py_func is _sum


def test_arithmetic_is_not_reordered():
    assert compile_kernel(_sum)(np.array([1.0, 1e100, 1.0, -1e100])) == 0.0


def test_compiled_on_the_first_call_or_at_once():
    lazy = compile_kernel(without_file("def function(x):\n    return x + 1"))
    assert lazy.signatures == []
    assert lazy(1) == 2
    at_once = compile_kernel(
        without_file("def function(x):\n    return x + 1"), signature=numba.types.float64(numba.types.float64)
    )
    assert at_once.signatures == [(numba.types.float64,)]


def test_without_a_place_for_the_cache():
    kernel = compile_kernel(without_file("def function(x):\n    return 2 * x"))
    assert kernel(21) == 42


def test_other_errors_are_not_swallowed(monkeypatch):
    def broken(*arguments, **options):
        raise RuntimeError("something else")

    monkeypatch.setattr(numba, "njit", broken)
    with pytest.raises(RuntimeError, match="something else"):
        compile_kernel(_sum)


def test_the_interpreter_lock_is_released():
    kernel = compile_kernel(_spin)
    kernel(1)
    ticks = []
    worker = threading.Thread(target=kernel, args=(20_000_000,))
    worker.start()
    while worker.is_alive():
        ticks.append(time.perf_counter())
        time.sleep(0.001)
    worker.join()
    # With the lock held, this thread would not have run before the kernel had ended.
    assert len(ticks) > 5


def test_a_change_of_a_used_module_gives_another_name(tmp_path):
    names = []
    for number, text in enumerate(["a = 1", "a = 2", "a = 1"]):
        path = tmp_path / f"used_{number}.py"
        path.write_text(text)
        module = types.ModuleType("used")
        module.__file__ = str(path)

        def function(x):
            return x

        compile_kernel(function, uses=(module,))
        names.append(function.__qualname__)
    assert names[0] == names[2] != names[1]


def test_used_modules_without_a_file():
    def function(x):
        return x

    assert compile_kernel(function, uses=(types.ModuleType("none"),))(3) == 3
    assert compiled._digest("/nowhere/to/be/found") == b""


def test_kept_on_disk(tmp_path):
    (tmp_path / "kernel_file.py").write_text(
        "from hybrid_opt.circuits.compiled import compile_kernel\n"
        "def _twice(x):\n    return 2 * x\n"
        "twice = compile_kernel(_twice)\n"
        "print(twice(4), sum(twice.stats.cache_hits.values()))\n"
    )
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, str(tmp_path / "kernel_file.py")]
    answers = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert answers == [["8", "0"], ["8", "1"]]
