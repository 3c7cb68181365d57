"""The check that comes before a statevector is asked for."""

import pytest

from hybrid_opt.circuits import memory
from hybrid_opt.circuits.errors import CircuitError, CircuitTooLargeError
from hybrid_opt.circuits.memory import free_memory, require_memory


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
