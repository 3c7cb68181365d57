"""The check that comes before a statevector is asked for."""

import pytest
import torch

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.memory import (
    free_gpu_memory,
    free_memory,
    gpu_count,
    require_gpu_memory,
    require_memory,
    rows_that_fit,
)


def test_free_memory_is_plausible():
    free = free_memory()
    assert free is None or 2**20 < free < 2**50


def test_limit_is_exact(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 48 * 2**10)
    require_memory(10, 48)
    require_memory(9, 48, n_states=2)
    with pytest.raises(CircuitTooLargeError, match=r"11 qubits need 98.3 kB .* 49.2 kB are free.* for 10 "):
        require_memory(11, 48)
    with pytest.raises(CircuitTooLargeError, match="enough for 9"):
        require_memory(10, 48, n_states=2)


def test_unknown_memory_refuses_nothing(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    require_memory(60, 48)


def test_container_limit_counts(monkeypatch, tmp_path):
    limit, usage = tmp_path / "max", tmp_path / "current"
    limit.write_text("3000000\n")
    usage.write_text("1000000\n")
    monkeypatch.setattr(memory, "_CGROUPS", ((limit, usage),))
    assert free_memory() == 2000000
    limit.write_text("max\n")
    assert free_memory() != 2000000


def test_meminfo_is_read(monkeypatch, tmp_path):
    info = tmp_path / "meminfo"
    info.write_text("MemTotal: 9 kB\nMemAvailable:    7 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", info)
    monkeypatch.setattr(memory, "_CGROUPS", ())
    assert free_memory() == 7 * 1024


def test_error_is_a_value_error():
    assert issubclass(CircuitTooLargeError, CircuitError)
    assert issubclass(CircuitError, ValueError)


def test_rows_that_fit(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 1000)
    assert rows_that_fit(3, 100, 200) == 3  # 200 + 3 * 100 at the end, 5 * 100 while computing
    assert rows_that_fit(5, 100, 200) == 3
    assert rows_that_fit(7, 100, 200) == 1
    with pytest.raises(CircuitTooLargeError, match=r"8 rows need 1.1 kB, 100 B for each; 1 kB are free"):
        rows_that_fit(8, 100, 200)
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    assert rows_that_fit(8, 100, 200) == 8


def test_gpu_memory(monkeypatch):
    monkeypatch.setattr(memory, "_gpus", lambda: [2**20, 2**40])
    assert (free_gpu_memory(), gpu_count()) == (2**20, 2)
    require_gpu_memory(16, 16)
    with pytest.raises(CircuitTooLargeError, match=r"17 qubits need 2.1 MB on the GPU .* 1.05 MB are free"):
        require_gpu_memory(17, 16)
    for nothing, count in (([], 0), (None, None)):
        monkeypatch.setattr(memory, "_gpus", lambda nothing=nothing: nothing)
        assert (free_gpu_memory(), gpu_count()) == (None, count)
        require_gpu_memory(60, 16)


def test_gpus_are_counted_by_torch_or_else_by_nvidia_smi(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (10 + number, 99))
    assert memory._gpus() == [10, 11]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    program = tmp_path / "nvidia-smi"
    for answer, expected in (("3\n5\n", [3 * 2**20, 5 * 2**20]), ("No devices\n", None), ("", [])):
        program.write_text(f"#!/bin/sh\nprintf '{answer}'\n")
        program.chmod(0o755)
        monkeypatch.setattr(memory.shutil, "which", lambda name: str(program))
        assert memory._gpus() == expected
    program.chmod(0o644)
    assert memory._gpus() is None
    monkeypatch.setattr(memory.shutil, "which", lambda name: None)
    assert memory._gpus() is None
