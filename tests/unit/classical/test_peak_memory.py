"""The peak of a block of known size."""

import time

import torch

from hybrid_opt.classical.peak_memory import PeakMemory

MEGABYTE = 2**20


def test_a_peak_that_is_gone_at_the_end_is_seen():
    with PeakMemory(torch.device("cpu")) as memory:
        block = torch.ones(64 * MEGABYTE, dtype=torch.uint8)
        time.sleep(0.1)
        del block
        time.sleep(0.05)
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
