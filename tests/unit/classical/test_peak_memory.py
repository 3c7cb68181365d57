"""The peak of a block whose use of memory is known."""

import time
from types import SimpleNamespace

import torch

from hybrid_opt.classical import peak_memory
from hybrid_opt.classical.peak_memory import PeakMemory

MEGABYTE = 2**20
WAIT_SECONDS = 20.0


class Process:
    """A process that uses what the test says, and counts how often it was asked."""

    def __init__(self) -> None:
        self.rss = 100
        self.asked = 0

    def memory_info(self) -> SimpleNamespace:
        self.asked += 1
        return SimpleNamespace(rss=self.rss)

    def wait_until_asked(self) -> None:
        """Twice, since the first question may have been on its way when the use changed."""
        goal, end = self.asked + 2, time.monotonic() + WAIT_SECONDS
        while self.asked < goal and time.monotonic() < end:
            time.sleep(0.001)
        assert self.asked >= goal


def process_under_test(monkeypatch):
    process = Process()
    monkeypatch.setattr(peak_memory, "load_library", lambda *names: SimpleNamespace(Process=lambda: process))
    return process


def test_a_peak_that_is_gone_at_the_end_is_seen(monkeypatch):
    process = process_under_test(monkeypatch)
    with PeakMemory(torch.device("cpu")) as memory:
        process.rss = 164
        process.wait_until_asked()
        process.rss = 90
    assert (memory.peak_bytes, memory.extra_bytes) == (164, 64)


def test_what_is_held_at_the_end_is_seen_however_short_the_block(monkeypatch):
    process = process_under_test(monkeypatch)
    monkeypatch.setattr(peak_memory, "SAMPLE_SECONDS", 3600.0)
    with PeakMemory(torch.device("cpu")) as memory:
        process.rss = 130
    assert (memory.peak_bytes, memory.extra_bytes) == (130, 30)


def test_less_memory_than_at_the_start_is_no_extra(monkeypatch):
    process = process_under_test(monkeypatch)
    with PeakMemory(torch.device("cpu")) as memory:
        process.rss = 40
        process.wait_until_asked()
    assert (memory.peak_bytes, memory.extra_bytes) == (100, 0)


def test_a_block_of_this_process_is_seen():
    # What else the process holds may shrink meanwhile on a machine short of memory: a few tries.
    for _ in range(10):
        with PeakMemory(torch.device("cpu")) as memory:
            block = torch.ones(64 * MEGABYTE, dtype=torch.uint8)
            time.sleep(0.05)
        del block
        if 60 * MEGABYTE < memory.extra_bytes < 200 * MEGABYTE:
            break
    assert 60 * MEGABYTE < memory.extra_bytes < 200 * MEGABYTE
    assert memory.peak_bytes > memory.extra_bytes


def test_an_error_inside_ends_the_sampling():
    memory = PeakMemory(torch.device("cpu"))
    try:
        with memory:
            raise RuntimeError("inside")
    except RuntimeError:
        pass
    assert not memory._sampler.is_alive()
