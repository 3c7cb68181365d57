"""Extra peak memory of one forward and backward pass, in a process of its own: `attention_memory.py METHOD
TOKENS`.

The kernel counts the highest resident memory since it was told to forget (Linux, /proc/self/clear_refs), so
nothing
is sampled. Blocks above 64 KB go back to the system when they are freed (MALLOC_MMAP_THRESHOLD_, set by the
caller).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import torch
from attention_methods import inputs, methods


def resident(field: str) -> int:
    """VmRSS or VmHWM of this process in bytes."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) * 1024


def extra_peak(method: str, tokens: int) -> int:
    """Bytes beyond what is there with the inputs: output, gradients and everything in between.

    A pass before it leaves behind what libraries allocate once (threads, buffers of matrix products, machine
    code).
    """
    attend = methods()[method]
    warm = inputs(tokens)
    output = attend(*warm)
    # As below: a gradient that is given makes torch load more of itself, once.
    output.backward(torch.ones_like(output))
    del warm, output
    given = inputs(tokens)
    start = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    output = attend(*given)
    output.backward(torch.ones_like(output))
    return resident("VmHWM") - start


if __name__ == "__main__":
    print(json.dumps(extra_peak(sys.argv[1], int(sys.argv[2]))))  # noqa: T201
